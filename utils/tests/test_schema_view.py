"""
The schema over HTTP: built once, and then only sent.
"""

import json
from unittest import mock

from django.conf import settings

from testing.testcases import ApiTestCase
from utils.api import schema_view

REPORTABLE_MODELS = ("application/vnd.oai.openapi", "application/vnd.oai.openapi+json")


class SchemaViewTests(ApiTestCase):
    def setUp(self):
        schema_view.build_schema.cache_clear()
        schema_view.render_schema.cache_clear()

    def ask(self, path="/api/schema/", **headers):
        return self.nobody().client.get(path, **headers)

    def test_it_is_yaml_or_json(self):
        document = json.loads(self.ask("/api/schema/?format=json").content)

        self.assertEqual((document["openapi"], document["info"]["version"]), ("3.1.0", settings.VERSION))
        self.assertIn("/api/users/search/", document["paths"])
        self.assertTrue(self.ask().content.startswith(b"openapi: 3.1.0"))
        for kind in REPORTABLE_MODELS:
            self.assertEqual(self.ask(HTTP_ACCEPT=kind)["Content-Type"].partition(";")[0], kind)

    def test_an_error_is_json_whichever_form_was_asked_for(self):
        for kind in REPORTABLE_MODELS:
            error = self.nobody().client.put("/api/schema/", HTTP_ACCEPT=kind)

            self.assertEqual((error.status_code, error["Content-Type"]), (405, "application/json"))
            self.assertEqual(error.json()["code"], "method_not_allowed")

    def test_it_is_built_once_however_often_and_in_whatever_format_it_is_asked_for(self):
        generate = schema_view.SchemaGenerator.get_schema
        with mock.patch.object(schema_view.SchemaGenerator, "get_schema", autospec=True, side_effect=generate) as built:
            for kind in REPORTABLE_MODELS * 2:
                self.ask(HTTP_ACCEPT=kind)

        self.assertEqual(built.call_count, 1)

    def test_who_has_it_already_is_told_so(self):
        first = self.ask()
        again = self.ask(HTTP_IF_NONE_MATCH=first["ETag"])

        self.assertEqual((again.status_code, again.content), (304, b""))
        self.assertEqual(self.ask("/api/schema/?format=json", HTTP_IF_NONE_MATCH=first["ETag"]).status_code, 200)

    def test_it_has_a_limit(self):
        limits = {**settings.RATES, "schema": ["2/d"]}
        self.assertTrue(settings.RATES["schema"])
        with self.settings(RATELIMIT_ENABLE=True, RATES=limits):
            responses = [self.ask() for _ in range(3)]

        self.assertEqual([response.status_code for response in responses], [200, 200, 429])
        self.assertEqual(responses[0]["X-RateLimit-Limit"], "2")
        self.assertIn("Retry-After", responses[2])

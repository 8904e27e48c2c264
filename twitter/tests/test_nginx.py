"""
The sample of a reverse proxy lets through what the project reads, and not much more.
"""

import json
import re

from django.conf import settings
from django.test import SimpleTestCase
from django.urls import resolve

from utils.bodies.uploads import find_uploads, max_body_bytes

UNITS = {"k": 1024, "m": 1024 * 1024}
SIZE = re.compile(r"client_max_body_size (\d+)([km]);")
ERROR = re.compile(r"return (\d+) '(\{.*\})';")
LOCATION = re.compile(r"location (?:= )?(/api/\S+) \{\s+client_max_body_size (\d+)([km]);")


class BodySizeTests(SimpleTestCase):
    def setUp(self):
        self.sample = (settings.BASE_DIR / "deploy" / "nginx.conf").read_text()

    def test_where_no_file_is_taken_a_small_body_is(self):
        number, unit = SIZE.search(self.sample).groups()

        self.assertEqual(int(number) * UNITS[unit], 2 * max_body_bytes(None))

    def test_where_files_are_taken_as_much_as_they_may_be_is(self):
        limits = {path: int(number) * UNITS[unit] for path, number, unit in LOCATION.findall(self.sample)}
        self.assertEqual(set(limits), {"/api/tweets/", "/api/profiles/"})

        for path, method in (("/api/tweets/", "POST"), ("/api/profiles/1/", "PUT"), ("/api/profiles/1/", "PATCH")):
            with self.subTest(path=path, method=method):
                wanted = max_body_bytes(find_uploads(resolve(path), method))
                limit = limits[path.removesuffix("1/")]

                self.assertTrue(wanted <= limit <= wanted + UNITS["m"], (wanted, limit))


class ErrorTests(SimpleTestCase):
    def errors_of(self, name):
        """
        Return {status: body} of what the proxy answers by itself.
        """
        return {int(status): json.loads(body) for status, body in ERROR.findall(self.text_of(name))}

    def text_of(self, name):
        return (settings.BASE_DIR / "deploy" / name).read_text()

    def test_a_web_process_that_is_away_is_announced_in_the_words_of_the_api(self):
        by_the_project = self.client.get("/api/nowhere/").json()
        for name in ("nginx.conf", "cluster-nginx.conf.in"):
            with self.subTest(name=name):
                body = self.errors_of(name)[503]

                self.assertEqual(body["code"], "unavailable")
                # Without the sign, nginx would keep the status that it replaces.
                self.assertIn("error_page 502 504 = @unavailable;", self.text_of(name))
                self.assertEqual(body.keys(), by_the_project.keys())

"""
The OpenAPI schema says everything that the contract says, and docs/api.md says what the schema says.
"""

import json
import subprocess
import sys
from io import StringIO

from django.conf import settings
from django.core.management import call_command

from testing import contract
from testing.people import PASSWORD
from testing.routes import site_routes
from testing.testcases import ApiTestCase

# Every status that the contract knows, besides 405 and 500, which no operation plans for.
CONTRACT = {200, 201, 204, 304, 400, 401, 403, 404, 409, 413, 415, 422, 429, 503}
# Routes that are none of the API's: pages, files, probes.
UNDOCUMENTED = {"api-root", "schema", "docs", "redoc", "avatar", "photo", "livez", "readyz", "metrics"}


def operations():
    """
    Return ((path, method), operation) of everything in the schema.
    """
    return [
        ((path, method), operation)
        for path, methods in contract.schema()["paths"].items()
        for method, operation in methods.items()
    ]


class OperationsTests(ApiTestCase):
    def test_it_is_valid_and_nothing_about_it_is_a_warning(self):
        call_command("spectacular", validate=True, fail_on_warn=True, file="/dev/null", stdout=StringIO())

    def test_a_fresh_process_knows_every_refusal(self):
        # What Django loads by name, at the first login, is not loaded yet.
        command = [sys.executable, "manage.py", "spectacular", "--format", "openapi-json"]
        made = subprocess.run(command, cwd=settings.BASE_DIR, check=True, capture_output=True, text=True)

        codes = json.loads(made.stdout)["components"]["schemas"]["ErrorCode"]["enum"]

        self.assertIn("account_suspended", codes)

    def test_every_operation_is_described(self):
        for key, operation in operations():
            with self.subTest(operation=key):
                self.assertGreater(len(operation["description"]), 10)

    def test_every_status_is_one_of_the_contracts(self):
        for key, operation in operations():
            with self.subTest(operation=key):
                self.assertLessEqual({int(status) for status in operation["responses"]}, CONTRACT)

    def test_every_answer_has_an_example(self):
        for key, operation in operations():
            for status, response in operation["responses"].items():
                with self.subTest(operation=key, status=status):
                    examples = response.get("content", {}).get("application/json", {}).get("examples")

                    self.assertTrue(examples or status in ("204", "304"), response)

    def test_every_example_is_what_its_schema_says(self):
        for (path, method), operation in operations():
            for status, response in operation["responses"].items():
                for name, example in (
                    response.get("content", {}).get("application/json", {}).get("examples", {}).items()
                ):
                    with self.subTest(path=path, method=method, status=status, example=name):
                        checker = contract.validator(path, method, int(status))

                        self.assertEqual([error.message for error in checker.iter_errors(example["value"])], [])

    def test_every_input_has_an_example_and_it_is_what_its_schema_says(self):
        for key, operation in operations():
            body = operation.get("requestBody", {}).get("content", {}).get("application/json")
            if body is None:
                continue
            with self.subTest(operation=key):
                self.assertTrue(body.get("examples"), body)
                checker = contract.checker(body["schema"]["$ref"])
                for example in body["examples"].values():
                    self.assertEqual([error.message for error in checker.iter_errors(example["value"])], [])

    def test_it_knows_the_names_that_signup_takes(self):
        checker = contract.checker("#/components/schemas/SignupSerializerForCreateRequest")
        for name in ("alice1", "A" * 20, "short", "x" * 21, "alice one"):
            body = {"username": name, "email": f"{len(name)}@example.com", "password": PASSWORD}
            with self.subTest(name=name):
                taken = self.nobody().post("accounts/signup/", **body).status_code == 201

                self.assertEqual(checker.is_valid(body), taken)

    def test_what_is_limited_says_how(self):
        for key, operation in operations():
            with self.subTest(operation=key):
                self.assertEqual("429" in operation["responses"], "At most" in operation["description"])

    def test_every_action_of_a_view_is_in_it(self):
        listed = sum(len(methods) for methods in contract.schema()["paths"].values())
        actions = sum(len(actions) for name, actions in site_routes().items() if name not in UNDOCUMENTED)

        self.assertEqual(listed, actions)


def shape(name):
    return contract.schema()["components"]["schemas"][name]


def operation(name):
    return next(operation for _, operation in operations() if operation["operationId"] == name)


def bodies(name):
    """
    Return {media type: fields of the body} of an operation.
    """
    content = operation(name)["requestBody"]["content"]
    return {kind: shape(body["schema"]["$ref"].rpartition("/")[2])["properties"] for kind, body in content.items()}


def inner_parts(value):
    """
    Return every object inside a JSON value.
    """
    inner = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []
    own = [value] if isinstance(value, dict) else []
    return own + [part for each in inner for part in inner_parts(each)]


class GeneratedClientsTests(ApiTestCase):
    """
    What generators make of it; the clients themselves are tried by testing/clients.
    """

    def test_files_are_in_forms_of_many_parts_and_nowhere_else(self):
        for name, own, file in (
            ("tweets_create", {"content"}, "files"),
            ("profiles_update", {"nickname", "avatar_remove"}, "avatar"),
            ("profiles_partial_update", {"nickname", "avatar_remove"}, "avatar"),
        ):
            with self.subTest(operation=name):
                fields = bodies(name)

                self.assertEqual(set(fields), {"application/json", "multipart/form-data"})
                self.assertEqual(set(fields["multipart/form-data"]), own | {file})
                self.assertIn("binary", str(fields["multipart/form-data"][file]))
                self.assertNotIn("binary", str(fields["application/json"]))
                self.assertIn("JPEG, PNG, GIF or WebP, at most", fields["multipart/form-data"][file]["description"])
        self.assertEqual(set(bodies("tweets_create")["application/json"]), {"content"})
        self.assertEqual(bodies("profiles_update")["application/json"]["avatar"]["type"], "null")
        for key, described in operations():
            with self.subTest(operation=key):
                kinds = set(described.get("requestBody", {}).get("content", {}))
                self.assertLessEqual(kinds, {"application/json", "multipart/form-data"})

    def test_whole_numbers_have_64_bits(self):
        # Those that may be null name both types.
        integers = [part for part in inner_parts(contract.schema()) if "integer" in (part.get("type") or ())]

        self.assertGreater(len(integers), 40)
        self.assertEqual([part for part in integers if part.get("format") != "int64"], [])
        for key, described in operations():
            for parameter in described["parameters"] if "{id}" in key[0] else ():
                if parameter["name"] == "id":
                    self.assertEqual(parameter["schema"], {"type": "integer", "format": "int64"}, key)

    def test_what_anybody_may_do_wants_no_credentials(self):
        for key, described in operations():
            with self.subTest(operation=key):
                self.assertEqual({} in described["security"], described["x-who"] == "anybody")
        for name in ("accounts_login", "accounts_signup", "users_search", "tweets_list", "comments_list"):
            self.assertIn({}, operation(name)["security"], name)

    def test_headers_are_described_where_they_are_sent(self):
        def named(name, status):
            return set(operation(name)["responses"][status].get("headers", ()))

        limit = {"X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"}
        for name, status, headers in (
            ("tweets_create", "201", {"Location", *limit}),
            ("tweets_create", "401", {"WWW-Authenticate"}),
            ("tweets_create", "429", {"Retry-After", *limit}),
            ("tweets_retrieve", "200", {"ETag", *limit}),
            ("tweets_retrieve", "304", {"ETag", *limit}),
            ("users_retrieve", "200", {"ETag"}),
            ("users_retrieve", "503", {"Retry-After"}),
            ("accounts_list", "200", set()),
        ):
            with self.subTest(operation=name, status=status):
                self.assertEqual(named(name, status), {"X-Request-ID", *headers})

    def test_words_that_programs_compare_are_enumerated(self):
        for name, word in (
            ("ErrorCode", "invalid_token"),
            ("ErrorCode", "username_taken"),
            ("ErrorCode", "throttled"),
            ("NotificationVerb", "liked your comment"),
            ("ReportStatus", "open"),
        ):
            with self.subTest(name=name):
                self.assertIn(word, shape(name)["enum"])

    def test_what_comes_in_headers_and_addresses_has_bounds(self):
        for name, longest in (("tweets_list", 64), ("newsfeeds_list", 64), ("users_search", 4096)):
            cursor = next(each for each in operation(name)["parameters"] if each["name"] == "cursor")["schema"]
            self.assertEqual((cursor["minLength"], cursor["maxLength"]), (1, longest), name)
            self.assertEqual(cursor["pattern"], "^[A-Za-z0-9_-]+$", name)
        [key] = operation("tweets_create")["parameters"]
        self.assertEqual(
            (key["name"], key["schema"]["minLength"], key["schema"]["maxLength"]), ("Idempotency-Key", 1, 255)
        )

    def test_every_operation_has_a_short_summary_and_a_described_tag(self):
        tags = {tag["name"] for tag in contract.schema()["tags"]}
        for key, described in operations():
            with self.subTest(operation=key):
                self.assertLess(len(described["summary"]), 80)
                self.assertLessEqual(set(described["tags"]), tags)


class DocumentTests(ApiTestCase):
    def test_the_table_in_the_documentation_is_up_to_date(self):
        call_command("api_table", check=True)

    def test_the_pictures_are_there_and_small(self):
        pictures = sorted((settings.BASE_DIR / "docs" / "screenshots").glob("*.png"))

        self.assertGreaterEqual(len(pictures), 6)
        for picture in pictures:
            with self.subTest(picture=picture.name):
                self.assertLess(picture.stat().st_size, 150_000)

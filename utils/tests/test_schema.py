"""
The OpenAPI schema says everything that the contract says, and docs/api.md says what the schema says.
"""

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
            for status, answer in operation["responses"].items():
                with self.subTest(operation=key, status=status):
                    examples = answer.get("content", {}).get("application/json", {}).get("examples")

                    self.assertTrue(examples or status in ("204", "304"), answer)

    def test_every_example_is_what_its_schema_says(self):
        for (path, method), operation in operations():
            for status, answer in operation["responses"].items():
                for name, example in answer.get("content", {}).get("application/json", {}).get("examples", {}).items():
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


class DocumentTests(ApiTestCase):
    def test_the_table_in_the_documentation_is_up_to_date(self):
        call_command("api_table", check=True)

    def test_the_pictures_are_there_and_small(self):
        pictures = sorted((settings.BASE_DIR / "docs" / "screenshots").glob("*.png"))

        self.assertGreaterEqual(len(pictures), 6)
        for picture in pictures:
            with self.subTest(picture=picture.name):
                self.assertLess(picture.stat().st_size, 150_000)

"""
OPTIONS says what the writes of an address want.
"""

from testing.testcases import ApiTestCase


class OptionsTests(ApiTestCase):
    def setUp(self):
        self.alice = self.person("alice1")
        # From now on her token is known.
        self.alice.get("accounts/login_status/")

    def actions(self, path):
        response = self.alice.client.options(f"/api/{path}", HTTP_ACCEPT="application/json")
        self.assertEqual(response.status_code, 200, response.content)
        return response.json().get("actions", {})

    def test_it_lists_the_fields_of_each_write_with_their_limits(self):
        post = self.actions("tweets/")["POST"]

        self.assertEqual(set(post), {"content", "files"})
        self.assertEqual((post["content"]["min_length"], post["content"]["max_length"]), (6, 140))
        self.assertEqual((post["content"]["required"], post["files"]["required"]), (True, False))
        self.assertEqual(post["files"]["child"]["type"], "file upload")
        self.assertIn("WebP", post["files"]["help_text"])

    def test_it_does_so_for_every_method_that_has_input(self):
        for path, fields in (
            ("accounts/signup/", {"POST": {"username", "email", "password"}}),
            ("accounts/me/", {"DELETE": {"password"}}),
            ("profiles/1/", dict.fromkeys(("PUT", "PATCH"), {"nickname", "avatar", "avatar_remove"})),
            ("comments/", {"POST": {"tweet_id", "content"}}),
            ("comments/1/", {"PUT": {"content"}}),
            ("likes/", {"POST": {"content_type", "object_id"}}),
            ("users/1/", {}),
            ("newsfeeds/", {}),
        ):
            with self.subTest(path=path):
                told = {method: set(described) for method, described in self.actions(path).items()}

                self.assertEqual(told, fields)

    def test_it_names_the_choices(self):
        kinds = [choice["value"] for choice in self.actions("likes/")["POST"]["content_type"]["choices"]]

        self.assertEqual(kinds, ["tweet", "comment"])

    def test_it_asks_the_database_nothing(self):
        for path in ("tweets/", "profiles/1/", "comments/1/", "likes/"):
            with self.subTest(path=path):
                self.assertEqual(self.count_queries(self.actions, path), 0)

    def test_pages_of_the_docs_have_no_other_method_than_to_be_read(self):
        for path in ("/api/docs/", "/api/redoc/"):
            for method in ("options", "post", "put", "patch", "delete"):
                with self.subTest(path=path, method=method):
                    response = getattr(self.client, method)(path)

                    self.assertEqual(response.status_code, 405)
                    self.assertEqual(set(response["Allow"].split(", ")), {"GET", "HEAD"})

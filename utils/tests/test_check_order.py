"""
Authentication, view permission, method, missing parameters, rate limit, look-up, object permission, validation.

Each test breaks two rules at once and sees which of them answers.
"""

from testing.testcases import ApiTestCase

BAD_TOKEN = {"HTTP_AUTHORIZATION": "Bearer no"}


class OrderOfChecksTests(ApiTestCase):
    def setUp(self):
        self.alice, self.bob = self.person("alice1"), self.person("bobby1")
        self.tweet_id = self.bob.tweets()

    def test_authentication_comes_before_permission(self):
        self.assert_refused(self.nobody().client.get("/api/users/", **BAD_TOKEN), 401)

    def test_authentication_comes_before_the_method(self):
        self.assert_refused(self.nobody().client.put("/api/tweets/", **BAD_TOKEN), 401)

    def test_permission_comes_before_the_method(self):
        for method, path in (
            ("post", "newsfeeds/"),
            ("get", f"friendships/{self.bob.id}/follow/"),
            ("get", f"friendships/{self.bob.id}/unfollow/"),
            ("get", "accounts/password/"),
            ("post", "accounts/me/"),
            ("post", "users/"),
        ):
            with self.subTest(method=method, path=path):
                self.assert_refused(getattr(self.nobody().client, method)(f"/api/{path}"), 403)
        self.assert_refused(self.alice.post("users/"), 403)

    def test_where_one_method_is_for_everybody_the_method_answers(self):
        self.assert_refused(self.nobody().put("tweets/"), 405)
        self.assert_refused(self.nobody().put(f"tweets/{self.tweet_id}/"), 405)

    def test_permission_comes_before_missing_fields_and_unknown_objects(self):
        self.assert_refused(self.nobody().post("tweets/"), 403)
        self.assert_refused(self.nobody().post(f"friendships/{self.bob.id + 1000}/follow/"), 403)
        self.assert_refused(self.nobody().delete("tweets/1/"), 403)

    def test_the_method_comes_before_missing_parameters(self):
        self.assert_refused(self.alice.put("tweets/"), 405)

    def test_the_method_comes_before_the_look_up(self):
        self.assert_refused(self.alice.get(f"friendships/{self.bob.id + 1000}/follow/"), 405)
        self.assert_refused(self.alice.put("tweets/1/"), 405)

    def test_missing_parameters_come_before_the_rate_limit_and_do_not_count(self):
        self.limit(tweets__list=["1/h"])

        missing = [self.alice.get("tweets/") for _ in range(3)]
        counted = [self.alice.get("tweets/", user_id=self.bob.id) for _ in range(2)]

        for response in missing:
            self.assert_refused(response, 400, field="user_id")
        self.assertEqual([response.status_code for response in counted], [200, 429])

    def test_the_rate_limit_comes_before_the_look_up(self):
        self.limit(friendships__follow=["1/h"], tweets__retrieve=["1/h"])

        follows = [self.alice.post(f"friendships/{self.bob.id + 1000}/follow/") for _ in range(2)]
        reads = [self.alice.get("tweets/1/") for _ in range(2)]

        for unknown, limited in (follows, reads):
            self.assert_refused(unknown, 404)
            self.assert_refused(limited, 429)

    def test_the_rate_limit_comes_before_validation(self):
        self.limit(tweets__create=["1/h"], accounts__signup=["1/h"])

        posts = [self.alice.post("tweets/", content="short") for _ in range(2)]
        signups = [self.nobody().post("accounts/signup/") for _ in range(2)]

        for invalid, limited in (posts, signups):
            self.assert_refused(invalid, 400)
            self.assert_refused(limited, 429)

    def test_permission_comes_before_the_rate_limit_and_does_not_count(self):
        self.limit(friendships__follow=["1/h"])

        refused = [self.nobody().post(f"friendships/{self.bob.id}/follow/") for _ in range(3)]

        for response in refused:
            self.assert_refused(response, 403)
        self.assertEqual(self.alice.post(f"friendships/{self.bob.id}/follow/").status_code, 201)

    def test_the_look_up_comes_before_object_permission(self):
        self.assert_refused(self.alice.delete("tweets/1/"), 404)
        self.assert_refused(self.alice.delete(f"tweets/{self.tweet_id}/"), 403)

    def test_the_look_up_comes_before_a_bad_page(self):
        response = self.nobody().get(f"friendships/{self.bob.id + 1000}/followers/", limit="abc")

        self.assert_refused(response, 404)

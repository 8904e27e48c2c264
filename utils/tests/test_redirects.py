"""
Addresses without their final slash, and whether a request came by https.
"""

from django.test import Client

from testing.testcases import ApiTestCase

WRITES = ("POST", "PUT", "PATCH", "DELETE")


class FinalSlashTests(ApiTestCase):
    def ask(self, method, path):
        return Client().generic(method, path, b'{"content": "Hello world"}', content_type="application/json")

    def test_a_write_keeps_its_method_and_body(self):
        for method in (*WRITES, "OPTIONS"):
            for path in ("/api/tweets", "/api/tweets/1", "/api/accounts/login", "/api/comments/1"):
                with self.subTest(method=method, path=path):
                    response = self.ask(method, path)

                    self.assertEqual((response.status_code, response["Location"]), (308, f"{path}/"))

    def test_alice_posts_without_the_slash_and_her_tweet_is_there(self):
        alice = self.person("alice1")

        response = alice.client.post("/api/tweets", {"content": "Where is my slash?"}, follow=True)

        self.assertEqual((response.redirect_chain, response.status_code), ([("/api/tweets/", 308)], 201))
        self.assertEqual(alice.feed(), [response.json()["id"]])

    def test_a_read_is_redirected_as_ever(self):
        for method in ("GET", "HEAD"):
            response = self.ask(method, "/api/tweets?user_id=1")

            self.assertEqual((response.status_code, response["Location"]), (301, "/api/tweets/?user_id=1"))

    def test_the_query_comes_along(self):
        response = self.ask("POST", "/api/likes?content_type=tweet&object_id=1&x=%2F%2Fevil.example")

        self.assertEqual(response["Location"], "/api/likes/?content_type=tweet&object_id=1&x=%2F%2Fevil.example")

    def test_it_is_the_same_in_debug_mode(self):
        with self.settings(DEBUG=True):
            for method in WRITES:
                response = self.ask(method, "/api/tweets")

                self.assertEqual((response.status_code, response["Location"]), (308, "/api/tweets/"))

    def test_nobody_is_led_to_another_site(self):
        for path in ("//evil.example", "//evil.example/api/tweets", "/\\evil.example", "/%5Cevil.example", "/nowhere"):
            for method in ("GET", "POST"):
                with self.subTest(method=method, path=path):
                    # As it stands: Django's client would take the first two for a host.
                    response = Client().generic(method, "/", PATH_INFO=path)

                    self.assertEqual((response.status_code, response.get("Location")), (404, None))

    def test_a_write_that_is_sent_to_https_keeps_its_body_too(self):
        with self.settings(SECURE_SSL_REDIRECT=True):
            response = self.ask("POST", "/api/tweets/")

        self.assertEqual((response.status_code, response["Location"]), (308, "https://testserver/api/tweets/"))


class ForwardedProtoTests(ApiTestCase):
    def root(self, remote, proto="https"):
        headers = {"HTTP_HOST": "testserver", "HTTP_X_FORWARDED_PROTO": proto}
        return Client().get("/api/", REMOTE_ADDR=remote, **headers)

    def test_a_trusted_proxy_makes_addresses_https(self):
        for remote in ("10.1.2.3", "::ffff:10.1.2.3"):
            with self.subTest(remote=remote), self.settings(TRUSTED_PROXIES=["10.0.0.0/8"]):
                self.assertEqual(self.root(remote).json()["docs"], "https://testserver/api/docs/")

    def test_anybody_else_makes_nothing_https(self):
        for trusted in ([], ["10.0.0.0/8"]):
            for remote in ("127.0.0.1", "192.0.2.7", "", "unix:"):
                with self.subTest(trusted=trusted, remote=remote), self.settings(TRUSTED_PROXIES=trusted):
                    self.assertEqual(self.root(remote).json()["docs"], "http://testserver/api/docs/")

    def test_a_trusted_proxy_that_says_http_is_believed_too(self):
        with self.settings(TRUSTED_PROXIES=["10.0.0.1"]):
            self.assertEqual(self.root("10.0.0.1", "http").json()["docs"], "http://testserver/api/docs/")

    def test_where_https_is_wanted_only_a_trusted_proxy_can_say_that_it_is(self):
        with self.settings(TRUSTED_PROXIES=["10.0.0.1"], SECURE_SSL_REDIRECT=True):
            trusted, stranger = self.root("10.0.0.1"), self.root("192.0.2.7")

        self.assertEqual((trusted.status_code, stranger.status_code), (200, 301))
        self.assertEqual(stranger["Location"], "https://testserver/api/")

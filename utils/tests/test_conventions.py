"""
What every route shares: request ids, ETags, the root, the schema, the probes.
"""

import re

from django.db import OperationalError, connection

from accounts.services import AccountService
from friendships.models import Friendship
from testing.testcases import ApiTestCase

ROUTES = {
    "/api/accounts/signup/": {"post"},
    "/api/accounts/login/": {"post"},
    "/api/accounts/logout/": {"post"},
    "/api/accounts/login_status/": {"get"},
    "/api/accounts/password/": {"post"},
    "/api/accounts/me/": {"delete"},
    "/api/users/": {"get"},
    "/api/users/{id}/": {"get"},
    "/api/users/by/{username}/": {"get"},
    "/api/friendships/{id}/followers/": {"get"},
    "/api/friendships/{id}/followings/": {"get"},
    "/api/friendships/{id}/follow/": {"post"},
    "/api/friendships/{id}/unfollow/": {"post"},
    "/api/tweets/": {"get", "post"},
    "/api/tweets/{id}/": {"get", "delete"},
    "/api/newsfeeds/": {"get"},
}
# Names of XML vocabularies and of licences are no addresses that a browser would open.
HARMLESS = ("http://www.w3.org/", "http://testserver/", "https://testserver/")


class AskingForJsonTests(ApiTestCase):
    def setUp(self):
        self.alice = self.person("alice")
        self.alice.tweets()

    def ask(self, accept):
        response = self.alice.client.get("/api/newsfeeds/", HTTP_ACCEPT=accept, HTTP_X_REQUEST_ID="the-same")
        # What counts down with each request.
        headers = {name: value for name, value in response.headers.items() if not name.startswith("X-RateLimit")}
        return response.status_code, headers, response.content

    def test_however_a_program_asks_it_gets_the_same(self):
        expected = self.ask("*/*")

        for accept in ("application/json", "application/json;q=0.9", "application/json, text/plain, */*"):
            with self.subTest(accept=accept):
                self.assertEqual(self.ask(accept), expected)

    def test_the_address_may_ask_for_something_else_which_is_refused(self):
        response = self.client.get("/api/newsfeeds/", {"format": "api"}, HTTP_ACCEPT="application/json")

        self.assertEqual((response.status_code, response.json()["code"]), (406, "not_acceptable"))


class RequestIdTests(ApiTestCase):
    def ask(self, given):
        return self.nobody().client.get("/api/nonsense/", HTTP_X_REQUEST_ID=given)

    def test_a_plain_one_comes_back_in_header_and_body(self):
        for given in ("a", "order-66", "A.b_c-9", "x" * 64):
            with self.subTest(given=given):
                response = self.ask(given)

                self.assertEqual((response["X-Request-ID"], response.json()["request_id"]), (given, given))

    def test_anything_else_is_replaced_by_one_of_ours(self):
        for given in ("", " ", "x" * 65, "a b", "a\tb", "<script>", "é", "a;b", "../../etc", "a\r\nSet-Cookie: b"):
            with self.subTest(given=given):
                response = self.ask(given)

                self.assertRegex(response["X-Request-ID"], r"^[0-9a-f]{32}$")
                self.assertEqual(response.json()["request_id"], response["X-Request-ID"])

    def test_two_requests_have_two(self):
        first, second = [self.nobody().get("")["X-Request-ID"] for _ in range(2)]

        self.assertNotEqual(first, second)

    def test_every_kind_of_answer_has_one(self):
        for path in ("/", "/api/", "/livez", "/api/schema/", "/api-auth/login/", "/static/nothing.js", "/nonsense"):
            with self.subTest(path=path):
                self.assertTrue(self.nobody().client.get(path)["X-Request-ID"])


class UnchangedAnswersTests(ApiTestCase):
    def setUp(self):
        self.alice, self.bob = self.person("alice1"), self.person("bobby1")
        self.paths = (f"users/{self.alice.id}/", "users/by/alice1/", f"tweets/{self.alice.tweets()}/")

    def ask_again(self, viewer, path, etag):
        return viewer.client.get(f"/api/{path}", HTTP_IF_NONE_MATCH=etag)

    def test_a_client_that_has_this_very_answer_gets_304_and_no_body(self):
        for path in self.paths:
            with self.subTest(path=path):
                first = self.bob.get(path)

                again = self.ask_again(self.bob, path, first["ETag"])

                self.assertEqual((again.status_code, again.content), (304, b""))
                self.assertEqual(again["ETag"], first["ETag"])
                self.assertTrue(again["X-Request-ID"])

    def test_lists_of_etags_weak_ones_and_the_star_count_too(self):
        path = self.paths[0]
        etag = self.bob.get(path)["ETag"]

        for given in (f'"old", {etag}', f"W/{etag}", "*"):
            with self.subTest(given=given):
                self.assertEqual(self.ask_again(self.bob, path, given).status_code, 304)

    def test_another_or_a_broken_etag_gets_the_answer(self):
        for given in ('"another"', "", "no quotes", '"', "x" * 5000):
            with self.subTest(given=given[:10]):
                response = self.ask_again(self.bob, self.paths[0], given)

                self.assertEqual((response.status_code, response.json()["id"]), (200, self.alice.id))

    def test_a_change_is_seen_at_once(self):
        path = self.paths[0]
        etag = self.bob.get(path)["ETag"]

        self.bob.follows(self.alice)

        response = self.ask_again(self.bob, path, etag)
        self.assertEqual((response.status_code, response.json()["followers_count"]), (200, 1))

    def test_what_is_gone_is_404_even_for_who_has_it(self):
        path = self.paths[0]
        etag = self.bob.get(path)["ETag"]

        with self.captureOnCommitCallbacks(execute=True):
            AccountService.suspend(user=self.alice.user)

        self.assert_refused(self.ask_again(self.bob, path, etag), 404)

    def test_viewers_who_see_different_things_have_different_etags(self):
        self.bob.follows(self.alice)

        seen = {viewer.get(self.paths[0])["ETag"] for viewer in (self.bob, self.alice, self.nobody())}

        self.assertEqual(len(seen), 2)

    def test_the_location_of_a_new_tweet_leads_to_it(self):
        response = self.alice.post("tweets/", content="Follow the location")

        self.assertEqual(self.nobody().client.get(response["Location"]).json()["id"], response.json()["id"])


class SignpostsTests(ApiTestCase):
    def test_the_root_lists_collections_docs_schema_and_version(self):
        root = self.nobody().get("").json()

        self.assertLessEqual({"accounts", "users", "friendships", "tweets", "newsfeeds"}, set(root))
        self.assertLessEqual({"docs", "schema", "version"}, set(root))
        for name, url in root.items():
            if name not in ("version", "newsfeeds", "tweets", "users"):
                with self.subTest(name=name):
                    status = self.nobody().client.get(url).status_code
                    # Some collections ask for a login or a parameter; none of them is missing.
                    self.assertIn(status, (200, 400, 403))

    def test_the_site_root_leads_to_the_api(self):
        response = self.nobody().client.get("/")

        self.assertEqual((response.status_code, response["Location"]), (302, "/api/"))

    def test_the_schema_lists_every_route_and_both_ways_to_log_in(self):
        schema = self.nobody().client.get("/api/schema/?format=json").json()

        self.assertTrue(schema["openapi"].startswith("3."))
        listed = {path: set(methods) for path, methods in schema["paths"].items()}
        for path, methods in ROUTES.items():
            with self.subTest(path=path):
                self.assertLessEqual(methods, listed.get(path, set()))
        schemes = schema["components"]["securitySchemes"].values()
        self.assertIn(("http", "bearer"), {(scheme["type"], scheme.get("scheme")) for scheme in schemes})
        self.assertIn("apiKey", {scheme["type"] for scheme in schemes})

    def test_the_documentation_needs_no_other_host(self):
        for path in ("/api/docs/", "/api/docs/?script=", "/api/redoc/", "/api/?format=api"):
            with self.subTest(path=path):
                response = self.nobody().client.get(path)
                text = response.content.decode()

                hosts = [url for url in re.findall(r"https?://[^\s\"'<>)]+", text) if not url.startswith(HARMLESS)]
                # The browsable page's logo links to its framework; nothing is loaded from there.
                hosts = [url for url in hosts if not url.startswith("https://www.django-rest-framework.org/")]
                self.assertEqual((response.status_code, hosts), (200, []))

    def test_what_the_documentation_loads_is_served_here(self):
        client = self.nobody().client
        page = client.get("/api/docs/").content.decode()

        files = re.findall(r"(?:src|href)=\"(/static/[^\"]+)\"", page)

        self.assertGreaterEqual(len(files), 3)
        for path in files:
            with self.subTest(path=path):
                self.assertEqual(client.get(path).status_code, 200)


class ProbesTests(ApiTestCase):
    def test_alive_is_cheap(self):
        responses = []

        queries = self.count_queries(lambda: responses.append(self.nobody().client.get("/livez")))

        self.assertEqual((responses[0].status_code, queries), (200, 0))

    def test_ready_names_each_dependency(self):
        response = self.nobody().client.get("/readyz")

        states = response.json()
        self.assertEqual((response.status_code, states["database"]), (200, "up"))
        self.assertLessEqual({"redis", "memcached"}, set(states))
        self.assertLessEqual(set(states.values()), {"up", "not used"})

    def test_without_the_database_it_is_not_ready_but_alive(self):
        with connection.execute_wrapper(database_is_away):
            ready, alive = self.nobody().client.get("/readyz"), self.nobody().client.get("/livez")

        self.assertEqual((ready.status_code, ready.json()["database"]), (503, "down"))
        self.assertEqual(alive.status_code, 200)

    def test_without_the_database_the_api_says_try_again_later(self):
        with connection.execute_wrapper(database_is_away):
            response = self.nobody().get("users/1/")

        self.assert_refused(response, 503)
        self.assertGreaterEqual(int(response["Retry-After"]), 1)
        self.assertFalse(Friendship.objects.exists())


def database_is_away(execute, sql, params, many, context):
    raise OperationalError(2006, "Server has gone away")

"""
Every route when the caller or the owner is suspended or gone, and with addresses and bodies that no route can read.

`testing.tests.test_matrix` says what everybody gets whose account is open and whose request is well-formed.
"""

import json

from django.urls import reverse

from testing.tests.test_matrix import CALLERS, MATRIX, Cell, World

# These look at no credentials: pages for people, probes, and the way from one page to another.
WITHOUT_CREDENTIALS = {"/", "livez", "readyz", "rest_framework:login", "rest_framework:logout", "admin-password"}
# What anonymous, other and staff get while the owner is suspended, where it is not what they always get.
SUSPENDED = {
    ("accounts-login", "post"): (403, 403, 403),
    ("users-detail", "get"): (404, 404, 200),
    ("users-by", "get"): (404, 404, 200),
    ("profiles-detail", "put"): (403, 404, 403),
    ("profiles-detail", "patch"): (403, 404, 403),
    ("friendships-followers", "get"): (404, 404, 200),
    ("friendships-followings", "get"): (404, 404, 200),
    ("friendships-follow", "post"): (403, 404, 201),
    ("friendships-unfollow", "post"): (403, 404, 200),
    ("tweets-detail", "get"): (404, 404, 200),
    ("tweets-detail", "delete"): (403, 404, 403),
    ("newsfeeds-why", "get"): (403, 404, 200),
    ("comments-list", "get"): (400, 400, 200),
    ("comments-list", "post"): (403, 400, 201),
    ("comments-detail", "put"): (403, 404, 403),
    ("comments-detail", "delete"): (403, 404, 403),
    ("likes-list", "post"): (403, 400, 201),
    ("likes-cancel", "post"): (403, 400, 200),
    ("reports-list", "post"): (403, 400, 201),
}
# And after the owner has closed the account, which hides it from staff as well. Staff may still ask why a tweet is in
# no feed: the answer says that its author is gone.
CLOSED = {
    key: (anonymous, other, other) if key != ("newsfeeds-why", "get") else (anonymous, other, 200)
    for key, (anonymous, other, _) in SUSPENDED.items()
} | {("accounts-login", "post"): (400, 400, 400)}
# Nothing has such an id: too small, unknown, too long, and no numbers.
NO_IDS = ("0", "9" * 18, "9" * 19, "abc", "-1", "1.5", "%20", "0x1")
# Neither reads a body.
BODILESS = {"accounts-logout", "friendships-follow", "friendships-unfollow", "notifications-mark-all-as-read"}
UNREADABLE = (
    ("text/plain", b"content=Hello everybody", 415, "unsupported_media_type"),
    ("application/xml", b"<content>Hello everybody</content>", 415, "unsupported_media_type"),
    ("application/json; charset=utf-7", b"{}", 415, "unsupported_media_type"),
    ("", b"{}", 415, "unsupported_media_type"),
    ("application/json", b'{"content": ', 400, "parse_error"),
    ("application/json", b'{"content": "\xff\xfe"}', 400, "parse_error"),
    ("application/json", b'{"content": NaN}', 400, "parse_error"),
)
NO_OBJECTS = (b"[]", b"[1, 2]", b'"content"', b"17", b"null", b"true")


class StatesTestCase(World):
    def assert_statuses(self, expected):
        """
        Ask every route as each of the callers of `expected`, {(route, method): {caller: status}}.
        """
        for (name, method), statuses in expected.items():
            for caller, status in statuses.items():
                with self.subTest(route=name, method=method, caller=caller):
                    response = self.ask(caller, name, method, MATRIX[name, method])

                    self.assertEqual(response.status_code, status, getattr(response, "content", b"")[:300])
                    if status >= 400:
                        self.assert_refused(response, status)

    def by_others(self, statuses):
        """
        Return the statuses, one tuple for each route, by caller: everybody but the owner.
        """
        callers = [caller for caller in CALLERS if caller != "owner"]
        return {key: dict(zip(callers, each)) for key, each in statuses.items()}


class HiddenOwnerTests(StatesTestCase):
    def test_of_a_suspended_owner_everybody_but_staff_finds_nothing(self):
        self.suspend(self.owner.user)

        self.assert_statuses(self.by_others(SUSPENDED))

    def test_of_an_owner_who_has_left_nobody_finds_anything(self):
        self.closes(self.owner)

        self.assert_statuses(self.by_others(CLOSED))

    def test_once_restored_everything_is_there_for_everybody_again(self):
        self.suspend(self.owner.user)
        self.restore(self.owner.user)

        usual = {key: MATRIX[key].statuses for key in SUSPENDED}
        self.assert_statuses(self.by_others({key: (each[0], each[1], each[3]) for key, each in usual.items()}))

    def test_lists_that_stay_show_nothing_of_who_is_hidden(self):
        for hide in (self.suspend, lambda user: self.closes(self.owner)):
            hide(self.owner.user)
            for caller in ("anonymous", "other"):
                for name, query in (("tweets-list", {"user_id": "owner_id"}), ("users-search", {"q": "owner"})):
                    with self.subTest(route=name, caller=caller):
                        page = self.ask(caller, name, "get", Cell((), query=query)).json()

                        self.assertEqual((page["results"], page["has_next_page"], page["next"]), ([], False, None))


class HiddenCallerTests(StatesTestCase):
    def assert_token_is_refused(self, caller):
        for (name, method), cell in MATRIX.items():
            if name in WITHOUT_CREDENTIALS:
                continue
            with self.subTest(route=name, method=method):
                response = self.ask(caller, name, method, cell)

                self.assertEqual(response.status_code, 401)
                self.assertTrue(response["WWW-Authenticate"].startswith("Bearer"))

    def test_the_token_of_somebody_suspended_opens_no_route(self):
        self.suspend(self.other.user)

        self.assert_token_is_refused("other")

    def test_nor_does_it_once_she_is_restored(self):
        self.suspend(self.other.user)
        self.restore(self.other.user)

        self.assert_token_is_refused("other")

    def test_the_token_of_somebody_who_has_left_opens_no_route(self):
        self.closes(self.other)

        self.assert_token_is_refused("other")

    def test_the_session_of_somebody_suspended_is_nobodys(self):
        self.other.client.credentials()
        self.other.client.force_login(self.other.user)
        self.suspend(self.other.user)

        self.assert_statuses({key: {"other": 403} for key, cell in MATRIX.items() if cell.statuses[0] == 403})

    def test_staff_who_are_suspended_are_no_staff(self):
        self.staff.client.credentials()
        self.staff.client.force_login(self.staff.user)
        self.suspend(self.staff.user)

        for name in ("users-list", "metrics"):
            with self.subTest(route=name):
                self.assertEqual(self.ask("staff", name, "get", MATRIX[name, "get"]).status_code, 403)


class UnreadableRequestsTests(StatesTestCase):
    def of_api(self, *, writes):
        """
        Return {(name, method): path} of the routes of the API that read, or that write.
        """
        paths = {
            (name, method): reverse(name, kwargs=self.filled(cell.kwargs))
            for (name, method), cell in MATRIX.items()
            if name != "/" and (method != "get") is writes
        }
        return {key: path for key, path in paths.items() if path.startswith("/api/")}

    def with_ids(self):
        for writes in (False, True):
            for (name, method), path in self.of_api(writes=writes).items():
                if "pk" in MATRIX[name, method].kwargs:
                    yield name, method, path.replace(str(self.things[MATRIX[name, method].kwargs["pk"]]), "{id}")

    def allowed(self, name, method):
        """
        Return the client of somebody who may call this route.
        """
        statuses = MATRIX[name, method].statuses
        return getattr(self, next(caller for caller, status in zip(CALLERS, statuses) if status < 300)).client

    def test_an_id_that_nothing_has_is_not_found(self):
        for name, method, path in self.with_ids():
            body = json.dumps(self.filled(MATRIX[name, method].body or {})) if method != "get" else ""
            for no_id in NO_IDS:
                with self.subTest(route=name, method=method, id=no_id):
                    response = self.allowed(name, method).generic(
                        method.upper(), path.replace("{id}", no_id), body, content_type="application/json"
                    )

                    body_of_error = self.assert_refused(response, 404)
                    self.assertEqual((body_of_error["code"], body_of_error["errors"]), ("not_found", {}))

    def test_a_body_that_cannot_be_read_is_refused_by_every_write_and_changes_nothing(self):
        for (name, method), path in self.of_api(writes=True).items():
            if name in BODILESS or MATRIX[name, method].body is None:
                continue
            for content_type, body, status, code in UNREADABLE:
                with self.subTest(route=name, method=method, body=body, type=content_type):
                    response = self.allowed(name, method).generic(method.upper(), path, body, content_type)

                    self.assertEqual(self.assert_refused(response, status)["code"], code)

    def test_json_that_is_no_object_is_no_input(self):
        for (name, method), path in self.of_api(writes=True).items():
            if name in BODILESS or MATRIX[name, method].body is None:
                continue
            for body in NO_OBJECTS:
                with self.subTest(route=name, method=method, body=body):
                    response = self.allowed(name, method).generic(method.upper(), path, body, "application/json")

                    self.assertIn(self.assert_refused(response, 400)["code"], ("invalid", "missing_parameters"))

    def test_without_its_final_slash_a_read_is_led_on_and_a_write_keeps_its_method(self):
        for writes, status in ((False, 301), (True, 308)):
            for (name, method), path in self.of_api(writes=writes).items():
                with self.subTest(route=name, method=method):
                    response = self.allowed(name, method).generic(method.upper(), path.rstrip("/"))

                    self.assertEqual((response.status_code, response["Location"]), (status, path))

    def test_a_head_is_a_get_without_its_body(self):
        for (name, method), path in self.of_api(writes=False).items():
            query = self.filled(MATRIX[name, method].query)
            with self.subTest(route=name):
                client = self.allowed(name, method)
                head, get = client.head(path, query), client.get(path, query)

                self.assertEqual((head.status_code, head.content), (get.status_code, b""))
                self.assertEqual(head["Content-Type"], get["Content-Type"])

    def test_every_answer_that_depends_on_who_asks_is_private(self):
        for (name, method), path in self.of_api(writes=False).items():
            if name in ("schema", "docs", "redoc"):
                continue
            with self.subTest(route=name):
                response = self.allowed(name, method).get(path, self.filled(MATRIX[name, method].query))

                self.assertRegex(response["Cache-Control"], "private|no-store")
                self.assertNotIn("public", response["Cache-Control"])

    def test_what_needs_a_login_says_so_in_the_same_words_everywhere(self):
        for (name, method), cell in MATRIX.items():
            if cell.statuses[0] != 403:
                continue
            with self.subTest(route=name, method=method):
                body = self.assert_refused(self.ask("anonymous", name, method, cell), 403)

                self.assertEqual(body["code"], "not_authenticated")
                self.assertEqual(body["detail"], "Authentication credentials were not provided.")

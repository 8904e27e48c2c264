"""
Every route, by every method, as nobody, as another user, as the owner and as staff; a new route wants an entry here.
"""

from typing import NamedTuple

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from accounts.services import AccessTokenService
from comments.models import Comment
from friendships.models import Friendship
from inbox.models import Notification
from likes.models import Like
from moderation.models import Report
from testing.people import PASSWORD
from testing.routes import site_routes
from testing.testcases import ApiTestCase
from tweets.models import Tweet

CALLERS = ("anonymous", "other", "owner", "staff")
METHODS = ("get", "post", "put", "patch", "delete")
EVERYBODY = (200, 200, 200, 200)
LOGGED_IN = (403, 200, 200, 200)
CREATED = (403, 201, 201, 201)
OWNER = (403, 403, 200, 403)


class Cell(NamedTuple):
    """
    What the four callers get; `kwargs`, `query` and `body` are names of what the world holds, or plain values.
    """

    statuses: tuple
    kwargs: dict = {}
    query: dict = {}
    body: dict | None = None


OF_OWNER, OF_TWEET = {"pk": "owner_id"}, {"pk": "tweet_id"}
LIKE = {"content_type": "tweet", "object_id": "tweet_id"}
KEY = {"key": "avatars/00/00000000000000000000000000000000.png"}
PHOTO_KEY = {"key": "photos/00/00000000000000000000000000000000.png"}
NOTHING = (404, 404, 404, 404)

MATRIX = {
    ("/", "get"): Cell((302, 302, 302, 302)),
    ("api-root", "get"): Cell(EVERYBODY),
    ("schema", "get"): Cell(EVERYBODY),
    ("docs", "get"): Cell(EVERYBODY),
    ("redoc", "get"): Cell(EVERYBODY),
    ("livez", "get"): Cell(EVERYBODY),
    ("readyz", "get"): Cell(EVERYBODY),
    ("metrics", "get"): Cell((403, 403, 403, 200)),
    ("avatar", "get"): Cell(NOTHING, KEY),
    ("photo", "get"): Cell(NOTHING, PHOTO_KEY),
    ("rest_framework:login", "get"): Cell(EVERYBODY),
    ("rest_framework:logout", "post"): Cell((302, 302, 302, 302)),
    ("admin-password", "get"): Cell((302, 302, 302, 302)),
    ("accounts-list", "get"): Cell(EVERYBODY),
    ("accounts-signup", "post"): Cell(
        (201, 201, 201, 201), body={"username": "newcomer", "email": "newcomer@example.com", "password": PASSWORD}
    ),
    ("accounts-login", "post"): Cell(EVERYBODY, body={"username": "owner1", "password": PASSWORD}),
    ("accounts-logout", "post"): Cell(EVERYBODY),
    ("accounts-login-status", "get"): Cell(EVERYBODY),
    ("accounts-password", "post"): Cell(
        LOGGED_IN, body={"old_password": PASSWORD, "new_password": "another horse battery"}
    ),
    ("accounts-me", "delete"): Cell((403, 204, 204, 204), body={"password": PASSWORD}),
    ("features-list", "get"): Cell(EVERYBODY),
    ("users-list", "get"): Cell((403, 403, 403, 200)),
    ("users-detail", "get"): Cell(EVERYBODY, OF_OWNER),
    ("users-by", "get"): Cell(EVERYBODY, {"username": "owner1"}),
    ("users-search", "get"): Cell(EVERYBODY, query={"q": "owner"}),
    ("profiles-detail", "put"): Cell(OWNER, {"pk": "profile_id"}, body={"nickname": "Nick"}),
    ("profiles-detail", "patch"): Cell(OWNER, {"pk": "profile_id"}, body={"nickname": "Nick"}),
    ("friendships-list", "get"): Cell(EVERYBODY),
    ("friendships-followers", "get"): Cell(EVERYBODY, OF_OWNER),
    ("friendships-followings", "get"): Cell(EVERYBODY, OF_OWNER),
    ("friendships-follow", "post"): Cell((403, 201, 400, 201), OF_OWNER),
    ("friendships-unfollow", "post"): Cell((403, 200, 400, 200), OF_OWNER),
    ("tweets-list", "get"): Cell(EVERYBODY, query={"user_id": "owner_id"}),
    ("tweets-list", "post"): Cell(CREATED, body={"content": "Hello everybody"}),
    ("tweets-detail", "get"): Cell(EVERYBODY, OF_TWEET),
    ("tweets-detail", "delete"): Cell((403, 403, 204, 403), OF_TWEET),
    ("newsfeeds-list", "get"): Cell(LOGGED_IN),
    ("newsfeeds-why", "get"): Cell(LOGGED_IN, query={"tweet_id": "tweet_id"}),
    ("comments-list", "get"): Cell(EVERYBODY, query={"tweet_id": "tweet_id"}),
    ("comments-list", "post"): Cell(CREATED, body={"tweet_id": "tweet_id", "content": "Well said"}),
    ("comments-detail", "put"): Cell(OWNER, {"pk": "comment_id"}, body={"content": "Better said"}),
    ("comments-detail", "delete"): Cell(OWNER, {"pk": "comment_id"}),
    ("likes-list", "post"): Cell(CREATED, body=LIKE),
    ("likes-cancel", "post"): Cell(LOGGED_IN, body=LIKE),
    ("reports-list", "post"): Cell(CREATED, body={**LIKE, "reason": "Spam"}),
    ("notifications-list", "get"): Cell(LOGGED_IN),
    ("notifications-unread-count", "get"): Cell(LOGGED_IN),
    ("notifications-mark-all-as-read", "post"): Cell(LOGGED_IN),
    ("notifications-detail", "put"): Cell((403, 404, 200, 404), {"pk": "notification_id"}, body={"unread": False}),
}


class World(ApiTestCase):
    def setUp(self):
        self.owner, self.other = self.person("owner1"), self.person("other1")
        self.staff = self.person("staff1", is_staff=True)
        self.anonymous = self.nobody()
        for person in (self.owner, self.other, self.staff):
            person.user.set_password(PASSWORD)
            person.user.save(update_fields=["password"])
            # A token ends with the password that it was given for.
            token = AccessTokenService.create_token(user=person.user)
            person.client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
        tweet_id = self.owner.tweets()
        comment = self.owner.post("comments/", tweet_id=tweet_id, content="My own words")
        self.other.post("likes/", content_type="tweet", object_id=tweet_id)
        self.tasks_run()
        self.things = {
            "owner_id": self.owner.id,
            "profile_id": self.owner.user.profile.id,
            "tweet_id": tweet_id,
            "comment_id": comment.json()["id"],
            "notification_id": Notification.objects.get(recipient_id=self.owner.id).id,
        }

    def filled(self, values):
        return {
            name: self.things.get(value, value) if isinstance(value, str) else value for name, value in values.items()
        }

    def ask(self, caller, name, method, cell=None, **more):
        """
        Return the answer to one caller; whatever it changed is undone.
        """
        cell = cell or Cell(())
        path = reverse(name, kwargs=self.filled(cell.kwargs)) if name != "/" else name
        body = {**self.filled(cell.body or {}), **more} if method != "get" else self.filled(cell.query)
        with transaction.atomic():
            ask = getattr(getattr(self, caller).client, method)
            # From elsewhere: what a machine may see of itself is no matter of who asks.
            response = ask(path, body, REMOTE_ADDR="192.0.2.7", **({} if method == "get" else {"format": "json"}))
            self.look_around()
            transaction.set_rollback(True)
        self.caches_are_lost()
        return response

    def look_around(self):
        """
        See what a call has changed, before it is undone.
        """


class MatrixTests(World):
    def test_every_route_has_an_entry(self):
        known = {name for name, _ in MATRIX}
        lacking = [
            (name, method)
            for name, actions in site_routes().items()
            for method in actions or [None]
            if ((name, method) not in MATRIX if method else name not in known)
        ]

        self.assertEqual(lacking, [], "say in MATRIX what these answer to whom")

    def test_every_entry_has_a_route(self):
        self.assertEqual({name for name, _ in MATRIX} - set(site_routes()), set())

    def test_everybody_gets_what_the_contract_says(self):
        for (name, method), cell in MATRIX.items():
            for caller, status in zip(CALLERS, cell.statuses):
                with self.subTest(route=name, method=method, caller=caller):
                    response = self.ask(caller, name, method, cell)

                    self.assertEqual(response.status_code, status, getattr(response, "content", b"")[:300])

    def test_other_methods_are_refused(self):
        for name, actions in site_routes().items():
            cell = next(cell for (route, _), cell in MATRIX.items() if route == name)
            for method in set(METHODS) - set(actions) if actions else ():
                with self.subTest(route=name, method=method):
                    statuses = [self.ask(caller, name, method, Cell((), cell.kwargs)).status_code for caller in CALLERS]

                    # Permission comes before the method.
                    self.assertLessEqual(set(statuses), {403, 405})
                    self.assertEqual(statuses[3], 405)


class EveryWriteHasALimitTests(World):
    """
    The writes are those of MATRIX, and MATRIX has every route of the site. The admin's forms are staff's alone;
    the login pages, its own and the site's, have the guard of passwords (utils/tests/test_login_guard.py).
    """

    def test_where_nothing_is_allowed_whoever_may_write_is_refused(self):
        writes = {key: cell for key, cell in MATRIX.items() if key[1] != "get"}
        nothing = {name: ["0/d"] for name in settings.RATES}

        for (name, method), cell in writes.items():
            caller = next(caller for caller, status in zip(CALLERS, cell.statuses) if status < 400)
            with self.subTest(route=name, method=method), self.settings(RATELIMIT_ENABLE=True, RATES=nothing):
                response = self.ask(caller, name, method, cell)

                self.assertEqual(response.status_code, 429)
                self.assertGreater(int(response["Retry-After"]), 0)


# A number that nothing has, somebody who owns nothing, and a time long ago.
MARK = 424_242
LONG_AGO = "2001-01-01T00:00:00.000000Z"


class MassAssignmentTests(World):
    def setUp(self):
        super().setUp()
        self.stranger = self.person("stranger1")

    def test_no_write_takes_what_is_not_its_own(self):
        stuffing = {
            "id": MARK,
            "user": {"id": self.stranger.id},
            "user_id": self.stranger.id,
            "is_staff": True,
            "is_superuser": True,
            "likes_count": MARK,
            "comments_count": MARK,
            "created_at": LONG_AGO,
        }
        for (name, method), cell in MATRIX.items():
            allowed = [caller for caller, status in zip(CALLERS, cell.statuses) if status < 300 and caller != "staff"]
            if method == "get" or not allowed:
                continue
            with self.subTest(route=name, method=method):
                response = self.ask(allowed[-1], name, method, cell, **stuffing)

                self.assertEqual(response.status_code, cell.statuses[CALLERS.index(allowed[-1])], response.content)
                for trace in (str(MARK), "2001-", "stranger1"):
                    self.assertNotIn(trace, response.content.decode())

    def look_around(self):
        people = type(self.owner.user).objects
        self.assertEqual(set(people.filter(is_staff=True)), {self.staff.user})
        self.assertFalse(people.filter(is_superuser=True).exists())
        for model in (Tweet, Comment, Like, Report, Notification, Friendship, type(self.owner.user)):
            self.assertFalse(model.objects.filter(id=MARK).exists(), model)
        for model in (Tweet, Comment):
            self.assertFalse(model.objects.filter(likes_count=MARK).exists(), model)
            self.assertFalse([row for row in model.objects.all() if row.created_at.year < 2020], model)
        for model in (Tweet, Comment, Like):
            self.assertFalse(model.objects.filter(user_id=self.stranger.id).exists(), model)
        self.assertFalse(Friendship.objects.filter(from_user_id=self.stranger.id).exists())
        self.assertFalse(Report.objects.filter(reporter_id=self.stranger.id).exists())

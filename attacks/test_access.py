"""
Permissions of every route, method and caller; fields that nobody may set; what responses reveal.
"""

import re

from django.urls import reverse

from accounts.models import User
from attacks.site import PASSWORD
from comments.models import Comment
from inbox.models import Notification
from testing.routes import site_routes
from testing.tests.test_matrix import CALLERS, MATRIX, METHODS
from tweets.models import Tweet

# A form without its CSRF token; in the suite the test client needs none.
WITHOUT_TOKEN = {"rest_framework:logout": 403}
# No answer of the API has a field of this name, or a text of this look, at any depth.
SECRET_FIELDS = {"email", "password", "is_staff", "is_superuser", "is_active", "last_login", "key_hash", "groups"}
MAIL = re.compile(r"[a-z0-9_.]+@example\.com")
# Anybody on loopback may read metrics; here the attacker and all others are behind the proxy.
OUTSIDE = "192.0.2.7"


class World:
    """
    An owner with a tweet, a comment and a notification, and three others who try to access them.
    """

    def __init__(self, site):
        self.owner, self.other, self.staff = (
            site.person(is_unlimited=True, is_staff=is_staff) for is_staff in (False, False, True)
        )
        self.anonymous = site.nobody(is_unlimited=True)
        tweet = self.owner.post("/api/tweets/", {"content": "Hello everybody"}).json
        comment = self.owner.post("/api/comments/", {"tweet_id": tweet["id"], "content": "My own words"}).json
        notification = Notification.objects.create(
            recipient_id=self.owner.id, actor=self.other.user, verb="followed you", target=self.owner.user,
                key=tweet["id"]
        )  # fmt: skip
        self.things = {
            "owner1": self.owner.name,
            "owner": self.owner.name,
            "owner_id": self.owner.id,
            "profile_id": self.owner.user.profile.id,
            "tweet_id": tweet["id"],
            "comment_id": comment["id"],
            "notification_id": notification.id,
            "newcomer": f"new_{self.owner.name}"[:20],
            "newcomer@example.com": f"new{self.owner.id}@example.com",
        }

    def filled(self, values):
        return {
            name: self.things.get(value, value) if isinstance(value, str) else value for name, value in values.items()
        }

    def ask(self, caller, name, method, cell):
        path = reverse(name, kwargs=self.filled(cell.kwargs)) if name != "/" else name
        client = getattr(self, caller)
        client.address = OUTSIDE
        if method == "get":
            query = "&".join(f"{key}={value}" for key, value in self.filled(cell.query).items())
            return client.get(f"{path}?{query}")
        return client.ask(method.upper(), path, self.filled(cell.body or {}))


def test_every_route_answers_every_caller_as_declared(site, measured):
    wrong, asked = [], 0
    for (name, method), cell in MATRIX.items():
        world = World(site)
        for caller, status in zip(CALLERS, cell.statuses):
            # A permitted action of one caller would change the world for the next one.
            world = World(site) if method != "get" else world
            response = world.ask(caller, name, method, cell)
            asked += 1
            if response.status != WITHOUT_TOKEN.get(name, status):
                wrong.append((name, method, caller, status, response))

    measured.append(f"{asked} calls")
    assert not wrong, wrong


def test_no_route_is_missing_from_the_matrix():
    known = set(MATRIX) | {(name, None) for name, _ in MATRIX}
    routes = [(name, method) for name, actions in site_routes().items() for method in actions or [None]]

    assert [route for route in routes if route not in known] == []


def test_no_other_method_does_anything(site, measured):
    world, asked = World(site), 0
    for name, actions in site_routes().items():
        cell = next(cell for (route, _), cell in MATRIX.items() if route == name)
        for method in set(METHODS) - set(actions) if actions else ():
            for caller in CALLERS:
                response = world.ask(caller, name, method, cell)
                asked += 1
                assert response.status in (403, 405), (name, method, caller, response)
    measured.append(f"{asked} calls")


def test_fields_that_nobody_may_set_are_not_set(site):
    world = World(site)
    stuffing = {
        "id": 424_242, "user": world.other.id, "user_id": world.other.id, "from_user": world.other.id,
        "is_staff": True, "is_superuser": True, "is_active": False, "likes_count": 424_242, "comments_count": 424_242,
        "created_at": "2001-01-01T00:00:00.000000Z", "deleted_at": "2001-01-01T00:00:00.000000Z", "groups": [1],
        "recipient_id": world.other.id, "followers_count": 424_242,
    }  # fmt: skip
    things = world.things

    tweet = world.owner.post("/api/tweets/", {"content": "Stuffed tweet", **stuffing}).json
    world.owner.put(f"/api/comments/{things['comment_id']}/", {"content": "Stuffed", "tweet_id": 1, **stuffing})
    world.owner.put(f"/api/profiles/{things['profile_id']}/", {"nickname": "Stuffed", **stuffing})
    world.owner.put(f"/api/notifications/{things['notification_id']}/", {"unread": False, **stuffing})
    name = f"stuffed{world.owner.id}"[:20]
    signup = {"username": name, "email": f"{name}@example.com", "password": PASSWORD, **stuffing}
    world.anonymous.post("/api/accounts/signup/", signup)

    stored = Tweet.objects.get(id=tweet["id"])
    assert (stored.user_id, stored.likes_count, stored.comments_count) == (world.owner.id, 0, 0)
    assert stored.created_at.year > 2001 and stored.deleted_at is None
    comment = Comment.objects.get(id=things["comment_id"])
    assert (comment.user_id, comment.tweet_id, comment.content) == (world.owner.id, things["tweet_id"], "Stuffed")
    assert Notification.objects.get(id=things["notification_id"]).recipient_id == world.owner.id
    for user in (User.objects.get(id=world.owner.id), User.objects.get(username=name)):
        assert (user.is_staff, user.is_superuser, user.is_active, user.profile.followers_count) == (
            False,
            False,
            True,
            0,
        )
        assert user.id != 424_242


def test_no_answer_tells_more_than_its_shape(site, measured):
    world, seen = World(site), 0
    for (name, method), cell in MATRIX.items():
        if method != "get" or name in ("metrics", "schema", "accounts-list"):
            continue
        for caller in ("anonymous", "other", "owner"):
            response = world.ask(caller, name, method, cell)
            if not response.headers["Content-Type"].startswith("application/json"):
                continue
            seen += 1
            assert not (SECRET_FIELDS & set(field_names(response.json))), (name, caller, response)
            assert not MAIL.search(response.text), (name, caller, response)
    measured.append(f"{seen} answers")


def field_names(value):
    if isinstance(value, dict):
        for name, item in value.items():
            yield name
            yield from field_names(item)
    elif isinstance(value, list):
        for item in value:
            yield from field_names(item)


def test_the_admin_is_for_staff_alone(site):
    person = site.log_in_browser(site.person())

    for path in ("/admin/", "/admin/accounts/user/", "/admin/outbox/message/", "/admin/moderation/report/"):
        for client in (site.nobody(), person):
            response = client.get(path)
            assert response.status == 302 and "/admin/login/" in response.headers["Location"], (path, response)


def test_what_was_deleted_is_gone_for_everybody(site):
    world = World(site)
    tweet_id = world.things["tweet_id"]

    assert world.owner.delete(f"/api/tweets/{tweet_id}/").status == 204

    for client in (world.anonymous, world.other, world.owner):
        assert client.get(f"/api/tweets/{tweet_id}/").status == 404
        assert client.post("/api/comments/", {"tweet_id": tweet_id, "content": "Late"}).status == 400 or client is (
            world.anonymous
        )
    assert world.other.post("/api/likes/", {"content_type": "tweet", "object_id": tweet_id}).status == 400

"""
Values in the caches that another release has written, or a fault: a page is as it was, and the value is replaced.
"""

import json
from contextlib import contextmanager

import pytest
from django.conf import settings
from django.core.cache import caches
from pymemcache.client.base import Client as Memcached

from accounts.cache import account_key, redis_key, session_key, token_key, user_key
from accounts.models import AccessToken
from comments.cache import first_comments_key
from friendships.cache import followings_key
from gatekeeper.services import GatekeeperService
from likes.cache import liked_key, likers_key
from newsfeeds.cache import user_newsfeeds
from testing.testcases import ApiTestCase
from tweets.cache import state_key, tweet_key, user_tweets
from utils.caching.redis.client import breaker, client

# What is no value of any kind of key.
STRANGE = (
    None,
    True,
    7,
    -1,
    1.5,
    10**19,
    "text",
    "",
    [None],
    ["x"],
    [[1]],
    [[]],
    [{}],
    {"id": 1},
    {"": None},
    {"x": {}},
)
BINARY = (
    b"",
    b"\x00\xff\xfe",
    b"{",
    b'{"id": 1',
    b"[1,2",
    b"1],[2",
    b"[" * 5_000,
    b"9" * 5_000,
    b"\r\n",
    b"END\r\n",
    b"x\r\nEND\r\n",
    b"VALUE x 0 1\r\n1\r\nEND\r\n",
    b"\xf0\x9f\x98\x80",
    b"NaN",
)


def relatives(value):
    """
    Yield what another release might have made of a value: a field more, one less, each of another type.
    """
    if isinstance(value, dict):
        yield {**value, "new": 1}
        for name in value:
            yield {key: item for key, item in value.items() if key != name}
            yield from ({**value, name: other} for other in relatives(value[name]))
    elif isinstance(value, list):
        yield [*value, None]
        yield from ([other, *value[1:]] for other in (relatives(value[0]) if value else ()))
    yield from (other for other in ([[]], {"x": [1]}, 1.5) if type(other) is not type(value))


class DamagedCachesTestCase(ApiTestCase):
    def setUp(self):
        self.alice, self.bob = self.browser(), self.browser()
        token = self.alice.signs_up("alice1")
        self.bob.signs_up("bobby1")
        self.phone_of_alice = self.phone(token)
        self.alice.post(f"friendships/{self.bob.id}/follow/")
        self.bob.post(f"friendships/{self.alice.id}/follow/")
        self.tweet_id = self.alice.post("tweets/", content="Hello everybody").json()["id"]
        self.alice.post("comments/", tweet_id=self.tweet_id, content="Me too")
        self.alice.post("likes/", content_type="tweet", object_id=self.tweet_id)
        GatekeeperService.define(name="new_look", percentage=100)
        self.everything_settles()
        self.caches_are_lost()
        self.whole = self.pages()
        self.assertEqual(self.pages(), self.whole)
        self.keys = {
            "user": ("objects", user_key(self.alice.id)),
            "comments": ("objects", first_comments_key(self.tweet_id)),
            "liked": ("objects", liked_key(self.alice.id, "tweet")),
            "likers": ("objects", likers_key("tweet", self.tweet_id)),
            "followings": ("objects", followings_key(self.alice.id)),
            "features": ("objects", "features"),
            "account": ("default", account_key(self.alice.id)),
            "token": ("default", token_key(AccessToken.hash(token))),
        }
        if settings.REDIS_URL:
            # Without Redis nobody reads texts from a cache, and sessions are in the database alone.
            self.keys["tweet"] = ("objects", tweet_key(self.tweet_id, 1))
            self.keys["session"] = ("default", session_key(self.alice.client.cookies["sessionid"].value))

    def pages(self):
        """
        Return all that Alice reads, in a browser and on a phone.
        """
        paths = (
            "newsfeeds/",
            f"tweets/?user_id={self.alice.id}",
            f"tweets/?user_id={self.alice.id}&created_at__lt=2999-01-01T00:00:00Z",
            f"tweets/{self.tweet_id}/",
            f"comments/?tweet_id={self.tweet_id}",
            f"friendships/{self.bob.id}/followers/",
            f"friendships/{self.bob.id}/followers/?page=1",
            "features/",
            "accounts/login_status/",
        )
        answers = [reader.get(path) for reader in (self.alice, self.phone_of_alice) for path in paths]
        return [(answer.status_code, answer.json()) for answer in answers]

    def cached(self, kind):
        alias, key = self.keys[kind]
        return caches[alias].get(key)

    def damage(self, kind, value):
        alias, key = self.keys[kind]
        caches[alias].set(key, value, 300)

    def is_value(self, kind, value):
        """
        Say whether a value is one of this kind, although another than was there: any object is a session of nobody.
        """
        return kind == "session" and isinstance(value, dict)

    def assert_whole(self, what, damage):
        for (status, page), expected in zip(self.pages(), self.whole, strict=True):
            self.assertEqual((status, page), expected, f"{what}: {str(damage)[:80]}")


class ShapeTests(DamagedCachesTestCase):
    def test_every_kind_is_cached_so_that_the_tests_below_are_about_something(self):
        self.assertNotIn(None, [self.cached(kind) for kind in self.keys])

    def test_what_is_no_value_of_this_kind_is_replaced(self):
        for kind in self.keys:
            for value in [value for value in STRANGE if not self.is_value(kind, value)]:
                self.damage(kind, value)

                self.assert_whole(kind, value)
                self.assertNotEqual(repr(self.cached(kind)), repr(value), kind)

    def test_so_is_one_of_another_release(self):
        # A session holds what Django puts there; and that there are no features is a value.
        for kind in self.keys.keys() - {"session"}:
            for other in [other for other in relatives(self.cached(kind)) if other != {}]:
                self.damage(kind, other)

                self.assert_whole(kind, other)


@pytest.mark.stack
class ServerTests(DamagedCachesTestCase):
    """
    What only a server can hold: bytes that are no JSON, and values of another type of Redis.
    """

    def setUp(self):
        super().setUp()
        self.redis_keys = {kind: redis_key(key) for kind, (alias, key) in self.keys.items() if alias == "default"} | {
            "state": state_key(self.tweet_id),
            "feed": user_newsfeeds.key(self.alice.id),
            "tweets": user_tweets.key(self.alice.id),
        }

    @contextmanager
    def memcached(self):
        host, _, port = settings.MEMCACHED_URL.partition(":")
        server = Memcached((host, int(port)))
        try:
            yield server
        finally:
            server.close()

    @pytest.mark.one_server
    def test_bytes_in_memcached_are_replaced(self):
        with self.memcached() as server:
            for kind, (alias, key) in self.keys.items():
                for value in BINARY if alias == "objects" else ():
                    name = caches["objects"].make_key(key)
                    server.set(name, value, noreply=False)

                    self.assert_whole(kind, value)
                    self.assertNotEqual(server.get(name), value, kind)

    def test_strings_in_redis_are_replaced(self):
        strange = (*STRANGE, [1, 2, 3, 4, 5, "6"], [10**15, 1, 1, 1, 1, None])
        for kind, key in self.redis_keys.items():
            texts = [json.dumps(value).encode() for value in strange if not self.is_value(kind, value)]
            for value in (*BINARY, *texts):
                client.call("SET", key, value)

                self.assert_whole(kind, value)
                self.assertNotEqual(self.raw(key), value, kind)
        self.assertFalse(breaker.is_open)

    def raw(self, key):
        return client.call("GET", key) if client.call("TYPE", key) == b"string" else None

    def test_other_types_of_redis_are_replaced(self):
        for kind, key in self.redis_keys.items():
            expected = b"list" if kind in ("feed", "tweets") else b"string"
            for command in (
                ["RPUSH", key, "x", "y"],
                ["HSET", key, "a", "b"],
                ["SADD", key, "a"],
                ["ZADD", key, 1, "a"],
            ):
                client.call("DEL", key)
                client.call(*command)

                self.assert_whole(kind, command)
                self.assertEqual(client.call("TYPE", key), expected, f"{kind}: {command}")
        self.assertFalse(breaker.is_open)

    def test_lists_of_what_is_no_id_are_replaced(self):
        for kind in ("feed", "tweets"):
            key = self.redis_keys[kind]
            for members in (["x"], ["1.5"], ["-1"], ["9" * 30], ["9" * 5_000], [b"\xff"], [self.tweet_id, "x"], [""]):
                client.call("DEL", key)
                client.call("RPUSH", key, *members)

                self.assert_whole(kind, members)
                self.assertEqual(client.call("LRANGE", key, 0, -1), [b"%d" % self.tweet_id], f"{kind}: {members}")

    def test_a_new_tweet_comes_into_damaged_lists_and_a_deleted_one_goes(self):
        commands = (["SET", "x"], ["RPUSH", "x"], ["RPUSH", f"{10**15}", "x"], ["HSET", "a", "b"])
        for verb, *values in commands:
            for key in (user_newsfeeds.key(self.alice.id), user_tweets.key(self.alice.id)):
                client.call("DEL", key)
                client.call(verb, key, *values)
            posted = self.alice.post("tweets/", content="Once more").json()["id"]
            self.tasks_run()
            self.assertEqual(self.alice.feed(), [posted, self.tweet_id])
            for key in (user_newsfeeds.key(self.alice.id), user_tweets.key(self.alice.id)):
                client.call("DEL", key)
                client.call(verb, key, *values)

            self.assertEqual(self.alice.delete(f"tweets/{posted}/").status_code, 204)
            self.tasks_run()

            self.assertEqual(self.alice.feed(), [self.tweet_id])

    def test_a_count_that_is_none_begins_anew(self):
        self.enterContext(self.settings(RATELIMIT_ENABLE=True))
        self.alice.get("newsfeeds/")
        (key,) = client.call("KEYS", "rate:*") or [None]
        for command in (["SET", key, "x"], ["RPUSH", key, "x"]):
            client.call("DEL", key)
            client.call(*command)

            self.assertEqual(self.alice.get("newsfeeds/").status_code, 200)
        self.assertFalse(breaker.is_open)

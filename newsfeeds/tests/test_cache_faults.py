"""
Caches that are away, and that come back with what they held: slower pages, never wrong ones and never a 500.
"""

import pytest
from django.core.cache import caches

from accounts.models import UserProfile
from testing.stack_caches import REQUEST_SECONDS, cache_timeouts, caches_between_proxies, forget_troubles
from testing.testcases import ApiTestCase
from tweets import cache as tweet_cache
from utils.caching.redis.client import client

pytestmark = [pytest.mark.stack, pytest.mark.one_server]


class FaultTestCase(ApiTestCase):
    def setUp(self):
        self.enterContext(cache_timeouts(REQUEST_SECONDS))
        self.redis, self.memcached = self.enterContext(caches_between_proxies())
        self.alice, self.bob = self.person("alice"), self.person("bob")
        self.bob.follows(self.alice)
        self.ids = [self.alice.tweets() for _ in range(3)][::-1]
        self.tasks_run()
        # Everything is cached: lists, states, tweets, authors.
        for _ in range(2):
            self.read_everything()

    def away(self, *proxies, how="refuse"):
        for proxy in proxies:
            getattr(proxy, how)()
        forget_troubles()

    def back(self, *proxies):
        for proxy in proxies:
            proxy.heal()
        forget_troubles()

    def read_everything(self):
        """
        Return the ids that Bob's feed, Alice's timeline and the tweets' own addresses show.
        """
        timeline = self.bob.get("tweets/", user_id=self.alice.id).json()["results"]
        there = [id for id in self.ids if self.bob.get(f"tweets/{id}/").status_code == 200]
        return self.bob.feed(), [tweet["id"] for tweet in timeline], there

    def assert_shows(self, *ids):
        self.assertEqual(self.read_everything(), (list(ids),) * 3)


class DeletedMeansDeletedTests(FaultTestCase):
    """
    What DELETE has answered 204 for is not shown, although no task has run and whatever comes back.
    """

    def delete_the_newest(self):
        response = self.alice.delete(f"tweets/{self.ids[0]}/")
        self.assertEqual(response.status_code, 204)

    def test_while_redis_is_away(self):
        self.away(self.redis)

        self.delete_the_newest()

        self.assert_shows(*self.ids[1:])

    def test_when_redis_is_back_with_what_it_held(self):
        self.away(self.redis)
        self.delete_the_newest()

        self.back(self.redis)

        self.assert_shows(*self.ids[1:])

    def test_when_redis_thaws_with_what_it_held(self):
        self.away(self.redis, how="blackhole")
        self.delete_the_newest()

        self.back(self.redis)

        self.assert_shows(*self.ids[1:])

    def test_when_redis_is_back_and_memcached_has_lost_everything(self):
        self.away(self.redis)
        self.delete_the_newest()
        self.back(self.redis)
        self.away(self.memcached)

        self.assert_shows(*self.ids[1:])

    def test_while_memcached_is_away(self):
        self.away(self.memcached)

        self.delete_the_newest()

        self.assert_shows(*self.ids[1:])

    def test_when_memcached_is_back_with_what_it_held(self):
        self.away(self.memcached)
        self.delete_the_newest()

        self.back(self.memcached)

        self.assert_shows(*self.ids[1:])

    def test_when_memcached_is_back_with_what_it_held_and_redis_has_lost_everything(self):
        self.away(self.memcached)
        self.delete_the_newest()
        self.back(self.memcached)
        client.call("FLUSHDB")

        self.assert_shows(*self.ids[1:])

    def test_when_a_slow_reader_writes_into_the_caches_what_it_read_before(self):
        key = tweet_cache.tweet_key(self.ids[0], 1)
        states, record = tweet_cache.load_states(self.ids[:1]), caches["objects"].get(key)
        self.assertTrue(states[self.ids[0]] and record)
        self.delete_the_newest()

        tweet_cache.put_states(states)
        tweet_cache.fill({key: record}, 60)

        self.assert_shows(*self.ids[1:])

    def test_when_neither_could_be_told_alice_hears_so_and_the_tasks_tell_them(self):
        self.away(self.redis, self.memcached)

        response = self.alice.delete(f"tweets/{self.ids[0]}/")

        self.assert_refused(response, 503)
        self.assertTrue(response["Retry-After"])
        self.assert_shows(*self.ids[1:])
        self.back(self.redis, self.memcached)
        self.everything_settles()
        self.assert_shows(*self.ids[1:])

    def test_the_cached_lists_lose_it_when_redis_is_back(self):
        self.away(self.redis)
        self.delete_the_newest()
        self.tasks_run()
        self.back(self.redis)

        self.everything_settles()

        self.assert_shows(*self.ids[1:])
        for key in (f"user_newsfeeds:{self.bob.id}", f"user_tweets:{self.alice.id}"):
            self.assertNotIn(str(self.ids[0]).encode(), client.call("LRANGE", key, 0, -1))


class ForeignStatesTests(FaultTestCase):
    def test_states_that_another_release_has_written_are_read_anew_and_replaced(self):
        written = [f"{id}:1:{self.alice.id}:0:0:0" for id in self.ids]
        for id, state in zip(self.ids, written):
            client.call("SET", f"{tweet_cache.STATE_PREFIX}{id}", state)

        self.assert_shows(*self.ids)
        self.assertTrue(all(tweet_cache.load_states(self.ids).values()))


class NothingIsLostTests(FaultTestCase):
    def test_what_is_posted_while_redis_is_away_is_there_now_and_later(self):
        self.away(self.redis)

        tweet_id = self.alice.tweets()
        self.tasks_run()
        now = self.bob.feed(), self.alice.feed()
        self.back(self.redis)
        self.everything_settles()

        self.assertEqual(now, ([tweet_id, *self.ids],) * 2)
        self.assertEqual((self.bob.feed(), self.alice.feed()), now)

    def test_a_follow_and_an_unfollow_while_redis_is_away_are_true_when_it_is_back(self):
        carol = self.person("carol")
        hers = carol.tweets()
        self.tasks_run()
        self.away(self.redis)

        self.bob.unfollows(self.alice)
        self.bob.follows(carol)
        self.tasks_run()
        now = self.bob.feed()
        self.back(self.redis)
        self.everything_settles()

        self.assertEqual((now, self.bob.feed()), ([hers], [hers]))

    def test_a_new_nickname_while_memcached_is_away_is_shown_when_it_is_back(self):
        self.away(self.memcached)
        profile = UserProfile.objects.get(user_id=self.alice.id)
        profile.nickname = "Alice in Wonderland"
        with self.captureOnCommitCallbacks(execute=True):
            profile.save()

        now = self.bob.get("newsfeeds/").json()["results"][0]["tweet"]["user"]["nickname"]

        self.assertEqual(now, "Alice in Wonderland")

    def test_the_tasks_of_a_change_do_not_end_before_the_cache_has_heard_it(self):
        self.away(self.memcached)
        self.bob.unfollows(self.alice)
        self.tasks_run()
        self.back(self.memcached)

        self.everything_settles()

        followed = self.bob.get(f"users/{self.alice.id}/").json()["has_followed"]
        self.assertIs(followed, False)


class NeverAServerErrorTests(FaultTestCase):
    def assert_everything_works(self):
        carol = self.person("carol")
        answers = {
            "post": carol.post("tweets/", content="Is anybody there?").status_code,
            "follow": carol.post(f"friendships/{self.alice.id}/follow/").status_code,
            "followers": carol.get(f"friendships/{self.alice.id}/followers/").status_code,
            "feed": self.bob.get("newsfeeds/").status_code,
            "timeline": self.nobody().get("tweets/", user_id=self.alice.id).status_code,
            "tweet": self.nobody().get(f"tweets/{self.ids[0]}/").status_code,
            "user": self.nobody().get(f"users/{self.alice.id}/").status_code,
            "status": self.bob.get("accounts/login_status/").status_code,
            "unfollow": carol.post(f"friendships/{self.alice.id}/unfollow/").status_code,
        }

        good = {name: 201 if name in ("post", "follow") else 200 for name in answers}
        self.assertEqual(answers, good)
        self.assertEqual(self.bob.feed(), self.ids)
        self.tasks_run()

    def test_while_redis_refuses(self):
        self.away(self.redis)

        self.assert_everything_works()

    def test_while_redis_does_not_answer(self):
        self.away(self.redis, how="blackhole")

        self.assert_everything_works()

    def test_while_redis_breaks_every_connection(self):
        self.redis.reset()

        self.assert_everything_works()

    def test_while_memcached_refuses(self):
        self.away(self.memcached)

        self.assert_everything_works()

    def test_while_memcached_does_not_answer(self):
        self.away(self.memcached, how="blackhole")

        self.assert_everything_works()

    def test_while_memcached_breaks_every_connection(self):
        self.memcached.reset()

        self.assert_everything_works()

    def test_while_both_are_away_and_limits_are_on(self):
        self.away(self.redis, self.memcached)

        with self.settings(RATELIMIT_ENABLE=True):
            self.assert_everything_works()

    def test_a_cache_that_stays_away_is_not_asked_each_time(self):
        self.redis.blackhole()
        forget_troubles()
        for _ in range(3):
            self.bob.feed()
        self.redis.heal()
        before = self.redis.round_trips

        self.bob.feed()

        self.assertEqual(self.redis.round_trips, before)

    def test_and_is_used_again_when_it_is_back(self):
        self.redis.refuse()
        for _ in range(3):
            self.bob.feed()
        self.redis.heal()
        before = self.redis.round_trips

        self.until(lambda: self.bob.feed() == self.ids and self.redis.round_trips > before, "Redis is asked again")

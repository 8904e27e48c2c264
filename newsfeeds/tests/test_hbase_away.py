"""
HBase that is away, in each phase of the feeds: nothing is lost, and whoever can answer does.
"""

import time

import pytest

from newsfeeds.storage.dual import Mirror
from newsfeeds.storage.hbase import WRITE_TIMEOUT_MS
from outbox.models import Message
from stores.constants import Phase
from testing.stack_hbase import hbase_between_proxy, put_in_phase
from testing.testcases import CommittedTestCase
from utils.database.time_ids import next_id
from utils.hbase.pool import reset_pool

pytestmark = [pytest.mark.stack, pytest.mark.hbase]

# Within which a response is promised, whatever is away.
PROMISED_SECONDS = 3


class AwayTestCase(CommittedTestCase):
    phase = None
    options = {}

    def setUp(self):
        self.hbase = self.enterContext(hbase_between_proxy(**self.options))
        put_in_phase(self.phase)
        self.alice, self.bob = self.person("alice"), self.person("bob")
        self.bob.follows(self.alice)
        self.everything_settles()

    def goes_away(self, how="refuse"):
        getattr(self.hbase, how)()
        reset_pool()

    def comes_back(self):
        self.hbase.heal()
        # Nobody waits for the breaker here.
        reset_pool()

    def waiting(self):
        return set(Message.objects.values_list("event", flat=True))

    def read_anew(self, person):
        self.caches_are_lost()
        return person.feed()


class BothStoresTests:
    """
    While MySQL has the rows too, HBase is missed by nobody.
    """

    def in_hbase(self, person):
        """
        Return the tweets that HBase has of a feed.
        """
        put_in_phase(Phase.HBASE_ONLY)
        ids = self.rows_of(person)
        put_in_phase(self.phase)
        return ids

    def test_a_tweet_reaches_everybody_at_once_and_hbase_when_it_is_back(self):
        self.goes_away()
        tweet_id = self.alice.tweets()
        self.tasks_run()
        meanwhile = self.bob.feed(), self.alice.feed(), self.read_anew(self.bob), self.waiting()

        self.comes_back()
        self.everything_settles()

        self.assertEqual(meanwhile, ([tweet_id], [tweet_id], [tweet_id], {"feed_rows_missed"}))
        self.assertEqual((self.in_hbase(self.bob), self.in_hbase(self.alice)), ([tweet_id], [tweet_id]))

    def test_what_was_deleted_and_unfollowed_meanwhile_leaves_hbase_when_it_is_back(self):
        carol = self.person("carol")
        self.bob.follows(carol)
        kept, deleted, unfollowed = self.alice.tweets(), self.alice.tweets(), carol.tweets()
        self.everything_settles()
        before = self.in_hbase(self.bob)

        self.goes_away()
        self.alice.delete(f"tweets/{deleted}/")
        self.bob.unfollows(carol)
        self.tasks_run()
        meanwhile = self.read_anew(self.bob)
        self.comes_back()
        self.everything_settles()

        self.assertEqual((before, meanwhile), ([unfollowed, deleted, kept], [kept]))
        self.assertEqual((self.in_hbase(self.bob), self.in_hbase(self.alice)), ([kept], [kept]))

    def test_what_was_missed_does_not_undo_what_came_after_it(self):
        self.goes_away()
        self.alice.tweets()
        self.tasks_run()
        missed = list(Message.objects.filter(event="feed_rows_missed"))
        self.comes_back()
        self.bob.unfollows(self.alice)
        self.everything_settles()

        Message.objects.bulk_create(missed)
        self.everything_settles()

        self.assertEqual(self.in_hbase(self.bob), [])

    def test_of_many_batches_one_waits_for_a_frozen_hbase(self):
        self.goes_away("blackhole")

        started = time.monotonic()
        for _ in range(4):
            Mirror().write(puts=[(self.bob.id, next_id())], version=next_id())
        seconds = time.monotonic() - started

        self.assertLess(seconds, 2 * WRITE_TIMEOUT_MS / 1000)
        self.assertEqual(self.waiting(), {"feed_rows_missed"})

    def test_a_frozen_hbase_delays_no_page(self):
        tweet_id = self.alice.tweets()
        self.everything_settles()
        self.goes_away("blackhole")
        self.caches_are_lost()

        started = time.monotonic()
        feed = self.bob.feed()

        self.assertEqual(feed, [tweet_id])
        self.assertLess(time.monotonic() - started, PROMISED_SECONDS)


class DualWriteTests(BothStoresTests, AwayTestCase):
    phase = Phase.DUAL_WRITE
    options = {"TIMEOUT_MS": 400}


class ReadHBaseTests(BothStoresTests, AwayTestCase):
    phase = Phase.READ_HBASE
    options = {"TIMEOUT_MS": 400}

    def test_a_list_that_was_filled_before_hbase_had_caught_up_is_filled_anew(self):
        self.goes_away()
        tweet_id = self.alice.tweets()
        self.tasks_run()
        self.comes_back()
        behind = self.read_anew(self.bob)

        self.everything_settles()

        self.assertEqual((behind, self.bob.feed()), ([], [tweet_id]))


class HBaseOnlyTests(AwayTestCase):
    phase = Phase.HBASE_ONLY
    options = {"TIMEOUT_MS": 400}

    def assert_asked_to_come_back(self, person):
        started = time.monotonic()

        response = person.get("newsfeeds/")

        self.assertLess(time.monotonic() - started, PROMISED_SECONDS)
        self.assert_refused(response, 503)
        self.assertTrue(response["Retry-After"])

    def test_a_feed_that_nobody_has_cached_is_asked_for_again_later(self):
        tweet_id = self.alice.tweets()
        self.everything_settles()
        for how in ("refuse", "blackhole"):
            with self.subTest(how=how):
                self.goes_away(how)
                self.caches_are_lost()

                self.assert_asked_to_come_back(self.bob)

                self.comes_back()
                self.assertEqual(self.bob.feed(), [tweet_id])

    def test_a_cached_feed_is_shown(self):
        tweet_id = self.alice.tweets()
        self.everything_settles()
        self.bob.feed()

        self.goes_away()

        self.assertEqual(self.bob.feed(), [tweet_id])

    def test_everything_else_works(self):
        tweet_id = self.alice.tweets()
        self.everything_settles()
        carol = self.person("carol")
        self.goes_away()

        answers = {
            "post": self.alice.post("tweets/", content="Is anybody there?").status_code,
            "comment": carol.post("comments/", tweet_id=tweet_id, content="I am").status_code,
            "like": carol.post("likes/", content_type="tweet", object_id=tweet_id).status_code,
            "follow": carol.post(f"friendships/{self.alice.id}/follow/").status_code,
            "followers": carol.get(f"friendships/{self.alice.id}/followers/").status_code,
            "timeline": self.nobody().get("tweets/", user_id=self.alice.id).status_code,
            "tweet": self.nobody().get(f"tweets/{tweet_id}/").status_code,
            "unfollow": carol.post(f"friendships/{self.alice.id}/unfollow/").status_code,
            "delete": self.alice.delete(f"tweets/{tweet_id}/").status_code,
        }

        good = {"post": 201, "comment": 201, "like": 201, "follow": 201, "delete": 204}
        self.assertEqual(answers, {name: good.get(name, 200) for name in answers})

    def test_the_fan_out_waits_and_ends_when_hbase_is_back(self):
        self.goes_away()
        tweet_id = self.alice.tweets()
        self.tasks_run()
        waiting = self.waiting()
        self.comes_back()
        before = self.read_anew(self.bob), self.read_anew(self.alice)

        self.everything_settles()

        self.assertEqual(waiting, {"tweet_created"})
        self.assertEqual(before, ([], [tweet_id]))
        self.assertEqual((self.bob.feed(), self.read_anew(self.bob)), ([tweet_id], [tweet_id]))
        self.assertEqual(self.holders(tweet_id), sorted([self.alice.id, self.bob.id]))

    def test_deletions_and_unfollows_wait_too(self):
        carol = self.person("carol")
        self.bob.follows(carol)
        kept, deleted = self.alice.tweets(), self.alice.tweets()
        carol.tweets()
        self.everything_settles()

        self.goes_away()
        self.alice.delete(f"tweets/{deleted}/")
        self.bob.unfollows(carol)
        self.tasks_run()
        self.comes_back()
        self.everything_settles()

        self.assertEqual(self.rows_of(self.bob), [kept])
        self.assertEqual(self.holders(deleted), [])

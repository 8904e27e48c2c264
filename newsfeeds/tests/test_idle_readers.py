"""
Nothing is delivered to who stays away for long. The first page back is whole, and so are the rows soon after.
"""

from io import StringIO
from unittest import mock

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import override_settings

from newsfeeds.cache import user_newsfeeds
from newsfeeds.models import FeedReader
from newsfeeds.services import ReaderService, upkeep
from newsfeeds.tests.absence import StaysAway, long_ago
from newsfeeds.tests.strategies import FeedRules, StrategyCase
from newsfeeds.tests.test_races import RaceTestCase
from outbox.models import Message
from testing.testcases import Between


class RulesWhenEverybodyIsIdle(StaysAway, FeedRules, StrategyCase):
    """
    The rules of feeds, where every reader is idle after tasks have run, and so returns with the next page.
    """

    strategy = "push"
    is_walking = False

    def setUp(self):
        super().setUp()
        self.enterContext(self.settings(FEED_SKIP_IDLE_DAYS=30))

    def tasks_run(self):
        super().tasks_run()
        if not self.is_walking:
            self.is_walking = True
            self.stay_away(self.alice, self.bob, self.carol)
            self.is_walking = False


@override_settings(FEED_SKIP_IDLE_DAYS=30)
class IdleReadersTests(StaysAway, StrategyCase):
    def setUp(self):
        super().setUp()
        for reader in (self.bob, self.carol):
            reader.follows(self.alice)
        self.before = self.alice.tweets()
        self.tasks_run()

    def test_of_a_closed_account_nothing_is_known(self):
        self.bob.feed()
        self.assertTrue(FeedReader.objects.filter(user_id=self.bob.id).exists())

        self.closes(self.bob)
        self.tasks_run()

        self.assertFalse(FeedReader.objects.filter(user_id=self.bob.id).exists())

    def alice_posts_while_bob_is_away(self, count=3):
        """
        Return the ids of her tweets, newest first.
        """
        self.stay_away(self.bob)
        ids = [self.alice.tweets() for _ in range(count)][::-1]
        self.tasks_run()
        return ids

    def test_who_stays_away_gets_no_rows_and_others_do(self):
        missed = self.alice_posts_while_bob_is_away()

        self.assertEqual(self.rows_of(self.bob), [self.before])
        self.assertEqual(self.rows_of(self.carol), [*missed, self.before])
        self.assertEqual(self.differences(), [])

    def test_the_first_page_back_is_whole_and_so_are_the_rows_soon_after(self):
        ids = [*self.alice_posts_while_bob_is_away(), self.before]

        self.assert_feed(self.bob, ids)
        self.assertEqual(self.page_by_page(self.bob, limit=2), ids)
        self.tasks_run()

        self.assertEqual(self.rows_of(self.bob), ids)
        self.assertEqual(ReaderService.count()[1:], (0, 0, 0))
        self.assert_feed(self.bob, ids)

    def test_from_the_first_page_back_on_tweets_are_delivered_again(self):
        ids = [*self.alice_posts_while_bob_is_away(), self.before]
        self.bob.feed()

        ids.insert(0, self.alice.tweets())
        self.tasks_run()

        self.assertEqual(self.rows_of(self.bob), ids)
        self.assert_feed(self.bob, ids)

    def test_what_leaves_the_feed_before_the_rows_are_written_stays_out(self):
        self.bob.follows(self.carol)
        self.tasks_run()
        deleted, *missed = self.alice_posts_while_bob_is_away()
        self.carol.tweets()
        self.tasks_run()

        self.bob.feed()
        self.alice.delete(f"tweets/{deleted}/")
        self.bob.unfollows(self.carol)
        self.tasks_run()

        self.assertEqual(self.rows_of(self.bob), [*missed, self.before])
        self.assert_feed(self.bob, [*missed, self.before])

    def test_nobody_is_idle_on_the_first_day(self):
        FeedReader.objects.all().delete()

        self.upkeep()

        self.assertFalse(FeedReader.objects.idle().exists())
        self.assertEqual(FeedReader.objects.count(), 3)

    def test_who_reads_is_not_idle_and_a_second_walk_changes_nothing(self):
        self.stay_away(self.bob, self.carol)
        self.carol.feed()
        self.tasks_run()
        noted = list(FeedReader.objects.order_by("user_id").values())

        self.upkeep()

        self.assertEqual(list(FeedReader.objects.idle().values_list("user_id", flat=True)), [self.bob.id])
        self.assertEqual(list(FeedReader.objects.order_by("user_id").values()), noted)

    @mock.patch.object(upkeep, "UPKEEP_READERS", 2)
    def test_a_walk_reaches_every_reader(self):
        crowd = self.crowd(5, following=self.alice)

        self.upkeep()

        self.assertEqual(FeedReader.objects.filter(user_id__in=crowd).count(), 5)

    def test_allowing_a_longer_absence_brings_everybody_back_before_it_is_switched_off(self):
        ids = [*self.alice_posts_while_bob_is_away(), self.before]

        with self.settings(FEED_SKIP_IDLE_DAYS=36_500):
            self.upkeep()

        self.assertEqual(self.rows_of(self.bob), ids)
        with self.settings(FEED_SKIP_IDLE_DAYS=0):
            self.assert_feed(self.bob, ids)

    @pytest.mark.stack
    def test_fsck_expects_a_whole_list_although_rows_are_missing(self):
        missed = self.alice_posts_while_bob_is_away()
        self.bob.feed()
        self.assertEqual(self.differences(), [])

        user_newsfeeds.remove([self.bob.id], missed[0])

        found = [(each.place, each.kind, each.tweet_id) for each in self.differences()]
        self.assertEqual(found, [("list", "missing", missed[0])])

    def test_a_command_counts_them_and_begins_a_walk(self):
        def says(*options):
            output = StringIO()
            call_command("feed_readers", *options, stdout=output)
            return output.getvalue()

        self.stay_away(self.bob)
        self.assertEqual(says(), "3 readers are known: 1 idle, 0 returning, 0 with a trimmed feed.\n")
        with self.settings(FEED_SKIP_IDLE_DAYS=36_500):
            self.assertIn("A walk begins.", says("--walk"))
            self.tasks_run()

        self.assertIn(" 0 idle, 0 returning, ", says())
        with self.settings(FEED_SKIP_IDLE_DAYS=0):
            self.assertIn("everybody has every row", says("--walk"))

    def test_why_says_that_the_reader_was_idle(self):
        (missed,) = self.alice_posts_while_bob_is_away(1)

        answers = [self.bob.get("newsfeeds/why/", tweet_id=id).json() for id in (missed, self.before)]

        reasons = [(answer["in_feed"], answer["reason"]) for answer in answers]
        self.assertEqual(reasons, [(True, "reader_was_idle"), (True, "delivered")])

    @mock.patch.object(upkeep, "RETURNED_AT_ONCE", 2)
    def test_the_rows_of_a_long_absence_are_written_in_parts(self):
        ids = [*self.alice_posts_while_bob_is_away(5), self.before]

        self.bob.feed()
        self.tasks_run_once()
        self.assertEqual(self.rows_of(self.bob), [*ids[:2], self.before])
        self.assert_feed(self.bob, ids)
        self.tasks_run()

        self.assertEqual(self.rows_of(self.bob), ids)
        self.assertEqual(ReaderService.count()[1:], (0, 0, 0))

    @mock.patch.object(upkeep, "RETURNED_AT_ONCE", 2)
    @override_settings(MAX_CACHED_IDS=2, FEED_TRIM=3)
    def test_of_a_long_absence_no_more_rows_are_written_than_are_kept(self):
        ids = [*self.alice_posts_while_bob_is_away(7), self.before]

        self.bob.feed()
        self.tasks_run()

        self.assertEqual(self.rows_of(self.bob), [*ids[:4], self.before])
        self.assertEqual(self.page_by_page(self.bob, limit=2), ids)
        self.assertEqual(self.differences(), [])

    def test_an_event_of_an_earlier_return_does_not_end_a_later_one(self):
        self.alice_posts_while_bob_is_away()
        self.bob.feed()
        earlier = Message.objects.get(event="reader_returned").payload
        self.tasks_run()
        missed = self.alice_posts_while_bob_is_away()
        self.bob.feed()
        Message.objects.filter(event="reader_returned").update(payload=earlier)

        self.tasks_run()

        self.assertEqual(ReaderService.count().returning, 1)
        self.caches_are_lost()
        self.assert_feed(self.bob, [*missed, *self.rows_of(self.bob)])

    def test_who_returns_right_before_or_right_after_a_delivery_misses_nothing(self):
        for is_before in (True, False):
            with self.subTest(is_before=is_before):
                self.stay_away(self.bob)
                tweet_id = self.alice.tweets()

                action = self.bob.feed if is_before else None
                with connection.execute_wrapper(Between("INSERT", "newsfeeds_newsfeed", action)):
                    self.tasks_run_once()
                self.bob.feed()
                self.tasks_run()

                self.assertEqual(self.rows_of(self.bob)[0], tweet_id)
                self.assertEqual(self.bob.feed()[0], tweet_id)
                self.assertEqual(self.differences(), [])

    def test_where_60_percent_of_people_are_idle_a_tweet_is_at_most_45_percent_of_the_rows(self):
        crowd = self.crowd(47, following=self.alice)
        pushed = self.alice.tweets()
        self.tasks_run()
        FeedReader.objects.bulk_create([FeedReader(user_id=id, seen_at=long_ago()) for id in crowd[:30]])
        self.upkeep()

        tweet_id = self.alice.tweets()
        self.tasks_run()

        self.assertEqual(len(self.holders(pushed)), 50)
        self.assertLessEqual(len(self.holders(tweet_id)), 0.45 * 50)

    def test_a_first_page_back_costs_the_same_after_a_long_absence_as_after_a_short_one(self):
        self.alice_posts_while_bob_is_away(1)
        short = self.count_queries(self.bob.feed)
        self.tasks_run()

        self.alice_posts_while_bob_is_away(5)

        self.assertEqual(self.count_queries(self.bob.feed), short)


@override_settings(FEED_SKIP_IDLE_DAYS=30)
class ReturningTests(StaysAway, RaceTestCase):
    def test_bob_returns_while_alices_tweets_are_delivered(self):
        alice, bob, carol = (self.person(name) for name in ("alice", "bob", "carol"))
        for reader in (bob, carol):
            reader.follows(alice)
        for _ in range(5):
            self.stay_away(bob)
            for _ in range(2):
                alice.tweets()
            self.tasks_run_once()

            self.together(bob.feed, self.tasks_run, self.tasks_run)

            self.assert_truth(alice, bob, carol)
            self.assertEqual(ReaderService.count()[1:], (0, 0, 0))

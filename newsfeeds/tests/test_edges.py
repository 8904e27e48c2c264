"""
Each follow is pushed or pulled, by how often one posts and the other reads.
"""

from django.test import override_settings
from django.utils import timezone

from newsfeeds.models import FeedFollow, FeedReader
from newsfeeds.services import EdgeService
from newsfeeds.tests.absence import StaysAway
from newsfeeds.tests.strategies import StrategyCase


@override_settings(FEED_STRATEGY="hybrid_edge", FEED_CROSSING_SECONDS=0, FEED_PULLS_PER_ROW=1, BACKFILL_TWEETS=2)
class EdgeTests(StrategyCase):
    def setUp(self):
        super().setUp()
        for reader in (self.bob, self.carol):
            reader.follows(self.alice)
        self.tasks_run()
        self.ids = [self.alice.tweets() for _ in range(4)][::-1]
        self.tasks_run()
        self.reads(self.bob, count=0)
        self.reads(self.carol, count=200)

    def reads(self, reader, *, count):
        FeedReader.objects.update_or_create(
            user_id=reader.id, defaults={"reads_count": count, "seen_at": timezone.now()}
        )

    def choose(self):
        count = EdgeService.choose(user_ids=[person.id for person in (self.alice, self.bob, self.carol)])
        self.tasks_run()
        return count

    def is_pulled(self, follower, followee):
        return FeedFollow.objects.get(pk=(follower.id, followee.id)).pulled_since is not None

    def test_who_reads_rarely_pulls_and_who_reads_often_is_pushed(self):
        self.assertEqual(self.choose(), 1)

        self.ids.insert(0, self.alice.tweets())
        self.tasks_run()

        self.assertEqual((self.is_pulled(self.bob, self.alice), self.is_pulled(self.carol, self.alice)), (True, False))
        self.assertEqual(self.rows_of(self.bob), self.ids[1:])
        self.assertEqual(self.rows_of(self.carol), self.ids)
        for reader in (self.bob, self.carol):
            self.assert_feed(reader, self.ids)

    def test_who_reads_more_gets_the_rows_that_were_never_written(self):
        self.choose()
        for _ in range(3):
            self.ids.insert(0, self.alice.tweets())
        self.tasks_run()
        self.reads(self.bob, count=200)

        self.assertEqual(self.choose(), 1)

        self.assertFalse(self.is_pulled(self.bob, self.alice))
        self.assertEqual(self.rows_of(self.bob), self.ids)
        self.assert_feed(self.bob, self.ids)

    def test_while_the_rows_are_being_written_no_page_differs(self):
        self.choose()
        self.ids.insert(0, self.alice.tweets())
        self.tasks_run()
        self.reads(self.bob, count=200)

        EdgeService.choose(user_ids=[self.bob.id])
        self.assertEqual(self.bob.feed(), self.ids)
        self.ids.insert(0, self.alice.tweets())
        for _ in range(4):
            self.tasks_run_once()
            self.assertEqual(self.bob.feed()[-5:], self.ids[-5:])

        self.tasks_run()
        self.assertEqual(self.rows_of(self.bob), self.ids)
        self.assert_feed(self.bob, self.ids)

    # Four rows for ten reads cost 1.5 times what pulling does.
    @override_settings(FEED_PULLS_PER_ROW=4 / 10 / 1.5)
    def test_where_both_ways_cost_about_the_same_nothing_changes(self):
        for count, is_pulled in ((10, False), (1, True), (10, True), (100, False)):
            self.reads(self.carol, count=count)
            self.choose()
            self.assertEqual(self.is_pulled(self.carol, self.alice), is_pulled, count)

    @override_settings(FEED_MAX_PULLED_AUTHORS=1)
    def test_of_many_those_are_pulled_for_whom_it_pays_most(self):
        self.bob.follows(self.carol)
        self.carol.tweets()
        self.tasks_run()
        self.reads(self.bob, count=1)
        with override_settings(FEED_PULLS_PER_ROW=0.01):
            self.choose()

        self.assertEqual((self.is_pulled(self.bob, self.alice), self.is_pulled(self.bob, self.carol)), (True, False))

    def test_following_again_begins_with_rows(self):
        self.choose()
        self.bob.unfollows(self.alice)
        self.tasks_run()

        self.bob.follows(self.alice)
        self.tasks_run()

        self.assertFalse(self.is_pulled(self.bob, self.alice))
        self.assert_feed(self.bob, self.ids[:2])

    def test_who_leaves_the_strategy_gets_all_rows(self):
        self.choose()
        self.ids.insert(0, self.alice.tweets())
        self.tasks_run()

        with override_settings(FEED_STRATEGY="push"):
            self.choose()

            self.assertEqual(self.rows_of(self.bob), self.ids)
            self.assert_feed(self.bob, self.ids)


@override_settings(FEED_STRATEGY="hybrid_edge", FEED_CROSSING_SECONDS=0, FEED_PULLS_PER_ROW=1)
class CountedReadsTests(StaysAway, StrategyCase):
    def counts(self):
        return dict(FeedReader.objects.values_list("user_id", "reads_count"))

    def test_first_pages_are_counted_in_memory_and_written_once_in_a_while(self):
        for _ in range(3):
            self.bob.feed()
        self.assertEqual(self.counts(), {})

        with self.settings(FEED_READS_FLUSH_SECONDS=0):
            self.carol.feed()
            self.carol.feed()
            self.carol.feed(created_at__lt="2026-01-01T00:00:00Z")

        self.assertEqual(self.counts(), {self.bob.id: 3, self.carol.id: 2})

    @override_settings(FEED_READS_FLUSH_SECONDS=0)
    def test_nothing_is_counted_where_no_edge_is_chosen(self):
        with self.settings(FEED_STRATEGY="hybrid_threshold"):
            self.bob.feed()

        self.assertEqual(self.counts(), {})

    @override_settings(FEED_READS_FLUSH_SECONDS=0)
    def test_once_a_day_the_counts_decide_and_are_halved(self):
        self.bob.follows(self.alice)
        self.carol.follows(self.alice)
        for _ in range(4):
            self.alice.tweets()
            self.carol.feed()
        self.tasks_run()
        # Of Bob nothing is known on the first day.
        self.upkeep()
        self.assertFalse(self.pulls(self.bob))

        self.upkeep()

        self.assertEqual((self.pulls(self.bob), self.pulls(self.carol)), (True, False))
        self.assertEqual(self.counts(), {self.alice.id: 0, self.bob.id: 0, self.carol.id: 1})

    def pulls(self, reader):
        return FeedFollow.objects.get(pk=(reader.id, self.alice.id)).pulled_since is not None

"""
Of a long feed only the newest rows are kept. What is older is pulled, so paging never ends early.
"""

from unittest import mock

from django.db import connection
from django.test import override_settings

from newsfeeds.services import upkeep
from newsfeeds.storage import stores_in_use
from newsfeeds.tests.absence import StaysAway
from newsfeeds.tests.strategies import FeedRules, StrategyCase
from testing.testcases import Between


class RulesWhereFeedsAreTrimmed(StaysAway, FeedRules, StrategyCase):
    """
    The rules of feeds, where no feed has more than three rows after tasks have run.
    """

    strategy = "push"
    is_walking = False

    def setUp(self):
        super().setUp()
        self.enterContext(self.settings(FEED_TRIM=3, MAX_CACHED_IDS=2))

    def tasks_run(self):
        super().tasks_run()
        if not self.is_walking:
            self.is_walking = True
            self.upkeep()
            self.is_walking = False

    def test_a_page_costs_the_same_with_one_followee_as_with_many(self):
        for _ in range(4):
            self.bob.tweets()

        super().test_a_page_costs_the_same_with_one_followee_as_with_many()


@override_settings(FEED_TRIM=3, MAX_CACHED_IDS=2)
class TrimmedFeedsTests(StaysAway, StrategyCase):
    def setUp(self):
        super().setUp()
        self.old = [self.carol.tweets() for _ in range(2)][::-1]
        self.bob.follows(self.alice)
        self.tasks_run()
        self.ids = [author.tweets() for author in (self.alice, self.bob) * 4][::-1]
        self.tasks_run()

    def assert_rows(self, ids):
        """
        Check the rows of Bob's feed, as every store has them.
        """
        for place, store in stores_in_use().items():
            rows = store.get_rows([self.bob.id]).get(self.bob.id, [])
            self.assertEqual(sorted(rows, reverse=True), ids, place)

    def test_the_newest_rows_are_kept_and_the_others_go(self):
        self.assert_rows(self.ids)

        for _ in range(2):
            self.upkeep()

            self.assert_rows(self.ids[:3])
            self.assert_feed(self.bob, self.ids)

    @mock.patch.object(upkeep, "TRIMMED_AT_ONCE", 4)
    def test_of_a_very_long_feed_some_go_each_day(self):
        self.upkeep()
        self.assert_rows([*self.ids[:3], self.ids[-1]])
        self.assert_feed(self.bob, self.ids)

        self.upkeep()

        self.assert_rows(self.ids[:3])

    def test_paging_never_ends_early_loses_nothing_and_repeats_nothing(self):
        self.upkeep()

        for limit in (1, 2, 3, 5):
            for _ in range(2):
                self.assertEqual(self.page_by_page(self.bob, limit=limit), self.ids)

    def test_a_page_that_is_read_while_rows_go_is_whole(self):
        self.bob.feed()

        with connection.execute_wrapper(Between("SELECT", "newsfeeds_newsfeed", self.upkeep)):
            self.assertEqual(self.bob.feed(limit=8), self.ids)

    def test_what_is_back_filled_below_the_trimmed_rows_is_neither_lost_nor_repeated(self):
        self.upkeep()

        self.bob.follows(self.carol)
        self.tasks_run()
        self.assert_feed(self.bob, [*self.ids, *self.old])
        self.upkeep()

        self.assert_rows(self.ids[:3])
        self.assertEqual(self.page_by_page(self.bob, limit=3), [*self.ids, *self.old])

    def test_a_deleted_and_an_unfollowed_tweet_leave_the_trimmed_part_too(self):
        self.upkeep()

        self.bob.delete(f"tweets/{self.ids[-2]}/")
        self.tasks_run()
        self.assertEqual(self.page_by_page(self.bob, limit=3), [id for id in self.ids if id != self.ids[-2]])
        self.bob.unfollows(self.alice)
        self.tasks_run()

        self.assert_feed(self.bob, self.ids[0:6:2])

    def test_switched_off_what_was_removed_is_still_pulled(self):
        self.upkeep()

        with self.settings(FEED_TRIM=0, FEED_SKIP_IDLE_DAYS=36_500):
            self.assertEqual(self.page_by_page(self.bob, limit=2), self.ids)
            self.assertEqual(self.differences(), [])

    def test_fsck_puts_the_rows_back_where_both_settings_are_off(self):
        self.upkeep()

        with self.settings(FEED_TRIM=0):
            self.repair()

            self.assert_rows(self.ids)
            self.assert_feed(self.bob, self.ids)

    def test_why_says_that_a_trimmed_tweet_was_delivered(self):
        self.upkeep()

        answer = self.bob.get("newsfeeds/why/", tweet_id=self.ids[-1]).json()

        self.assertEqual((answer["in_feed"], answer["reason"]), (True, "delivered"))

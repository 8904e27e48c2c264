"""
An author's followers become many, or few again, while tweets are on their way.
"""

from io import StringIO
from unittest import mock

from django.core.management import call_command
from django.test import override_settings

from newsfeeds.constants import LATE_COMMIT, PULLED_SOURCES_SECONDS
from newsfeeds.events import PulledTweetsDue
from newsfeeds.models import PulledAuthor
from newsfeeds.services import CrossingService, FeedCheckService, crossing
from newsfeeds.tasks import check_crossings
from newsfeeds.tests.strategies import StrategyCase
from outbox.models import Message
from twitter.settings.tasks import FEED_CROSSING_SECONDS


@override_settings(FEED_STRATEGY="hybrid_threshold", FEED_PULL_THRESHOLD=2, FEED_CROSSING_SECONDS=0, BACKFILL_TWEETS=2)
class CrossingTests(StrategyCase):
    def setUp(self):
        super().setUp()
        self.dave = self.person("dave")
        self.readers = [self.bob, self.carol, self.dave]
        for reader in self.readers[:2]:
            reader.follows(self.alice)
        self.tasks_run()

    def test_an_author_crosses_with_the_first_tweet_after_the_threshold(self):
        ids = [self.alice.tweets()]
        self.tasks_run()
        self.assertFalse(PulledAuthor.objects.exists())
        self.dave.follows(self.alice)
        self.tasks_run()

        for _ in range(2):
            ids.insert(0, self.alice.tweets())
            self.tasks_run()

        # The second tweet was pushed, and let her cross. The third has no rows.
        self.assertEqual(self.rows_of(self.bob), ids[1:])
        self.assert_all_feeds(ids)

    @override_settings(FAN_OUT_BATCH_SIZE=1)
    def test_crossing_in_the_middle_of_a_fan_out_loses_and_doubles_nothing(self):
        self.dave.follows(self.alice)
        self.tasks_run()
        ids = [self.alice.tweets()]
        # The ranges of followers are in the outbox when she crosses.
        self.tasks_run_once()
        self.assertTrue(Message.objects.filter(event="fan_out_batch_ready").exists())
        self.becomes_pulled(self.alice)

        ids.insert(0, self.alice.tweets())
        self.tasks_run()

        self.assertEqual(self.rows_of(self.dave), ids[1:])
        self.assert_all_feeds(ids)

    @override_settings(FEED_CROSSING_SECONDS=240)
    def test_tweets_are_pushed_until_every_reader_knows(self):
        self.dave.follows(self.alice)
        self.tasks_run()
        self.becomes_pulled(self.alice)

        tweet_id = self.alice.tweets()
        self.tasks_run()

        self.assertEqual(self.rows_of(self.bob), [tweet_id])
        self.assert_all_feeds([tweet_id])

    def test_by_then_every_list_of_pulled_followees_was_built_anew(self):
        self.assertGreater(FEED_CROSSING_SECONDS, PULLED_SOURCES_SECONDS + LATE_COMMIT / 1_000_000)

    def test_on_the_way_back_no_page_ever_differs(self):
        ids = self.alice_is_pulled()
        self.dave.unfollows(self.alice)
        self.tasks_run()
        self.carol.unfollows(self.alice)
        ids.insert(0, self.alice.tweets())
        # One follower an event.
        with mock.patch.object(crossing, "RETURNED_ROWS", 1):
            for step in range(12):
                if step == 2:
                    self.carol.follows(self.alice)
                if step == 4:
                    ids.insert(0, self.alice.tweets())
                if step == 6:
                    self.alice.delete(f"tweets/{ids.pop()}/")
                self.tasks_run_once()
                self.assertEqual(self.bob.feed(), ids)
            self.tasks_run()

        self.assertFalse(PulledAuthor.objects.exists())
        self.assertEqual(self.rows_of(self.bob), ids)
        self.assert_feed(self.bob, ids)
        self.assert_feed(self.carol, ids[:3])

    def test_between_the_two_thresholds_nobody_crosses(self):
        with override_settings(FEED_PULL_THRESHOLD=3):
            self.dave.follows(self.alice)
            self.alice.tweets()
            self.tasks_run()
            self.assertFalse(PulledAuthor.objects.exists())
        self.becomes_pulled(self.alice)

        # Three are more than 0.8 times 3.
        with override_settings(FEED_PULL_THRESHOLD=3):
            self.alice.tweets()
            self.tasks_run()

        self.assertTrue(PulledAuthor.objects.not_delivered().exists())

    def test_who_follows_while_she_is_pulled_has_everything_when_she_is_not(self):
        ids = self.alice_is_pulled()
        erin = self.person("erin")
        erin.follows(self.alice)
        self.tasks_run()
        self.assertEqual(erin.feed(), ids[:2])
        self.assertEqual(self.rows_of(erin), [])

        with override_settings(FEED_PULL_THRESHOLD=100):
            self.alice_returns()

            self.assertEqual(self.rows_of(erin), ids[:2])
            self.assertEqual(erin.feed(), ids[:2])

    def test_who_followed_while_she_was_pulled_keeps_what_she_had_posted_before_that(self):
        ids = self.alice_is_pulled()
        PulledAuthor.objects.update(pulled_since=ids[0])
        erin = self.person("erin")
        erin.follows(self.alice)
        self.tasks_run()
        for _ in range(3):
            ids.insert(0, self.alice.tweets())
        self.tasks_run()

        with override_settings(FEED_PULL_THRESHOLD=100):
            self.alice_returns()

            self.assertEqual(self.rows_of(erin), ids[:5])
            self.assertEqual(FeedCheckService.check(user_ids=[erin.id]).found, [])

    def test_who_unfollows_has_nothing_left_and_gets_nothing_at_the_return(self):
        self.alice_is_pulled()
        self.carol.unfollows(self.alice)
        self.tasks_run()
        self.assert_feed(self.carol, [])

        with override_settings(FEED_PULL_THRESHOLD=100):
            self.alice_returns()

            self.assert_feed(self.carol, [])

    def test_who_stopped_posting_returns_too_when_feeds_are_pushed_again(self):
        ids = self.alice_is_pulled()

        with override_settings(FEED_STRATEGY="push"):
            # Of Bob and Carol two rows each.
            self.assertEqual({each.kind for each in self.differences()}, {"missing"})
            self.alice_returns()

            self.assert_all_feeds(ids)

    def test_crossing_and_returning_repeat_safely(self):
        ids = self.alice_is_pulled()
        self.becomes_pulled(self.alice)
        self.assertEqual(self.bob.feed(), ids)

        with override_settings(FEED_PULL_THRESHOLD=100):
            check_crossings()
            check_crossings()
            self.tasks_run()

            self.assertFalse(PulledAuthor.objects.exists())
            self.assert_all_feeds(ids)

    def test_operators_are_told_how_much_is_pulled(self):
        self.alice_is_pulled()
        with override_settings(FEED_PULL_THRESHOLD=100):
            check_crossings()
            output = StringIO()
            call_command("feed_strategy", stdout=output)

        self.assertEqual(
            output.getvalue().splitlines(),
            [
                "FEED_STRATEGY: hybrid_threshold",
                "pulled authors: 1, of which on their way back: 0",
                "pulled follows: 0, of which on their way back: 0",
            ],
        )

    def test_an_event_of_an_earlier_return_does_not_end_a_later_one(self):
        ids = self.alice_is_pulled()
        with override_settings(FEED_PULL_THRESHOLD=100):
            check_crossings()
            self.tasks_run_once()
            PulledAuthor.objects.update(pulled_until=ids[0] + 1)

            late = PulledTweetsDue(author_id=self.alice.id, pulled_until=ids[0], after=2**40)
            CrossingService.deliver_some(event=late)

            self.assertTrue(PulledAuthor.objects.exists())

    def test_a_deleted_tweet_of_a_pulled_author_leaves_every_feed(self):
        ids = self.alice_is_pulled()

        self.alice.delete(f"tweets/{ids.pop(0)}/")
        self.tasks_run()

        self.assert_all_feeds(ids)

    def alice_is_pulled(self):
        """
        Let Alice have three followers and return her tweets, the oldest pushed and two pulled.
        """
        self.dave.follows(self.alice)
        self.tasks_run()
        ids = []
        for _ in range(3):
            ids.insert(0, self.alice.tweets())
            self.tasks_run()
        self.assertEqual(self.rows_of(self.bob), ids[2:])
        self.assert_all_feeds(ids)
        return ids

    def alice_returns(self):
        check_crossings()
        self.tasks_run()
        self.assertFalse(PulledAuthor.objects.exists())

    def assert_all_feeds(self, ids):
        for reader in self.readers:
            self.assert_feed(reader, ids)

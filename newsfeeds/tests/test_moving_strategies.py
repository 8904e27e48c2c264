"""
The way from one strategy to another, and back.
"""

from django.test import override_settings

from newsfeeds.tests.strategies import StrategyCase


class MovingTests(StrategyCase):
    def test_forward_and_back_no_page_ever_differs(self):
        self.bob.follows(self.alice)
        ids = [self.alice.tweets()]
        self.tasks_run()
        self.assert_feed(self.bob, ids)

        # The workers still push, web servers pull.
        ids.insert(0, self.alice.tweets())
        with override_settings(FEED_STRATEGY="pull"):
            self.assert_feed(self.bob, ids)
        self.tasks_run()
        # Everybody pulls.
        with override_settings(FEED_STRATEGY="pull"):
            ids.insert(0, self.alice.tweets())
            self.tasks_run()
            self.assert_feed(self.bob, ids)
        # The workers push again, web servers pull until the rows are whole.
        ids.insert(0, self.alice.tweets())
        self.tasks_run()
        with override_settings(FEED_STRATEGY="pull"):
            self.assert_feed(self.bob, ids)
        self.assertNotEqual(self.differences(), [])
        self.repair()

        self.assert_feed(self.bob, ids)
        self.assertEqual(self.rows_of(self.bob), ids)

    @override_settings(FAN_OUT_BATCH_SIZE=1)
    def test_a_fan_out_that_is_under_way_at_the_move_is_finished_and_harms_nobody(self):
        for reader in (self.bob, self.carol):
            reader.follows(self.alice)
        self.tasks_run()
        tweet_id = self.alice.tweets()
        self.tasks_run_once()

        with override_settings(FEED_STRATEGY="pull"):
            self.tasks_run()
            for reader in (self.bob, self.carol):
                self.assert_feed(reader, [tweet_id])

        self.assert_feed(self.bob, [tweet_id])

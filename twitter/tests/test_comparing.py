"""
`manage.py compare_store`, on a real HBase and a real MariaDB.
"""

import re
import threading
from functools import partial
from unittest import mock

from django.core.management import CommandError
from django.db import transaction

from friendships.hbase_models import Follower, Following, FollowingPair
from newsfeeds.backfill import FeedReplica
from newsfeeds.hbase_models import Feed
from newsfeeds.models import NewsFeed
from newsfeeds.storage import store_to_write
from stores import comparison
from stores.constants import FEEDS, FRIENDSHIPS, TABLES, Phase
from stores.services import PhaseService
from twitter.tests.table_migrations import AGREE, World
from utils.database.time_ids import MAX_ID, next_id


class ComparisonTests(World):
    def setUp(self):
        super().setUp()
        # Of differences that are made by hand there is no hope that they pass.
        self.enterContext(mock.patch.object(comparison, "PAUSES", (0, 0.2)))
        self.move_to(Phase.DUAL_WRITE)
        for table in TABLES:
            self.back_fill(table)

    def assert_differences(self, table, differences):
        """
        Check what is found, that it is noted, that it is repaired, and that nothing is left of it.
        """
        agreeing = dict.fromkeys(differences, AGREE)
        count = sum(int(number) for words in differences.values() for number in re.findall(r"\d+", words))

        with self.assertRaisesRegex(CommandError, "The stores differ") as refusal:
            self.compare(table)
        self.assertEqual(self.by_table(refusal.exception.output), differences)
        self.assertEqual(sum(self.noted(table)), count)
        repaired = {
            name: f"{words}; {sum(map(int, re.findall(r'[0-9]+', words)))} of them repaired"
            for name, words in differences.items()
        }
        self.assertEqual(self.compare(table, "--repair"), repaired)
        self.assertEqual(self.compare(table), agreeing)
        self.assertEqual(self.noted(table), (0, 0, 0))

    def noted(self, table):
        row = PhaseService.get_status(table=table).row
        return row.missing_count, row.extra_count, row.different_count

    def test_rows_of_feeds_that_are_missing_or_extra(self):
        key = (self.bob.id, self.tweet_ids[0])
        Feed.batch_delete([key])
        Feed.batch_create([Feed(user_id=self.alice.id, tweet_id=id) for id in self.tweet_ids[1:3]])

        self.assert_differences(FEEDS, {"feeds": "1 missing, 2 extra, 0 different"})
        self.assert_feeds_agree()

    def test_rows_of_friendships_that_are_missing_extra_or_different(self):
        bobs, carols = self.find_friendship(self.bob, self.alice), self.find_friendship(self.carol, self.alice)
        Following.delete(follower_id=self.bob.id, id=bobs.id)
        Following.create(follower_id=self.carol.id, id=carols.id, followee_id=self.carol.id)
        # By a machine whose clock is an hour ahead.
        version = next_id() + 3_600_000_000
        Follower.create(followee_id=self.carol.id, id=next_id(), follower_id=self.alice.id, version=version)
        FollowingPair.create(follower_id=self.bob.id, followee_id=self.alice.id, friendship_id=carols.id)
        FollowingPair.create(follower_id=self.alice.id, followee_id=self.carol.id, friendship_id=next_id())
        FollowingPair.delete(follower_id=self.carol.id, followee_id=self.alice.id)

        self.assert_differences(
            FRIENDSHIPS,
            {
                "followings": "1 missing, 0 extra, 1 different",
                "followers": "0 missing, 1 extra, 0 different",
                "following_pairs": "1 missing, 1 extra, 1 different",
            },
        )
        self.assert_friendships_agree()

    def test_what_was_missed_while_mysql_was_alone_for_a_while(self):
        self.move_to(Phase.MYSQL)
        self.bob.unfollows(self.alice)
        self.alice.delete(f"tweets/{self.tweet_ids[3]}/")
        self.alice.follows(self.carol)
        self.carol.tweets()
        self.everything_settles()
        self.move_to(Phase.DUAL_WRITE)

        for table in TABLES:
            self.back_fill(table)
            said = self.compare(table, "--repair")
            self.assertRegex(str(said), r"0 missing, [1-9]\d* extra, 0 different")

        self.assert_agree()

    def test_a_comparison_that_saw_mysql_alone_meanwhile_counts_for_nothing(self):
        def go_back_and_forth():
            self.move_to(Phase.MYSQL)
            self.move_to(Phase.DUAL_WRITE)

        with (
            self.just_before(Feed, "get_many", go_back_and_forth),
            self.assertRaisesRegex(CommandError, "feeds was back at mysql meanwhile"),
        ):
            self.compare(FEEDS)

        self.assertIsNone(PhaseService.get_status(table=FEEDS).row.compared_at)

    def test_rows_of_deleted_tweets_may_be_in_mysql_a_little_longer(self):
        self.alice.delete(f"tweets/{self.tweet_ids[0]}/")
        Feed.batch_delete([row.key for row in Feed.scan() if row.tweet_id == self.tweet_ids[0]], version=MAX_ID)

        self.assertTrue(NewsFeed.objects.filter(tweet_id=self.tweet_ids[0]).exists())
        self.assertEqual(self.compare(FEEDS), {"feeds": AGREE})

    def test_a_write_on_its_way_is_no_difference(self):
        key = (self.bob.id, self.tweet_ids[0])
        Feed.batch_delete([key])
        late = threading.Timer(comparison.PAUSES[-1] / 2, Feed.batch_create, [[Feed(user_id=key[0], tweet_id=key[1])]])

        late.start()

        self.assertEqual(self.compare(FEEDS), {"feeds": AGREE})

    def test_what_a_later_version_hides_is_said_to_be_left(self):
        Feed.batch_delete([(self.bob.id, self.tweet_ids[0])], version=MAX_ID)

        with self.assertRaisesRegex(CommandError, "Some rows still differ") as refusal:
            self.compare(FEEDS, "--repair")

        self.assertIn("1 missing, 0 extra, 0 different; 0 of them repaired", refusal.exception.output)
        self.assertEqual(self.noted(FEEDS), (1, 0, 0))

    def test_the_repair_of_an_extra_row_waits_for_a_delivery_and_sees_its_row(self):
        row = self.extra_row_that_is_delivered_just_now()

        with transaction.atomic():
            with store_to_write() as store:
                store.deliver_to_followers([row.tweet_id], after=0, until=2**62)
            repair = self.in_the_background(lambda: FeedReplica().repair([row.key]))
            self.until(partial(self.somebody_waits, "%tweets_tweet%FOR UPDATE"), "the repair waits")
        repair.result()

        self.assertIn(row, Feed.filter(prefix=(row.user_id,)))
        self.assert_feeds_agree()

    def test_a_delivery_after_the_look_at_mysql_is_not_undone_by_the_repair(self):
        row = self.extra_row_that_is_delivered_just_now()

        def deliver():
            with transaction.atomic(), store_to_write() as store:
                store.deliver_to_followers([row.tweet_id], after=0, until=2**62)

        with self.just_before(Feed, "batch_delete", deliver):
            FeedReplica().repair([row.key])

        self.assertIn(row, Feed.filter(prefix=(row.user_id,)))
        self.assert_feeds_agree()

    def extra_row_that_is_delivered_just_now(self):
        """
        Return a row that HBase has and MySQL has not, but any delivery of its tweet would put there.
        """
        NewsFeed.objects.filter(user_id=self.bob.id, tweet_id=self.tweet_ids[0]).delete()
        return Feed(user_id=self.bob.id, tweet_id=self.tweet_ids[0])

"""
`manage.py backfill_store` while people post, follow, unfollow and delete.
"""

import random
import threading
from functools import partial

from django.core.management import CommandError
from django.db import transaction
from django.test import override_settings

from friendships.hbase_models import Following, FollowingPair
from newsfeeds.hbase_models import Feed
from newsfeeds.models import NewsFeed
from newsfeeds.storage import store_to_write
from stores.constants import FEEDS, FRIENDSHIPS, TABLES, Phase
from stores.services import PhaseService
from twitter.tests.table_migrations import World


class TrafficTests(World):
    """
    Rows change while they are copied and compared; what was decided last counts, not what arrives last.
    """

    def setUp(self):
        super().setUp()
        self.move_to(Phase.DUAL_WRITE)

    def test_an_unfollow_in_the_middle_of_a_chunk_is_not_undone(self):
        def unfollow():
            self.bob.unfollows(self.alice)
            self.everything_settles()

        with self.just_before(Feed, "batch_create", unfollow):
            self.back_fill(FEEDS)
        self.back_fill(FRIENDSHIPS)

        self.assert_agree()
        self.assertEqual(Feed.count(prefix=(self.bob.id,)), 4)

    def test_an_unfollow_in_the_middle_of_a_chunk_of_friendships_is_not_undone(self):
        def unfollow():
            self.bob.unfollows(self.alice)
            self.everything_settles()

        with self.just_before(Following, "batch_create", unfollow):
            self.back_fill(FRIENDSHIPS)

        self.assert_friendships_agree()
        self.assertIsNone(FollowingPair.get(follower_id=self.bob.id, followee_id=self.alice.id))

    def test_an_unfollow_that_no_task_has_seen_yet_is_not_undone(self):
        with self.just_before(Following, "batch_create", partial(self.bob.unfollows, self.alice)):
            self.back_fill(FRIENDSHIPS)

        self.assert_friendships_agree()

    def test_following_again_in_the_middle_of_a_chunk_is_not_undone(self):
        def follow_again():
            self.bob.unfollows(self.alice)
            self.bob.follows(self.alice)
            self.everything_settles()

        with self.just_before(Following, "batch_create", follow_again):
            self.back_fill(FRIENDSHIPS)

        self.assert_friendships_agree()

    def test_a_deletion_in_the_middle_of_a_chunk_is_not_undone(self):
        def delete():
            self.alice.delete(f"tweets/{self.tweet_ids[0]}/")
            self.everything_settles()

        with self.just_before(Feed, "batch_create", delete):
            self.back_fill(FEEDS)

        self.assert_feeds_agree()
        self.assertFalse([row for row in Feed.scan() if row.tweet_id == self.tweet_ids[0]])

    def test_a_change_of_phase_ends_the_back_fill(self):
        def go_back_and_forth():
            self.move_to(Phase.MYSQL)
            self.alice.tweets()
            self.everything_settles()
            self.move_to(Phase.DUAL_WRITE)

        with (
            self.just_before(Feed, "batch_create", go_back_and_forth),
            self.assertRaisesRegex(CommandError, "feeds was back at mysql meanwhile"),
        ):
            self.back_fill(FEEDS)

        self.assertIsNone(PhaseService.get_status(table=FEEDS).row.backfill_finished_at)
        self.back_fill(FEEDS)
        self.assert_feeds_agree()

    def test_a_removal_that_is_not_committed_yet_is_waited_for(self):
        with transaction.atomic():
            with store_to_write() as store:
                store.remove_many(self.bob.id, self.tweet_ids[:1])
            back_fill = self.in_the_background(partial(self.back_fill, FEEDS))
            self.until(partial(self.somebody_waits, "%newsfeeds_newsfeed%LOCK IN SHARE MODE"), "the back-fill waits")
        back_fill.result()

        self.assertIsNone(Feed.get(user_id=self.bob.id, tweet_id=self.tweet_ids[0]))
        self.assert_feeds_agree()

    def test_what_an_old_lease_lets_somebody_write_to_mysql_alone_is_waited_for_and_copied(self):
        self.move_to(Phase.MYSQL, FEEDS)
        tweet_id = self.bob.tweets()
        NewsFeed.objects.filter(tweet_id=tweet_id).delete()

        with transaction.atomic():
            with override_settings(PHASE_SECONDS=60):
                PhaseService.load(table=FEEDS)
                self.in_the_background(partial(self.another_process_moves_to, Phase.DUAL_WRITE)).result()
                with store_to_write() as store:
                    store.deliver(tweet_id, [self.bob.id, self.carol.id])
                    store.remove_many(self.carol.id, self.tweet_ids[:1])
            back_fill = self.in_the_background(partial(self.back_fill, FEEDS))
            self.until(partial(self.somebody_waits, "%newsfeeds_newsfeed%LOCK IN SHARE MODE"), "the back-fill waits")
        back_fill.result()

        self.assertIn((self.carol.id, tweet_id), {row.key for row in Feed.scan()})
        self.assert_feeds_agree()

    def test_once_hbase_is_alone_nothing_more_is_copied(self):
        def go_on_alone():
            self.move_to(Phase.READ_HBASE, FEEDS)
            self.move_to(Phase.HBASE_ONLY, FEEDS)
            self.carol.unfollows(self.alice)
            self.everything_settles()

        with (
            self.just_before(Feed, "batch_create", go_on_alone),
            self.assertRaisesRegex(CommandError, "feeds is at hbase_only"),
        ):
            self.back_fill(FEEDS, "--batch=1")

        self.assertTrue(NewsFeed.objects.filter(user_id=self.carol.id, tweet_id=self.tweet_ids[0]).exists())
        self.assertIsNone(Feed.get(user_id=self.carol.id, tweet_id=self.tweet_ids[0]))

    def test_with_writers_beside_it_all_the_time(self):
        everybody = [*self.people, self.person("dave")]
        stop = threading.Event()

        def live(person, dice):
            while not stop.is_set():
                other = dice.choice([other for other in everybody if other is not person])
                dice.choice([person.follows, person.unfollows])(other)
                tweet_id = person.tweets()
                if dice.random() < 0.5:
                    person.delete(f"tweets/{tweet_id}/")

        def work():
            while not stop.is_set():
                self.tasks_run()

        def move():
            try:
                for table in TABLES * 2:
                    self.back_fill(table, "--batch=3")
                    self.run_command("compare_store", table, "--repair")
            finally:
                stop.set()

        writers = [partial(live, person, random.Random(person.id)) for person in everybody]
        self.together(move, work, *writers)
        self.everything_settles()

        self.assert_agree()

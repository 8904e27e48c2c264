"""
manage.py feed_fsck, and the task that looks at some feeds now and then.
"""

import pytest
from django.db import transaction
from django.test import override_settings

from accounts.models import User
from newsfeeds.hbase_models import Feed
from newsfeeds.models import FeedCheck
from newsfeeds.services import FeedCheckService, PostingService
from newsfeeds.storage import store_to_write, stores_in_use
from newsfeeds.tasks import check_feeds
from newsfeeds.tests.fsck import FsckCase, fsck
from outbox.models import Message
from outbox.relay import relay_once
from stores.constants import Phase
from testing.stack_hbase import put_in_phase
from testing.testcases import ApiTestCase, CommittedTestCase
from tweets.models import Tweet
from utils.database.time_ids import next_id
from utils.observability.metrics import FEED_DIFFERENCES, FEEDS_CHECKED


class StoredFeedTests(FsckCase):
    def test_a_clean_world_has_no_difference(self):
        said, is_wrong = fsck()

        self.assertEqual((said, is_wrong), ("no difference\n", False))

    def test_a_missing_row_is_found_and_repaired(self):
        self.write("remove_many", self.bob.id, [self.ids[1]])

        said, is_wrong = fsck()

        self.assertIn(f"tweet {self.ids[1]} is missing in the feed of user {self.bob.id}", said)
        self.assertTrue(is_wrong)
        self.assertIs(self.repairs()[1], False)
        self.assertEqual(self.rows_of(self.bob), self.ids)
        self.assertEqual(self.bob.feed(), self.ids)

    def test_a_ghost_is_found_and_repaired(self):
        self.write("deliver_many", self.bob.id, [self.stranger_id])

        said, is_wrong = fsck("--user", str(self.bob.id))

        self.assertIn(f"tweet {self.stranger_id} is ghost in the feed of user {self.bob.id}", said)
        self.assertTrue(is_wrong)
        self.assertIs(self.repairs()[1], False)
        self.assertEqual(self.bob.feed(), self.ids)

    def test_a_tweet_that_never_existed_and_one_that_is_deleted_are_ghosts(self):
        Tweet.objects.filter(id=self.ids[0]).update(deleted_at=self.bob.user.date_joined)
        self.write("deliver_many", self.bob.id, [5])

        said, _ = self.repairs()

        for tweet_id, reader in ((5, self.bob), (self.ids[0], self.bob), (self.ids[0], self.alice)):
            self.assertIn(f"tweet {tweet_id} is ghost in the feed of user {reader.id}", said)
        self.assertEqual(self.rows_of(self.bob), self.ids[1:])

    def test_what_a_waiting_event_will_change_is_no_difference(self):
        self.alice.tweets("Not delivered yet")
        self.alice.delete(f"tweets/{self.ids[0]}/")
        self.carol.follows(self.alice)
        self.bob.unfollows(self.alice)

        self.assertEqual(fsck(), ("no difference\n", False))
        self.tasks_run()
        self.assertEqual(fsck(), ("no difference\n", False))

    def test_an_event_that_was_given_up_excuses_nothing(self):
        tweet_id = self.alice.tweets("Never delivered")
        Message.objects.update(due_at=None)

        said, is_wrong = fsck()

        self.assertIn(f"tweet {tweet_id} is missing in the feed of user {self.bob.id}", said)
        self.assertTrue(is_wrong)

    def test_what_was_posted_before_a_follow_that_was_loaded_may_be_there_and_need_not(self):
        self.befriend([(self.carol.id, self.alice.id)])
        without = fsck()

        self.write("deliver_many", self.carol.id, self.ids[:1])

        self.assertEqual((without, fsck()), (("no difference\n", False),) * 2)

    def test_a_user_who_is_not_there_is_refused(self):
        self.assertEqual(fsck("--user", "0"), ("there is no user 0", True))

    @override_settings(FEED_CHECK_SAMPLE=2)
    def test_the_task_looks_at_some_feeds_and_counts(self):
        before = FEEDS_CHECKED._value.get()

        said = check_feeds()

        self.assertEqual(said, "2 feeds, 0 differences")
        self.assertEqual(FEEDS_CHECKED._value.get() - before, 2)

    def test_a_sample_of_everybody_finds_what_all_would_and_counts_it(self):
        self.write("remove_many", self.bob.id, [self.ids[1]])
        place = next(iter(stores_in_use()))
        counted = FEED_DIFFERENCES.labels(place, "missing")._value
        before = counted.get()

        said, is_wrong = fsck("--sample", "100")

        self.assertIn("missing", said)
        self.assertTrue(is_wrong)
        self.assertEqual(counted.get() - before, 1)

    def test_an_interrupted_run_goes_on_behind_the_last_user(self):
        self.write("remove_many", self.bob.id, [self.ids[1]])
        FeedCheck.objects.create(after_user_id=self.bob.id, differences_count=0)

        first, second = fsck(), fsck()

        self.assertIn(f"goes on behind user {self.bob.id}", first[0])
        self.assertEqual((first[1], second[1]), (False, True))
        self.assertFalse(FeedCheck.objects.exists())

    def test_more_feeds_cost_no_more_queries(self):
        few = self.count_queries(list, FeedCheckService.check_sample(size=100))

        for number in range(20):
            reader = self.person(f"reader{number}")
            self.befriend([(reader.id, self.carol.id)])

        self.assertEqual(self.count_queries(list, FeedCheckService.check_sample(size=100)), few)

    def test_a_chunk_with_too_many_rows_is_cut(self):
        self.write("remove_many", self.bob.id, [self.ids[1]])
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("newsfeeds.services.checking.CHECK_ROWS", 1)
            said, _ = fsck()

        self.assertIn("missing", said)


@pytest.mark.stack
@pytest.mark.hbase
class BothStoresTests(FsckCase):
    def setUp(self):
        put_in_phase(Phase.READ_HBASE)
        super().setUp()

    def test_a_row_that_hbase_alone_lacks(self):
        Feed.batch_delete([(self.bob.id, self.ids[1])], version=next_id())

        said, is_wrong = fsck()

        self.assertIn(f"hbase: tweet {self.ids[1]} is missing in the feed of user {self.bob.id}", said)
        self.assertTrue(is_wrong)
        self.assertIs(self.repairs()[1], False)
        self.assertEqual(fsck(), ("no difference\n", False))

    def test_a_ghost_that_hbase_alone_has(self):
        Feed.batch_create([Feed(user_id=self.bob.id, tweet_id=self.stranger_id)], version=next_id())

        said, _ = fsck()

        self.assertIn(f"hbase: tweet {self.stranger_id} is ghost in the feed of user {self.bob.id}", said)
        self.assertIs(self.repairs()[1], False)
        self.assertEqual(fsck(), ("no difference\n", False))


class ReaderTests(ApiTestCase):
    def test_a_world_without_people_is_clean(self):
        User.objects.all().delete()

        self.assertEqual(fsck(), ("no difference\n", False))
        self.assertEqual(check_feeds(), "0 feeds, 0 differences")


class CommittedTests(CommittedTestCase):
    def test_a_repair_that_has_succeeded_says_so_and_ends_well(self):
        alice, bob = self.person("alice"), self.person("bob")
        bob.follows(alice)
        tweet_id = alice.tweets()
        self.tasks_run()
        with transaction.atomic(), store_to_write() as store:
            store.remove_many(bob.id, [tweet_id])

        said, is_wrong = fsck("--repair")

        self.assertIn("missing; ", said)
        self.assertIs(is_wrong, False)
        self.assertEqual(self.rows_of(bob), [tweet_id])

    def test_nothing_is_reported_while_people_post_follow_and_unfollow(self):
        people = [self.person(f"person{number}") for number in range(4)]
        first, *others = people

        def act():
            for number in range(12):
                PostingService.post_tweet(author=first.user, content=f"Tweet {number}")
                for other in others:
                    (other.follows if number % 3 else other.unfollows)(first)
                relay_once()

        def look():
            return [fsck("--user", str(other.id)) for other in others for _ in range(4)]

        _, said = self.together(act, look)

        self.assertEqual(set(said), {("no difference\n", False)})

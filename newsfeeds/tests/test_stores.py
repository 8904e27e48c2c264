"""
The stores of feeds: the same tests for each of them.
"""

import itertools

import pytest
from django.db import transaction
from django.utils import timezone

from friendships.models import Friendship
from newsfeeds.hbase_models import Feed
from newsfeeds.storage import DualNewsFeedStore, HBaseNewsFeedStore, MySQLNewsFeedStore
from stores.constants import Phase
from testing.stack_hbase import put_in_phase
from testing.testcases import ApiTestCase
from tweets.models import Tweet
from utils.database.time_ids import MAX_ID, next_id


class StoreTests:
    """
    What every store does. Feeds and tweets are numbers here: a store does not ask whether they exist.
    """

    store = None

    def setUp(self):
        self.alice, self.bob, self.carol = (self.person(name).id for name in ("alice", "bob", "carol"))

    def write(self, verb, *args, **kwargs):
        with self.captureOnCommitCallbacks(execute=True), transaction.atomic():
            getattr(self.store, verb)(*args, **kwargs)

    def feed(self, user_id, before=None, after=None, limit=10_000):
        return self.store.get_tweet_ids(user_id, before=before, after=after, limit=limit)

    def tweet_by(self, user_id):
        return Tweet.objects.create(id=next_id(), user_id=user_id, content="Hello").id

    def delete(self, tweet_id):
        Tweet.objects.filter(id=tweet_id).update(deleted_at=timezone.now())

    def follow(self, *follower_ids, author_id):
        Friendship.objects.bulk_create(
            [Friendship(id=next_id(), from_user_id=id, to_user_id=author_id) for id in follower_ids]
        )

    # ------------------------------------------------------------ reading

    def test_a_feed_nobody_wrote_to_is_empty(self):
        self.assertEqual(self.feed(self.alice), [])

    def test_a_feed_is_newest_first_whatever_the_order_of_writing(self):
        for tweet_ids in ([5, 300], [70_000, 1], [256, 255, 257]):
            self.write("deliver_many", self.alice, tweet_ids)

        self.assertEqual(self.feed(self.alice), [70_000, 300, 257, 256, 255, 5, 1])

    def test_every_range_and_limit_shows_what_it_should(self):
        ids = [10, 11, 20, 255, 256, 2**32, MAX_ID - 1]
        self.write("deliver_many", self.alice, ids)
        bounds = [None, -(2**50), 0, 10, 11, 15, 256, 257, 2**32, MAX_ID - 1, MAX_ID, 2**60]

        for before, after, limit in itertools.product(bounds, bounds, (1, 2, 3, 7, 100)):
            inside = [id for id in ids[::-1] if (before is None or id < before) and (after is None or id > after)]
            self.assertEqual(self.feed(self.alice, before, after, limit), inside[:limit], (before, after, limit))

    def test_a_long_feed_can_be_read_whole(self):
        self.write("deliver_many", self.alice, range(1, 2_501))

        self.assertEqual(self.feed(self.alice), list(range(2_500, 0, -1)))

    def test_neighbours_see_nothing_of_each_other(self):
        self.write("deliver_many", self.alice, [1, 2])
        self.write("deliver_many", self.carol, [3])

        self.assertEqual([self.feed(id) for id in (self.alice, self.bob, self.carol)], [[2, 1], [], [3]])

    # ------------------------------------------------------------ delivering

    def test_a_tweet_is_put_into_many_feeds(self):
        self.write("deliver", 100, [self.carol, self.alice])

        self.assertEqual([self.feed(id) for id in (self.alice, self.bob, self.carol)], [[100], [], [100]])

    def test_delivering_again_changes_nothing(self):
        for _ in range(2):
            self.write("deliver", 100, [self.alice, self.bob])
            self.write("deliver_many", self.alice, [99, 100])

        self.assertEqual((self.feed(self.alice), self.feed(self.bob)), ([100, 99], [100]))

    def test_delivering_to_nobody_and_nothing_is_no_error(self):
        self.write("deliver", 100, [])
        self.write("deliver_many", self.alice, [])

        self.assertEqual(self.feed(self.alice), [])

    def test_more_than_a_thousand_feeds_at_once(self):
        user_ids = list(range(10**9, 10**9 + 2_300))

        self.write("deliver", next_id(), user_ids)
        tweet_id = next_id()
        self.write("deliver", tweet_id, user_ids[:1_700])

        self.assertEqual(self.store.count_feeds_with(tweet_id, user_ids), 1_700)

    def test_followers_of_a_range_get_the_tweet_and_nobody_else_does(self):
        author = self.person("author").id
        first, second, third, fourth = (self.person(f"fan{number}").id for number in range(4))
        self.follow(first, second, third, fourth, author_id=author)
        tweet_id = self.tweet_by(author)

        self.write("deliver_to_followers", [tweet_id], after=first, until=third)

        holders = [id for id in (self.bob, first, second, third, fourth) if self.feed(id)]
        self.assertEqual(holders, [second, third])
        self.assertEqual(self.feed(second), [tweet_id])

    def test_a_deleted_tweet_is_delivered_to_no_follower(self):
        self.follow(self.bob, author_id=self.alice)
        tweet_id = self.tweet_by(self.alice)
        self.delete(tweet_id)

        self.write("deliver_to_followers", [tweet_id], after=0, until=MAX_ID)

        self.assertEqual(self.feed(self.bob), [])

    # ------------------------------------------------------------ one's own

    def test_authors_find_their_own_tweet_at_once_and_later_once(self):
        tweet_id = self.tweet_by(self.alice)
        self.write("deliver_own", tweet_id, self.alice)
        at_once = self.feed(self.alice), self.store.count_feeds_with(tweet_id, [self.alice, self.bob])

        for _ in range(2):
            self.write("complete_own", tweet_id, self.alice)

        self.assertEqual(at_once, ([tweet_id], 1))
        self.assertEqual(self.feed(self.alice), [tweet_id])
        self.assertEqual(self.store.count_feeds_with(tweet_id, [self.alice, self.bob]), 1)

    def test_own_tweets_stand_among_the_others_in_every_range(self):
        mine = [self.tweet_by(self.alice) for _ in range(3)]
        others = [mine[0] - 1, mine[0] + 1, mine[2] + 1]
        for tweet_id in mine:
            self.write("deliver_own", tweet_id, self.alice)
        self.write("deliver_many", self.alice, others)
        ids = sorted(mine + others, reverse=True)

        self.assertEqual(self.feed(self.alice), ids)
        for position, limit in itertools.product(range(6), (1, 2, 6)):
            self.assertEqual(self.feed(self.alice, before=ids[position], limit=limit), ids[position + 1 :][:limit])
            self.assertEqual(self.feed(self.alice, after=ids[position], limit=limit), ids[:position][:limit])

    def test_what_is_left_to_do_for_an_own_tweet_does_not_bring_it_back_after_its_deletion(self):
        tweet_id = self.tweet_by(self.alice)
        self.write("deliver_own", tweet_id, self.alice)
        self.delete(tweet_id)
        self.write("remove", tweet_id, [self.alice])

        self.write("complete_own", tweet_id, self.alice)

        self.assertEqual(self.feed(self.alice), [])

    # ------------------------------------------------------------ removing

    def test_a_tweet_is_taken_out_of_many_feeds_and_others_stay(self):
        for tweet_id in (99, 100, 101):
            self.write("deliver", tweet_id, [self.alice, self.bob, self.carol])

        self.write("remove", 100, [self.alice, self.carol])

        self.assertEqual(self.feed(self.alice), [101, 99])
        self.assertEqual(self.feed(self.bob), [101, 100, 99])
        self.assertEqual(self.feed(self.carol), [101, 99])

    def test_many_tweets_are_taken_out_of_one_feed_and_no_other(self):
        for user_id in (self.alice, self.bob):
            self.write("deliver_many", user_id, range(1, 1_501))

        self.write("remove_many", self.alice, range(3, 1_501))

        self.assertEqual(self.feed(self.alice), [2, 1])
        self.assertEqual(len(self.feed(self.bob)), 1_500)

    def test_removing_what_is_not_there_is_no_error(self):
        self.write("deliver", 5, [self.alice])

        for _ in range(2):
            self.write("remove", 6, [self.alice, self.bob])
            self.write("remove_many", self.alice, [7, 8])
            self.write("remove_many", self.alice, [])

        self.assertEqual(self.feed(self.alice), [5])

    def test_what_left_a_feed_can_be_delivered_again(self):
        for _ in range(3):
            self.write("deliver_many", self.alice, [1, 2])
            self.write("remove_many", self.alice, [1, 2])
            gone = self.feed(self.alice)
            self.write("deliver_many", self.alice, [2])

            self.assertEqual((gone, self.feed(self.alice)), ([], [2]))

    def test_feeds_that_hold_a_tweet_are_counted(self):
        self.write("deliver", 100, [self.alice, self.carol])
        self.write("deliver", 101, [self.bob])

        self.assertEqual(self.store.count_feeds_with(100, [self.alice, self.bob, self.carol]), 2)
        self.assertEqual(self.store.count_feeds_with(100, [self.bob]), 0)
        self.assertEqual(self.store.count_feeds_with(100, []), 0)

    def test_what_a_transaction_took_back_was_never_written(self):
        with self.captureOnCommitCallbacks(execute=True), self.assertRaises(ZeroDivisionError), transaction.atomic():
            self.store.deliver(100, [self.alice])
            raise ZeroDivisionError

        self.assertEqual(self.feed(self.alice), [])


class MySQLStoreTests(StoreTests, ApiTestCase):
    store = MySQLNewsFeedStore()


@pytest.mark.stack
@pytest.mark.hbase
class HBaseStoreTests(StoreTests, ApiTestCase):
    store = HBaseNewsFeedStore()

    def test_an_own_tweet_is_in_the_table_only_when_its_task_has_run(self):
        put_in_phase(Phase.HBASE_ONLY)
        dora = self.person("dora")
        tweet_id = dora.tweets()
        before = Feed.get(user_id=dora.id, tweet_id=tweet_id)

        self.tasks_run()

        self.assertEqual((before, Feed.get(user_id=dora.id, tweet_id=tweet_id).key), (None, (dora.id, tweet_id)))


@pytest.mark.stack
@pytest.mark.hbase
class DualStoreTests(StoreTests, ApiTestCase):
    store = DualNewsFeedStore()

    def test_both_have_what_was_written(self):
        self.write("deliver", 100, [self.alice, self.bob])
        self.write("deliver_many", self.alice, [98, 99])
        self.write("remove", 100, [self.bob])
        self.write("remove_many", self.alice, [98])

        for store in self.store.both:
            feeds = [store.get_tweet_ids(id, before=None, after=None, limit=10) for id in (self.alice, self.bob)]
            self.assertEqual(feeds, [[100, 99], []])

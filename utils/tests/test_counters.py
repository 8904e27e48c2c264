"""
Counters of rows: adding to several at once, finding those that have drifted, and repairing them.
"""

from django.db.models import F

from accounts.models import UserProfile
from accounts.services import AccountService
from comments.models import Comment
from testing.testcases import ApiTestCase
from tweets.models import Tweet
from utils.database.counters import Counter, Drift, add_to_counters


class AddingTests(ApiTestCase):
    def setUp(self):
        self.people = [self.person(name) for name in ("alice1", "bobby1", "carol1")]

    def counters(self):
        """
        Return (followers, followings, tweets) of each, in order.
        """
        names = ("followers_count", "followings_count", "tweets_count")
        return list(UserProfile.objects.order_by("user_id").values_list(*names))

    def add(self, *deltas):
        add_to_counters(
            UserProfile, key="user_id", deltas={person.id: delta for person, delta in zip(self.people, deltas) if delta}
        )

    def test_each_row_gets_its_own_change_and_others_none(self):
        self.add({"followers_count": 2}, {"followers_count": 5, "tweets_count": 1}, None)

        self.assertEqual(self.counters(), [(2, 0, 0), (5, 0, 1), (0, 0, 0)])

    def test_it_adds_to_what_is_there_and_takes_away(self):
        self.add({"followers_count": 5}, {"followings_count": 5})
        self.add({"followers_count": -2, "tweets_count": 1}, {"followings_count": 1})

        self.assertEqual(self.counters(), [(3, 0, 1), (0, 6, 0), (0, 0, 0)])

    def test_none_falls_below_zero(self):
        for there, change, expected in ((1, -1, 0), (0, -1, 0), (3, -5, 0), (3, -2, 1)):
            UserProfile.objects.update(followers_count=there)
            with self.subTest(there=there, change=change):
                self.add({"followers_count": change})

                self.assertEqual([row[0] for row in self.counters()], [expected, there, there])

    def test_it_is_one_query_for_however_many(self):
        one = self.count_queries(self.add, {"followers_count": 1})
        three = self.count_queries(self.add, *[{"followers_count": 1, "tweets_count": -1}] * 3)

        self.assertEqual((one, three), (1, 1))

    def test_a_row_that_is_not_there_is_nobodys(self):
        add_to_counters(UserProfile, key="user_id", deltas={10**9: {"followers_count": 1}})

        self.assertEqual(self.counters(), [(0, 0, 0)] * 3)

    def test_a_zero_changes_nothing(self):
        UserProfile.objects.update(followers_count=4)

        self.add({"followers_count": 0})

        self.assertEqual([row[0] for row in self.counters()], [4, 4, 4])


class LockingTests(ApiTestCase):
    def test_profiles_that_are_locked_come_in_the_order_of_ids_without_those_that_are_not_there(self):
        alice, bob = self.person("alice1"), self.person("bobby1")

        locked = AccountService.lock_profiles(user_ids=[bob.id, 10**9, alice.id])

        self.assertEqual(locked, [alice.id, bob.id])


class DriftingTests(ApiTestCase):
    """
    The number of comments on a tweet, which has a primary key as its key, and that of tweets, which has another.
    """

    def setUp(self):
        self.alice, self.bob = self.person("alice1"), self.person("bobby1")
        self.ids = [self.alice.tweets(f"Number {number} of mine") for number in range(3)]
        for _ in range(2):
            self.comments(self.bob, self.ids[1])
        self.comments_of_tweets = Counter(
            Tweet, "comments_count", Comment.objects.all(), "tweet_id", also={"revision": F("revision") + 1}
        )
        self.tweets_of_people = Counter(
            UserProfile, "tweets_count", Tweet.objects.not_deleted(), "user_id", key="user_id"
        )

    def suspects(self, counter):
        return counter.find_suspects(counter.get_chunk(after=0, size=100))

    def test_where_all_agree_nobody_is_suspected(self):
        self.assertEqual([self.suspects(self.comments_of_tweets), self.suspects(self.tweets_of_people)], [[], []])

    def test_too_many_too_few_and_none_at_all_are(self):
        for position, wrong in ((0, 1), (1, 0), (1, 1), (1, 3)):
            Tweet.objects.filter(id=self.ids[position]).update(comments_count=wrong)
            with self.subTest(position=position, wrong=wrong):
                self.assertEqual(self.suspects(self.comments_of_tweets), [self.ids[position]])

            self.comments_of_tweets.repair(pk=self.ids[position])

    def test_the_primary_key_is_named_where_rows_refer_to_another(self):
        profile = self.alice.user.profile
        UserProfile.objects.filter(id=profile.id).update(tweets_count=9)

        self.assertEqual(self.suspects(self.tweets_of_people), [profile.id])
        self.assertEqual(
            self.tweets_of_people.get_drift(pk=profile.id),
            Drift("accounts_userprofile", profile.id, "tweets_count", 9, 3),
        )

    def test_chunks_hold_every_parent_once_in_order(self):
        chunks, after = [], 0
        while chunk := self.comments_of_tweets.get_chunk(after=after, size=2):
            chunks.append([pk for pk, _, _ in chunk])
            after = chunk[-1][0]

        self.assertEqual(chunks, [self.ids[:2], self.ids[2:]])

    def test_a_repair_says_what_was_wrong_and_changes_what_it_should(self):
        Tweet.objects.filter(id=self.ids[1]).update(comments_count=7)
        before = Tweet.objects.get(id=self.ids[1]).revision

        drift = self.comments_of_tweets.repair(pk=self.ids[1])

        self.assertEqual((drift.was, drift.counted, drift.counter), (7, 2, "comments_count"))
        tweet = Tweet.objects.get(id=self.ids[1])
        self.assertEqual((tweet.comments_count, tweet.revision), (2, before + 1))

    def test_a_second_repair_finds_nothing_and_changes_nothing(self):
        Tweet.objects.filter(id=self.ids[1]).update(comments_count=7)
        self.comments_of_tweets.repair(pk=self.ids[1])
        before = Tweet.objects.get(id=self.ids[1]).revision

        self.assertIsNone(self.comments_of_tweets.repair(pk=self.ids[1]))
        self.assertEqual(Tweet.objects.get(id=self.ids[1]).revision, before)

    def test_looking_changes_nothing(self):
        Tweet.objects.filter(id=self.ids[1]).update(comments_count=7)

        self.assertEqual(self.comments_of_tweets.get_drift(pk=self.ids[1]).counted, 2)
        self.assertEqual(Tweet.objects.get(id=self.ids[1]).comments_count, 7)

    def test_a_parent_that_is_gone_has_not_drifted(self):
        self.assertIsNone(self.comments_of_tweets.get_drift(pk=1))
        self.assertIsNone(self.comments_of_tweets.repair(pk=1))

    def test_others_are_left_alone(self):
        Tweet.objects.update(comments_count=7)

        self.comments_of_tweets.repair(pk=self.ids[1])

        counts = dict(Tweet.objects.values_list("id", "comments_count"))
        self.assertEqual(counts, {self.ids[0]: 7, self.ids[1]: 2, self.ids[2]: 7})

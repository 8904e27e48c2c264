"""
What every write costs: its SQL statements, and its round trips to Redis and Memcached.
"""

from typing import NamedTuple

import pytest
from django.conf import settings
from django.contrib.contenttypes.models import ContentType

from benchmarks.round_trips import counted_round_trips
from comments.models import Comment
from likes.models import Like
from testing.people import PASSWORD
from testing.testcases import ApiTestCase
from tweets.models import Tweet
from tweets.tests.photos import Photographing
from utils.database.time_ids import next_id


class Cost(NamedTuple):
    """
    What one request costs. A transaction's own statements (BEGIN, COMMIT, savepoints) are not counted.
    """

    sql: int
    redis: int
    memcached: int


# Of Redis: who is asking, the rates, and what the act itself tells. Of Memcached: what is told, and who did it.
COSTS = {
    # Counter, a look at it, row, event.
    "like": Cost(4, redis=3, memcached=2),
    # The duplicate key in the place of the event, then the like that is there.
    "like_again": Cost(4, redis=2, memcached=1),
    "unlike": Cost(5, redis=3, memcached=1),
    "comment": Cost(5, redis=3, memcached=2),
    "change_comment": Cost(3, redis=2, memcached=2),
    "delete_comment": Cost(7, redis=3, memcached=1),
    # Whom, both counters, row, event.
    "follow": Cost(4, redis=2, memcached=2),
    "unfollow": Cost(6, redis=2, memcached=1),
    # Counter, tweet, the row of the own feed, event. With a key: the claim, and that it is done.
    "post_text": Cost(4, redis=3, memcached=2),
    "post_once": Cost(6, redis=3, memcached=2),
    # Orphans looked for, photos, their tweet, the event of their thumbnails; the budget of pixels.
    "post_a_photo": Cost(8, redis=4, memcached=2),
    "post_nine_photos": Cost(8, redis=4, memcached=2),
    "delete_tweet": Cost(6, redis=4, memcached=1),
    "report": Cost(3, redis=2, memcached=0),
    "read_notification": Cost(2, redis=2, memcached=1),
    "read_all_notifications": Cost(1, redis=2, memcached=0),
    # After this one, who Bob is has to be read anew.
    "change_profile": Cost(5, redis=4, memcached=2),
    "sign_up": Cost(9, redis=8, memcached=3),
    "log_in": Cost(7, redis=8, memcached=1),
    "log_out": Cost(3, redis=4, memcached=0),
}


class Writing(Photographing):
    """
    Every write, by Bob: most of them about what Alice has said.
    """

    def world(self, name, crowd):
        """
        Make two people who have said, liked and followed this and that, with a crowd around them, and warm caches.
        """
        self.alice, self.bob = self.person(f"alice_{name}"), self.person(f"bob_{name}")
        self.carol, self.dave = self.person(f"carol_{name}"), self.browser()
        self.dave.signs_up(f"dave_{name}")
        for person in (self.alice, self.bob):
            self.crowd(crowd, following=person)
        self.tweet_id, self.liked_id = self.alice.tweets(), self.alice.tweets()
        self.own_id = self.bob.tweets()
        self.comment_id = self.bob.post("comments/", tweet_id=self.tweet_id, content="Well said").json()["id"]
        self.talk_about(self.tweet_id, crowd)
        self.bob.follows(self.carol)
        self.like(self.liked_id)
        self.alice.follows(self.bob)
        self.carol.post("likes/", content_type="tweet", object_id=self.own_id)
        # Redis gets to know every script.
        self.bob.delete(f"tweets/{self.posts(self.bob, self.picture())['id']}/")
        self.tasks_run()
        [*_, self.notification] = self.bob.get("notifications/").json()["results"]
        # What the acts above have left behind for some seconds is gone.
        self.caches_are_lost()
        for tweet_id in (self.own_id, self.tweet_id, self.liked_id):
            self.bob.get(f"tweets/{tweet_id}/")
        for person in (self.alice, self.bob, self.carol):
            self.bob.get(f"friendships/{person.id}/followers/")
        self.dave.status()

    def talk_about(self, tweet_id, crowd):
        ids = [next_id() for _ in range(crowd)]
        Comment.objects.bulk_create(
            Comment(id=id, user_id=self.alice.id, tweet_id=tweet_id, content="Well said") for id in ids
        )
        kind = ContentType.objects.get_for_model(Comment)
        Like.objects.bulk_create(Like(id=next_id(), user_id=self.bob.id, content_type=kind, object_id=id) for id in ids)
        Tweet.objects.filter(id=tweet_id).update(comments_count=crowd + 1)

    def like(self, tweet_id=None):
        return self.bob.post("likes/", content_type="tweet", object_id=tweet_id or self.tweet_id)

    def like_again(self):
        return self.like(self.liked_id)

    def unlike(self):
        return self.bob.post("likes/cancel/", content_type="tweet", object_id=self.liked_id)

    def comment(self):
        return self.bob.post("comments/", tweet_id=self.tweet_id, content="And again")

    def change_comment(self):
        return self.bob.put(f"comments/{self.comment_id}/", content="Very well said")

    def delete_comment(self):
        return self.bob.delete(f"comments/{self.comment_id}/")

    def follow(self):
        return self.bob.post(f"friendships/{self.alice.id}/follow/")

    def unfollow(self):
        return self.bob.post(f"friendships/{self.carol.id}/unfollow/")

    def post_text(self, **headers):
        return self.bob.client.post("/api/tweets/", {"content": "What a day"}, format="json", **headers)

    def post_once(self):
        return self.post_text(HTTP_IDEMPOTENCY_KEY="a")

    def post_a_photo(self):
        return self.post(self.bob, self.picture())

    def post_nine_photos(self):
        return self.post(self.bob, *[self.picture()] * 9)

    def delete_tweet(self):
        return self.bob.delete(f"tweets/{self.own_id}/")

    def change_profile(self):
        return self.bob.put(f"profiles/{self.bob.user.profile.id}/", nickname="Bobby")

    def report(self):
        return self.bob.post("reports/", content_type="tweet", object_id=self.tweet_id, reason="Spam")

    def read_notification(self):
        return self.bob.put(f"notifications/{self.notification['id']}/", unread=False)

    def read_all_notifications(self):
        return self.bob.post("notifications/mark-all-as-read/")

    def sign_up(self):
        return self.browser().post(
            "accounts/signup/", username=f"new_{self.tweet_id}", email=f"{self.tweet_id}@example.com", password=PASSWORD
        )

    def log_in(self):
        return self.browser().post("accounts/login/", username=self.dave.name, password=PASSWORD)

    def log_out(self):
        return self.dave.post("accounts/logout/")


class CostOfWritesTests(Writing, ApiTestCase):
    maxDiff = None

    def setUp(self):
        # Feeds in the one store that is in every profile; every write is counted, and none refused.
        rates = {name: ["1000/s", "60000/m"] for name in settings.RATES}
        hbase = {**settings.HBASE, "HOST": ""}
        self.enterContext(self.settings(HBASE=hbase, RATES=rates, RATELIMIT_ENABLE=True))

    def measured(self, measure):
        """
        Return {write: what it cost} in a small world and in a large one.
        """
        costs = []
        for name, crowd in (("small", 1), ("large", 30)):
            self.world(name, crowd)
            costs.append({write: measure(getattr(self, write)) for write in COSTS})
        return costs

    def test_each_write_takes_the_same_statements_whatever_there_is(self):
        def statements(write):
            return self.count_queries(lambda: self.assertLess(write().status_code, 300))

        small, large = self.measured(statements)

        expected = {write: cost.sql for write, cost in COSTS.items()}
        if not settings.REDIS_URL:
            # Which session it is that ends.
            expected["log_out"] += 1
        self.assertEqual(small, expected)
        self.assertEqual(large, small)

    @pytest.mark.one_server
    @pytest.mark.stack
    def test_each_write_takes_the_same_round_trips_to_the_caches(self):
        def round_trips(write):
            with counted_round_trips() as round_trips:
                self.assertLess(write().status_code, 300)
            return round_trips["redis"], round_trips["memcached"]

        # Of two: on a busy machine a cache may have to be asked once more.
        expected = {write: (cost.redis, cost.memcached) for write, cost in COSTS.items()}
        first, second = self.measured(round_trips)
        self.assertEqual({write: min(first[write], second[write]) for write in COSTS}, expected)

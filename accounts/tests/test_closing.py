"""
What tasks do after an account was closed: everything of it is gone, and everybody else's counters are exact.
"""

from io import StringIO
from unittest import mock

from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command

from comments.models import Comment
from friendships.models import Friendship
from likes.models import Like
from outbox.models import Message
from testing.testcases import ApiTestCase
from tweets.models import Tweet
from utils.database.time_ids import next_id


class PurgeTests(ApiTestCase):
    def setUp(self):
        self.alice, self.bob, self.carol = (self.person(name) for name in ("alice1", "bobby1", "carol1"))
        self.alice.follows(self.bob)
        self.carol.follows(self.alice)
        self.bob.follows(self.alice)
        self.carol.follows(self.bob)
        for _ in range(5):
            self.alice.tweets("I will be gone soon")
        self.bobs_ids = [self.bob.tweets(f"Number {number} of Bob's") for number in range(5)]
        for tweet_id in self.bobs_ids:
            for person in (self.alice, self.carol):
                comment = person.post("comments/", tweet_id=tweet_id, content="Well said").json()
                self.likes(person, "tweet", tweet_id)
                self.likes(self.alice, "comment", comment["id"])
        self.tasks_run()

    def counts(self, person):
        user = self.nobody().get(f"users/{person.id}/").json()
        return user["followers_count"], user["followings_count"], user["tweets_count"]

    def assert_purged(self):
        self.assertFalse(Tweet.objects.not_deleted().filter(user_id=self.alice.id).exists())
        for rows in (Comment, Like):
            self.assertFalse(rows.objects.filter(user_id=self.alice.id).exists())
        self.assertEqual(
            list(Friendship.objects.values_list("from_user_id", "to_user_id")), [(self.carol.id, self.bob.id)]
        )
        self.assertEqual((self.counts(self.bob), self.counts(self.carol)), ((1, 0, 5), (0, 1, 0)))
        for tweet_id in self.bobs_ids:
            tweet = self.nobody().get(f"tweets/{tweet_id}/").json()
            self.assertEqual((tweet["comments_count"], tweet["likes_count"]), (1, 1))
            self.assertEqual([comment["user"]["username"] for comment in tweet["comments"]], ["carol1"])
            self.assertEqual([comment["likes_count"] for comment in tweet["comments"]], [0])
        self.assertEqual(self.bob.feed(), self.bobs_ids[::-1])
        self.assertFalse(Message.objects.exists())
        output = StringIO()
        call_command("reconcile_counters", stdout=output)
        self.assertEqual(output.getvalue(), "no drift\n")

    def test_everything_of_hers_is_gone_and_the_counters_of_others_are_exact(self):
        self.closes(self.alice)

        self.everything_settles()

        self.assert_purged()

    def test_also_when_there_is_more_than_one_run_takes(self):
        self.enterContext(mock.patch("accounts.services.purging.PURGE_SIZE", 2))
        self.closes(self.alice)

        self.everything_settles()

        self.assert_purged()

    def test_also_when_each_task_runs_twice(self):
        self.enterContext(mock.patch("accounts.services.purging.PURGE_SIZE", 3))
        self.closes(self.alice)
        messages = list(Message.objects.filter(event="account_deleted"))
        self.everything_settles()

        for message in messages:
            message.save(force_insert=True)
        self.everything_settles()

        self.assert_purged()

    def test_also_what_she_liked_that_is_no_longer_there(self):
        tweet = ContentType.objects.get_for_model(Tweet)
        Like.objects.create(id=next_id(), user_id=self.alice.id, content_type=tweet, object_id=1)
        self.closes(self.alice)

        self.everything_settles()

        self.assert_purged()

    def test_counters_of_others_stay_until_then_and_pages_are_empty_of_her_at_once(self):
        self.closes(self.alice)

        tweet = self.nobody().get(f"tweets/{self.bobs_ids[0]}/").json()
        self.assertEqual(tweet["comments_count"], 2)
        self.assertEqual([comment["user"]["username"] for comment in tweet["comments"]], ["carol1"])
        self.assertEqual([like["user"]["username"] for like in tweet["likes"]], ["carol1"])
        self.assertEqual(self.nobody().get(f"friendships/{self.bob.id}/followers/").json()["results"][1:], [])

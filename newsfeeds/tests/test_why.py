"""
Why a tweet is in a feed or not: GET /api/newsfeeds/why/ and manage.py why.
"""

import os
import random
from datetime import timedelta
from io import StringIO

from django.core.management import CommandError, call_command
from django.test import override_settings
from django.utils import timezone

from accounts.models import User
from newsfeeds.models import DeliveryBatch
from newsfeeds.services import ExplanationService, PostingService
from newsfeeds.tests.acting import ActsAtRandom
from testing.testcases import ApiTestCase
from tweets.models import Tweet, TweetPhoto
from utils.database.time_ids import MAX_ID, next_id

# A world of 500 takes a quarter of an hour: TEST_WHY_PEOPLE=500.
PEOPLE = int(os.environ.get("TEST_WHY_PEOPLE", "20"))


class WhyCase(ApiTestCase):
    def setUp(self):
        self.alice, self.bob, self.carol = (self.person(name) for name in ("alice", "bob", "carol"))

    def why(self, reader, tweet_id, **params):
        response = reader.get("newsfeeds/why/", tweet_id=tweet_id, **params)
        self.assertEqual(response.status_code, 200, response.json())
        return response.json()

    def assert_reason(self, reader, tweet_id, reason, *, in_feed):
        answer = self.why(reader, tweet_id)
        self.assertEqual((answer["in_feed"], answer["reason"]), (in_feed, reason))
        return answer


class ReasonTests(WhyCase):
    def test_ones_own_tweet_is_there_at_once(self):
        tweet_id = self.alice.tweets()

        answer = self.assert_reason(self.alice, tweet_id, "own", in_feed=True)

        self.assertEqual((answer["tweet_id"], answer["user_id"]), (tweet_id, self.alice.id))
        self.assertEqual(answer["author_id"], self.alice.id)

    def test_a_delivered_one_says_by_which_batch_and_when(self):
        self.bob.follows(self.alice)
        self.tasks_run()
        tweet_id = self.alice.tweets()
        self.assert_reason(self.bob, tweet_id, "delivery_under_way", in_feed=False)

        self.tasks_run()
        answer = self.assert_reason(self.bob, tweet_id, "delivered", in_feed=True)

        self.assertEqual(answer["batch"], {"after": 0, "until": MAX_ID})
        self.assertIsNotNone(answer["delivered_at"])
        self.assertIsNotNone(answer["followed_at"])

    @override_settings(FAN_OUT_BATCH_SIZE=1)
    def test_of_many_batches_it_names_the_readers_own(self):
        for reader in (self.bob, self.carol):
            reader.follows(self.alice)
        self.tasks_run()
        tweet_id = self.alice.tweets()
        self.tasks_run()

        first, second = self.why(self.bob, tweet_id), self.why(self.carol, tweet_id)

        self.assertEqual(first["batch"], {"after": 0, "until": self.bob.id})
        self.assertEqual(second["batch"], {"after": self.bob.id, "until": self.carol.id})

    def test_a_batch_that_runs_again_keeps_the_time_of_the_first(self):
        self.bob.follows(self.alice)
        tweet_id = self.alice.tweets()
        self.tasks_run()
        DeliveryBatch.objects.update(delivered_at=timezone.now() - timedelta(days=1))
        before = self.why(self.bob, tweet_id)["delivered_at"]

        PostingService.post_tweet(author=self.alice.user, content="Another tweet")
        self.tasks_run()

        self.assertEqual(self.why(self.bob, tweet_id)["delivered_at"], before)

    @override_settings(BACKFILL_TWEETS=1)
    def test_a_back_filled_one_says_by_which_follow_and_an_older_one_that_it_is_too_old(self):
        old, new = self.alice.tweets("The older tweet"), self.alice.tweets("The newer tweet")
        self.tasks_run()
        self.bob.follows(self.alice)
        self.assert_reason(self.bob, new, "delivery_under_way", in_feed=False)
        self.tasks_run()

        answer = self.assert_reason(self.bob, new, "back_filled", in_feed=True)

        self.assertIsNotNone(answer["back_filled_at"])
        self.assertIsNotNone(answer["followed_at"])
        self.assert_reason(self.bob, old, "older_than_back_fill", in_feed=False)

    def test_of_a_follow_that_was_loaded_the_feed_itself_says(self):
        tweet_id = self.alice.tweets()
        self.tasks_run()
        self.befriend([(self.bob.id, self.alice.id)])

        self.assert_reason(self.bob, tweet_id, "older_than_back_fill", in_feed=False)

    def test_unfollowing_says_since_when(self):
        tweet_id = self.alice.tweets()
        self.assertIsNone(self.assert_reason(self.bob, tweet_id, "not_followed", in_feed=False)["not_followed_since"])
        self.bob.follows(self.alice)
        self.tasks_run()
        self.bob.unfollows(self.alice)
        self.assert_reason(self.bob, tweet_id, "removal_under_way", in_feed=True)

        self.tasks_run()
        answer = self.assert_reason(self.bob, tweet_id, "not_followed", in_feed=False)

        self.assertIsNotNone(answer["not_followed_since"])
        self.assertIsNone(answer["followed_at"])

    def test_pending_photos_are_told_to_the_author_and_hold_nothing_back(self):
        self.bob.follows(self.alice)
        tweet_id = self.alice.tweets()
        TweetPhoto.objects.create(user_id=self.alice.id, tweet_id=tweet_id, position=0, width=1, height=1)
        self.tasks_run()

        self.assertEqual(self.assert_reason(self.alice, tweet_id, "own", in_feed=True)["pending_photos"], 1)
        self.assertIsNone(self.assert_reason(self.bob, tweet_id, "delivered", in_feed=True)["pending_photos"])

    def test_queries_do_not_grow_with_the_feed(self):
        self.bob.follows(self.alice)
        ids = [self.alice.tweets(f"Tweet number {number}") for number in range(4)]
        self.tasks_run()
        few = self.count_queries(self.why, self.bob, ids[0])
        self.carol.follows(self.alice)
        for number in range(20):
            PostingService.post_tweet(author=self.alice.user, content=f"Tweet {number}")
        self.tasks_run()

        self.assertEqual(self.count_queries(self.why, self.bob, ids[0]), few)


class AccessTests(WhyCase):
    def staff(self):
        return self.person("moderator", is_staff=True)

    def answer(self, who, tweet_id):
        response = who.client.get(f"/api/newsfeeds/why/?tweet_id={tweet_id}", HTTP_X_REQUEST_ID="the-same")
        headers = {name: value for name, value in response.headers.items() if not name.startswith("X-RateLimit")}
        return response.status_code, response.content, headers

    def test_nobody_and_bad_input_are_refused(self):
        self.assert_refused(self.nobody().get("newsfeeds/why/", tweet_id=1), 403)
        self.assert_refused(self.alice.get("newsfeeds/why/"), 400, text="tweet_id")
        self.assert_refused(self.alice.get("newsfeeds/why/", tweet_id="x"), 400, "tweet_id")
        self.assert_refused(self.alice.get("newsfeeds/why/", tweet_id=1, user_id="x"), 400, "user_id")
        self.assert_refused(self.alice.get("newsfeeds/why/", tweet_id=1), 404)

    def test_a_tweet_that_one_may_not_know_of_answers_byte_for_byte_like_none(self):
        deleted, suspended, closed = self.alice.tweets(), self.carol.tweets(), self.bob.tweets()
        self.tasks_run()
        reader = self.person("reader")
        self.alice.delete(f"tweets/{deleted}/")
        User.objects.filter(id=self.carol.id).update(suspended_at=timezone.now())
        User.objects.filter(id=self.bob.id).update(deleted_at=timezone.now())

        none = self.answer(reader, next_id())

        self.assertEqual(none[0], 404)
        for tweet_id in (deleted, suspended, closed):
            self.assertEqual(self.answer(reader, tweet_id), none)

    def test_the_author_hears_that_a_tweet_is_deleted(self):
        tweet_id = self.alice.tweets()
        self.alice.delete(f"tweets/{tweet_id}/")

        self.assert_reason(self.alice, tweet_id, "deleted", in_feed=False)

    def test_the_feed_of_somebody_else_is_for_staff(self):
        tweet_id, staff = self.alice.tweets(), self.staff()

        self.assert_refused(self.bob.get("newsfeeds/why/", tweet_id=tweet_id, user_id=self.alice.id), 403)
        self.assertEqual(self.why(self.bob, tweet_id, user_id=self.bob.id)["reason"], "not_followed")
        self.assertEqual(self.why(staff, tweet_id, user_id=self.alice.id)["reason"], "own")
        self.assert_refused(staff.get("newsfeeds/why/", tweet_id=tweet_id, user_id=0), 404)

    def test_staff_hear_what_hides_a_tweet(self):
        self.bob.follows(self.alice)
        deleted, other = self.alice.tweets("Soon deleted"), self.alice.tweets("Not deleted")
        self.tasks_run()
        self.alice.delete(f"tweets/{deleted}/")
        staff = self.staff()

        self.assertEqual(self.why(staff, deleted, user_id=self.bob.id)["reason"], "deleted")
        User.objects.filter(id=self.alice.id).update(suspended_at=timezone.now())
        self.assertEqual(self.why(staff, other, user_id=self.bob.id)["reason"], "author_suspended")
        User.objects.filter(id=self.alice.id).update(deleted_at=timezone.now())
        self.assertEqual(self.why(staff, other, user_id=self.bob.id)["reason"], "author_closed")

    def test_the_pages_link_to_it(self):
        tweet_id = self.alice.tweets()
        address = f"/api/newsfeeds/why/?tweet_id={tweet_id}"

        for path in (f"tweets/{tweet_id}/", "newsfeeds/"):
            self.assertContains(self.alice.client.get(f"/api/{path}", HTTP_ACCEPT="text/html"), address)
        page = self.alice.client.get(address, HTTP_ACCEPT="text/html")
        self.assertContains(page, f"/api/tweets/{tweet_id}/")
        self.assertContains(page, "<strong>It is in the feed.</strong>", html=True)


class CommandTests(WhyCase):
    def run_command(self, *arguments):
        output = StringIO()
        call_command("why", *arguments, stdout=output)
        return output.getvalue()

    def test_it_says_the_same_in_sentences(self):
        self.bob.follows(self.alice)
        self.tasks_run()
        tweet_id = self.alice.tweets()
        self.tasks_run()

        said = self.run_command("bob", str(tweet_id))

        self.assertIn(
            f"Tweet {tweet_id} of user {self.alice.id} is in the feed of user {self.bob.id}: delivered.", said
        )
        self.assertIn("delivered_at: ", said)
        self.assertEqual(self.run_command(str(self.bob.id), str(tweet_id)), said)

    def test_it_names_the_batch_of_followers_and_the_photos_that_wait(self):
        self.bob.follows(self.alice)
        tweet_id = self.alice.tweets()
        TweetPhoto.objects.create(user_id=self.alice.id, tweet_id=tweet_id, position=0, width=1, height=1)
        self.tasks_run()

        self.assertIn(f"batch: followers in (0, {MAX_ID}]", self.run_command("bob", str(tweet_id)))
        self.assertIn("pending_photos: 1", self.run_command("alice", str(tweet_id)))

    def test_unknown_ones_are_refused(self):
        for arguments, text in ((("nobody", "1"), "there is no user"), (("bob", "1"), "there is no tweet")):
            with self.assertRaisesMessage(CommandError, text):
                self.run_command(*arguments)


class WorldTests(ActsAtRandom, ApiTestCase):
    """
    The verdict is membership, for every reader and every tweet.
    """

    def play(self, people, dice, steps):
        def post(person):
            return PostingService.post_tweet(author=person.user, content="Hello everybody out there").id

        acts = ("post", "post", "post", "follow", "follow", "follow", "unfollow", "delete", "tasks")
        self.acts_at_random(people, dice, steps=steps, acts=acts, post=post)
        for hidden in dice.sample(people, len(people) // 6):
            User.objects.filter(id=hidden.id).update(suspended_at=timezone.now())

    def assert_verdicts(self, people, *, settled):
        tweet_ids = list(Tweet.objects.values_list("id", flat=True))
        visible = set(Tweet.objects.visible_to(User()).values_list("id", flat=True))
        for reader in people:
            feed = set(self.rows_of(reader)) & visible
            for tweet_id in tweet_ids:
                explanation = ExplanationService.explain(reader=reader.user, tweet_id=tweet_id)
                self.assertEqual(explanation.in_feed, tweet_id in feed, explanation)
                belongs = explanation.reason in ("own", "delivered", "back_filled")
                if settled:
                    self.assertEqual(belongs, tweet_id in feed, explanation)
                    self.assertNotIn("under_way", explanation.reason)

    @override_settings(BACKFILL_TWEETS=2)
    def test_the_verdict_is_membership_while_tasks_wait_and_when_they_have_run(self):
        dice = random.Random(2010)
        people = [self.person(f"person{number}") for number in range(PEOPLE)]
        self.play(people, dice, 6 * PEOPLE)
        self.assert_verdicts(people[:4], settled=False)

        self.tasks_run()

        self.assert_verdicts(people, settled=True)

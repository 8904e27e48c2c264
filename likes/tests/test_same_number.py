"""
A tweet and a comment that have the same number: what is liked is the one, never the other.

Ids are times, and two tables may draw the same one.
"""

from django.core.management import call_command

from accounts.services import AccountService
from comments.models import Comment
from inbox.models import Notification
from likes.models import Like
from likes.tests.people import Liking
from testing.people import PASSWORD
from testing.testcases import ApiTestCase
from tweets.models import Tweet


class SameNumberTests(Liking, ApiTestCase):
    """
    Alice's tweet and Bob's comment on another tweet of hers have one id. Carol and David like one of them each.
    """

    def setUp(self):
        names = ("alice1", "bobby1", "carol1", "david1")
        self.alice, self.bob, self.carol, self.david = (self.person(name) for name in names)
        self.other_id, self.number = self.alice.tweets("Something else"), self.alice.tweets()
        Comment.objects.create(id=self.number, user=self.bob.user, tweet_id=self.other_id, content="Same number")
        Tweet.objects.filter(id=self.other_id).update(comments_count=1)
        self.tasks_run()
        self.caches_are_lost()

    def comment(self, viewer=None):
        (comment,) = (viewer or self.nobody()).get("comments/", tweet_id=self.other_id).json()["comments"]
        return comment

    def seen_by(self, viewer):
        """
        Return (count, whether the viewer likes it) of the tweet and of the comment.
        """
        things = (self.detail(self.number, viewer), self.comment(viewer))
        return [(thing["likes_count"], thing["has_liked"]) for thing in things]

    def test_who_likes_the_tweet_does_not_like_the_comment(self):
        self.like(self.carol, "tweet", self.number)

        self.assertEqual(self.seen_by(self.carol), [(1, True), (0, False)])

    def test_who_likes_the_comment_does_not_like_the_tweet(self):
        self.like(self.carol, "comment", self.number)

        self.assertEqual(self.seen_by(self.carol), [(0, False), (1, True)])

    def test_the_answer_is_the_same_from_lists_and_without_caches(self):
        self.like(self.carol, "comment", self.number)
        self.carol.follows(self.alice)
        self.tasks_run()

        for _ in range(2):
            timeline = self.carol.get("tweets/", user_id=self.alice.id).json()["results"]
            feed = [row["tweet"] for row in self.carol.get("newsfeeds/").json()["results"]]
            for tweets in (timeline, feed):
                self.assertEqual({tweet["id"]: tweet["has_liked"] for tweet in tweets}[self.number], False)
            self.assertIs(self.comment(self.carol)["has_liked"], True)
            self.caches_are_lost()

    def test_both_can_be_liked_by_the_same_person(self):
        for kind in ("tweet", "comment"):
            self.assertEqual(self.like(self.carol, kind, self.number).status_code, 201)

        self.assertEqual(self.seen_by(self.carol), [(1, True), (1, True)])
        self.assertEqual(Like.objects.count(), 2)

    def test_taking_back_the_one_leaves_the_other(self):
        for taken, left in (("tweet", [(0, False), (1, True)]), ("comment", [(1, True), (0, False)])):
            with self.subTest(taken=taken):
                for kind in ("tweet", "comment"):
                    self.like(self.carol, kind, self.number)

                self.assertEqual(self.cancel(self.carol, taken, self.number).json()["deleted"], 1)

                self.assertEqual(self.seen_by(self.carol), left)

    def test_there_is_nothing_to_take_back_of_the_other(self):
        self.like(self.carol, "tweet", self.number)

        response = self.cancel(self.carol, "comment", self.number)

        self.assertEqual((response.status_code, response.json()["deleted"]), (200, 0))
        self.assertEqual(self.seen_by(self.carol), [(1, True), (0, False)])

    def test_the_tweets_page_shows_only_who_likes_the_tweet(self):
        self.like(self.carol, "tweet", self.number)
        self.like(self.david, "comment", self.number)

        for viewer in (self.nobody(), self.alice):
            self.assertEqual(
                [like["user"]["id"] for like in self.detail(self.number, viewer)["likes"]], [self.carol.id]
            )
            self.caches_are_lost()

    def test_also_where_somebody_hidden_makes_it_look_twice(self):
        self.like(self.carol, "tweet", self.number)
        self.like(self.bob, "tweet", self.number)
        self.like(self.david, "comment", self.number)
        self.suspend(self.bob.user)

        self.assertEqual([like["user"]["id"] for like in self.detail(self.number)["likes"]], [self.carol.id])

    def test_each_owner_is_told_about_their_own(self):
        self.like(self.carol, "tweet", self.number)
        self.like(self.carol, "comment", self.number)
        self.tasks_run()

        told = Notification.objects.values_list("recipient__username", "verb", "target_object_id").order_by("verb")
        self.assertEqual(
            [row for row in told if row[1].startswith("liked")],
            [("bobby1", "liked your comment", self.number), ("alice1", "liked your tweet", self.number)],
        )

    def test_withdrawing_the_one_withdraws_its_notification_and_no_other(self):
        self.like(self.carol, "tweet", self.number)
        self.like(self.carol, "comment", self.number)
        self.tasks_run()

        self.cancel(self.carol, "tweet", self.number)
        self.tasks_run()

        self.assertEqual(
            list(Notification.objects.filter(verb__startswith="liked").values_list("verb", flat=True)),
            ["liked your comment"],
        )

    def test_deleting_the_comment_leaves_the_likes_of_the_tweet(self):
        self.like(self.carol, "tweet", self.number)
        self.like(self.david, "comment", self.number)

        self.assertEqual(self.bob.delete(f"comments/{self.number}/").status_code, 200)
        self.tasks_run()

        self.assertEqual([like["user"]["id"] for like in self.detail(self.number)["likes"]], [self.carol.id])
        self.assertEqual(list(Like.objects.values_list("user_id", flat=True)), [self.carol.id])

    def test_deleting_the_tweet_leaves_the_likes_of_the_comment(self):
        self.like(self.carol, "tweet", self.number)
        self.like(self.david, "comment", self.number)

        self.assertEqual(self.alice.delete(f"tweets/{self.number}/").status_code, 204)
        self.tasks_run()

        comment = self.comment(self.david)
        self.assertEqual((comment["likes_count"], comment["has_liked"]), (1, True))

    def test_counters_are_repaired_from_their_own_rows(self):
        self.like(self.carol, "tweet", self.number)
        self.like(self.david, "tweet", self.number)
        self.like(self.bob, "comment", self.number)
        Tweet.objects.filter(id=self.number).update(likes_count=9)
        Comment.objects.filter(id=self.number).update(likes_count=9)

        call_command("reconcile_counters", verbosity=0)
        self.caches_are_lost()

        self.assertEqual([count for count, _ in self.seen_by(self.nobody())], [2, 1])

    def test_who_leaves_takes_both_back_and_nobody_elses(self):
        for person in (self.carol, self.david):
            for kind in ("tweet", "comment"):
                self.like(person, kind, self.number)
        self.carol.user.set_password(PASSWORD)
        self.carol.user.save()

        AccountService.delete_account(user=self.carol.user, password=PASSWORD)
        self.everything_settles()

        self.assertEqual([count for count, _ in self.seen_by(self.nobody())], [1, 1])
        self.assertEqual(set(Like.objects.values_list("user_id", flat=True)), {self.david.id})

"""
The queues of reports and of photos that moderators work through.
"""

from functools import partial

from django.db import connection

from comments.models import Comment
from comments.services import CommentService
from moderation.models import Report
from moderation.tests.acting import ActionsTestCase, PostedTestCase
from testing.testcases import Between
from tweets.models import Tweet, TweetPhoto
from tweets.services import TweetService
from tweets.tests.photos import Photographing


class ReportQueueTests(PostedTestCase):
    def setUp(self):
        super().setUp()
        self.carol = self.person("carol1")
        self.reports = [self.report(person, "tweet", self.tweet_id) for person in (self.bob, self.carol)]
        self.other = self.report(self.bob, "user", self.alice.id)

    def statuses(self):
        return list(Report.objects.order_by("id").values_list("status", "handled_by__username"))

    def test_resolving_and_dismissing_close_a_report_and_say_by_whom(self):
        self.act(self.mod, "moderation/report", "resolve", self.reports[0], reason="Talked to her")
        self.act(self.mod, "moderation/report", "dismiss", self.other)

        self.assertEqual(self.statuses(), [("resolved", "moder1"), ("open", None), ("dismissed", "moder1")])
        self.assertEqual(
            self.trail(),
            [
                ("moder1", "resolve report", "report", self.reports[0].id, "Talked to her"),
                ("moder1", "dismiss report", "report", self.other.id, ""),
            ],
        )

    def test_a_closed_report_stays_as_it_was(self):
        self.act(self.mod, "moderation/report", "resolve", self.other)
        other_mod = self.moderator("moder2")

        response = other_mod.browser.post(
            "/admin/moderation/report/?status=all", {"action": "dismiss", "_selected_action": [self.other.id]}
        )

        self.assertEqual(response.status_code, 302)
        self.assertEqual(self.statuses()[2], ("resolved", "moder1"))
        self.assertEqual(len(self.trail()), 1)

    def test_deleting_the_tweet_resolves_all_its_reports_and_no_others(self):
        self.act(self.mod, "moderation/report", "delete_targets", self.reports[0], reason="Spam")

        self.assert_tweet_is_gone()
        self.assertEqual(self.statuses(), [("resolved", "moder1"), ("resolved", "moder1"), ("open", None)])
        verbs = [(verb, target) for _, verb, _, target, _ in self.trail()]
        resolved = [("resolve report", report.id) for report in self.reports]
        self.assertEqual(verbs, [("delete tweet", self.tweet_id), *resolved])

    def test_selecting_both_reports_of_one_tweet_is_no_trouble(self):
        told = self.act(self.mod, "moderation/report", "delete_targets", *self.reports, reason="Spam")

        self.assertEqual(told, ["2 dealt with."])
        self.assertEqual([status for status, _ in self.statuses()], ["resolved", "resolved", "open"])

    def test_a_reported_comment_is_deleted_in_the_same_way(self):
        report = self.report(self.carol, "comment", self.comment_id)

        self.act(self.mod, "moderation/report", "delete_targets", report, reason="Spam")

        self.assertFalse(Comment.objects.exists())
        self.assertEqual(self.statuses()[3], ("resolved", "moder1"))

    def test_of_what_is_gone_already_the_reports_are_resolved(self):
        self.alice.delete(f"tweets/{self.tweet_id}/")

        self.act(self.mod, "moderation/report", "delete_targets", self.reports[0], reason="Spam")

        self.assertEqual([status for status, _ in self.statuses()], ["resolved", "resolved", "open"])

    def test_of_a_tweet_that_its_author_deletes_at_that_moment_too(self):
        tweet = Tweet.objects.get(id=self.tweet_id)
        delete = partial(TweetService.mark_deleted, tweet=tweet)

        with connection.execute_wrapper(Between("UPDATE", "tweets_tweet", delete)):
            told = self.act(self.mod, "moderation/report", "delete_targets", self.reports[0], reason="Spam")

        self.assertEqual(told, ["1 dealt with."])
        self.assertEqual([status for status, _ in self.statuses()], ["resolved", "resolved", "open"])
        self.assertNotIn("delete tweet", [verb for _, verb, *_ in self.trail()])

    def test_of_a_comment_that_its_author_deletes_at_that_moment_too(self):
        report = self.report(self.carol, "comment", self.comment_id)
        delete = partial(CommentService.delete_comment, comment=Comment.objects.get(id=self.comment_id))

        with connection.execute_wrapper(Between("UPDATE", "tweets_tweet", delete)):
            told = self.act(self.mod, "moderation/report", "delete_targets", report, reason="Spam")

        self.assertEqual(told, ["1 dealt with."])
        self.assertEqual(self.statuses()[3], ("resolved", "moder1"))
        self.assertNotIn("delete comment", [verb for _, verb, *_ in self.trail()])

    def test_a_user_is_not_deleted_this_way(self):
        (told,) = self.act(self.mod, "moderation/report", "delete_targets", self.other, reason="Spam")

        self.assertIn("suspended, not deleted", told)
        self.assertEqual(self.nobody().get(f"users/{self.alice.id}/").status_code, 200)
        self.assertEqual(self.statuses()[2], ("open", None))

    def test_without_a_reason_nothing_is_deleted(self):
        self.act(self.mod, "moderation/report", "delete_targets", self.reports[0])

        self.assertEqual(self.bob.feed(), [self.tweet_id])
        self.assertEqual(self.statuses()[0], ("open", None))


class PhotoQueueTests(Photographing, ActionsTestCase):
    def setUp(self):
        super().setUp()
        for _ in range(4):
            self.posts(self.alice, self.picture())
        self.tasks_run()
        self.photos = list(TweetPhoto.objects.order_by("id"))

    def shown(self):
        """
        Say of each tweet, oldest first, whether strangers see its photo.
        """
        page = self.nobody().get("tweets/", user_id=self.alice.id).json()["results"]
        return [bool(tweet["photo_urls"]) for tweet in page[::-1]]

    def test_many_are_approved_and_rejected_at_once(self):
        self.assertEqual(self.shown(), [True] * 4)

        approved = self.act(self.mod, "tweets/tweetphoto", "approve", *self.photos[:2])
        rejected = self.act(self.mod, "tweets/tweetphoto", "reject", *self.photos[2:], reason="Naked")

        self.assertEqual((approved, rejected), (["2 approved."], ["2 rejected."]))
        self.assertEqual(self.shown(), [True, True, False, False])
        self.assertEqual(
            self.trail(),
            [("moder1", "approve photo", "photo", photo.id, "") for photo in self.photos[:2]]
            + [("moder1", "reject photo", "photo", photo.id, "Naked") for photo in self.photos[2:]],
        )

    def test_rejecting_needs_a_reason(self):
        told = self.act(self.mod, "tweets/tweetphoto", "reject", *self.photos)

        self.assertEqual(len(told), 4)
        self.assertEqual((self.shown(), self.trail()), ([True] * 4, []))

    def test_the_queue_holds_what_waits_oldest_first_and_then_it_is_empty(self):
        self.assertEqual(self.rows(self.mod, "tweets/tweetphoto"), self.photos)

        self.act(self.mod, "tweets/tweetphoto", "approve", *self.photos[:3])
        left = self.rows(self.mod, "tweets/tweetphoto")
        self.act(self.mod, "tweets/tweetphoto", "reject", self.photos[3], reason="Naked")

        self.assertEqual(left, self.photos[3:])
        self.assertEqual(self.rows(self.mod, "tweets/tweetphoto"), [])
        self.assertEqual(self.rows(self.mod, "tweets/tweetphoto", status="rejected"), self.photos[3:])
        self.assertEqual(self.rows(self.mod, "tweets/tweetphoto", status="all"), self.photos)

    def test_the_queue_shows_the_thumbnail_the_text_and_the_author(self):
        page = self.look(self.mod, "tweets/tweetphoto")

        for photo in self.photos:
            self.assertIn(f'src="/media/{photo.thumbnail_key}"', page)
        self.assertIn("Look what I have seen", page)
        self.assertIn("alice1", page)

    def test_what_is_rejected_by_mistake_is_brought_back(self):
        self.act(self.mod, "tweets/tweetphoto", "reject", *self.photos, reason="Naked")
        response = self.mod.browser.post(
            "/admin/tweets/tweetphoto/?status=rejected",
            {"action": "approve", "_selected_action": [photo.id for photo in self.photos]},
        )

        self.assertEqual(response.status_code, 302)
        self.assertEqual(self.shown(), [True] * 4)

    def test_a_deleted_tweets_photos_do_not_wait_for_anybody(self):
        self.alice.delete(f"tweets/{self.photos[0].tweet_id}/")

        self.assertEqual(self.rows(self.mod, "tweets/tweetphoto"), self.photos[1:])

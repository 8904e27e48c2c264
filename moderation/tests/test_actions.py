"""
What moderators do, each with its line in the audit trail.
"""

from functools import partial
from unittest import mock

from django.db import connection

from comments.models import Comment
from comments.services import CommentService
from moderation.models import AuditEntry, Report
from moderation.services import ModerationService
from moderation.tests.people import Moderating
from testing.testcases import ApiTestCase, Between
from tweets.models import Tweet, TweetPhoto
from tweets.services import TweetService
from tweets.tests.photos import Photographing


class ActionsTestCase(Moderating, ApiTestCase):
    def setUp(self):
        self.alice, self.bob = self.person("alice1"), self.person("bobby1")
        self.mod = self.moderator()

    def report(self, person, kind, object_id):
        response = person.post("reports/", content_type=kind, object_id=object_id, reason="Spam")
        return Report.objects.get(id=response.json()["id"])


class SuspendingTests(ActionsTestCase):
    def setUp(self):
        super().setUp()
        self.suspend = partial(self.act, self.mod, "accounts/user", "suspend")
        self.restore = partial(self.act, self.mod, "accounts/user", "restore")

    def test_a_moderator_suspends_and_restores(self):
        told = self.suspend(self.alice.user, self.bob.user, reason="Spam")
        self.assertEqual(
            (told, self.is_suspended(self.alice), self.is_suspended(self.bob)), (["2 suspended."], True, True)
        )

        told = self.restore(self.alice.user, reason="A mistake")

        self.assertEqual(
            (told, self.is_suspended(self.alice), self.is_suspended(self.bob)), (["1 restored."], False, True)
        )
        self.assertEqual(
            self.trail(),
            [
                ("moder1", "suspend", "user", self.bob.id, "Spam"),
                ("moder1", "suspend", "user", self.alice.id, "Spam"),
                ("moder1", "restore", "user", self.alice.id, "A mistake"),
            ],
        )

    def test_the_trail_names_the_request(self):
        self.suspend(self.alice.user, reason="Spam", **{"X-Request-ID": "request-of-the-moderator"})

        self.assertEqual(AuditEntry.objects.get().request_id, "request-of-the-moderator")

    def test_her_sessions_and_tokens_end_for_good(self):
        carol = self.browser()
        phone = self.phone(carol.signs_up("carol1"))
        self.assertEqual(phone.get("newsfeeds/").status_code, 200)

        self.suspend(carol.user, reason="Spam")
        hidden = phone.get("newsfeeds/").status_code, carol.status()["has_logged_in"]
        self.restore(carol.user)

        self.assertEqual(hidden, (401, False))
        self.assertEqual(phone.get("newsfeeds/").status_code, 401)
        self.assertIs(carol.status()["has_logged_in"], False)
        self.assertTrue(self.browser().logs_in("carol1"))

    def test_while_suspended_she_cannot_log_in(self):
        carol = self.browser()
        carol.signs_up("carol1")

        self.suspend(carol.user, reason="Spam")

        login = partial(self.browser().post, "accounts/login/", username="carol1")
        body = self.assert_refused(login(password="correct horse battery"), 403)
        self.assertEqual(body["code"], "account_suspended")

    def test_without_a_reason_nothing_happens(self):
        for reason in ("", "   "):
            (told,) = self.suspend(self.alice.user, reason=reason)

            self.assertIn("Say why", told)
        self.assertEqual((self.is_suspended(self.alice), self.trail()), (False, []))

    def test_restoring_needs_none(self):
        self.suspend(self.alice.user, reason="Spam")

        self.restore(self.alice.user)

        self.assertFalse(self.is_suspended(self.alice))

    def test_staff_is_not_suspended_and_the_others_are(self):
        other = self.person("staff1", is_staff=True)

        told = self.suspend(self.mod.user, other.user, self.alice.user, reason="Spam")

        self.assertEqual(len(told), 3)
        self.assertEqual([self.is_suspended(person) for person in (self.mod, other, self.alice)], [False, False, True])
        self.assertEqual(len(self.trail()), 1)

    def test_twice_is_one_line_in_the_trail(self):
        for _ in range(2):
            self.suspend(self.alice.user, reason="Spam")
        for _ in range(2):
            self.restore(self.alice.user)

        self.assertEqual([verb for _, verb, *_ in self.trail()], ["suspend", "restore"])

    def test_what_fails_leaves_no_line_in_the_trail(self):
        crash = mock.patch("accounts.services.AccountService.announce_change", side_effect=RuntimeError("crash"))
        with crash, self.assertRaises(RuntimeError):
            ModerationService.suspend(user=self.alice.user, moderator=self.mod.user, reason="Spam")

        self.assertEqual((self.is_suspended(self.alice), self.trail()), (False, []))


class DeletingTests(ActionsTestCase):
    def setUp(self):
        super().setUp()
        self.bob.follows(self.alice)
        self.tweet_id = self.alice.tweets()
        self.comment_id = self.bob.post("comments/", tweet_id=self.tweet_id, content="Well said").json()["id"]
        self.tasks_run()
        self.tweet, self.comment = Tweet.objects.get(), Comment.objects.get()

    def assert_tweet_is_gone(self):
        self.assert_refused(self.bob.get(f"tweets/{self.tweet_id}/"), 404)
        self.assertEqual((self.bob.feed(), self.alice.feed()), ([], []))
        self.assertEqual(self.nobody().get(f"users/{self.alice.id}/").json()["tweets_count"], 0)

    def test_a_tweet_is_gone_from_every_page_at_once(self):
        self.assertEqual(self.bob.feed(), [self.tweet_id])

        told = self.act(self.mod, "tweets/tweet", "delete_tweets", self.tweet, reason="Spam")

        self.assertEqual(told, ["1 deleted."])
        self.assert_tweet_is_gone()
        self.assertEqual(self.trail(), [("moder1", "delete tweet", "tweet", self.tweet_id, "Spam")])

    def test_a_comment_is_too_and_the_counter_knows(self):
        self.act(self.mod, "comments/comment", "delete_comments", self.comment, reason="Spam")

        tweet = self.bob.get(f"tweets/{self.tweet_id}/").json()
        self.assertEqual((tweet["comments"], tweet["comments_count"]), ([], 0))
        self.assertEqual(self.trail(), [("moder1", "delete comment", "comment", self.comment_id, "Spam")])

    def test_without_a_reason_nothing_happens(self):
        self.act(self.mod, "tweets/tweet", "delete_tweets", self.tweet)
        self.act(self.mod, "comments/comment", "delete_comments", self.comment)

        self.assertEqual(self.bob.get(f"tweets/{self.tweet_id}/").json()["comments_count"], 1)
        self.assertEqual(self.trail(), [])

    def test_what_is_gone_already_is_said_and_leaves_no_line(self):
        TweetService.delete_tweet(tweet=self.tweet)

        (told,) = self.act(self.mod, "tweets/tweet", "delete_tweets", self.tweet, reason="Spam")

        self.assertIn("Not found.", told)
        self.assertEqual(self.trail(), [])


class ReportQueueTests(DeletingTests):
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

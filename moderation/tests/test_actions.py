"""
What moderators do, each with its line in the audit trail.
"""

from functools import partial
from unittest import mock

from moderation.models import AuditEntry
from moderation.services import ModerationService
from moderation.tests.acting import ActionsTestCase, PostedTestCase
from tweets.services import TweetService


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


class DeletingTests(PostedTestCase):
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

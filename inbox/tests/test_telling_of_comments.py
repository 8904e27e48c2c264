"""
Notifications of comments, and what happens to notifications when tweets and people leave.
"""

from django.contrib.contenttypes.models import ContentType

from accounts.models import User
from inbox.models import Notification
from inbox.services import NotificationService
from inbox.tests.people import COMMENTED, LIKED_COMMENT, LIKED_TWEET, InboxTestCase
from testing.people import PASSWORD


class CommentTests(InboxTestCase):
    def test_bob_is_told_that_alice_comments_on_his_tweet(self):
        tweet_id = self.bob.tweets()
        comment = self.alice.post("comments/", tweet_id=tweet_id, content="Well said").json()

        [notification] = self.inbox(self.bob)

        self.assertEqual(
            {name: notification[name] for name in notification if name not in ("id", "actor")},
            {
                "actor_content_type": "user",
                "actor_object_id": str(self.alice.id),
                "verb": COMMENTED,
                "action_object_content_type": "comment",
                "action_object_object_id": str(comment["id"]),
                "target_content_type": "tweet",
                "target_object_id": str(tweet_id),
                "timestamp": comment["created_at"],
                "unread": True,
            },
        )
        self.assertEqual(notification["actor"]["username"], "alice1")

    def test_nobody_is_told_of_a_comment_of_their_own(self):
        self.comments(self.bob, self.bob.tweets())

        self.assertEqual(self.told(self.bob), [])

    def test_only_the_author_is_told_and_not_who_commented_before(self):
        tweet_id = self.bob.tweets()
        self.comments(self.alice, tweet_id)
        self.comments(self.carol, tweet_id)

        self.assertEqual(self.told(self.bob), [("carol1", COMMENTED, True), ("alice1", COMMENTED, True)])
        self.assertEqual(self.told(self.alice), [])

    def test_two_comments_are_two_things(self):
        tweet_id = self.bob.tweets()
        for content in ("Well said", "Well said"):
            self.comments(self.alice, tweet_id, content)

        self.assertEqual(self.told(self.bob), [("alice1", COMMENTED, True)] * 2)

    def test_saying_it_differently_is_not_told_again(self):
        comment_id = self.comments(self.alice, self.bob.tweets())
        self.reads_all(self.bob)

        self.alice.put(f"comments/{comment_id}/", content="Very well said")

        self.assertEqual(self.told(self.bob), [("alice1", COMMENTED, False)])

    def test_deleting_a_comment_takes_back_what_is_unread_about_it(self):
        tweet_id = self.bob.tweets()
        comment_id, other_id = (self.comments(self.alice, tweet_id) for _ in range(2))
        for liked_id in (comment_id, other_id):
            self.likes(self.carol, "comment", liked_id)
        self.assertEqual((len(self.inbox(self.bob)), len(self.inbox(self.alice))), (2, 2))

        self.uncomments(self.alice, comment_id)

        self.assertEqual([row["action_object_object_id"] for row in self.inbox(self.bob)], [str(other_id)])
        self.assertEqual([row["target_object_id"] for row in self.inbox(self.alice)], [str(other_id)])

    def test_deleting_a_comment_does_not_take_back_what_was_read(self):
        comment_id = self.comments(self.alice, self.bob.tweets())
        self.likes(self.carol, "comment", comment_id)
        for person in (self.alice, self.bob):
            self.reads_all(person)

        self.uncomments(self.alice, comment_id)

        self.assertEqual(self.told(self.bob), [("alice1", COMMENTED, False)])
        self.assertEqual(self.told(self.alice), [("carol1", LIKED_COMMENT, False)])

    def test_a_comment_that_is_deleted_before_bob_could_be_told_is_never_told(self):
        comment_id = self.comments(self.alice, self.bob.tweets())
        self.uncomments(self.alice, comment_id)

        self.assertEqual(self.told(self.bob), [])


class TweetTests(InboxTestCase):
    def test_deleting_a_tweet_takes_everything_about_it_along_read_or_not(self):
        tweet_id, kept_id = self.bob.tweets(), self.bob.tweets("This one stays")
        for about in (tweet_id, kept_id):
            self.likes(self.alice, "tweet", about)
            self.likes(self.bob, "comment", self.comments(self.carol, about))
            self.reads_all(self.bob)
            self.likes(self.carol, "tweet", about)
            self.likes(self.alice, "comment", self.comments(self.carol, about))
        self.assertEqual((len(self.inbox(self.bob)), len(self.inbox(self.carol))), (8, 4))

        self.bob.delete(f"tweets/{tweet_id}/")

        self.assertEqual({row["target_object_id"] for row in self.inbox(self.bob)}, {str(kept_id)})
        self.assertEqual((len(self.inbox(self.bob)), len(self.inbox(self.carol))), (4, 2))

    def test_more_than_one_statement_may_be_needed_for_that(self):
        tweet_id = self.bob.tweets()
        liked = {"recipient_id": self.bob.id, "tweet_id": tweet_id, "verb": LIKED_TWEET, "actor_object_id": 1}
        kind = ContentType.objects.get_for_model(User)
        Notification.objects.bulk_create(
            Notification(key=f"like:tweet:{tweet_id}:{liker_id}", actor_content_type=kind, **liked)
            for liker_id in range(10_001, 12_502)
        )

        self.assertEqual(NotificationService.withdraw_for_tweet(tweet_id=tweet_id), 2501)

        self.assertFalse(Notification.objects.exists())

    def test_nothing_is_told_about_a_tweet_that_is_gone(self):
        tweet_id = self.bob.tweets()
        self.likes(self.alice, "tweet", tweet_id)
        comment_id = self.comments(self.carol, tweet_id)
        self.likes(self.alice, "comment", comment_id)

        self.bob.delete(f"tweets/{tweet_id}/")

        self.assertEqual((self.told(self.bob), self.told(self.carol)), ([], []))
        self.assertFalse(Notification.objects.exists())


class LeavingTests(InboxTestCase):
    def test_who_closes_an_account_leaves_no_inbox_and_no_unread_news_behind(self):
        carol = self.browser()
        carol.signs_up("carol_")
        self.alice.follows(carol)
        carol.post(f"friendships/{self.bob.id}/follow/")
        self.assertEqual((len(self.inbox(self.bob)), self.reads_all(carol)), (1, 1))

        self.assertEqual(carol.delete("accounts/me/", password=PASSWORD).status_code, 204)
        self.everything_settles()

        self.assertEqual(self.told(self.bob), [])
        self.assertFalse(Notification.objects.exists())

"""
Who is told what: follows, likes and comments, once each, never one's own.
"""

from inbox.models import Notification
from inbox.services import FollowFact, NotificationService
from inbox.tests.people import COMMENTED, FOLLOWED, LIKED_COMMENT, LIKED_TWEET, InboxTestCase


class FollowTests(InboxTestCase):
    def test_bob_is_told_that_alice_follows_him(self):
        followed_at = self.alice.post(f"friendships/{self.bob.id}/follow/").json()["created_at"]

        [notification] = self.inbox(self.bob)

        self.assertIsInstance(notification.pop("id"), int)
        self.assertEqual(
            notification,
            {
                "actor_content_type": "user",
                "actor_object_id": str(self.alice.id),
                "verb": FOLLOWED,
                "action_object_content_type": None,
                "action_object_object_id": None,
                "target_content_type": "user",
                "target_object_id": str(self.bob.id),
                "timestamp": followed_at,
                "unread": True,
                "actor": {"id": self.alice.id, "username": "alice1", "nickname": None, "avatar_url": None},
            },
        )

    def test_nobody_else_is_told(self):
        self.alice.follows(self.bob)

        self.assertEqual((self.told(self.alice), self.told(self.carol)), ([], []))

    def test_the_request_itself_tells_nobody(self):
        self.alice.follows(self.bob)

        self.assertFalse(Notification.objects.exists())

    def test_following_again_is_not_told_again(self):
        for _ in range(2):
            self.alice.follows(self.bob)
            self.tasks_run()

        self.assertEqual(self.told(self.bob), [("alice1", FOLLOWED, True)])

    def test_unfollowing_takes_back_what_bob_has_not_read(self):
        self.alice.follows(self.bob)
        self.assertEqual(len(self.inbox(self.bob)), 1)

        self.alice.unfollows(self.bob)

        self.assertEqual(self.told(self.bob), [])

    def test_unfollowing_does_not_take_back_what_bob_has_read(self):
        self.alice.follows(self.bob)
        self.reads_all(self.bob)

        self.alice.unfollows(self.bob)

        self.assertEqual(self.told(self.bob), [("alice1", FOLLOWED, False)])

    def test_following_once_more_is_told_anew_if_bob_never_read_the_first(self):
        self.alice.follows(self.bob)
        [first] = self.inbox(self.bob)
        self.alice.unfollows(self.bob)
        self.tasks_run()

        again_at = self.alice.post(f"friendships/{self.bob.id}/follow/").json()["created_at"]

        [second] = self.inbox(self.bob)
        self.assertEqual((second["timestamp"], second["unread"]), (again_at, True))
        self.assertNotEqual(second["id"], first["id"])

    def test_following_once_more_is_not_told_anew_if_bob_has_read_the_first(self):
        self.alice.follows(self.bob)
        self.reads_all(self.bob)
        self.alice.unfollows(self.bob)
        self.tasks_run()

        self.alice.follows(self.bob)

        self.assertEqual(self.told(self.bob), [("alice1", FOLLOWED, False)])

    def test_following_each_other_tells_both(self):
        self.alice.follows(self.bob)
        self.bob.follows(self.alice)

        self.assertEqual(self.told(self.bob), [("alice1", FOLLOWED, True)])
        self.assertEqual(self.told(self.alice), [("bobby1", FOLLOWED, True)])

    def test_pairs_whose_digits_run_together_are_told_apart(self):
        pairs = [(1, 12), (11, 2), (11, 12)]
        self.befriend(pairs)

        NotificationService.reconcile_follows(facts=[FollowFact(*pair) for pair in pairs])

        self.assertEqual(Notification.objects.count(), 3)


class LikeTests(InboxTestCase):
    def test_bob_is_told_that_alice_likes_his_tweet(self):
        tweet_id = self.bob.tweets()
        liked_at = self.likes(self.alice, "tweet", tweet_id)["created_at"]

        [notification] = self.inbox(self.bob)

        self.assertEqual(
            {name: notification[name] for name in notification if name not in ("id", "actor")},
            {
                "actor_content_type": "user",
                "actor_object_id": str(self.alice.id),
                "verb": LIKED_TWEET,
                "action_object_content_type": None,
                "action_object_object_id": None,
                "target_content_type": "tweet",
                "target_object_id": str(tweet_id),
                "timestamp": liked_at,
                "unread": True,
            },
        )
        self.assertEqual(notification["actor"]["username"], "alice1")

    def test_carol_is_told_that_alice_likes_her_comment_and_bob_is_not(self):
        comment_id = self.comments(self.carol, self.bob.tweets())
        self.reads_all(self.bob)

        self.likes(self.alice, "comment", comment_id)

        [notification] = self.inbox(self.carol)
        self.assertEqual(notification["verb"], LIKED_COMMENT)
        self.assertEqual(
            (notification["target_content_type"], notification["target_object_id"]), ("comment", str(comment_id))
        )
        self.assertEqual(self.told(self.bob), [("carol1", COMMENTED, False)])

    def test_nobody_is_told_of_a_like_of_their_own(self):
        tweet_id = self.bob.tweets()
        comment_id = self.comments(self.bob, tweet_id)

        self.likes(self.bob, "tweet", tweet_id)
        self.likes(self.bob, "comment", comment_id)

        self.assertEqual(self.told(self.bob), [])
        self.assertFalse(Notification.objects.exists())

    def test_everybody_who_likes_it_is_told_of(self):
        tweet_id = self.bob.tweets()
        for person in (self.alice, self.carol):
            self.likes(person, "tweet", tweet_id)

        self.assertEqual(self.told(self.bob), [("carol1", LIKED_TWEET, True), ("alice1", LIKED_TWEET, True)])

    def test_liking_again_is_not_told_again(self):
        tweet_id = self.bob.tweets()
        for _ in range(2):
            self.likes(self.alice, "tweet", tweet_id)
            self.tasks_run()

        self.assertEqual(self.told(self.bob), [("alice1", LIKED_TWEET, True)])

    def test_taking_a_like_back_takes_back_what_is_unread_and_no_other(self):
        tweet_id, other_id = self.bob.tweets(), self.bob.tweets("Another one of mine")
        for liked_id in (tweet_id, other_id):
            self.likes(self.alice, "tweet", liked_id)
        self.likes(self.carol, "tweet", tweet_id)
        self.tasks_run()

        self.unlikes(self.alice, "tweet", tweet_id)

        left = [(row["actor"]["username"], row["target_object_id"]) for row in self.inbox(self.bob)]
        self.assertEqual(left, [("carol1", str(tweet_id)), ("alice1", str(other_id))])

    def test_liking_once_more_is_told_anew_only_if_the_first_was_never_read(self):
        for reads, told in ((False, True), (True, False)):
            with self.subTest(reads=reads):
                tweet_id = self.bob.tweets(f"He reads of it: {reads}")
                self.likes(self.alice, "tweet", tweet_id)
                if reads:
                    self.reads_all(self.bob)
                self.tasks_run()
                self.unlikes(self.alice, "tweet", tweet_id)
                self.tasks_run()

                self.likes(self.alice, "tweet", tweet_id)

                rows = [row for row in self.inbox(self.bob) if row["target_object_id"] == str(tweet_id)]
                self.assertEqual([row["unread"] for row in rows], [told])

    def test_what_was_marked_unread_again_is_taken_back_again(self):
        tweet_id = self.bob.tweets()
        self.likes(self.alice, "tweet", tweet_id)
        self.reads_all(self.bob)
        [notification] = self.inbox(self.bob)
        self.bob.put(f"notifications/{notification['id']}/", unread=True)

        self.unlikes(self.alice, "tweet", tweet_id)

        self.assertEqual(self.told(self.bob), [])

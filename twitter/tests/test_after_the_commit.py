"""
Each write is followed twice: right after its commit as a best effort, and once more by its event. Whichever of the two
is lost, pages from the caches are those of the database.
"""

from django.core.management import call_command
from django.test import TestCase

from accounts.services import AccountService, ProfileService
from comments.models import Comment
from comments.services import CommentService
from friendships.services import FriendshipService
from likes.services import LikeService
from newsfeeds.services import PostingService
from testing.people import PASSWORD
from testing.testcases import ApiTestCase
from tweets.models import Tweet, TweetPhoto
from tweets.services import PhotoService, TweetService
from tweets.tests.photos import Photographing


class Writes(Photographing):
    """
    Every write that caches know of. Alice has tweeted a photo, Bob follows her, and Carol has commented.
    """

    def setUp(self):
        self.alice, self.bob, self.carol = (self.person(name) for name in ("alice1", "bobby1", "carol1"))
        self.bob.follows(self.alice)
        self.tweet = Tweet.objects.get(id=self.posts(self.alice, self.picture())["id"])
        self.comment = Comment.objects.get(id=self.comments(self.carol, self.tweet.id))
        self.tasks_run()

    def follow_up(self, write):
        """
        Let `write` commit, and let one of what follows happen.
        """
        raise NotImplementedError

    def pages(self):
        """
        Return what the pages of this story say to Bob, Carol and nobody, by viewer and address.
        """
        tweet, author = f"tweets/{self.tweet.id}/", f"users/{self.alice.id}/"
        addresses = [
            (self.bob, tweet),
            (self.bob, author),
            (self.bob, f"users/{self.bob.id}/"),
            (self.bob, "newsfeeds/"),
            (self.bob, f"friendships/{self.bob.id}/followings/"),
            (self.carol, author),
            (self.nobody(), tweet),
            (self.nobody(), f"tweets/?user_id={self.alice.id}"),
            (self.nobody(), f"comments/?tweet_id={self.tweet.id}"),
            (self.nobody(), f"friendships/{self.alice.id}/followers/"),
        ]
        return {(getattr(who, "name", None), path): self.body_of(who.get(path)) for who, path in addresses}

    def body_of(self, response):
        body = response.json()
        # Each error has one of its own.
        body.pop("request_id", None)
        return response.status_code, body

    def assert_pages_are_true_after(self, write):
        """
        Check that caches that were filled before `write` show no more and no less than the database afterwards.
        """
        before = self.pages()

        self.follow_up(write)

        warm = self.pages()
        self.caches_are_lost()
        cold = self.pages()
        self.assertNotEqual(before, cold, "this write shows on no page")
        for address, body in cold.items():
            self.assertEqual(warm[address], body, address)

    def test_a_like_of_a_tweet(self):
        self.assert_pages_are_true_after(
            lambda: LikeService.like(user=self.bob.user, model=Tweet, object_id=self.tweet.id)
        )

    def test_a_like_that_is_withdrawn(self):
        self.likes(self.bob, "tweet", self.tweet.id)

        self.assert_pages_are_true_after(
            lambda: LikeService.unlike(user=self.bob.user, model=Tweet, object_id=self.tweet.id)
        )

    def test_a_like_of_a_comment(self):
        self.assert_pages_are_true_after(
            lambda: LikeService.like(user=self.bob.user, model=Comment, object_id=self.comment.id)
        )

    def test_a_like_of_a_comment_that_is_withdrawn(self):
        self.likes(self.bob, "comment", self.comment.id)

        self.assert_pages_are_true_after(
            lambda: LikeService.unlike(user=self.bob.user, model=Comment, object_id=self.comment.id)
        )

    def test_a_comment(self):
        self.assert_pages_are_true_after(
            lambda: CommentService.create_comment(user=self.bob.user, tweet=self.tweet, content="Me too")
        )

    def test_a_comment_that_is_edited(self):
        self.assert_pages_are_true_after(
            lambda: CommentService.update_comment(comment=self.comment, content="Better said")
        )

    def test_a_comment_that_is_deleted(self):
        self.assert_pages_are_true_after(lambda: CommentService.delete_comment(comment=self.comment))

    def test_a_tweet(self):
        self.assert_pages_are_true_after(
            lambda: PostingService.post_tweet(author=self.alice.user, content="One more thing")
        )

    def test_a_tweet_that_is_deleted(self):
        self.assert_pages_are_true_after(lambda: TweetService.delete_tweet(tweet=self.tweet))

    def test_a_follow(self):
        self.assert_pages_are_true_after(
            lambda: FriendshipService.follow(follower=self.carol.user, followee=self.alice.user)
        )

    def test_an_unfollow(self):
        self.assert_pages_are_true_after(
            lambda: FriendshipService.unfollow(follower=self.bob.user, followee=self.alice.user)
        )

    def test_a_new_nickname_of_an_author(self):
        self.assert_pages_are_true_after(
            lambda: ProfileService.update_profile(profile=self.alice.user.profile, nickname="Alice in Wonderland")
        )

    def test_a_new_nickname_of_somebody_who_commented(self):
        self.assert_pages_are_true_after(
            lambda: ProfileService.update_profile(profile=self.carol.user.profile, nickname="Lewis")
        )

    def test_an_author_who_is_suspended(self):
        self.assert_pages_are_true_after(lambda: AccountService.suspend(user=self.alice.user))

    def test_an_author_who_is_restored(self):
        self.suspend(self.alice.user)

        self.assert_pages_are_true_after(lambda: AccountService.restore(user=self.alice.user))

    def test_a_photo_that_is_rejected(self):
        self.assert_pages_are_true_after(lambda: PhotoService.reject(photo=TweetPhoto.objects.get()))

    def test_a_photo_that_is_approved_after_all(self):
        with TestCase.captureOnCommitCallbacks(execute=True):
            PhotoService.reject(photo=TweetPhoto.objects.get())

        self.assert_pages_are_true_after(lambda: PhotoService.approve(photo=TweetPhoto.objects.get()))

    def test_an_account_that_is_closed(self):
        self.alice.user.set_password(PASSWORD)
        self.alice.user.save()

        self.assert_pages_are_true_after(lambda: AccountService.delete_account(user=self.alice.user, password=PASSWORD))

    def test_a_counter_that_is_repaired(self):
        Tweet.objects.filter(id=self.tweet.id).update(likes_count=7, comments_count=7)
        # What everybody sees before the repair.
        self.caches_are_lost()

        self.assert_pages_are_true_after(lambda: call_command("reconcile_counters", verbosity=0))


class OnlyTheEventTests(Writes, ApiTestCase):
    """
    The process dies right after the commit.
    """

    def follow_up(self, write):
        write()
        self.tasks_run()

    def test_a_tweet_of_whose_deletion_no_cache_was_told(self):
        self.assert_pages_are_true_after(lambda: TweetService.mark_deleted(tweet=self.tweet))


class OnlyTheBestEffortTests(Writes, ApiTestCase):
    """
    The relay is away.
    """

    def follow_up(self, write):
        with TestCase.captureOnCommitCallbacks(execute=True):
            write()

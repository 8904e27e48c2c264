"""
Which handlers each event has. Only this module knows: a service records an event of its own app, and never imports
a higher app to trigger work there.
"""

from django.conf import settings

from accounts import tasks as accounts
from accounts.events import AccountDeleted, TokensRevoked, UserChanged
from comments import tasks as comments
from comments.events import CommentCreated, CommentDeleted, CommentsPurgeContinued, CommentUpdated
from friendships import tasks as friendships
from friendships.events import Followed, FriendshipsPurgeContinued, Unfollowed
from inbox import tasks as inbox
from likes import tasks as likes
from likes.events import Liked, LikesPurgeContinued, Unliked
from newsfeeds import tasks as newsfeeds
from newsfeeds.events import (
    AuthorCrossed,
    FanOutBatchReady,
    FeedRowsMissed,
    FeedUpkeepDue,
    PulledFollowDue,
    PulledTweetsDue,
    ReaderReturned,
    RemovalBatchReady,
    TweetCreated,
)
from outbox.handling import subscribe
from tweets import tasks as tweets
from tweets.events import PhotoReviewed, PhotosAttached, TweetDeleted, TweetRecounted, TweetsPurgeContinued


def register() -> None:
    """
    Subscribe handlers to events. The type checker refuses a handler that does not take the event.
    """
    subscribe_accounts()
    subscribe_tweets()
    subscribe_comments_and_likes()
    subscribe_friendships()


def subscribe_accounts() -> None:
    subscribe(UserChanged, accounts.invalidate_user)
    subscribe(TokensRevoked, accounts.invalidate_tokens)
    subscribe(
        AccountDeleted,
        accounts.empty_profile,
        tweets.purge_tweets,
        comments.purge_comments,
        likes.purge_likes,
        friendships.purge_friendships,
        newsfeeds.forget_readers,
        inbox.empty_inbox,
    )
    subscribe(TweetsPurgeContinued, tweets.purge_tweets)
    subscribe(CommentsPurgeContinued, comments.purge_comments)
    subscribe(LikesPurgeContinued, likes.purge_likes)
    subscribe(FriendshipsPurgeContinued, friendships.purge_friendships)


def subscribe_tweets() -> None:
    subscribe(TweetCreated, newsfeeds.deliver_tweets)
    subscribe(FanOutBatchReady, newsfeeds.deliver_to_range)
    subscribe(
        TweetDeleted,
        tweets.forget_tweet,
        tweets.remove_photos,
        newsfeeds.withdraw_tweets,
        inbox.withdraw_for_tweet,
    )
    subscribe(RemovalBatchReady, newsfeeds.remove_from_range)
    subscribe(FeedRowsMissed, newsfeeds.write_missed_rows)
    subscribe(AuthorCrossed, newsfeeds.reconcile_authors)
    subscribe(PulledTweetsDue, newsfeeds.deliver_pulled_tweets)
    subscribe(PulledFollowDue, newsfeeds.deliver_pulled_follows)
    subscribe(FeedUpkeepDue, newsfeeds.look_after_feeds)
    subscribe(ReaderReturned, newsfeeds.restore_feeds)
    subscribe(TweetRecounted, tweets.refresh_counters)
    subscribe(PhotosAttached, tweets.make_thumbnails)
    subscribe(PhotoReviewed, tweets.refresh_reviewed_tweet)


def subscribe_comments_and_likes() -> None:
    subscribe(CommentUpdated, comments.invalidate_first_comments)
    for comment_event in (CommentCreated, CommentDeleted):
        subscribe(comment_event, comments.invalidate_first_comments, tweets.refresh_counters, inbox.reconcile_comments)
    for like_event in (Liked, Unliked):
        subscribe(
            like_event,
            likes.invalidate_likes,
            comments.invalidate_liked_comments,
            tweets.refresh_counters,
            inbox.reconcile_likes,
        )


def subscribe_friendships() -> None:
    # Without HBase there is no copy to keep up to date.
    mirrors = [friendships.mirror_friendships] if settings.HBASE["HOST"] else []
    for event in (Followed, Unfollowed):
        subscribe(
            event, friendships.invalidate_followings, newsfeeds.reconcile_feeds, inbox.reconcile_follows, *mirrors
        )

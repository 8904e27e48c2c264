"""
Which handlers an event has. The only place that knows: services announce in their own words and
never import upwards to have something done.
"""

from django.conf import settings

from accounts import tasks as accounts
from comments import tasks as comments
from friendships import tasks as friendships
from inbox import tasks as inbox
from likes import tasks as likes
from newsfeeds import tasks as newsfeeds
from outbox.services import subscriptions
from tweets import tasks as tweets

# Where there is no HBase, nothing keeps it in step.
MIRRORS = [friendships.mirror_friendships] if settings.HBASE["HOST"] else []

SUBSCRIPTIONS = {
    "user_changed": [accounts.invalidate_user],
    "tokens_revoked": [accounts.invalidate_tokens],
    "account_deleted": [
        accounts.empty_profile,
        tweets.purge_tweets,
        comments.purge_comments,
        likes.purge_likes,
        friendships.purge_friendships,
        inbox.empty_inbox,
    ],
    "tweets_purge_goes_on": [tweets.purge_tweets],
    "comments_purge_goes_on": [comments.purge_comments],
    "likes_purge_goes_on": [likes.purge_likes],
    "friendships_purge_goes_on": [friendships.purge_friendships],
    "tweet_created": [newsfeeds.deliver_tweets],
    "tweet_batch_cut": [newsfeeds.deliver_to_range],
    "tweet_deleted": [
        tweets.forget_tweet,
        tweets.remove_photos,
        newsfeeds.withdraw_tweets,
        inbox.withdraw_for_tweet,
    ],
    "removal_batch_cut": [newsfeeds.remove_from_range],
    "feed_rows_missed": [newsfeeds.write_missed_rows],
    "tweet_recounted": [tweets.refresh_counters],
    "photos_attached": [tweets.make_thumbnails],
    "photo_reviewed": [tweets.refresh_reviewed_tweet],
    "comment_updated": [comments.invalidate_first_comments],
    "comment_created": [comments.invalidate_first_comments, tweets.refresh_counters, inbox.settle_comments],
    "comment_deleted": [comments.invalidate_first_comments, tweets.refresh_counters, inbox.settle_comments],
    "liked": [likes.invalidate_likes, comments.invalidate_liked_comments, tweets.refresh_counters, inbox.settle_likes],
    "unliked": [
        likes.invalidate_likes,
        comments.invalidate_liked_comments,
        tweets.refresh_counters,
        inbox.settle_likes,
    ],
    "followed": [friendships.invalidate_followings, newsfeeds.settle_feeds, inbox.settle_follows, *MIRRORS],
    "unfollowed": [friendships.invalidate_followings, newsfeeds.settle_feeds, inbox.settle_follows, *MIRRORS],
}


def register():
    """
    Tell the outbox, by the handlers' names.
    """
    subscriptions.update({event: [handler.name for handler in handlers] for event, handlers in SUBSCRIPTIONS.items()})

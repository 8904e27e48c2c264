"""
Which tasks an event wakes. The only place that knows: services announce in their own words and
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

# Where there is no HBase, nobody is woken to keep it in step.
MIRRORS = [friendships.mirror_friendship] if settings.HBASE["HOST"] else []

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
    "tweet_created": [newsfeeds.fan_out_tweet, newsfeeds.show_to_author],
    "tweet_batch_cut": [newsfeeds.deliver_tweet],
    "tweet_deleted": [
        tweets.forget_tweet,
        tweets.remove_photos,
        newsfeeds.withdraw_tweet,
        newsfeeds.hide_from_author,
        inbox.withdraw_for_tweet,
    ],
    "removal_batch_cut": [newsfeeds.remove_tweet],
    "feed_rows_missed": [newsfeeds.write_missed_rows],
    "tweet_recounted": [tweets.refresh_recounted_tweet],
    "photos_attached": [tweets.make_thumbnails],
    "photo_reviewed": [tweets.refresh_reviewed_tweet],
    "comment_updated": [comments.invalidate_head],
    "comment_created": [comments.invalidate_head, tweets.refresh_commented_tweet, inbox.settle_comment],
    "comment_deleted": [comments.invalidate_head, tweets.refresh_commented_tweet, inbox.settle_comment],
    "liked": [likes.invalidate_like, comments.invalidate_liked_comment, tweets.refresh_liked_tweet, inbox.settle_like],
    "unliked": [
        likes.invalidate_like,
        comments.invalidate_liked_comment,
        tweets.refresh_liked_tweet,
        inbox.settle_like,
    ],
    "followed": [friendships.invalidate_followings, newsfeeds.settle_feed, inbox.settle_follow, *MIRRORS],
    "unfollowed": [friendships.invalidate_followings, newsfeeds.settle_feed, inbox.settle_follow, *MIRRORS],
}


def register():
    """
    Tell the outbox, by the tasks' names.
    """
    subscriptions.update({event: [task.name for task in tasks] for event, tasks in SUBSCRIPTIONS.items()})

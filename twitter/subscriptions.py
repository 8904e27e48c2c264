"""
Which tasks an event wakes. The only place that knows: services announce in their own words and
never import upwards to have something done.
"""

from accounts import tasks as accounts
from comments import tasks as comments
from friendships import tasks as friendships
from likes import tasks as likes
from newsfeeds import tasks as newsfeeds
from outbox.services import subscriptions
from tweets import tasks as tweets

SUBSCRIPTIONS = {
    "user_changed": [accounts.invalidate_user],
    "account_deleted": [
        tweets.purge_tweets,
        comments.purge_comments,
        likes.purge_likes,
        friendships.purge_friendships,
    ],
    "tweets_purge_goes_on": [tweets.purge_tweets],
    "comments_purge_goes_on": [comments.purge_comments],
    "likes_purge_goes_on": [likes.purge_likes],
    "friendships_purge_goes_on": [friendships.purge_friendships],
    "tweet_created": [newsfeeds.fan_out_tweet],
    "tweet_batch_cut": [newsfeeds.deliver_tweet],
    "tweet_deleted": [tweets.forget_tweet, newsfeeds.withdraw_tweet],
    "removal_batch_cut": [newsfeeds.remove_tweet],
    "comment_created": [tweets.refresh_commented_tweet],
    "comment_deleted": [tweets.refresh_commented_tweet],
    "liked": [likes.invalidate_liked, tweets.refresh_liked_tweet],
    "unliked": [likes.invalidate_liked, tweets.refresh_liked_tweet],
    "followed": [friendships.invalidate_followings, newsfeeds.settle_feed],
    "unfollowed": [friendships.invalidate_followings, newsfeeds.settle_feed],
}


def register():
    """
    Tell the outbox, by the tasks' names.
    """
    subscriptions.update({event: [task.name for task in tasks] for event, tasks in SUBSCRIPTIONS.items()})

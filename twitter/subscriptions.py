"""
Which tasks an event wakes. The only place that knows: services announce in their own words and
never import upwards to have something done.
"""

from accounts import tasks as accounts
from friendships import tasks as friendships
from newsfeeds import tasks as newsfeeds
from outbox.services import subscriptions
from tweets import tasks as tweets

SUBSCRIPTIONS = {
    "user_changed": [accounts.invalidate_user],
    "tweet_created": [newsfeeds.fan_out_tweet],
    "tweet_batch_cut": [newsfeeds.deliver_tweet],
    "tweet_deleted": [tweets.forget_tweet, newsfeeds.withdraw_tweet],
    "removal_batch_cut": [newsfeeds.remove_tweet],
    "followed": [friendships.invalidate_followings, newsfeeds.settle_feed],
    "unfollowed": [friendships.invalidate_followings, newsfeeds.settle_feed],
}


def register():
    """
    Tell the outbox, by the tasks' names.
    """
    subscriptions.update({event: [task.name for task in tasks] for event, tasks in SUBSCRIPTIONS.items()})

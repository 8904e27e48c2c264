"""
The verbs that hold counters about tweets against the rows.
"""

from accounts.models import UserProfile
from outbox.services import OutboxService
from tweets.events import TweetRecounted
from tweets.models import Tweet
from tweets.services.tweets import TweetService
from utils.counters import Counter
from utils.transactions import after_commit, retried_transaction


class TweetCountService:
    """
    Everything the rest of the project may ask of counters that drifted.
    """

    @classmethod
    def get_counters(cls):
        """
        Return the counters of tweets: how many of them a profile has.
        """
        return [Counter(UserProfile, "tweets_count", Tweet.objects.there(), "user_id", key="user_id")]

    @classmethod
    @retried_transaction
    def repair(cls, *, counter, tweet_id):
        """
        Set a counter of a tweet from its rows and tell the caches; return the Drift that was, or None.

        They are told at once as a best effort and again by an event (`tweet_recounted`).
        """
        drift = counter.repair(pk=tweet_id)
        if drift:
            OutboxService.record(TweetRecounted(tweet_id=tweet_id))
            after_commit(TweetService.refresh_states, [tweet_id])
        return drift

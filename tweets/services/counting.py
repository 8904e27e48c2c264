"""
The verbs that count what is said about tweets, and hold counters against the rows.
"""

from django.db.models import F, QuerySet

from accounts.models import UserProfile
from outbox.services import OutboxService
from tweets.events import TweetRecounted
from tweets.models import Tweet
from tweets.services.tweets import TweetGone, TweetService
from utils.database.counters import Counter
from utils.database.transactions import after_commit, retried_transaction


class TweetCountService:
    """
    Everything the rest of the project may ask of the counters of tweets.
    """

    @classmethod
    def count_comment_added(cls, tweet_id: int) -> None:
        """
        Count a comment, first thing in the transaction that adds it.

        :raises TweetGone: the tweet is not there.
        """
        if not cls._change_comments_count(Tweet.objects.there(), tweet_id, 1):
            raise TweetGone

    @classmethod
    def count_comment_removed(cls, tweet_id: int) -> None:
        """
        Undo `count_comment_added`, of a deleted tweet too. Where there are none left, somebody else was faster.
        """
        cls._change_comments_count(Tweet.objects.filter(comments_count__gt=0), tweet_id, -1)

    @classmethod
    def _change_comments_count(cls, tweets: QuerySet, tweet_id: int, delta: int) -> bool:
        changes = {"comments_count": F("comments_count") + delta, "revision": F("revision") + 1}
        if not tweets.filter(id=tweet_id).update(**changes):
            return False
        # The row is held: nobody changes it before the commit, after which the caches are told.
        after_commit(TweetService.push_state, Tweet.objects.get(id=tweet_id))
        return True

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

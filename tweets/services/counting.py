"""
The verbs that count the comments on a tweet, and that compare counters with the rows.
"""

from collections.abc import Collection
from functools import partial
from typing import cast

from django.db.models import Count, F

from accounts.models import UserProfile
from outbox.services import OutboxService
from tweets.events import TweetRecounted
from tweets.models import Tweet
from tweets.services.tweets import TweetGone, TweetService
from utils.database.counters import Counter, Drift
from utils.database.prepared import PreparedQuery, PreparedUpdate
from utils.database.transactions import after_commit, retried_transaction

TWEET = PreparedQuery(lambda pk: Tweet.objects.filter(id=pk))
ADD_COMMENT = PreparedUpdate(
    lambda pk: Tweet.objects.not_deleted().filter(id=pk),
    comments_count=F("comments_count") + 1,
    revision=F("revision") + 1,
)
REMOVE_COMMENT = PreparedUpdate(
    lambda pk: Tweet.objects.filter(id=pk, comments_count__gt=0),
    comments_count=F("comments_count") - 1,
    revision=F("revision") + 1,
)


class TweetCountService:
    """
    Everything the rest of the project may ask of the counters of tweets.
    """

    @classmethod
    def count_since(cls, *, user_ids: Collection[int], after: int) -> dict[int, int]:
        """
        Return {user id: how many tweets with larger ids they have posted}, deleted ones too, of those who have any; one query.
        """
        posted = Tweet.objects.filter(user_id__in=user_ids, id__gt=after).order_by().values_list("user_id")
        return dict(posted.annotate(Count("id")))

    @classmethod
    def count_comment_added(cls, *, tweet_id: int) -> None:
        """
        Count a comment. Call it first in the transaction that adds the comment.

        :raises TweetGone: the tweet does not exist or is deleted.
        """
        if not cls._change_comments_count(ADD_COMMENT, tweet_id):
            raise TweetGone

    @classmethod
    def count_comment_removed(cls, *, tweet_id: int) -> None:
        """
        Undo `count_comment_added`, for a deleted tweet too. A counter at zero stays at zero.
        """
        cls._change_comments_count(REMOVE_COMMENT, tweet_id)

    @classmethod
    def _change_comments_count(cls, change: PreparedUpdate, tweet_id: int) -> bool:
        if not change.run(tweet_id):
            return False
        # The update has locked the row, so it is there, and what is read here is what the commit will make true.
        tweet = cast("Tweet", TWEET.first(tweet_id))
        after_commit(partial(TweetService.push_state, tweet=tweet))
        return True

    @classmethod
    def get_counters(cls) -> list[Counter]:
        """
        Return the counters that count tweets: each profile's number of tweets.
        """
        return [Counter(UserProfile, "tweets_count", Tweet.objects.not_deleted(), "user_id", key="user_id")]

    @classmethod
    @retried_transaction
    def repair(cls, *, counter: Counter, tweet_id: int) -> Drift | None:
        """
        Set a counter of a tweet from its rows and refresh the caches; return the Drift it had, or None.

        The caches are refreshed at once as a best effort, and again by an event (`tweet_recounted`).
        """
        drift = counter.repair(pk=tweet_id)
        if drift:
            OutboxService.record(event=TweetRecounted(tweet_id=tweet_id))
            after_commit(partial(TweetService.refresh_states, tweet_ids=[tweet_id]))
        return drift

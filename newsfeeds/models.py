"""
Feeds: which tweets are in whose home feed.
"""

from datetime import datetime
from typing import Self

from django.db import models

from utils.database.time_ids import id_to_datetime


class NewsFeed(models.Model):
    """
    A row means: this tweet is in the feed of this user.

    The two ids are the only columns and together the primary key. InnoDB stores a table in the order of
    its primary key, so the newest rows of one user are adjacent, a page is one short range, and the key
    refuses a second delivery of the same tweet. There is no foreign key and no second index: an index
    on the tweet would double the cost of every delivery.
    """

    pk = models.CompositePrimaryKey("user_id", "tweet_id")
    user_id = models.BigIntegerField()
    tweet_id = models.BigIntegerField()

    def __str__(self) -> str:
        return f"tweet {self.tweet_id} in the feed of user {self.user_id}"

    @property
    def created_at(self) -> datetime:
        return id_to_datetime(self.tweet_id)


class FeedFollow(models.Model):
    """
    A row means: the feed of `follower` agrees with this friendship, and has `followee`'s tweets from `oldest_id` on.

    Which tweets were the newest at that time cannot be found out later, so it is recorded; 0 means all of them. If
    `pulled_since` is set, tweets from that id on are not delivered to this follower, who pulls them; where `pulled_until`
    is set too, they are delivered again from then on, and the rows of those between are being written. If `ended_at` is set, the friendship has ended and its tweets were removed; such rows are purged after some time.
    """

    pk = models.CompositePrimaryKey("follower_id", "followee_id")
    follower_id = models.BigIntegerField()
    followee_id = models.BigIntegerField()
    friendship_id = models.BigIntegerField()
    oldest_id = models.BigIntegerField()
    pulled_since = models.BigIntegerField(null=True)
    pulled_until = models.BigIntegerField(null=True)
    # Its name in earlier releases.
    reconciled_at = models.DateTimeField(db_column="settled_at")
    ended_at = models.DateTimeField(null=True, db_index=True)

    def __str__(self) -> str:
        return f"tweets of user {self.followee_id} from {self.oldest_id} on in the feed of user {self.follower_id}"


class DeliveryBatch(models.Model):
    """
    A row means: this tweet was delivered to its author's followers with ids in (after_id, until_id] at that time.

    One row for each thousand followers. The primary key is the only index: old rows are
    found by the tweet's id, which is a time.
    """

    pk = models.CompositePrimaryKey("tweet_id", "until_id")
    tweet_id = models.BigIntegerField()
    until_id = models.BigIntegerField()
    after_id = models.BigIntegerField()
    delivered_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"tweet {self.tweet_id} to the followers in ({self.after_id}, {self.until_id}]"


class PulledAuthorQuerySet(models.QuerySet["PulledAuthor"]):
    """
    Authors whose tweets may have no rows.
    """

    def not_delivered(self) -> Self:
        """
        Return those whose new tweets get no rows; the others are on their way back.
        """
        return self.filter(pulled_until=None)


class PulledAuthor(models.Model):
    """
    A row means: tweets of this author from `pulled_since` on, and before `pulled_until` where it is set, are pulled. Followers
    may have no rows of them, and merge the author's timeline into their pages.

    Whether a tweet is delivered follows from its id alone, however late it is asked. Once `pulled_until` is set, rows of
    the tweets between the two are written; when all are there, this row goes.
    """

    author_id = models.BigIntegerField(primary_key=True)
    pulled_since = models.BigIntegerField()
    pulled_until = models.BigIntegerField(null=True)

    objects = PulledAuthorQuerySet.as_manager()

    def __str__(self) -> str:
        return f"tweets of user {self.author_id} are pulled from {self.pulled_since} on"


class FeedReaderQuerySet(models.QuerySet["FeedReader"]):
    """
    Readers by which of their rows may be missing.
    """

    def idle(self) -> Self:
        """
        Return those to whom nothing is delivered.
        """
        return self.filter(pulled_since__isnull=False, pulled_until=None)

    def returning(self) -> Self:
        """
        Return those who have rows of what is posted now, while the rows from before are being written.
        """
        return self.filter(pulled_until__isnull=False)


class FeedReader(models.Model):
    """
    A row means: something is known of how this user reads, or the rows of their feed are not all there.

    `seen_at` is when their cached list was last built, which reading does once a day. `reads_count` is a sum of pages
    read of which every day a 28th goes, so about those of the last 28 days. Tweets from `pulled_since` on have no rows; where `pulled_until` is set, those from
    then on have rows again, and the rest are being written. Rows of tweets before `trimmed_before` were removed.
    """

    user_id = models.BigIntegerField(primary_key=True)
    seen_at = models.DateTimeField()
    reads_count = models.FloatField(default=0)
    pulled_since = models.BigIntegerField(null=True)
    pulled_until = models.BigIntegerField(null=True)
    trimmed_before = models.BigIntegerField(default=0)

    objects = FeedReaderQuerySet.as_manager()

    def __str__(self) -> str:
        return f"user {self.user_id}, whose feed was last read on {self.seen_at:%Y-%m-%d}"

    @property
    def is_idle(self) -> bool:
        return self.pulled_since is not None and self.pulled_until is None


class FeedCheck(models.Model):
    """
    A row means: a check of all feeds has begun, has finished the users up to `after_user_id`, and has not ended.

    There is at most one row.
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    after_user_id = models.BigIntegerField()
    differences_count = models.PositiveBigIntegerField(default=0)

    def __str__(self) -> str:
        return f"feeds are checked up to user {self.after_user_id}"

"""
Feeds: who finds which tweet at home.
"""

from datetime import datetime

from django.db import models

from utils.database.time_ids import id_to_datetime


class NewsFeed(models.Model):
    """
    A row means: this tweet stands in the feed of this user.

    Nothing but the two ids, and both are the primary key: InnoDB keeps a table in the order of
    its primary key, so the newest rows of one user lie side by side, a page is one short range,
    and a second delivery of the same tweet is refused by the key itself. No foreign key, no
    second index: an index on the tweet would double the cost of every delivery.
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
    A row means: the feed of `follower` agrees with this friendship, and holds `followee`'s tweets from `oldest_id` on.

    What was among the newest tweets at that time cannot be found out later, so it is written down. 0 stands for all
    that there was. `ended_at` set: the friendship is over, and so the tweets have left; purged after some time.
    """

    pk = models.CompositePrimaryKey("follower_id", "followee_id")
    follower_id = models.BigIntegerField()
    followee_id = models.BigIntegerField()
    friendship_id = models.BigIntegerField()
    oldest_id = models.BigIntegerField()
    settled_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, db_index=True)

    def __str__(self) -> str:
        return f"tweets of user {self.followee_id} from {self.oldest_id} on in the feed of user {self.follower_id}"


class DeliveryBatch(models.Model):
    """
    A row means: this tweet was delivered to its author's followers with ids in (after_id, until_id] at that time.

    One row for each thousand followers. No index but the key: old ones are found by the tweet's id, which is a time.
    """

    pk = models.CompositePrimaryKey("tweet_id", "until_id")
    tweet_id = models.BigIntegerField()
    until_id = models.BigIntegerField()
    after_id = models.BigIntegerField()
    delivered_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"tweet {self.tweet_id} to the followers in ({self.after_id}, {self.until_id}]"


class FeedCheck(models.Model):
    """
    A row means: a check of all feeds was begun, has come as far as `after_user_id`, and has not ended.

    There is one row at most.
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    after_user_id = models.BigIntegerField()
    differences_count = models.PositiveBigIntegerField(default=0)

    def __str__(self) -> str:
        return f"feeds are checked up to user {self.after_user_id}"

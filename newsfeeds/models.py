"""
Feeds: who finds which tweet at home.
"""

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

    def __str__(self):
        return f"tweet {self.tweet_id} in the feed of user {self.user_id}"

    @property
    def created_at(self):
        return id_to_datetime(self.tweet_id)

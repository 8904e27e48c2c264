"""
Who gets a tweet: the SQL that finds them and holds what it found.
"""

from django.db import connection

from friendships.models import Friendship
from friendships.storage import fan_out_hint
from tweets.models import Tweet


def recipients_sql(columns):
    """
    Return SQL that takes (tweet id, after, until), holds the tweet and the friendships, and selects `columns`.

    No row where the tweet is deleted. In the order of user ids, so that two deliveries lock rows
    in one order and never deadlock.
    """
    tweets, friendships = (connection.ops.quote_name(model._meta.db_table) for model in (Tweet, Friendship))
    return (
        f"SELECT {columns} FROM {tweets} tweet "
        f"JOIN {friendships} friendship {fan_out_hint()} ON friendship.to_user_id = tweet.user_id "
        "WHERE tweet.id = %s AND tweet.deleted_at IS NULL "
        "AND friendship.from_user_id > %s AND friendship.from_user_id <= %s "
        f"ORDER BY friendship.from_user_id {'LOCK IN SHARE MODE' if connection.vendor == 'mysql' else ''}"
    )


def hold_recipients(tweet_id, *, after, until):
    """
    Return the ids of the followers in (after, until] who get a tweet, held until the transaction ends; one query.
    """
    with connection.cursor() as cursor:
        cursor.execute(recipients_sql("friendship.from_user_id"), [tweet_id, after, until])
        return [user_id for (user_id,) in cursor.fetchall()]

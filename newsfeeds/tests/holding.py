"""
A fan-out that stands still in the middle of a batch.
"""

from contextlib import contextmanager

from django.db import connection


@contextmanager
def an_unfollow_that_does_not_commit(follower_id, followee_id):
    """
    Hold a friendship, so that the batch of its follower stops there, until the block ends.
    """
    other = connection.copy()
    other.set_autocommit(False)
    try:
        with other.cursor() as cursor:
            cursor.execute(
                "DELETE FROM friendships_friendship WHERE from_user_id = %s AND to_user_id = %s",
                [follower_id, followee_id],
            )
        yield
    finally:
        other.rollback()
        other.close()


def get_waiting_batches():
    """
    Return the ids of the connections in which a batch waits for its followers.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, info FROM information_schema.processlist WHERE db = DATABASE()")
        return [id for id, info in cursor.fetchall() if info and info.endswith("LOCK IN SHARE MODE")]

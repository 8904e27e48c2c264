"""
What Memcached holds of comments: `comments:{tweet_id}`, the oldest ones of a tweet, as its page shows them.
"""

from typing import Any, cast

from comments.constants import SHOWN_COMMENTS
from comments.models import Comment
from comments.records import CommentRecord
from utils.caching.memcached.objects import Lookup, invalidate
from utils.caching.records import RecordShape, are_records
from utils.database.time_ids import format_time

COMMENT = RecordShape(id=int, tweet_id=int, user_id=int, content=str, updated_at=str, likes_count=int)
FIELDS = ("id", "tweet_id", "user_id", "content", "updated_at", "likes_count")


def head_key(tweet_id: int) -> str:
    return f"comments:{tweet_id}"


def head_lookup(tweet_id: int) -> Lookup:
    """
    Return a lookup of the records of a tweet's oldest comments, one more than its page shows.
    """

    def load(tweet_ids: list[int]) -> dict[int, list[CommentRecord]]:
        return {tweet_id: get_records(tweet_id, before=None, after=None, limit=SHOWN_COMMENTS + 1)}

    def is_valid(records: Any) -> bool:
        return are_records(records, COMMENT, ids=("id", "user_id"))

    return Lookup({tweet_id: head_key(tweet_id)}, load, is_valid)


def get_records(tweet_id: int, *, before: int | None, after: int | None, limit: int) -> list[CommentRecord]:
    """
    Return records of comments, oldest first; one query.

    A page of twenty takes half the time of model instances.
    """
    comments = Comment.objects.filter(tweet_id=tweet_id)
    if before is not None:
        comments = comments.filter(id__lt=before)
    if after is not None:
        comments = comments.filter(id__gt=after)
    return [record_of(values) for values in comments.order_by("id").values(*FIELDS)[:limit]]


def comment_record(comment: Comment) -> CommentRecord:
    """
    Return the record of a comment that was just written.
    """
    return record_of({name: getattr(comment, name) for name in FIELDS})


def record_of(values: dict[str, Any]) -> CommentRecord:
    # FIELDS are the keys of a record, which the type checker cannot see.
    return cast("CommentRecord", {**values, "updated_at": format_time(values["updated_at"])})


def invalidate_head(*tweet_ids: int) -> bool:
    """
    Make every reader load the first comments of these tweets again; say whether the cache confirmed it. One round trip.
    """
    return invalidate(*map(head_key, tweet_ids))

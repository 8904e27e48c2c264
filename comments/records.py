"""
What travels of a comment through caches and pages.
"""

from typing import TypedDict


class CommentRecord(TypedDict):
    """
    A comment. `updated_at` is written as the API writes times.
    """

    id: int
    tweet_id: int
    user_id: int
    content: str
    updated_at: str
    likes_count: int

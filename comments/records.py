"""
The record of a comment, as caches store it and pages show it.
"""

from typing import TypedDict


class CommentRecord(TypedDict):
    """
    A comment. `updated_at` has the API's format of times.
    """

    id: int
    tweet_id: int
    user_id: int
    content: str
    updated_at: str
    likes_count: int

"""
What travels of a tweet through caches and pages.
"""

from typing import TypedDict


class TweetRecord(TypedDict):
    """
    What a tweet says; what changes about it is its state (`tweets/cache.py`). `photos` are pairs [key, status].
    """

    id: int
    user_id: int
    created_at: str
    content: str
    photos: list[list[str]]

"""
The record of a tweet, as caches store it and pages show it.
"""

from typing import TypedDict


class TweetRecord(TypedDict):
    """
    The part of a tweet that stays the same; what changes is its state (`tweets/cache.py`).

    `photos` are pairs [key, status].
    """

    id: int
    user_id: int
    created_at: str
    content: str
    photos: list[list[str]]

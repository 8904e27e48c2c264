"""
The caches of likes, in Memcached.

`liked:{content_type}:{user_id}`   the newest targets of one content type that a user likes
`likers:{content_type}:{id}`       the newest likes of a target
"""

from collections.abc import Iterable
from typing import Any, TypedDict

from django.contrib.contenttypes.models import ContentType

from likes.constants import CACHED_LIKES, SHOWN_LIKES
from likes.models import Like, Likeable
from utils.caching.memcached.objects import Lookup, invalidate
from utils.caching.records import RecordShape, are_id_rows, are_ids

LIKED = RecordShape(ids=list, floor=int)


class LikedRecord(TypedDict):
    """
    The newest ids that a user likes. Only the database knows whether an id below `floor` is liked.
    """

    ids: list[int]
    floor: int


def liked_key(user_id: int, content_type: str) -> str:
    return f"liked:{content_type}:{user_id}"


def liked_lookup(user_id: int, model: type[Likeable]) -> Lookup:
    """
    Return a lookup of a user's LikedRecord, so that it can be read in one round trip with others.
    """

    def load(user_ids: list[int]) -> dict[int, LikedRecord]:
        content_type = ContentType.objects.get_for_model(model)
        liked = Like.objects.filter(user_id=user_id, content_type=content_type).order_by("-object_id")
        ids = list(liked.values_list("object_id", flat=True)[:CACHED_LIKES])
        return {user_id: {"ids": ids, "floor": ids[-1] if len(ids) == CACHED_LIKES else 0}}

    def is_valid(value: Any) -> bool:
        return LIKED.matches(value) and are_ids(value["ids"])

    return Lookup({user_id: liked_key(user_id, model.content_type_name())}, load, is_valid)


def likers_key(content_type: str, object_id: int) -> str:
    return f"likers:{content_type}:{object_id}"


def likers_lookup(content_type: ContentType, object_id: int) -> Lookup:
    """
    Return a lookup of [[like id, user id]] of a target's newest likes, one more than its page shows.
    """

    def load(object_ids: list[int]) -> dict[int, list[list[int]]]:
        likes = Like.objects.filter(content_type=content_type, object_id=object_id).order_by("-id")
        return {object_id: [list(pair) for pair in likes.values_list("id", "user_id")[: SHOWN_LIKES + 1]]}

    def is_valid(value: Any) -> bool:
        return are_id_rows(value, 2)

    return Lookup({object_id: likers_key(content_type.model, object_id)}, load, is_valid)


def invalidate_likes(likes: Iterable[tuple[int, str, int]]) -> bool:
    """
    Invalidate the cached likes of these users and of these targets; return whether the cache confirmed it.

    One round trip in all.

    :param likes: tuples (user id, content type, object id).
    """
    keys: set[str] = set()
    for user_id, content_type, object_id in likes:
        keys |= {liked_key(user_id, content_type), likers_key(content_type, object_id)}
    return invalidate(*keys)

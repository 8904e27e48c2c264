"""
What Memcached holds of likes: `liked:{kind}:{user_id}`, the newest things of a kind that a user likes.
"""

from likes.constants import CACHED_LIKES
from likes.models import Like
from utils.memcached.objects import Lookup, invalidate


def liked_key(user_id, kind):
    return f"liked:{kind}:{user_id}"


def liked_lookup(user_id, content_type):
    """
    Return a lookup of {user_id: {"ids", "floor"}}, for reading it in one trip with other things.

    Whether something below `floor` is liked, only the database knows.
    """

    def load(user_ids):
        liked = Like.objects.filter(user_id=user_id, content_type=content_type).order_by("-object_id")
        ids = list(liked.values_list("object_id", flat=True)[:CACHED_LIKES])
        return {user_id: {"ids": ids, "floor": ids[-1] if len(ids) == CACHED_LIKES else 0}}

    return Lookup({user_id: liked_key(user_id, content_type.model)}, load)


def invalidate_liked(user_id, kind):
    """
    Make everybody read anew what this user likes; say whether the cache confirmed it.
    """
    return invalidate(liked_key(user_id, kind))

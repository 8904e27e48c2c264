"""
What people do to things, and many of them in bulk.
"""

from django.contrib.contenttypes.models import ContentType
from django.db.models import F

from likes.models import Like
from utils.database.time_ids import next_id


class Liking:
    """
    Liking and taking it back, whatever the response.
    """

    def like(self, person, kind, object_id):
        return person.post("likes/", content_type=kind, object_id=object_id)

    def cancel(self, person, kind, object_id):
        return person.post("likes/cancel/", content_type=kind, object_id=object_id)

    def detail(self, tweet_id, viewer=None):
        response = (viewer or self.nobody()).get(f"tweets/{tweet_id}/")
        self.assertEqual(response.status_code, 200, response.json())
        return response.json()

    def all_like(self, user_ids, thing):
        """
        Make many users like a thing in bulk, in the order given, and so without events.
        """
        content_type = ContentType.objects.get_for_model(thing)
        likes = [
            Like(id=next_id(), user_id=user_id, content_type=content_type, object_id=thing.id) for user_id in user_ids
        ]
        Like.objects.bulk_create(likes)
        type(thing).objects.filter(id=thing.id).update(
            likes_count=F("likes_count") + len(likes), revision=F("revision") + 1
        )
        self.caches_are_lost()

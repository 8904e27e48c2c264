"""
Keeps the cached counters of a tweet in step with its likes.
"""

from functools import partial

from django.contrib.contenttypes.models import ContentType
from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver

from likes.models import Like
from tweets.models import Tweet
from tweets.services import TweetService
from utils.database.transactions import after_commit


@receiver([post_save, post_delete], sender=Like)
def like_changed(instance: Like, **kwargs: object) -> None:
    if instance.content_type_id == ContentType.objects.get_for_model(Tweet).id and instance.target:
        after_commit(partial(TweetService.push_state, tweet=instance.target))

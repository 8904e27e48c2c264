"""
Keeps the cached first comments of a tweet in step with their likes.
"""

from django.contrib.contenttypes.models import ContentType
from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver

from comments import cache
from comments.models import Comment
from likes.models import Like
from utils.database.transactions import after_commit


@receiver([post_save, post_delete], sender=Like)
def like_changed(instance: Like, **kwargs: object) -> None:
    if instance.content_type_id == ContentType.objects.get_for_model(Comment).id and instance.target:
        after_commit(cache.invalidate_first_comments, instance.target.tweet_id)

"""
Keeps cached users in step with rows that are saved outside the services, such as in the admin.
"""

from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver
from django.utils import timezone

from accounts import cache
from accounts.models import AccessToken, User, UserProfile
from utils.transactions import after_commit


@receiver([post_save, post_delete], sender=User)
def user_saved(instance, **kwargs):
    after_commit(cache.invalidate_user, instance.id)


@receiver([post_save, post_delete], sender=UserProfile)
def profile_saved(instance, **kwargs):
    after_commit(cache.invalidate_user, instance.user_id)


@receiver(post_delete, sender=AccessToken)
def token_deleted(instance, **kwargs):
    # One that is over opens nothing, cached or not; they are purged by the thousand.
    if instance.expires_at > timezone.now():
        after_commit(cache.invalidate_tokens, [instance.key_hash])

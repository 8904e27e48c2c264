"""
Keeps cached users in step with rows that are saved outside the services, such as in the admin; and sessions
and devices with logins, which come from the API, the browsable pages and the admin.
"""

from django.conf import settings
from django.contrib.auth.signals import user_logged_in
from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils import timezone

from accounts import cache, devices
from accounts.models import AccessToken, User, UserProfile
from utils.database.transactions import after_commit


@receiver([post_save, post_delete], sender=User)
def user_saved(instance: User, **kwargs: object) -> None:
    after_commit(cache.invalidate_user, instance.id)


@receiver([post_save, post_delete], sender=UserProfile)
def profile_saved(instance: UserProfile, **kwargs: object) -> None:
    after_commit(cache.invalidate_user, instance.user_id)


@receiver(post_delete, sender=AccessToken)
def token_deleted(instance: AccessToken, **kwargs: object) -> None:
    # One that is over opens nothing, cached or not; they are purged by the thousand.
    if instance.expires_at > timezone.now():
        after_commit(cache.invalidate_tokens, [instance.key_hash])


@receiver(user_logged_in)
def logged_in(request: HttpRequest, user: User, **kwargs: object) -> None:
    """
    Give each login a session id of its own: for the same user with the same password Django keeps the old one.
    """
    session_key = request.session.session_key
    if session_key and session_key == request.COOKIES.get(settings.SESSION_COOKIE_NAME):
        request.session.cycle_key()
    devices.remember(request, user)

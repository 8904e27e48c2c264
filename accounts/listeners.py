"""
Invalidates cached users when rows are saved outside the services, such as in the admin. Renews the session and
records the device at every login, from the API, the browsable pages or the admin.
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
    # Expired tokens are refused even if cached, and thousands of them are purged at once.
    if instance.expires_at > timezone.now():
        after_commit(cache.invalidate_tokens, [instance.key_hash])


@receiver(user_logged_in)
def logged_in(request: HttpRequest, user: User, **kwargs: object) -> None:
    """
    Give each login a new session id. Django would keep the id if the same user logs in again.
    """
    session_key = request.session.session_key
    if session_key and session_key == request.COOKIES.get(settings.SESSION_COOKIE_NAME):
        request.session.cycle_key()
    devices.remember(request, user)

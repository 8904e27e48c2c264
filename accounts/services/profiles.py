"""
The verbs of profiles.
"""

from typing import Any

from django.db import transaction

from accounts.models import User, UserProfile, Viewer
from accounts.services.accounts import AccountService
from utils.errors import Missing
from utils.images import CleanImage
from utils.images.media import delete_files, new_key, remove_files, save_image


class ProfileGone(Missing):
    """
    There is no such profile, or it may not be seen.
    """


class ProfileService:
    """
    Everything the rest of the project may ask of profiles.
    """

    @classmethod
    def update_profile(cls, *, profile: UserProfile, **changes: Any) -> UserProfile:
        """
        Change what a user shows of themselves, and return the profile.

        :param nickname: a text, or None for none; not given, it stays.
        :param avatar: a CleanImage, or None for none; not given, it stays.
        :raises ProfileGone: the account was closed a moment ago.
        """
        if "nickname" in changes:
            changes["nickname"] = changes["nickname"] or None
        if "avatar" in changes:
            changes["avatar"] = cls._keep_avatar(changes["avatar"])
        try:
            profile, old_avatar = cls._save(profile, changes)
        except BaseException:
            # No row refers to the new file.
            delete_files([changes.get("avatar")])
            raise
        if old_avatar != profile.avatar:
            delete_files([old_avatar])
        return profile

    @classmethod
    def _keep_avatar(cls, image: CleanImage | None) -> str:
        if image is None:
            return ""
        key: str = new_key("avatars", image)
        save_image(key, image)
        return key

    @classmethod
    @transaction.atomic
    def _save(cls, profile: UserProfile, changes: dict[str, Any]) -> tuple[UserProfile, str]:
        # Locked, so that of two new avatars each replaces the one before, and none is added to an emptied profile.
        AccountService.lock_profiles(profile.user_id)
        current = UserProfile.objects.filter(id=profile.id, user__deleted_at__isnull=True).first()
        if current is None:
            raise ProfileGone
        old_avatar = current.avatar
        for name, value in changes.items():
            setattr(current, name, value)
        current.save(update_fields=["nickname", "nickname_key", "avatar", "updated_at"])
        AccountService.announce_change(current.user_id)
        return current, old_avatar

    @classmethod
    @transaction.atomic
    def empty_profile(cls, *, user_id: int) -> bool:
        """
        Remove what somebody whose account is closed has shown of themselves, the avatar's file too. Repeats safely.

        Returns whether the account is closed; otherwise nothing happens.
        """
        AccountService.lock_profiles(user_id)
        profile = UserProfile.objects.filter(user_id=user_id, user__deleted_at__isnull=False).first()
        if profile is None:
            return False
        remove_files([profile.avatar])
        profile.nickname, profile.avatar = None, ""
        profile.save(update_fields=["nickname", "nickname_key", "avatar", "updated_at"])
        return True

    @classmethod
    def get_by_avatar(cls, key: str, viewer: Viewer) -> UserProfile:
        """
        Return the profile whose avatar has this key.

        :raises ProfileGone: there is none, or `viewer` may not see whose it is.
        """
        profile = UserProfile.objects.filter(avatar=key, user__in=User.objects.visible_to(viewer)).first()
        if profile is None:
            raise ProfileGone
        return profile

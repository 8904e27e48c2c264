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
    The profile does not exist, or the viewer may not see it.
    """


class ProfileService:
    """
    Everything the rest of the project may ask of profiles.
    """

    @classmethod
    def update_profile(cls, *, profile: UserProfile, **changes: Any) -> UserProfile:
        """
        Change nickname and avatar, and return the profile.

        :param nickname: a text; None removes it; unchanged if not given.
        :param avatar: a CleanImage; None removes it; unchanged if not given.
        :raises ProfileGone: the account has been closed in the meantime.
        """
        if "nickname" in changes:
            changes["nickname"] = changes["nickname"] or None
        if "avatar" in changes:
            changes["avatar"] = cls._store_avatar(changes["avatar"])
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
    def _store_avatar(cls, image: CleanImage | None) -> str:
        if image is None:
            return ""
        key: str = new_key("avatars", image)
        save_image(key, image)
        return key

    @classmethod
    @transaction.atomic
    def _save(cls, profile: UserProfile, changes: dict[str, Any]) -> tuple[UserProfile, str]:
        # Locked, so that two uploads at once replace each other in turn, and none is added to an emptied profile.
        AccountService.lock_profiles(user_ids=[profile.user_id])
        current = UserProfile.objects.filter(id=profile.id, user__deleted_at__isnull=True).first()
        if current is None:
            raise ProfileGone
        old_avatar = current.avatar
        for name, value in changes.items():
            setattr(current, name, value)
        current.save(update_fields=["nickname", "nickname_key", "avatar", "updated_at"])
        AccountService.announce_change(user_id=current.user_id)
        return current, old_avatar

    @classmethod
    @transaction.atomic
    def empty_profile(cls, *, user_id: int) -> bool:
        """
        Remove nickname and avatar, with its file, from the profile of a closed account. Repeats safely.

        Returns whether the account is closed. If it is not, nothing changes.
        """
        AccountService.lock_profiles(user_ids=[user_id])
        profile = UserProfile.objects.filter(user_id=user_id, user__deleted_at__isnull=False).first()
        if profile is None:
            return False
        remove_files([profile.avatar])
        profile.nickname, profile.avatar = None, ""
        profile.save(update_fields=["nickname", "nickname_key", "avatar", "updated_at"])
        return True

    @classmethod
    def get_by_avatar(cls, *, key: str, viewer: Viewer) -> UserProfile:
        """
        Return the profile whose avatar has this key.

        :raises ProfileGone: there is none, or `viewer` may not see its owner.
        """
        profile = UserProfile.objects.filter(avatar=key, user__in=User.objects.visible_to(viewer)).first()
        if profile is None:
            raise ProfileGone
        return profile

"""
The verbs of profiles.
"""

from django.db import transaction

from accounts.services.accounts import AccountService
from utils.media import delete_files, new_key, save_image


class ProfileService:
    """
    Everything the rest of the project may ask of profiles.
    """

    @classmethod
    def update_profile(cls, *, profile, **changes):
        """
        Change what a user shows of themselves, and return the profile.

        :param nickname: a text, or None for none; not given, it stays.
        :param avatar: a CleanImage, or None for none; not given, it stays.
        """
        old_avatar = profile.avatar
        if "nickname" in changes:
            profile.nickname = changes["nickname"] or None
        if "avatar" in changes:
            profile.avatar = cls._keep_avatar(changes["avatar"])
        try:
            with transaction.atomic():
                profile.save(update_fields=["nickname", "avatar", "updated_at"])
                AccountService.announce_change(profile.user_id)
        except BaseException:
            # The row does not know the new file, so nothing leads to it.
            cls._drop_file(profile.avatar, unless=old_avatar)
            raise
        cls._drop_file(old_avatar, unless=profile.avatar)
        return profile

    @classmethod
    def _keep_avatar(cls, image):
        if image is None:
            return ""
        key = new_key("avatars", image)
        save_image(key, image)
        return key

    @classmethod
    def _drop_file(cls, key, *, unless):
        if key and key != unless:
            delete_files([key])

"""
Users, their profiles, and the access tokens of their mobile clients.
"""

import hashlib
import unicodedata
from typing import Any, ClassVar

from django.contrib.auth.models import AbstractUser, AnonymousUser, UserManager
from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.crypto import salted_hmac

from accounts.constants import (
    AUTH_SALT,
    MAX_EMAIL_LENGTH,
    MAX_NICKNAME_LENGTH,
    SEARCH_KEY_LENGTH,
    USERNAME_COLUMN,
    VIEW_EMAIL,
    RoleRank,
)
from utils.database.prepared import VisibleQuerySet


def fold_name(text: str) -> str:
    """
    Return a name in the form in which names are compared: case folded, full-width letters as ordinary ones.
    """
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold()).strip()


def search_key(name: str) -> str:
    """
    Return the hexadecimal UTF-8 of the first characters of a folded name.

    Every collation of every database compares such keys byte by byte, and a prefix of a name has a prefix of its key.
    """
    return fold_name(name)[:SEARCH_KEY_LENGTH].encode().hex()


class NicknameKeyField(models.CharField):
    """
    The search key of the row's nickname, computed whenever the row is written.
    """

    def pre_save(self, model_instance: models.Model, add: bool) -> str:
        key = search_key(getattr(model_instance, "nickname", None) or "")
        setattr(model_instance, self.attname, key)
        return key


class UserQuerySet(VisibleQuerySet["User"]):
    def visible_to(self, viewer: "Viewer") -> "UserQuerySet":
        """
        Return the users that `viewer` may see. This is the one place that decides it.

        Deleted accounts are hidden from everyone, suspended ones from everyone but staff.
        Future blocks, mutes and private accounts belong here too.
        """
        not_deleted = self.filter(deleted_at__isnull=True)
        return not_deleted if viewer.is_staff else not_deleted.filter(suspended_at__isnull=True)

    def starting_with(self, prefix: str, *, viewer: "Viewer") -> "UserQuerySet":
        """
        Return the users whose name begins with `prefix`, or whose mail address does, if `viewer` may see it.
        """
        found = Q(username__startswith=prefix)
        return self.filter(found | Q(email__startswith=prefix) if viewer.has_perm(VIEW_EMAIL) else found)


# The stubs cannot follow `from_queryset` of a manager that is not generic.
class AccountManager(UserManager.from_queryset(UserQuerySet)):  # type: ignore[misc]
    """
    Creates a user together with the profile, in one transaction: neither ever exists without the other.
    """

    def _create_user(self, username: str, email: str | None, password: str | None, **fields: Any) -> "User":
        with transaction.atomic():
            user: User = super()._create_user(username.lower(), (email or "").lower(), password, **fields)
            UserProfile.objects.create(user=user)
        return user

    def get_by_natural_key(self, username: str | None) -> "User":
        name = (username or "").lower()
        user: User = self.get(username=name)
        # MariaDB's collation treats "álice1" and "ａlice1" as equal to alice1, but they are other names.
        if user.username != name:
            raise self.model.DoesNotExist
        return user


class User(AbstractUser):  # type: ignore[django-manager-missing]  # of notifications, whose library has no types
    """
    A row means: this person has, or had, an account.

    `suspended_at` is set: moderators have hidden the account and its content. `deleted_at` is set: its owner has
    closed it, and the row stays as a tombstone without name and mail address.
    """

    first_name = last_name = None  # type: ignore[assignment]  # this is how Django drops inherited fields
    id = models.BigAutoField(primary_key=True)
    username = models.CharField(
        max_length=USERNAME_COLUMN, unique=True, help_text="Lower case; people may type any case."
    )
    email = models.EmailField(max_length=MAX_EMAIL_LENGTH, unique=True, help_text="Lower case.")
    email_verified_at = models.DateTimeField(null=True, blank=True)
    suspended_at = models.DateTimeField(null=True, blank=True)
    deleted_at = models.DateTimeField(null=True, blank=True)
    auth_epoch = models.PositiveIntegerField(default=0, help_text="Grows to end every session and token at once.")

    objects: ClassVar[AccountManager] = AccountManager()

    class Meta(AbstractUser.Meta):
        permissions = [("view_email", "Can see whole mail addresses")]

    # Set on instances created from the cache, which never holds a password hash.
    cached_auth_hash: str | None = None

    def __str__(self) -> str:
        return self.username

    def clean(self) -> None:
        """
        Turn name and mail address into lower case, also when they are edited in the admin.
        """
        super().clean()
        self.username = self.username.lower()
        self.email = self.email.lower()

    def get_session_auth_hash(self) -> str:
        """
        Return the hash that ties sessions and tokens to the password: a new password ends them all.
        """
        return self.cached_auth_hash or super().get_session_auth_hash()

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        # As Django's own, plus the epoch: a suspension ends sessions although the password stays the same.
        return salted_hmac(
            AUTH_SALT, f"{self.password}{self.auth_epoch}", secret=secret, algorithm="sha256"
        ).hexdigest()

    @property
    def rank(self) -> RoleRank:
        """
        Return the user's rank: staff may act only on users of a lower rank.
        """
        if self.is_superuser:
            return RoleRank.SUPERUSER
        return RoleRank.STAFF if self.is_staff else RoleRank.USER

    @property
    def masked_email(self) -> str:
        """
        Return the mail address as `a***@e***.com`: its owner recognises it, others cannot write to it.
        """
        name, _, domain = self.email.partition("@")
        return f"{name[:1]}***@{domain[:1]}***.{domain.rpartition('.')[2]}"

    @property
    def can_log_in(self) -> bool:
        return self.is_active and self.suspended_at is None and self.deleted_at is None


# The user for whom a page is made; `visible_to` of every app takes one.
Viewer = User | AnonymousUser


class UserProfile(models.Model):
    """
    A row means: a user's nickname and avatar, and how many followers, followings and tweets they have.

    The counters change in the transaction that changes what they count, and before it. They are not part of
    cached users, so a new follower does not invalidate a cached user.
    """

    user = models.OneToOneField(User, on_delete=models.CASCADE, related_name="profile")
    nickname = models.CharField(max_length=MAX_NICKNAME_LENGTH, null=True, blank=True)
    avatar = models.CharField(
        max_length=200, blank=True, db_index=True, help_text="Key of the image in the media storage."
    )
    # Two hexadecimal digits per byte, at most four bytes per character.
    nickname_key = NicknameKeyField(max_length=SEARCH_KEY_LENGTH * 8, blank=True, default="", editable=False)
    followers_count = models.PositiveBigIntegerField(default=0)
    followings_count = models.PositiveBigIntegerField(default=0)
    tweets_count = models.PositiveBigIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        indexes = [
            models.Index(fields=["nickname_key"], name="profile_by_nickname"),
            models.Index(fields=["followers_count", "user"], name="profile_by_followers"),
        ]

    def __str__(self) -> str:
        return f"profile of user {self.user_id}"


class AccessToken(models.Model):
    """
    A row means: a request with the secret of this SHA-256 is authenticated as this user, until `expires_at`.

    `auth_hash` is the user's session auth hash at login. A new password changes the user's hash and so ends the token.
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="access_tokens")
    key_hash = models.CharField(
        max_length=64, unique=True, help_text="SHA-256 of the secret, in hex; the secret is stored nowhere."
    )
    auth_hash = models.CharField(max_length=128)
    name = models.CharField(max_length=100, blank=True, help_text="What the client calls itself.")
    created_at = models.DateTimeField(default=timezone.now)
    last_used_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"token {self.id} of user {self.user_id}"

    @staticmethod
    def hash(secret: str) -> str:
        """
        Return the hash to store for a secret. A plain SHA-256 is enough, because secrets are long and random.
        """
        return hashlib.sha256(secret.encode(errors="replace")).hexdigest()

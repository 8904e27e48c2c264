"""
The verbs of accounts: sign up, change the password, close, suspend; and reading users through the cache.
"""

from collections.abc import Callable, Collection, Iterable

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from accounts import cache
from accounts.constants import DELETED_PREFIX
from accounts.events import AccountDeleted, UserChanged
from accounts.models import User, UserProfile, Viewer
from accounts.records import UserRecord
from accounts.services.roles import RoleService
from accounts.services.tokens import AccessTokenService
from outbox.services import OutboxService
from utils.caching.memcached.objects import Lookup, read_through
from utils.database.counters import add_to_counters
from utils.database.transactions import after_commit
from utils.errors import Refused, Unavailable


class UsernameTaken(Refused):
    code = "username_taken"
    message = "This username has been occupied."
    field = "username"


class EmailTaken(Refused):
    code = "email_taken"
    message = "This email address has been occupied."
    field = "email"


class WeakPassword(Refused):
    code = "weak_password"
    field = "password"


class WrongCredentials(Refused):
    """
    The name or the password is wrong; which one is not revealed.
    """

    code = "wrong_credentials"
    message = "Username and password does not match."


class AccountService:
    """
    Everything the rest of the project may ask of accounts.
    """

    @classmethod
    def create_account(cls, *, username: str, email: str, password: str) -> User:
        """
        Create a user with a profile.

        :raises UsernameTaken, EmailTaken: another user has it; case does not matter.
        :raises WeakPassword: it is a common password, or the user's own name or mail address.
        """
        username, email = username.lower(), email.lower()
        cls.check_password_strength(password=password, user=User(username=username, email=email))
        cls._check_free(username, email)
        try:
            user: User = User.objects.create_user(username, email, password)
            return user
        except IntegrityError:
            # Another request took the name in the meantime: raise the same error as for any taken name.
            cls._check_free(username, email)
            raise

    @classmethod
    def _check_free(cls, username: str, email: str) -> None:
        if User.objects.filter(username=username).exists():
            raise UsernameTaken
        if User.objects.filter(email=email).exists():
            raise EmailTaken

    @classmethod
    def check_password_strength(cls, *, password: str, user: User, field: str = "password") -> None:
        """
        Refuse a password that attackers try first. `user` need not be saved yet.

        :raises WeakPassword: it is a common password, or the user's own name or mail address.
        """
        try:
            validate_password(password, user)
        except ValidationError as error:
            raise WeakPassword(" ".join(error.messages), field=field) from error

    @classmethod
    def change_password(cls, *, user: User, old_password: str, new_password: str) -> User:
        """
        Set a new password and end every session and token, including the ones of this request.

        :raises WrongCredentials: `old_password` is wrong.
        :raises WeakPassword: the new one is a common password, or the user's own name or mail address.
        """
        user = User.objects.get(id=user.id)
        if not user.check_password(old_password):
            raise WrongCredentials("The old password is wrong.", field="old_password")
        cls.check_password_strength(password=new_password, user=user, field="new_password")
        with transaction.atomic():
            user.set_password(new_password)
            user.save(update_fields=["password"])
            AccessTokenService.revoke_all(user=user)
            cls.announce_change(user_id=user.id)
        return user

    @classmethod
    def delete_account(cls, *, user: User, password: str) -> None:
        """
        Close an account: it disappears for everyone at once, and its name and mail address become free.

        Its content disappears with it and is purged by the handlers of `account_deleted`.

        :raises WrongCredentials: the password is wrong.
        :raises LastSuperuser: no superuser would be left.
        """
        user = User.objects.get(id=user.id)
        if not user.check_password(password):
            raise WrongCredentials("The password is wrong.", field="password")
        with transaction.atomic():
            RoleService.check_superuser_remains(user=user)
            user.username = f"{DELETED_PREFIX}{user.id}"
            user.email = f"{DELETED_PREFIX}{user.id}@invalid"
            user.deleted_at = timezone.now()
            user.is_active = False
            user.set_unusable_password()
            user.save()
            AccessTokenService.revoke_all(user=user)
            OutboxService.record(event=AccountDeleted(user_id=user.id))
            cls.announce_change(user_id=user.id)

    @classmethod
    def suspend(cls, *, user: User) -> bool:
        """
        Hide a user and their content from everyone but staff, and end their sessions and tokens.

        Returns whether the user was not suspended before. Repeats safely.

        :raises LastSuperuser: no superuser would be left.
        """
        with transaction.atomic():
            RoleService.check_superuser_remains(user=user)
            changed = User.objects.filter(id=user.id, suspended_at__isnull=True).update(
                suspended_at=timezone.now(), auth_epoch=F("auth_epoch") + 1
            )
            AccessTokenService.revoke_all(user=user)
            cls.announce_change(user_id=user.id)
        return bool(changed)

    @classmethod
    def restore(cls, *, user: User) -> bool:
        """
        Show a suspended user and their content again; ended sessions and tokens stay ended.

        Returns whether the user was suspended. Repeats safely.
        """
        with transaction.atomic():
            changed = User.objects.filter(id=user.id, suspended_at__isnull=False).update(suspended_at=None)
            cls.announce_change(user_id=user.id)
        return bool(changed)

    @classmethod
    def is_closed(cls, *, user_id: int) -> bool:
        """
        Say whether this account is closed, from the database. Purges check it before they delete anything.
        """
        return bool(User.objects.filter(id=user_id, deleted_at__isnull=False).exists())

    @classmethod
    def announce_change(cls, *, user_id: int) -> None:
        """
        Invalidate cached copies of a user: right after the commit as a best effort, and again by an event.
        """
        OutboxService.record(event=UserChanged(user_id=user_id))
        after_commit(cache.invalidate_user, user_id)

    @classmethod
    def invalidate_users(cls, *, user_ids: Collection[int]) -> None:
        """
        Invalidate cached copies of users. Two round trips in all.

        :raises Unavailable: a cache did not confirm it.
        """
        if not cache.invalidate_user(*user_ids):
            raise Unavailable("Memcached did not confirm")

    @classmethod
    def user_lookup(cls, *, user_ids: Iterable[int]) -> Lookup:
        """
        Return a lookup of user records, to be read in one round trip with other lookups.
        """
        return cache.user_lookup(user_ids)

    @classmethod
    def load_users(cls, *, user_ids: Iterable[int]) -> dict[int, UserRecord]:
        """
        Return {id: user record} of the users that exist, through the cache: one round trip if all are cached.
        """
        lookup = cache.user_lookup(set(user_ids))
        read_through(lookup)
        return lookup.found

    @classmethod
    def visibility_to(cls, *, viewer: Viewer) -> Callable[[UserRecord | None], bool]:
        """
        Return a function that decides for a user record, or None, what `UserQuerySet.visible_to` decides for rows.

        Call this once a page: reading the viewer's attributes for every row costs more than the check itself.
        """
        if viewer.is_staff:
            return lambda record: record is not None and not record["deleted"]
        return lambda record: record is not None and not record["deleted"] and not record["suspended"]

    @classmethod
    def load_visible_users(cls, *, user_ids: Iterable[int], viewer: Viewer) -> dict[int, UserRecord]:
        """
        Return {id: user record} of the users that `viewer` may see.
        """
        is_visible, users = cls.visibility_to(viewer=viewer), cls.load_users(user_ids=user_ids)
        return {user_id: record for user_id, record in users.items() if is_visible(record)}

    @classmethod
    def change_counts(cls, *, deltas: dict[int, dict[str, int]]) -> None:
        """
        Add to the counters of profiles: {user_id: {"followers_count": +1, …}}. One query.

        Rows are locked in the order of their ids, so two transactions cannot deadlock. Call it first in the
        transaction that changes what is counted.
        """
        add_to_counters(UserProfile, key="user_id", deltas=deltas)

    @classmethod
    def get_followers_counts(cls, *, user_ids: Collection[int]) -> dict[int, int]:
        """
        Return {user id: number of followers} from the counters; one query.
        """
        return dict(UserProfile.objects.filter(user_id__in=user_ids).values_list("user_id", "followers_count"))

    @classmethod
    def lock_profiles(cls, *, user_ids: Iterable[int]) -> list[int]:
        """
        Lock the profiles of these users until commit, in the order of their ids; one query. Return the ids found.
        """
        locked = UserProfile.objects.select_for_update().filter(user_id__in=user_ids).order_by("user_id")
        return list(locked.values_list("user_id", flat=True))

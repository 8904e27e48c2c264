"""
The verbs of accounts: signing up, proving who one is, leaving, being hidden.
"""

from collections.abc import Callable, Collection, Iterable

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Case, F, When
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
from utils.database.transactions import after_commit
from utils.errors import Refused


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

        :raises UsernameTaken, EmailTaken: somebody has it, in whatever case.
        :raises WeakPassword: it is among the well-known ones, or is the user's own name or mail.
        """
        username, email = username.lower(), email.lower()
        cls.check_password_strength(password, user=User(username=username, email=email))
        cls._check_free(username, email)
        try:
            user: User = User.objects.create_user(username, email, password)
            return user
        except IntegrityError:
            # Somebody else was a moment faster: the same error as for a name that has long been taken.
            cls._check_free(username, email)
            raise

    @classmethod
    def _check_free(cls, username: str, email: str) -> None:
        if User.objects.filter(username=username).exists():
            raise UsernameTaken
        if User.objects.filter(email=email).exists():
            raise EmailTaken

    @classmethod
    def check_password_strength(cls, password: str, *, user: User, field: str = "password") -> None:
        """
        Refuse a password that attackers try first. `user` need not be saved yet.

        :raises WeakPassword: it is among the well-known ones, or is the user's own name or mail.
        """
        try:
            validate_password(password, user)
        except ValidationError as error:
            raise WeakPassword(" ".join(error.messages), field=field) from error

    @classmethod
    def change_password(cls, *, user: User, old_password: str, new_password: str) -> User:
        """
        Give the user a new password and end every session and token, the present ones too.

        :raises WrongCredentials: `old_password` is not the present one.
        :raises WeakPassword: the new one is among the well-known ones, or is the user's own name or mail.
        """
        user = User.objects.get(id=user.id)
        if not user.check_password(old_password):
            raise WrongCredentials("The old password is wrong.", field="old_password")
        cls.check_password_strength(new_password, user=user, field="new_password")
        with transaction.atomic():
            user.set_password(new_password)
            user.save(update_fields=["password"])
            AccessTokenService.revoke_all(user)
            cls.announce_change(user.id)
        return user

    @classmethod
    def delete_account(cls, *, user: User, password: str) -> None:
        """
        Close an account: it is gone for everyone at once, its name and mail are free again.

        What it wrote leaves every page with it and is purged by the tasks of `account_deleted`.

        :raises WrongCredentials: the password is wrong.
        :raises LastSuperuser: nobody would be left to make another one.
        """
        user = User.objects.get(id=user.id)
        if not user.check_password(password):
            raise WrongCredentials("The password is wrong.", field="password")
        with transaction.atomic():
            RoleService.check_superuser_remains(user)
            user.username = f"{DELETED_PREFIX}{user.id}"
            user.email = f"{DELETED_PREFIX}{user.id}@invalid"
            user.deleted_at = timezone.now()
            user.is_active = False
            user.set_unusable_password()
            user.save()
            AccessTokenService.revoke_all(user)
            OutboxService.record(event=AccountDeleted(user_id=user.id))
            cls.announce_change(user.id)

    @classmethod
    def suspend(cls, *, user: User) -> bool:
        """
        Hide a user and all they wrote from everyone but staff; ends sessions and tokens, for good.

        Returns whether that is new. Repeats safely.

        :raises LastSuperuser: nobody would be left to make another one.
        """
        with transaction.atomic():
            RoleService.check_superuser_remains(user)
            changed = User.objects.filter(id=user.id, suspended_at__isnull=True).update(
                suspended_at=timezone.now(), auth_epoch=F("auth_epoch") + 1
            )
            AccessTokenService.revoke_all(user)
            cls.announce_change(user.id)
        return bool(changed)

    @classmethod
    def restore(cls, *, user: User) -> bool:
        """
        Undo `suspend`: everything is back where it was. Returns whether that is new. Repeats safely.
        """
        with transaction.atomic():
            changed = User.objects.filter(id=user.id, suspended_at__isnull=False).update(suspended_at=None)
            cls.announce_change(user.id)
        return bool(changed)

    @classmethod
    def is_closed(cls, user_id: int) -> bool:
        """
        Say whether this account is closed, from the database: what purges ask before they delete anything.
        """
        return bool(User.objects.filter(id=user_id, deleted_at__isnull=False).exists())

    @classmethod
    def announce_change(cls, user_id: int) -> None:
        """
        Make cached copies of a user stale, at once as a best effort and again by an event.
        """
        OutboxService.record(event=UserChanged(user_id=user_id))
        after_commit(cache.invalidate_user, user_id)

    @classmethod
    def user_lookup(cls, user_ids: Iterable[int]) -> Lookup:
        """
        Return a lookup of user records, for reading them in one round trip with other things.
        """
        return cache.user_lookup(user_ids)

    @classmethod
    def load_users(cls, user_ids: Iterable[int]) -> dict[int, UserRecord]:
        """
        Return {id: user record} of those who exist, through the cache: one round trip when warm.
        """
        lookup = cache.user_lookup(set(user_ids))
        read_through(lookup)
        return lookup.found

    @classmethod
    def visibility_to(cls, viewer: Viewer) -> Callable[[UserRecord | None], bool]:
        """
        Return a function that says of a user record, or of None, what `UserQuerySet.visible_to` says of rows.

        Asked once a page: looking at the viewer for every row costs more than the row.
        """
        if viewer.is_staff:
            return lambda record: record is not None and not record["deleted"]
        return lambda record: record is not None and not record["deleted"] and not record["suspended"]

    @classmethod
    def load_visible_users(cls, user_ids: Iterable[int], viewer: Viewer) -> dict[int, UserRecord]:
        """
        Return {id: user record} of those whom `viewer` may see.
        """
        is_visible = cls.visibility_to(viewer)
        return {user_id: record for user_id, record in cls.load_users(user_ids).items() if is_visible(record)}

    @classmethod
    def change_counts(cls, deltas: dict[int, dict[str, int]]) -> None:
        """
        Add to the counters of profiles: {user_id: {"followers_count": +1, …}}. One query.

        Rows are locked in the order of their ids, so two transactions cannot wait for each other;
        call it first in the transaction of what is counted.
        """
        names = {name for changes in deltas.values() for name in changes}
        changes = {name: F(name) + cls._delta(name, deltas) for name in names}
        UserProfile.objects.filter(user_id__in=deltas).order_by("user_id").update(**changes)

    @classmethod
    def _delta(cls, name: str, deltas: dict[int, dict[str, int]]) -> int | Case:
        if len(deltas) == 1:
            [changes] = deltas.values()
            return changes[name]
        return Case(*[When(user_id=user_id, then=changes.get(name, 0)) for user_id, changes in deltas.items()])

    @classmethod
    def get_followers_counts(cls, user_ids: Collection[int]) -> dict[int, int]:
        """
        Return {user id: number of followers} from the counters; one query.
        """
        return dict(UserProfile.objects.filter(user_id__in=user_ids).values_list("user_id", "followers_count"))

    @classmethod
    def lock_profiles(cls, *user_ids: int) -> list[int]:
        """
        Hold the profiles of these users until commit, in the order of their ids; one query.
        """
        locked = UserProfile.objects.select_for_update().filter(user_id__in=user_ids).order_by("user_id")
        return list(locked.values_list("user_id", flat=True))

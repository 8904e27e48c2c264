"""
The verbs of roles: who is staff, who outranks whom, and that somebody always does.
"""

from django.db import transaction

from accounts.models import User
from utils.errors import Forbidden


class RankTooLow(Forbidden):
    code = "rank_too_low"
    message = "They stand as high as you, or higher."


class LastSuperuser(Forbidden):
    code = "last_superuser"
    message = "This is the last superuser: make somebody else one first."


class RoleService:
    """
    Everything the rest of the project may ask of ranks.

    A superuser stands above staff, and staff, moderators among them, above everybody else.
    """

    @classmethod
    def check_outranks(cls, *, actor: User, user: User) -> None:
        """
        Refuse what somebody does to an account of their own rank or above, their own account among them.

        :raises RankTooLow: `actor` does not stand above `user`.
        """
        if actor.rank <= user.rank:
            raise RankTooLow

    @classmethod
    def check_superuser_remains(cls, user: User) -> None:
        """
        Refuse to take the last superuser away; one query, three of a superuser.

        Call it in the transaction of what takes them away: of two superusers who leave at one
        moment the second waits here and stays.

        :raises LastSuperuser: nobody else could enter the admin as a superuser.
        """
        leaving = User.objects.filter(id=user.id, is_superuser=True).first()
        if leaving is None:
            return
        superusers = list(User.objects.filter(is_superuser=True).values_list("id", flat=True))
        # By their ids: a search of the whole table must not lock it.
        locked = User.objects.select_for_update().filter(id__in=superusers).order_by("id")
        others = [other for other in locked if other.id != user.id and other.is_superuser and other.can_log_in]
        # Who may not enter the admin is no replacement for who may.
        if not any(other.is_staff >= leaving.is_staff for other in others):
            raise LastSuperuser

    @classmethod
    def may_change_roles(cls, *, actor: User, user: User) -> bool:
        """
        Say whether `actor` may say if `user` is staff: superusers may, of who stands lower and of themselves.
        """
        return actor.is_superuser and (actor.id == user.id or actor.rank > user.rank)

    @classmethod
    def check_roles(cls, *, actor: User, user: User, is_staff: bool) -> None:
        """
        Refuse what `set_staff` would refuse; call it in a transaction.

        :raises RankTooLow, LastSuperuser: as there.
        """
        if not cls.may_change_roles(actor=actor, user=user):
            raise RankTooLow
        if user.is_staff and not is_staff:
            cls.check_superuser_remains(user)

    @classmethod
    @transaction.atomic
    def set_staff(cls, *, actor: User, user: User, is_staff: bool) -> None:
        """
        Let somebody enter the admin, or no longer. Repeats safely.

        :raises RankTooLow: `actor` is no superuser, or `user` is another one.
        :raises LastSuperuser: the last superuser would stand outside.
        """
        user = User.objects.get(id=user.id)
        cls.check_roles(actor=actor, user=user, is_staff=is_staff)
        user.is_staff = is_staff
        user.save(update_fields=["is_staff"])

"""
The verbs of roles: who is staff, who outranks whom, and that a superuser always remains.
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

    Superusers rank above staff (moderators are staff), and staff above all other users.
    """

    @classmethod
    def check_outranks(cls, *, actor: User, user: User) -> None:
        """
        Refuse an action on an account of the actor's own rank or above, including the actor's own account.

        :raises RankTooLow: `actor` does not rank above `user`.
        """
        if actor.rank <= user.rank:
            raise RankTooLow

    @classmethod
    def check_superuser_remains(cls, *, user: User) -> None:
        """
        Refuse to remove the last superuser; one query, three if `user` is a superuser.

        Call it in the transaction that removes the user: when two superusers leave at the same time, the
        second waits here and is refused.

        :raises LastSuperuser: no other superuser could log in to the admin.
        """
        leaving = User.objects.filter(id=user.id, is_superuser=True).first()
        if leaving is None:
            return
        superusers = list(User.objects.filter(is_superuser=True).values_list("id", flat=True))
        # Locked by primary key, because a scan would lock the whole table.
        locked = User.objects.select_for_update().filter(id__in=superusers).order_by("id")
        others = [other for other in locked if other.id != user.id and other.is_superuser and other.can_log_in]
        # A superuser who is not staff cannot log in to the admin, so they cannot replace one who can.
        if not any(other.is_staff >= leaving.is_staff for other in others):
            raise LastSuperuser

    @classmethod
    def may_change_roles(cls, *, actor: User, user: User) -> bool:
        """
        Say whether `actor` may change if `user` is staff: superusers may, for lower ranks and for themselves.
        """
        return actor.is_superuser and (actor.id == user.id or actor.rank > user.rank)

    @classmethod
    def check_roles(cls, *, actor: User, user: User, is_staff: bool) -> None:
        """
        Refuse what `set_staff` would refuse; call it in a transaction.

        :raises RankTooLow, LastSuperuser: as `set_staff` does.
        """
        if not cls.may_change_roles(actor=actor, user=user):
            raise RankTooLow
        if user.is_staff and not is_staff:
            cls.check_superuser_remains(user=user)

    @classmethod
    @transaction.atomic
    def set_staff(cls, *, actor: User, user: User, is_staff: bool) -> None:
        """
        Grant or withdraw access to the admin. Repeats safely.

        :raises RankTooLow: `actor` is not a superuser, or `user` is another one.
        :raises LastSuperuser: the last superuser would lose access.
        """
        user = User.objects.get(id=user.id)
        cls.check_roles(actor=actor, user=user, is_staff=is_staff)
        user.is_staff = is_staff
        user.save(update_fields=["is_staff"])

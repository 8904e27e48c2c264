"""
The admin screens of users, profiles and groups.
"""

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin
from django.contrib.auth.models import Group
from django.db.models import Q, QuerySet
from django.forms import ModelForm
from django.http import HttpRequest

from accounts.constants import VIEW_EMAIL
from accounts.models import User, UserProfile
from accounts.services import RoleService
from moderation.services import ModerationService
from utils.errors import ServiceError
from utils.pages.admin import LargeTableAdmin, ModeratedAdmin, StrictLookupsAdmin, exact_id


class UserSearch:
    """
    Mixin: search users by an exact id or by a prefix of their name, each along an index.

    Moderators who may see mail addresses search by a prefix of these too; for others a search would reveal them.
    """

    search_fields = ("username",)
    user_path = ""

    # `Any`: rows of users or of profiles.
    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        term = search_term.strip().lower()
        if not term:
            return queryset, False
        prefix = f"{self.user_path}__" if self.user_path else ""
        found = Q(**{f"{prefix}username__startswith": term})
        if request.user.has_perm(VIEW_EMAIL):
            found |= Q(**{f"{prefix}email__startswith": term})
        if (row_id := exact_id(term)) is not None:
            found |= Q(**{f"{prefix}id": row_id})
        return queryset.filter(found), False


class StateFilter(admin.SimpleListFilter):
    """
    Filters users by their state: active, suspended, deleted or staff.
    """

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[tuple[str, str]]:
        return [("active", "Active"), ("suspended", "Suspended"), ("deleted", "Deleted"), ("staff", "Staff")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> QuerySet[User]:
        conditions = {
            "active": Q(suspended_at__isnull=True, deleted_at__isnull=True),
            "suspended": Q(suspended_at__isnull=False),
            "deleted": Q(deleted_at__isnull=False),
            "staff": Q(is_staff=True),
        }
        condition = conditions.get(self.value() or "")
        return queryset if condition is None else queryset.filter(condition)


class UserForm(ModelForm):
    """
    Changes who is staff and in which groups. A refusal of the service is shown beside the input.

    `actor` is the user of the request; `UserAdmin.get_form` sets it.
    """

    actor: User

    def clean(self) -> dict[str, Any]:
        roles = super().clean() or {}
        # Absent if the form is read-only.
        if "is_staff" in roles:
            try:
                RoleService.check_roles(user=self.instance, actor=self.actor, is_staff=roles["is_staff"])
            except ServiceError as error:
                self.add_error("is_staff", error.message)
        return roles


@admin.register(User)
class UserAdmin(UserSearch, ModeratedAdmin):  # type: ignore[misc]  # of `search_fields` in the mixin
    """
    Users: suspend and restore them.
    """

    target = "user"
    form = UserForm
    list_display = ("username", "masked_email", "state", "tweets", "followers", "date_joined")
    list_filter = (StateFilter,)
    list_select_related = ("profile",)
    fields = (
        "username",
        "masked_email",
        "date_joined",
        "last_login",
        "suspended_at",
        "deleted_at",
        "is_staff",
        "groups",
    )
    autocomplete_fields = ("groups",)
    actions = ("suspend", "restore")

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """
        Only superusers edit accounts, to make users staff or moderators.
        """
        actor = request.user
        if not isinstance(actor, User) or not actor.is_superuser:
            return False
        return obj is None or RoleService.may_change_roles(user=obj, actor=actor)

    # `Any` in both: the superclass allows callables and groups of fields, too.
    def get_list_display(self, request: HttpRequest) -> list[Any]:
        return self._with_email(request, self.list_display)

    def get_fields(self, request: HttpRequest, obj: User | None = None) -> list[Any]:
        return self._with_email(request, self.fields)

    def _with_email(self, request: HttpRequest, names: tuple[str, ...]) -> list[str]:
        # `email` is a sortable column, and its order would reveal what the mask hides.
        shown = "email" if request.user.has_perm(VIEW_EMAIL) else "masked_email"
        return [shown if name == "masked_email" else name for name in names]

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> list[str]:
        return [name for name in self.get_fields(request, obj) if name not in ("is_staff", "groups")]

    def get_form(
        self, request: HttpRequest, obj: User | None = None, change: bool = False, **kwargs: Any
    ) -> type[ModelForm]:
        form = super().get_form(request, obj, change, **kwargs)
        # Django derives a new class from `UserForm` for each request, and the stubs forget which one.
        form.actor = request.user  # type: ignore[attr-defined]
        return form

    def save_model(self, request: HttpRequest, obj: User, form: UserForm, change: bool) -> None:
        RoleService.set_staff(user=obj, actor=form.actor, is_staff=form.cleaned_data["is_staff"])

    @admin.display(description="Email")
    def masked_email(self, user: User) -> str:
        return user.masked_email

    @admin.display(description="State")
    def state(self, user: User) -> str:
        if user.deleted_at:
            return "deleted"
        return "suspended" if user.suspended_at else "active"

    @admin.display(description="Tweets")
    def tweets(self, user: User) -> int:
        return user.profile.tweets_count

    @admin.display(description="Followers")
    def followers(self, user: User) -> int:
        return user.profile.followers_count

    @admin.action(description="Suspend, with the reason on the right", permissions=["moderate"])
    def suspend(self, request: HttpRequest, users: QuerySet[User]) -> None:
        self.apply(request, users, ModerationService.suspend, "suspended")

    @admin.action(description="Restore", permissions=["moderate"])
    def restore(self, request: HttpRequest, users: QuerySet[User]) -> None:
        self.apply(request, users, ModerationService.restore, "restored")


@admin.register(UserProfile)
class UserProfileAdmin(UserSearch, LargeTableAdmin):  # type: ignore[misc]  # of `search_fields` in the mixin
    """
    Profiles, read-only.
    """

    user_path = "user"
    list_display = ("user", "nickname", "tweets_count", "followers_count", "followings_count")
    list_select_related = ("user",)


admin.site.unregister(Group)


@admin.register(Group)
class StrictGroupAdmin(StrictLookupsAdmin, GroupAdmin):
    """
    Groups, as Django's own screen shows them, for superusers.
    """

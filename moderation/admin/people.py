"""
Moderators' screens of people.
"""

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin
from django.contrib.auth.models import Group
from django.db.models import Q
from django.forms import ModelForm
from django.http import HttpRequest

from accounts.constants import VIEW_EMAIL
from accounts.models import User, UserProfile
from accounts.services import RoleService
from moderation.services import ModerationService
from utils.errors import ServiceError
from utils.pages.admin import LargeTableAdmin, ModeratedAdmin, StrictLookupsAdmin


class UserSearch:
    """
    Mixin: find people by an exact id, or by how their name begins; each uses an index.

    By how their mail begins too, for those who may see mail addresses: a search tells what it searches.
    """

    search_fields = ("username",)
    user_path = ""

    def get_search_results(self, request, queryset, search_term):
        term = search_term.strip().lower()
        if not term:
            return queryset, False
        prefix = f"{self.user_path}__" if self.user_path else ""
        found = Q(**{f"{prefix}username__startswith": term})
        if request.user.has_perm(VIEW_EMAIL):
            found |= Q(**{f"{prefix}email__startswith": term})
        if term.isascii() and term.isdigit() and len(term) < 19:
            found |= Q(**{f"{prefix}id": int(term)})
        return queryset.filter(found), False


class StateFilter(admin.SimpleListFilter):
    """
    Whether somebody is there, suspended, or gone.
    """

    title = "state"
    parameter_name = "state"

    def lookups(self, request, model_admin):
        return [("active", "Active"), ("suspended", "Suspended"), ("deleted", "Deleted"), ("staff", "Staff")]

    def queryset(self, request, queryset):
        conditions = {
            "active": Q(suspended_at__isnull=True, deleted_at__isnull=True),
            "suspended": Q(suspended_at__isnull=False),
            "deleted": Q(deleted_at__isnull=False),
            "staff": Q(is_staff=True),
        }
        return queryset.filter(conditions[self.value()]) if self.value() in conditions else queryset


class UserForm(ModelForm):
    """
    Who is staff and in which groups; a refusal of the service stands beside it.
    """

    def clean(self) -> dict[str, Any]:
        roles = super().clean()
        # Absent where the form is only looked at.
        if "is_staff" in roles:
            try:
                RoleService.check_roles(user=self.instance, actor=self.actor, is_staff=roles["is_staff"])
            except ServiceError as error:
                self.add_error("is_staff", error.message)
        return roles


@admin.register(User)
class UserAdmin(UserSearch, ModeratedAdmin):
    """
    People: suspend and restore.
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
        Only superusers edit accounts: that is how somebody becomes staff or a moderator.
        """
        if not request.user.is_superuser:
            return False
        return obj is None or RoleService.may_change_roles(user=obj, actor=request.user)

    def get_list_display(self, request: HttpRequest) -> list[str]:
        return self._with_email(request, self.list_display)

    def get_fields(self, request: HttpRequest, obj: User | None = None) -> list[str]:
        return self._with_email(request, self.fields)

    def _with_email(self, request: HttpRequest, names: tuple[str, ...]) -> list[str]:
        # A column of the table can be sorted by, and its order would tell what the mask hides.
        shown = "email" if request.user.has_perm(VIEW_EMAIL) else "masked_email"
        return [shown if name == "masked_email" else name for name in names]

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> list[str]:
        return [name for name in self.get_fields(request, obj) if name not in ("is_staff", "groups")]

    def get_form(self, request: HttpRequest, obj: User | None = None, **kwargs: Any) -> type[ModelForm]:
        form = super().get_form(request, obj, **kwargs)
        form.actor = request.user
        return form

    def save_model(self, request: HttpRequest, obj: User, form: ModelForm, change: bool) -> None:
        RoleService.set_staff(user=obj, actor=request.user, is_staff=form.cleaned_data["is_staff"])

    @admin.display(description="Email")
    def masked_email(self, user: User) -> str:
        return user.masked_email

    @admin.display(description="State")
    def state(self, user):
        if user.deleted_at:
            return "deleted"
        return "suspended" if user.suspended_at else "active"

    @admin.display(description="Tweets")
    def tweets(self, user):
        return user.profile.tweets_count

    @admin.display(description="Followers")
    def followers(self, user):
        return user.profile.followers_count

    @admin.action(description="Suspend, with the reason on the right", permissions=["moderate"])
    def suspend(self, request, users):
        self.apply(request, users, ModerationService.suspend, "suspended")

    @admin.action(description="Restore", permissions=["moderate"])
    def restore(self, request, users):
        self.apply(request, users, ModerationService.restore, "restored")


@admin.register(UserProfile)
class UserProfileAdmin(UserSearch, LargeTableAdmin):
    """
    Profiles, to look at.
    """

    user_path = "user"
    list_display = ("user", "nickname", "tweets_count", "followers_count", "followings_count")
    list_select_related = ("user",)


admin.site.unregister(Group)


@admin.register(Group)
class StrictGroupAdmin(StrictLookupsAdmin, GroupAdmin):
    """
    Groups as Django shows them, to superusers.
    """

"""
Moderators' screens of people.
"""

from django.contrib import admin
from django.db.models import Q

from accounts.models import User, UserProfile
from moderation.services import ModerationService
from utils.admin import LargeTableAdmin, ModeratedAdmin


class UserSearch:
    """
    Mixin: find people by an exact id, or by how their name or mail begins; each uses an index.
    """

    search_fields = ("username",)
    user_path = ""

    def get_search_results(self, request, queryset, search_term):
        term = search_term.strip().lower()
        if not term:
            return queryset, False
        prefix = f"{self.user_path}__" if self.user_path else ""
        found = Q(**{f"{prefix}username__startswith": term}) | Q(**{f"{prefix}email__startswith": term})
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


@admin.register(User)
class UserAdmin(UserSearch, ModeratedAdmin):
    """
    People: suspend and restore.
    """

    list_display = ("username", "email", "state", "tweets", "followers", "date_joined")
    list_filter = (StateFilter,)
    list_select_related = ("profile",)
    fields = ("username", "email", "date_joined", "last_login", "suspended_at", "deleted_at", "is_staff", "groups")
    autocomplete_fields = ("groups",)
    actions = ("suspend", "restore")

    def has_change_permission(self, request, obj=None):
        """
        Only superusers edit accounts: that is how somebody becomes staff or a moderator.
        """
        return request.user.is_superuser

    def get_readonly_fields(self, request, obj=None):
        return [name for name in self.fields if name not in ("is_staff", "groups")]

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
        def verb(user, reason):
            ModerationService.suspend(user=user, moderator=request.user, reason=reason)

        self.apply(request, users, verb, "suspended")

    @admin.action(description="Restore", permissions=["moderate"])
    def restore(self, request, users):
        def verb(user, reason):
            ModerationService.restore(user=user, moderator=request.user, reason=reason)

        self.apply(request, users, verb, "restored")


@admin.register(UserProfile)
class UserProfileAdmin(UserSearch, LargeTableAdmin):
    """
    Profiles, to look at.
    """

    user_path = "user"
    list_display = ("user", "nickname", "tweets_count", "followers_count", "followings_count")
    list_select_related = ("user",)

"""
Admin screens that stay fast on a million rows, and actions that want a reason.
"""

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin import helpers
from django.core.files.storage import default_storage
from django.core.paginator import Paginator
from django.db.models import Model
from django.http import HttpRequest
from django.utils.functional import cached_property
from django.utils.html import format_html, format_html_join

from utils.errors import ServiceError

MOST_COUNTED = 10_000


def small_picture(photo):
    """
    Return the small picture of a photo, which leads to the large one.

    :param photo: whatever has a `key`, a `thumbnail_key`, perhaps empty, and a `description`.
    """
    return format_html(
        '<a href="{}"><img class="photo-thumbnail" src="{}" alt="{}"></a>',
        default_storage.url(photo.key),
        default_storage.url(photo.thumbnail_key or photo.key),
        photo.description,
    )


def small_pictures(photos):
    """
    Return the small pictures of several photos, side by side; nothing of none.
    """
    pictures = format_html_join("", "{}", ((small_picture(photo),) for photo in photos))
    return format_html('<div class="photo-row">{}</div>', pictures) if photos else ""


class CappedPaginator(Paginator):
    """
    Counts no further than ten thousand rows: COUNT(*) over a big table takes seconds, and nobody pages that far.
    """

    @cached_property
    def count(self):
        return self.object_list.order_by()[:MOST_COUNTED].count()


class StrictLookupsAdmin(admin.ModelAdmin):
    """
    Filters in the address by what the screen offers and by nothing else; any other lookup is a 400.

    Django lets everybody who sees a list filter it by any column of the table, one nobody is shown
    among them: whether a row remains tells a password's hash letter by letter.

    `allowed_lookups`   lookups that no filter of the screen stands for but links to it use.
    """

    allowed_lookups: tuple[str, ...] = ()

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """
        Say whether `lookup` may stand in the address.
        """
        allowed = set(self.allowed_lookups)
        for list_filter in self.list_filter:
            if isinstance(list_filter, str):
                allowed |= {list_filter, f"{list_filter}__exact", f"{list_filter}__isnull"}
            else:
                allowed.add(list_filter.parameter_name)
        return lookup in allowed


class ReadOnlyInline(admin.TabularInline):
    """
    Rows that belong to the one above and are only shown.
    """

    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class LargeTableAdmin(StrictLookupsAdmin):
    """
    Newest first, by the primary key; no count of everything; nothing is edited, added or deleted by hand.

    What moderators change, they change by actions, which call services: rows alone would leave
    caches, feeds and counters behind.
    """

    paginator = CappedPaginator
    show_full_result_count = False
    # A count beside each choice of a filter is a count of the whole table.
    show_facets = admin.ShowFacets.NEVER
    list_per_page = 50
    ordering = ("-id",)

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return False

    def has_delete_permission(self, request, obj=None):
        return False


class ReasonForm(helpers.ActionForm):
    """
    The bar of actions, with a reason for the audit trail.
    """

    reason = forms.CharField(
        required=False, max_length=500, widget=forms.TextInput(attrs={"placeholder": "Reason", "size": 40})
    )


class ModeratedAdmin(LargeTableAdmin):
    """
    A screen whose actions are for moderators and go to the audit trail.

    `target`   the keyword under which a service takes a row of this screen.
    """

    action_form = ReasonForm
    target = ""

    def has_moderate_permission(self, request):
        """
        Say whether the user is a moderator; named so that `@admin.action(permissions=["moderate"])` finds it.
        """
        return request.user.has_perm(settings.MODERATE_PERMISSION)

    def apply(self, request, rows, verb, done):
        """
        Call a service's `verb` for each row, and show the moderator how many succeeded and what was refused.
        """
        reason, count = request.POST.get("reason", "").strip(), 0
        for row in rows:
            try:
                verb(**{self.target: row}, moderator=request.user, reason=reason)
                count += 1
            except ServiceError as error:
                self.message_user(request, f"{row}: {error.message}", messages.ERROR)
        if count:
            self.message_user(request, f"{count} {done}.", messages.SUCCESS)


class NewestTextSearch:
    """
    Mixin: search text within the newest hundred thousand rows, and a number as an exact id.

    No portable index searches inside text; the newest rows are what moderators look for.

    `text_field`   the column to search in.
    """

    text_field = "content"
    newest = 100_000
    # Makes the admin show its search box; the search itself is below.
    search_fields = ("id",)

    def get_search_results(self, request, queryset, search_term):
        term = search_term.strip()
        if not term:
            return queryset, False
        if term.isascii() and term.isdigit() and len(term) < 19:
            return queryset.filter(id=int(term)), False
        oldest = self.model.objects.order_by("-id").values_list("id", flat=True)[self.newest - 1 : self.newest].first()
        if oldest is not None:
            queryset = queryset.filter(id__gte=oldest)
        return queryset.filter(**{f"{self.text_field}__icontains": term}), False


class QueueFilter(admin.SimpleListFilter):
    """
    A filter by status that shows what waits unless something else is asked for.

    `waiting`   the status of what waits; `statuses` its choices.
    """

    title = parameter_name = "status"
    waiting = None
    statuses = ()

    def lookups(self, request, model_admin):
        return [*self.statuses, ("all", "All")]

    def queryset(self, request, queryset):
        value = self.value() or self.waiting
        return queryset if value == "all" else queryset.filter(status=value)

    def choices(self, changelist):
        for value, title in self.lookup_choices:
            query = changelist.get_query_string({self.parameter_name: value})
            yield {"selected": (self.value() or self.waiting) == value, "query_string": query, "display": title}

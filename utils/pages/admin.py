"""
Admin screens that stay fast on a million rows, and actions with a reason.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Protocol

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin import helpers
from django.contrib.admin.views.main import ChangeList
from django.core.files.storage import default_storage
from django.core.paginator import Paginator
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.functional import cached_property
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from utils.database.replicas import read_from_replica
from utils.errors import ServiceError

MAX_COUNTED = 10_000
# A column of ids takes all numbers of so many digits.
MAX_ID_DIGITS = 18


class Photo(Protocol):
    """
    What a screen needs of a photo; `thumbnail_key` is empty until there is a thumbnail.
    """

    @property
    def key(self) -> str: ...

    @property
    def thumbnail_key(self) -> str: ...

    @property
    def description(self) -> str: ...


def small_picture(photo: Photo) -> SafeString:
    """
    Return the thumbnail of a photo, as a link to the photo.
    """
    return format_html(
        '<a href="{}"><img class="photo-thumbnail" src="{}" alt="{}"></a>',
        default_storage.url(photo.key),
        default_storage.url(photo.thumbnail_key or photo.key),
        photo.description,
    )


def small_pictures(photos: Sequence[Photo]) -> str:
    """
    Return the thumbnails of photos side by side, "" if there are none.
    """
    pictures = format_html_join("", "{}", ((small_picture(photo),) for photo in photos))
    return format_html('<div class="photo-row">{}</div>', pictures) if photos else ""


def exact_id(search_term: str) -> int | None:
    """
    Return the id that a moderator searches for, None if the term is no number that an id can be.
    """
    is_id = search_term.isascii() and search_term.isdigit() and len(search_term) <= MAX_ID_DIGITS
    return int(search_term) if is_id else None


class CappedPaginator(Paginator):
    """
    Counts at most ten thousand rows: COUNT(*) over a big table takes seconds, and nobody pages that far.
    """

    @cached_property
    def count(self) -> int:
        rows: Any = self.object_list  # the admin passes a queryset
        return int(rows.order_by()[:MAX_COUNTED].count())


class StrictLookupsAdmin(admin.ModelAdmin):
    """
    Accepts only those lookups in the query that the screen offers as filters; any other lookup is a 400.

    Django lets everybody who sees a list filter it by any column of the table, hidden ones included: whether a
    row remains would reveal a password's hash letter by letter.

    `allowed_lookups`   further lookups, which links to the screen use.
    """

    allowed_lookups: tuple[str, ...] = ()

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """
        Say whether the query may contain `lookup`.
        """
        allowed = set(self.allowed_lookups)
        list_filter: Any  # a column or a filter class; Django's types name more kinds
        for list_filter in self.list_filter:
            if isinstance(list_filter, str):
                allowed |= {list_filter, f"{list_filter}__exact", f"{list_filter}__isnull"}
            else:
                allowed.add(list_filter.parameter_name)
        return lookup in allowed


class ReadOnlyInline(admin.TabularInline):
    """
    Related rows, read-only.
    """

    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class LargeTableAdmin(StrictLookupsAdmin):
    """
    Newest first, by the primary key; no count of all rows; nothing is edited, added or deleted by hand.

    Moderators change things by actions, which call services: editing rows alone would leave
    caches, feeds and counters stale.
    """

    paginator = CappedPaginator
    show_full_result_count = False
    # The count beside each choice of a filter would be a count over the whole table.
    show_facets = admin.ShowFacets.NEVER
    list_per_page = 50
    ordering = ("-id",)

    def get_changelist_instance(self, request: HttpRequest) -> ChangeList:
        """
        Return the list with its rows, which may be some seconds old; those of an action are current.
        """
        if request.method != "GET":
            return super().get_changelist_instance(request)
        return read_from_replica(lambda: self.read_changelist(request), viewer_id=request.user.pk)

    def read_changelist(self, request: HttpRequest) -> ChangeList:
        changelist = super().get_changelist_instance(request)
        # Here, and not while the page is rendered.
        len(changelist.result_list)
        return changelist

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    # Any: a row of whatever the screen shows.
    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
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
    A screen whose actions are for moderators and are recorded in the audit trail.

    `target`   the name of the argument by which services take a row of this screen.
    """

    action_form = ReasonForm
    target = ""

    def has_moderate_permission(self, request: HttpRequest) -> bool:
        """
        Say whether the user is a moderator. `@admin.action(permissions=["moderate"])` finds the method by its name.
        """
        return request.user.has_perm(settings.MODERATE_PERMISSION)

    # Any: verbs return what they like; their arguments are `target`, moderator and reason.
    def apply(self, request: HttpRequest, rows: Iterable[Model], verb: Callable[..., Any], done: str) -> None:
        """
        Call a service's `verb` for each row, and show the moderator how many calls succeeded and which were refused.

        :param done: what has been done to the rows, such as "tweets deleted".
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


class NewestTextSearch(admin.ModelAdmin):
    """
    A screen whose search looks for text in the newest hundred thousand rows, and for a number as an exact id.

    No portable index searches inside text, and moderators look for the newest rows.

    `text_field`   the column to search in.
    """

    text_field = "content"
    newest = 100_000
    # Makes the admin show its search box; the search itself is below.
    search_fields = ("id",)

    def get_search_results(self, request: HttpRequest, queryset: QuerySet, search_term: str) -> tuple[QuerySet, bool]:
        term = search_term.strip()
        if not term:
            return queryset, False
        if (row_id := exact_id(term)) is not None:
            return queryset.filter(id=row_id), False
        oldest = self.model.objects.order_by("-id").values_list("id", flat=True)[self.newest - 1 : self.newest].first()
        if oldest is not None:
            queryset = queryset.filter(id__gte=oldest)
        return queryset.filter(**{f"{self.text_field}__icontains": term}), False


class QueueFilter(admin.SimpleListFilter):
    """
    A filter by status that shows waiting rows by default.

    `waiting`   the status of waiting rows; `statuses` are all choices.
    """

    title = parameter_name = "status"
    waiting: str
    # (value, label) each.
    statuses: Sequence[tuple[str, Any]] = ()

    # Any: labels may be lazy texts.
    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[tuple[str, Any]]:
        return [*self.statuses, ("all", "All")]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        value = self.value() or self.waiting
        return queryset if value == "all" else queryset.filter(status=value)

    def choices(self, changelist: ChangeList) -> Iterator[Any]:
        for value, title in self.lookup_choices:
            query = changelist.get_query_string({self.parameter_name: value})
            yield {"selected": (self.value() or self.waiting) == value, "query_string": query, "display": title}

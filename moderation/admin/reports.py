"""
The admin screens of reports and of the audit trail.
"""

from functools import partial

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html

from moderation.constants import ReportStatus
from moderation.models import AuditEntry, Report
from moderation.services import REPORTABLE_MODELS, ModerationService, ReportService
from tweets.models import Tweet
from tweets.services import PhotoService
from utils.pages.admin import LargeTableAdmin, ModeratedAdmin, QueueFilter, small_pictures


class ReportStatusFilter(QueueFilter):
    waiting = ReportStatus.OPEN
    statuses = ReportStatus.choices


class ContentTypeFilter(admin.SimpleListFilter):
    """
    Filters reports by content type. The types are known, so the table is not searched for them.
    """

    title, parameter_name = "kind", "content_type"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[tuple[str, str]]:
        return [(content_type, content_type) for content_type in REPORTABLE_MODELS]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Report]) -> QuerySet[Report]:
        return queryset.filter(content_type=self.value()) if self.value() else queryset


class ReportChangeList(ChangeList):
    """
    A page of reports with their targets: one query per content type and one for photos, not one per row.
    """

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        self.result_list = list(self.result_list)
        for content_type, model in REPORTABLE_MODELS.items():
            ids = [report.object_id for report in self.result_list if report.content_type == content_type]
            targets = model.objects.in_bulk(ids) if ids else {}
            photos = PhotoService.get_by_tweet(tweet_ids=ids) if ids and model is Tweet else {}
            for report in self.result_list:
                if report.content_type == content_type:
                    report.target = targets.get(report.object_id)
                    report.photos = photos.get(report.object_id, [])


@admin.register(Report)
class ReportAdmin(ModeratedAdmin):
    """
    The queue of reports, oldest first: resolve them, dismiss them, or delete their targets.
    """

    target = "report"
    list_display = ("target_link", "reason", "reporter", "status", "created_at", "handled_by")
    list_display_links = None
    list_filter = (ReportStatusFilter, ContentTypeFilter)
    list_select_related = ("reporter", "handled_by")
    ordering = ("id",)
    actions = ("delete_targets", "resolve", "dismiss")

    def get_changelist(self, request: HttpRequest, **kwargs: object) -> type[ReportChangeList]:
        return ReportChangeList

    @admin.display(description="Target")
    def target_link(self, report: Report) -> str:
        # Set by `ReportChangeList`, as `photos` is.
        target = getattr(report, "target", None)
        if target is None:
            return f"{report.content_type} {report.object_id} (gone)"
        address = reverse(f"admin:{target._meta.app_label}_{target._meta.model_name}_change", args=[target.pk])
        text = getattr(target, "content", target)
        return format_html(
            '{} <a href="{}">{}</a>{}',
            report.content_type,
            address,
            text,
            small_pictures(getattr(report, "photos", [])),
        )

    @admin.action(description="Delete it, with the reason on the right", permissions=["moderate"])
    def delete_targets(self, request: HttpRequest, reports: QuerySet[Report]) -> None:
        self.apply(request, reports, ModerationService.delete_reported, "dealt with")

    @admin.action(description="Resolve", permissions=["moderate"])
    def resolve(self, request: HttpRequest, reports: QuerySet[Report]) -> None:
        self.close(request, reports, ReportStatus.RESOLVED)

    @admin.action(description="Dismiss", permissions=["moderate"])
    def dismiss(self, request: HttpRequest, reports: QuerySet[Report]) -> None:
        self.close(request, reports, ReportStatus.DISMISSED)

    def close(self, request: HttpRequest, reports: QuerySet[Report], status: ReportStatus) -> None:
        self.apply(request, reports, partial(ReportService.close, status=status), status.label.lower())


@admin.register(AuditEntry)
class AuditEntryAdmin(LargeTableAdmin):
    """
    The audit trail, read-only.
    """

    list_display = ("created_at", "moderator", "verb", "target_type", "target_id", "reason", "request_id")
    list_display_links = None
    list_filter = ("verb",)
    list_select_related = ("moderator",)
    search_fields = ("=target_id", "=request_id", "^moderator__username")

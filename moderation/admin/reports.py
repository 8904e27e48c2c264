"""
Moderators' screens of reports, and the audit trail.
"""

from functools import partial

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.urls import reverse
from django.utils.html import format_html

from moderation.constants import ReportStatus
from moderation.models import AuditEntry, Report
from moderation.services import KINDS, ModerationService, ReportService
from tweets.models import Tweet
from tweets.services import PhotoService
from utils.pages.admin import LargeTableAdmin, ModeratedAdmin, QueueFilter, small_pictures


class ReportStatusFilter(QueueFilter):
    waiting = ReportStatus.OPEN
    statuses = ReportStatus.choices


class KindFilter(admin.SimpleListFilter):
    """
    What a report is about; the kinds are known, so nobody asks the table for them.
    """

    title, parameter_name = "kind", "content_type"

    def lookups(self, request, model_admin):
        return [(kind, kind) for kind in KINDS]

    def queryset(self, request, queryset):
        return queryset.filter(content_type=self.value()) if self.value() else queryset


class ReportChangeList(ChangeList):
    """
    A page of reports with what they are about: one query a kind and one for photos, not one a row.
    """

    def get_results(self, request):
        super().get_results(request)
        self.result_list = list(self.result_list)
        for kind, model in KINDS.items():
            ids = [report.object_id for report in self.result_list if report.content_type == kind]
            things = model.objects.in_bulk(ids) if ids else {}
            photos = PhotoService.get_all_of(tweet_ids=ids) if ids and model is Tweet else {}
            for report in self.result_list:
                if report.content_type == kind:
                    report.thing = things.get(report.object_id)
                    report.photos = photos.get(report.object_id, [])


@admin.register(Report)
class ReportAdmin(ModeratedAdmin):
    """
    The queue of reports: oldest first; resolve, dismiss, or delete what they are about.
    """

    target = "report"
    list_display = ("what", "reason", "reporter", "status", "created_at", "handled_by")
    list_display_links = None
    list_filter = (ReportStatusFilter, KindFilter)
    list_select_related = ("reporter", "handled_by")
    ordering = ("id",)
    actions = ("delete_things", "resolve", "dismiss")

    def get_changelist(self, request, **kwargs):
        return ReportChangeList

    @admin.display(description="What")
    def what(self, report):
        thing = getattr(report, "thing", None)
        if thing is None:
            return f"{report.content_type} {report.object_id} (gone)"
        address = reverse(f"admin:{thing._meta.app_label}_{thing._meta.model_name}_change", args=[thing.pk])
        words = getattr(thing, "content", thing)
        return format_html(
            '{} <a href="{}">{}</a>{}', report.content_type, address, words, small_pictures(report.photos)
        )

    @admin.action(description="Delete it, with the reason on the right", permissions=["moderate"])
    def delete_things(self, request, reports):
        self.apply(request, reports, ModerationService.delete_reported, "dealt with")

    @admin.action(description="Resolve", permissions=["moderate"])
    def resolve(self, request, reports):
        self.close(request, reports, ReportStatus.RESOLVED)

    @admin.action(description="Dismiss", permissions=["moderate"])
    def dismiss(self, request, reports):
        self.close(request, reports, ReportStatus.DISMISSED)

    def close(self, request, reports, status):
        self.apply(request, reports, partial(ReportService.close, status=status), status.label.lower())


@admin.register(AuditEntry)
class AuditEntryAdmin(LargeTableAdmin):
    """
    The audit trail, to read.
    """

    list_display = ("created_at", "moderator", "verb", "target_type", "target_id", "reason", "request_id")
    list_display_links = None
    list_filter = ("verb",)
    list_select_related = ("moderator",)
    search_fields = ("=target_id", "=request_id", "^moderator__username")

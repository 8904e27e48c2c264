"""
The admin screen of store phases: the phase of each table, and its next step.
"""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from stores.models import StorePhase, StorePhaseChange
from stores.services import PhaseService
from stores.services.phases import TableStatus
from utils.errors import ServiceError
from utils.pages.admin import ReadOnlyInline, StrictLookupsAdmin


class StorePhaseForm(forms.ModelForm):
    """
    The next step of a table. If the service refuses it, the form shows why.
    """

    reason = forms.CharField(required=False, max_length=300)

    class Meta:
        model = StorePhase
        fields = ("phase", "read_percentage")

    def clean(self) -> dict[str, Any]:
        super().clean()
        step = self.cleaned_data
        if not self.errors:
            try:
                PhaseService.check_change(
                    table=self.instance.table, phase=step["phase"], percentage=step["read_percentage"]
                )
            except ServiceError as error:
                self.add_error("phase", error.message)
        return step


class StorePhaseChangeInline(ReadOnlyInline):
    """
    The phases of the table so far, newest first.
    """

    model = StorePhaseChange
    fields = ("changed_at", "changed_by", "phase", "read_percentage", "generation", "reason")
    verbose_name_plural = "history"

    def get_queryset(self, request: HttpRequest) -> QuerySet[StorePhaseChange]:
        return super().get_queryset(request).select_related("changed_by")


@admin.register(StorePhase)
class StorePhaseAdmin(StrictLookupsAdmin):
    """
    Where the rows of a table are written and read: one step at a time, by the service.
    """

    form = StorePhaseForm
    list_display = ("table", "phase", "read_percentage", "changed_at", "changed_by", "known_by", "compared")
    list_select_related = ("changed_by",)
    readonly_fields = (
        "table",
        "generation",
        "changed_at",
        "changed_by",
        "known_by",
        "backfill_finished_at",
        "compared",
    )
    fields = ("phase", "read_percentage", "reason", *readonly_fields)
    inlines = (StorePhaseChangeInline,)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: StorePhase | None = None) -> bool:
        return False

    @admin.display(description="Known by")
    def known_by(self, row: StorePhase) -> str:
        return TableStatus(row).known_by

    @admin.display(description="Last comparison")
    def compared(self, row: StorePhase) -> str:
        return TableStatus(row).compared

    def save_model(self, request: HttpRequest, obj: StorePhase, form: StorePhaseForm, change: bool) -> None:
        step = form.cleaned_data
        PhaseService.change_phase(
            table=obj.table,
            phase=step["phase"],
            percentage=step["read_percentage"],
            changed_by_id=request.user.pk,
            reason=step["reason"],
        )

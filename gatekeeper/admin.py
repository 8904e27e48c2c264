"""
The screens of the grey release: features, and the phases of tables that move to HBase, each with its history.
"""

from django import forms
from django.contrib import admin

from gatekeeper.constants import FEEDS
from gatekeeper.models import Feature, FeatureChange, PhaseAcknowledgement, StorePhase, StorePhaseChange
from gatekeeper.services import GatekeeperService, PhaseService
from utils.admin import StrictLookupsAdmin
from utils.errors import ServiceError


class ReadOnlyInline(admin.TabularInline):
    """
    What belongs to the thing above; nobody writes here.
    """

    extra = 0
    can_delete = False

    def has_add_permission(self, request, obj=None):
        return False

    def has_change_permission(self, request, obj=None):
        return False


class FeatureForm(forms.ModelForm):
    """
    A feature; its lists hold ids of users.
    """

    class Meta:
        model = Feature
        fields = ("name", "description", "percentage", "allowed", "denied", "starts_at", "ends_at")

    def clean_allowed(self):
        return self.clean_ids("allowed")

    def clean_denied(self):
        return self.clean_ids("denied")

    def clean_ids(self, name):
        ids = [] if self.cleaned_data[name] is None else self.cleaned_data[name]
        if not isinstance(ids, list) or not all(type(id) is int for id in ids):
            raise forms.ValidationError("Enter ids of users, such as [1, 2].")
        return ids


class FeatureChangeInline(ReadOnlyInline):
    """
    How the feature stood, newest first.
    """

    model = FeatureChange
    fields = ("changed_at", "changed_by", "percentage", "allowed", "denied")
    verbose_name_plural = "history"


@admin.register(Feature)
class FeatureAdmin(StrictLookupsAdmin):
    """
    Features and for whom they are on.
    """

    form = FeatureForm
    list_display = ("name", "percentage", "description", "starts_at", "ends_at", "updated_at")
    inlines = (FeatureChangeInline,)

    def save_model(self, request, obj, form, change):
        super().save_model(request, obj, form, change)
        GatekeeperService.write_history(obj, request.user)


class StorePhaseForm(forms.ModelForm):
    """
    The next step of a table; a refusal of the service stands beside it.
    """

    reason = forms.CharField(required=False, max_length=300)

    class Meta:
        model = StorePhase
        fields = ("phase", "read_percentage")

    def clean(self):
        step = super().clean()
        if not self.errors:
            try:
                PhaseService.check_move(self.instance.table, step["phase"], percentage=step["read_percentage"])
            except ServiceError as error:
                self.add_error("phase", error.message)
        return step


class StorePhaseChangeInline(ReadOnlyInline):
    """
    How the table stood, newest first.
    """

    model = StorePhaseChange
    fields = ("changed_at", "changed_by", "phase", "read_percentage", "generation", "reason")
    verbose_name_plural = "history"

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("changed_by")


class PhaseAcknowledgementInline(ReadOnlyInline):
    """
    Which process goes by which generation.
    """

    model = PhaseAcknowledgement
    fields = ("process", "generation", "seen_at")
    ordering = ("-seen_at",)


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
    inlines = (StorePhaseChangeInline, PhaseAcknowledgementInline)

    def has_add_permission(self, request):
        return False

    def has_delete_permission(self, request, obj=None):
        return False

    def get_queryset(self, request):
        # The process that shows this may have nothing else to do, and is one of those that are waited for.
        PhaseService.load(FEEDS)
        return super().get_queryset(request)

    @admin.display(description="Known by")
    def known_by(self, row):
        return PhaseService.get_status(row.table).known_by

    @admin.display(description="Last comparison")
    def compared(self, row):
        return PhaseService.get_status(row.table).compared

    def save_model(self, request, obj, form, change):
        step = form.cleaned_data
        PhaseService.move(
            obj.table,
            step["phase"],
            percentage=step["read_percentage"],
            changed_by=request.user,
            reason=step["reason"],
        )

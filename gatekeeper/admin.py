"""
The screen of the grey release: features and their history.
"""

from django import forms
from django.contrib import admin
from django.http import HttpRequest

from gatekeeper.models import Feature, FeatureChange
from gatekeeper.services import GatekeeperService
from utils.pages.admin import ReadOnlyInline, StrictLookupsAdmin


class FeatureForm(forms.ModelForm):
    """
    A feature, with lists of user ids.
    """

    class Meta:
        model = Feature
        fields = ("name", "description", "percentage", "allowed", "denied", "starts_at", "ends_at")

    def clean_allowed(self) -> list[int]:
        return self.clean_ids("allowed")

    def clean_denied(self) -> list[int]:
        return self.clean_ids("denied")

    def clean_ids(self, name: str) -> list[int]:
        ids = [] if self.cleaned_data[name] is None else self.cleaned_data[name]
        if not isinstance(ids, list) or not all(type(id) is int for id in ids):
            raise forms.ValidationError("Enter ids of users, such as [1, 2].")
        return ids


class FeatureChangeInline(ReadOnlyInline):
    """
    The earlier settings of the feature, newest first.
    """

    model = FeatureChange
    fields = ("changed_at", "changed_by", "percentage", "allowed", "denied")
    verbose_name_plural = "history"


@admin.register(Feature)
class FeatureAdmin(StrictLookupsAdmin):
    """
    Features, and for which users they are on.
    """

    form = FeatureForm
    list_display = ("name", "percentage", "description", "starts_at", "ends_at", "updated_at")
    inlines = (FeatureChangeInline,)

    def save_model(self, request: HttpRequest, obj: Feature, form: FeatureForm, change: bool) -> None:
        super().save_model(request, obj, form, change)
        GatekeeperService.record_change(feature=obj, changed_by_id=request.user.pk)

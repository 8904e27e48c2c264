"""
The forms of a page for people: one for each action of its address, with that action's fields only.
"""

from dataclasses import dataclass

from django.core.exceptions import PermissionDenied
from django.http import Http404
from rest_framework import serializers
from rest_framework.exceptions import APIException, NotAuthenticated
from rest_framework.renderers import HTMLFormRenderer
from rest_framework.request import override_method
from rest_framework.settings import api_settings

from utils.api.permissions import IsObjectOwner

# PATCH is PUT once more; one form is enough.
METHODS = ("POST", "PUT", "DELETE")
LABELS = {"create": "Send", "update": "Save", "destroy": "Delete"}
PREFILLED = (serializers.CharField, serializers.IntegerField, serializers.ChoiceField, serializers.BooleanField)


@dataclass
class PageForm:
    """
    A form of a page: `fields` is HTML and empty where a button is all; `names` are the fields' names.
    """

    method: str
    action: str
    label: str
    fields: str
    names: frozenset


class FormMaker:
    """
    Makes the forms for one answer of one view.

    :param labels: {action: words on its button}.

    `needs_login`   whether somebody logged in would find more of them.
    """

    def __init__(self, view, request, status, data, labels):
        self.view = view
        self.request = request
        self.status = status
        self.data = data if isinstance(data, dict) else {}
        self.labels = {**LABELS, **labels}
        self.needs_login = False

    def forms(self):
        """
        Return the forms that the caller may use; none when something is down, because forms look things up.
        """
        actions = getattr(self.view, "action_map", None) or {}
        if self.status >= 500 or not hasattr(self.view, "page_object"):
            return []
        forms = [self.form(method) for method in METHODS if method.lower() in actions]
        return [form for form in forms if form is not None]

    def form(self, method):
        with override_method(self.view, self.request, method) as request:
            try:
                self.view.check_permissions(request)
                instance = self.view.page_object()
            except (APIException, Http404, PermissionDenied) as error:
                self.needs_login |= isinstance(error, NotAuthenticated)
                return None
            if self.is_somebody_elses():
                return None
            action = self.view.action
            serializer = self.serializer(method, instance)
            return PageForm(
                method=method,
                action=action,
                label=self.labels.get(action) or action.replace("_", " ").capitalize(),
                fields=render(serializer) if serializer else "",
                names=frozenset(serializer.fields if serializer else ()),
            )

    def is_somebody_elses(self):
        """
        Say whether the answer shows something that only its owner may change, to somebody else.
        """
        owner = self.data.get("user")
        if not owner or not any(isinstance(permission, IsObjectOwner) for permission in self.view.get_permissions()):
            return False
        return owner.get("id") != self.request.user.pk

    def serializer(self, method, instance):
        """
        Return the action's input with what was typed and its errors, or with what is known; None where it takes none.
        """
        serializer_class = self.view.serializers.get(self.view.action)
        if serializer_class is None or not serializer_class().fields:
            return None
        context = self.view.get_serializer_context()
        if self.request.method != method or self.status < 400:
            serializer = serializer_class(context=context)
            self.prefill(serializer, instance)
            return serializer
        serializer = serializer_class(data=self.request.data, context=context)
        # What the answer says is what the form says: nothing is validated twice, and a refusal of
        # a service, which knows no serializer, stands beside its field like any other.
        # Without any error a serializer would believe that the input had become an object.
        serializer._validated_data, serializer._errors = (
            {},
            self.data.get("errors") or {api_settings.NON_FIELD_ERRORS_KEY: []},
        )
        return serializer

    def prefill(self, serializer, instance):
        """
        Begin with what the address gives, so that links can lead to a form half filled in, or with what is stored.
        """
        given = self.request.query_params
        for name, field in serializer.fields.items():
            if not isinstance(field, PREFILLED) or field.style.get("input_type") == "password":
                continue
            value = given.get(name, getattr(instance, name, None))
            if value is not None:
                field.initial = str(value).lower() if isinstance(value, bool) else value


def render(serializer):
    style = {"template_pack": "rest_framework/horizontal"}
    return HTMLFormRenderer().render(serializer.data, renderer_context={"style": style})

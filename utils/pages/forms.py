"""
The forms of a page: one for each action of its URL, with the fields of that action only.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.utils.html import format_html_join
from rest_framework import serializers
from rest_framework.exceptions import APIException, NotAuthenticated
from rest_framework.renderers import HTMLFormRenderer
from rest_framework.request import Request, override_method
from rest_framework.utils.serializer_helpers import BoundField

from utils.api.permissions import IsObjectOwner
from utils.pages.links import PageLinks

if TYPE_CHECKING:
    # DRF's views load these renderers when they are loaded themselves.
    from utils.api.views import APIViewSet

# PATCH does the same as PUT; one form is enough.
METHODS = ("POST", "PUT", "DELETE")
LABELS = {"create": "Send", "update": "Save", "destroy": "Delete"}
FORM_STYLE = {"template_pack": "utils/forms"}
PREFILLED = (serializers.CharField, serializers.IntegerField, serializers.ChoiceField, serializers.BooleanField)


@dataclass
class PageForm:
    """
    A form of a page. `fields` is HTML, "" if the form is only a button; `names` are the names of the fields.
    """

    method: str
    action: str
    address: str
    label: str
    fields: str
    names: frozenset[str]


class FormMaker:
    """
    Makes the forms for one response of one view.

    :param labels: {action: text on its button}.
    :param after: {"basename_action": where the form leads when it has succeeded}, an address as in a Link.

    `needs_login`   whether a user who logs in would get more forms.
    """

    def __init__(
        self,
        view: "APIViewSet",
        request: Request,
        status: int,
        data: Any,  # a response may be any JSON value
        *,
        labels: dict[str, str],
        after: dict[str, str],
    ) -> None:
        self.view = view
        self.request = request
        self.status = status
        self.data = data if isinstance(data, dict) else {}
        self.labels = {**LABELS, **labels}
        self.after = after
        self.needs_login = False

    def forms(self, page_links: PageLinks) -> list[PageForm]:
        """
        Return the forms that the caller may use; none after a server error, because forms look up objects.
        """
        actions = getattr(self.view, "action_map", None) or {}
        if self.status >= 500 or not hasattr(self.view, "page_object"):
            return []
        forms = [self.form(method, page_links) for method in METHODS if method.lower() in actions]
        return [form for form in forms if form is not None]

    def form(self, method: str, page_links: PageLinks) -> PageForm | None:
        with override_method(self.view, self.request, method) as request:
            try:
                self.view.check_permissions(request)
                instance = self.view.page_object()
            except (APIException, Http404, PermissionDenied) as error:
                self.needs_login |= isinstance(error, NotAuthenticated)
                return None
            if self.belongs_to_another_user():
                return None
            action = self.view.action
            serializer_class = self.view.serializers.get(action)
            serializer = serializer_class(context=self.view.get_serializer_context()) if serializer_class else None
            return PageForm(
                method=method,
                action=action,
                address=page_links.form_address(self.after.get(f"{self.view.basename}_{action}"), instance),
                label=self.labels.get(action) or action.replace("_", " ").capitalize(),
                fields=self.render(serializer, method, instance) if serializer else "",
                names=frozenset(serializer.fields if serializer else ()),
            )

    def belongs_to_another_user(self) -> bool:
        """
        Say whether the response shows an object that only its owner may change, and the caller is not its owner.
        """
        owner = self.data.get("user")
        if not owner or not any(isinstance(permission, IsObjectOwner) for permission in self.view.get_permissions()):
            return False
        return bool(owner.get("id") != self.request.user.pk)

    def render(self, serializer: serializers.Serializer, method: str, instance: Any) -> str:
        """
        Return the fields of an action's input as HTML, with what was typed and its errors, or with stored values.

        The errors are taken from the response: nothing is validated twice, and an error of a
        service, which knows no serializer, is shown beside its field like any other.

        :param instance: Any: a row of whatever the view serves.
        """
        is_refused = self.request.method == method and self.status >= 400
        typed = self.request.data if is_refused and hasattr(self.request.data, "get") else {}
        errors = self.data.get("errors", {}) if is_refused else {}
        rendered = []
        for name, field in serializer.fields.items():
            value = typed.get(name) if is_refused else self.known_value(name, field, instance)
            if field.style.get("input_type") == "password" or isinstance(field, serializers.FileField):
                value = None
            rendered.append(HTMLFormRenderer().render_field(BoundField(field, value, errors.get(name, ())), FORM_STYLE))
        return format_html_join("", "{}", ((html,) for html in rendered))

    def known_value(self, name: str, field: serializers.Field, instance: Any) -> str | None:
        """
        Return the value from the query, so that links can prefill a form, or the stored value.
        """
        if not isinstance(field, PREFILLED):
            return None
        value = self.request.query_params.get(name, getattr(instance, name, None))
        return str(value).lower() if isinstance(value, bool) else value

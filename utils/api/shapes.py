"""
Shapes that many routes share, as serializers for the OpenAPI schema.
"""

from functools import cache
from typing import Any

from django.contrib.auth import get_backends
from drf_spectacular.utils import PolymorphicProxySerializer
from rest_framework import serializers
from rest_framework.exceptions import APIException

from utils.errors import ServiceError


class ErrorSerializer(serializers.Serializer):
    """
    The one body of every error.
    """

    success = serializers.BooleanField(default=False)
    code = serializers.ChoiceField(choices=(), help_text="For programs; stable.")
    message = serializers.CharField(help_text="For people.")
    detail = serializers.CharField(help_text="The same text.")
    errors = serializers.DictField(
        child=serializers.ListField(child=serializers.CharField()),
        help_text="Texts by field; empty unless input is bad.",
    )
    request_id = serializers.CharField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].choices = error_codes()


# Given by name, to an exception of a common class.
NAMED_CODES = {"account_suspended", "invalid_token", "foreign_origin"}


@cache
def error_codes() -> list[tuple[str, str]]:
    """
    Return every `code` of an error; asked at the first use, when all apps and so all refusals are loaded.
    """
    # Django loads these by name, and not before somebody logs in.
    get_backends()
    refusals = {error.code for error in classes_below(ServiceError)}
    failures = {error.default_code for error in classes_below(APIException)}
    return [(code, code) for code in sorted(refusals | failures | NAMED_CODES)]


def classes_below(base: type) -> set[type]:
    return {base}.union(*(classes_below(inner) for inner in base.__subclasses__()))


class SuccessSerializer(serializers.Serializer):
    success = serializers.BooleanField()

    example = {"success": True}


@cache
def endless(item, name="results"):
    """
    Return the serializer of an endless list of `item` (utils/api/pagination.py).
    """
    return type(f"Endless{item.__name__}", (serializers.Serializer,), {**envelope(item, name), "is_endless": True})


@cache
def ranked(item: type[serializers.Serializer]) -> type[serializers.Serializer]:
    """
    Return the serializer of a list of `item` in an order of its own, which only a cursor goes on with.
    """
    return type(f"Ranked{item.__name__}", (serializers.Serializer,), envelope(item, "results"))


def envelope(item: type[serializers.Serializer], name: str) -> dict[str, object]:
    """
    Return the fields and the example of a list that goes on under `next`.
    """
    return {
        "has_next_page": serializers.BooleanField(),
        "next": serializers.URLField(allow_null=True, help_text="The next page, to be asked for as it is."),
        name: item(many=True),
        "example": {"has_next_page": False, "next": None, name: [item.example]},
    }


def either(name, *serializers_of_answers):
    """
    Return what stands for one of several answers, under a name of its own in the schema.
    """
    proxy = PolymorphicProxySerializer(name, list(serializers_of_answers), resource_type_field_name=None)
    first = serializers_of_answers[0]
    proxy.example, proxy.is_endless = first.example, getattr(first, "is_endless", False)
    return proxy


@cache
def numbered(item):
    """
    Return the serializer of a list of `item` by page numbers, as DRF answers it.
    """
    fields = {
        "count": serializers.IntegerField(),
        "next": serializers.URLField(allow_null=True),
        "previous": serializers.URLField(allow_null=True),
        "results": item(many=True),
        "is_numbered": True,
        "example": {"count": 1, "next": None, "previous": None, "results": [item.example]},
    }
    return type(f"Numbered{item.__name__}", (serializers.Serializer,), fields)

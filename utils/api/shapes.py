"""
Shapes that many routes share, as serializers for the OpenAPI schema.
"""

from functools import cache
from typing import Any, TypeVar, cast

from django.contrib.auth import get_backends
from drf_spectacular.utils import PolymorphicProxySerializer
from rest_framework import serializers
from rest_framework.exceptions import APIException

from utils.errors import ServiceError

Base = TypeVar("Base")


# A serializer class, with an `example` if it is part of a response.
SerializerClass = type[serializers.Serializer]


class ErrorSerializer(serializers.Serializer):
    """
    The one body of every error.
    """

    success = serializers.BooleanField(default=False)
    code = serializers.ChoiceField(choices=(), help_text="For programs; stable.")
    message = serializers.CharField(help_text="For people.")
    detail = serializers.CharField(help_text="The same text.")
    # The stubs know `errors` as a property; a declared field is taken off the class.
    errors = serializers.DictField(  # type: ignore[assignment]
        child=serializers.ListField(child=serializers.CharField()),
        help_text="Texts by field; empty unless input is bad.",
    )
    request_id = serializers.CharField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"] = serializers.ChoiceField(choices=error_codes(), help_text="For programs; stable.")


# Codes that are not the default of any exception class.
NAMED_CODES = {"account_suspended", "invalid_token", "foreign_origin"}


@cache
def error_codes() -> list[tuple[str, str]]:
    """
    Return every `code` that an error can have. Called at the first use, when the exceptions of all apps are loaded.
    """
    # Django loads these by name when somebody logs in, and they define exceptions.
    get_backends()
    service_codes = {error.code for error in with_subclasses(ServiceError)}
    api_codes = {error.default_code for error in with_subclasses(APIException)}
    return [(code, code) for code in sorted(service_codes | api_codes | NAMED_CODES)]


def with_subclasses(base: type[Base]) -> set[type[Base]]:
    return {base}.union(*(with_subclasses(subclass) for subclass in base.__subclasses__()))


# Any: an example is any JSON value.
def get_example(serializer: SerializerClass) -> Any:
    """
    Return the example of a response serializer.

    :raises AttributeError: it has none, which every response needs.
    """
    return serializer.example  # type: ignore[attr-defined]  # declared by each response serializer


class SuccessSerializer(serializers.Serializer):
    success = serializers.BooleanField()

    example = {"success": True}


@cache
def endless(item: SerializerClass, name: str = "results") -> SerializerClass:
    """
    Return the serializer of a list of `item` with cursors (utils/api/pagination.py).
    """
    return type(f"Endless{item.__name__}", (serializers.Serializer,), {**envelope(item, name), "is_endless": True})


@cache
def ranked(item: SerializerClass) -> SerializerClass:
    """
    Return the serializer of a list of `item` in an order of its own, which only a cursor can continue.
    """
    return type(f"Ranked{item.__name__}", (serializers.Serializer,), envelope(item, "results"))


def envelope(item: SerializerClass, name: str) -> dict[str, Any]:
    """
    Return the fields and the example of a list whose next page is under `next`.
    """
    return {
        "has_next_page": serializers.BooleanField(),
        "next": serializers.URLField(allow_null=True, help_text="The next page, to be requested as it is."),
        name: item(many=True),
        "example": {"has_next_page": False, "next": None, name: [get_example(item)]},
    }


def either(name: str, *choices: SerializerClass) -> PolymorphicProxySerializer:
    """
    Return what stands for one of several response serializers, under a name of its own in the schema.

    Its example, and whether it is a list with cursors, are those of the first choice.
    """
    # Any: the schema reads attributes (ContractSchema) that the class of drf-spectacular does not declare.
    proxy: Any = PolymorphicProxySerializer(name, list(choices), resource_type_field_name=None)
    proxy.example, proxy.is_endless = get_example(choices[0]), getattr(choices[0], "is_endless", False)
    return cast("PolymorphicProxySerializer", proxy)


@cache
def numbered(item: SerializerClass) -> SerializerClass:
    """
    Return the serializer of a list of `item` with page numbers, in DRF's own envelope.
    """
    fields = {
        "count": serializers.IntegerField(),
        "next": serializers.URLField(allow_null=True),
        "previous": serializers.URLField(allow_null=True),
        "results": item(many=True),
        "is_numbered": True,
        "example": {"count": 1, "next": None, "previous": None, "results": [get_example(item)]},
    }
    return type(f"Numbered{item.__name__}", (serializers.Serializer,), fields)

"""
The schema of request bodies, for each media type: only multipart forms have files.
"""

import copy
from collections.abc import Iterator
from functools import cache
from typing import Any

from drf_spectacular.extensions import OpenApiSerializerFieldExtension
from rest_framework import serializers

JSON, MULTIPART = "application/json", "multipart/form-data"


class NothingField(serializers.Field):
    """
    `null`, with which a JSON body removes a file.
    """


class NothingFieldScheme(OpenApiSerializerFieldExtension):
    """
    Describes NothingField in the schema.
    """

    target_class = NothingField

    def map_serializer_field(self, auto_schema: Any, direction: str) -> dict[str, Any]:
        return {"type": "null"}


def has_files(field: serializers.Field) -> bool:
    return isinstance(getattr(field, "child", field), serializers.FileField)


@cache
def inputs_by_type(serializer: type[serializers.Serializer]) -> dict[str, type[serializers.Serializer]]:
    """
    Return {media type: serializer class}: JSON without files, and a multipart form if the serializer has files.

    Urlencoded forms are read as well, but generated clients mix up several media types with the same shape.
    """
    files = {name: field for name, field in serializer().fields.items() if has_files(field)}
    if not files:
        return {JSON: serializer}
    nothing: dict[str, serializers.Field | None] = {
        name: NothingField(required=False, help_text="`null` removes it") if field.allow_null else None
        for name, field in files.items()
    }
    # A form cannot express `null`.
    given: dict[str, serializers.Field | None] = {name: without_null(field) for name, field in files.items()}
    return {JSON: variant(serializer, "", nothing), MULTIPART: variant(serializer, "Multipart", given)}


def without_null(field: serializers.Field) -> serializers.Field:
    """
    Return a field like `field` that refuses null.
    """
    copied = copy.deepcopy(field)
    copied.allow_null = False
    return copied


def variant(
    serializer: type[serializers.Serializer], suffix: str, fields: dict[str, serializers.Field | None]
) -> type[serializers.Serializer]:
    """
    Return a class like `serializer` with some of its fields replaced; None removes a field.
    """
    return type(f"{serializer.__name__}{suffix}", (serializer,), {**fields, "__doc__": serializer.__doc__})


def long_integers(result: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
    """
    Give every integer in a schema 64 bits: ids and counters need them, and generators assume 32.
    """
    for part in parts(result):
        types = part.get("type")
        # One that may be null names both.
        if types == "integer" or (isinstance(types, list) and "integer" in types):
            part.setdefault("format", "int64")
    return result


# Any: a schema is any JSON value.
def parts(value: Any) -> Iterator[dict[str, Any]]:
    """
    Yield every object inside a JSON value, however deep.
    """
    if isinstance(value, dict):
        yield value
        value = list(value.values())
    if isinstance(value, list):
        for inner in value:
            yield from parts(inner)

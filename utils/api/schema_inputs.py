"""
What a body may say in each of its types: files travel in forms of many parts only.
"""

from functools import cache
from typing import Any

from drf_spectacular.extensions import OpenApiSerializerFieldExtension
from rest_framework import serializers

JSON, MULTIPART = "application/json", "multipart/form-data"


class NothingField(serializers.Field):
    """
    `null`, which JSON can say of a file: away with it.
    """


class NothingFieldScheme(OpenApiSerializerFieldExtension):
    """
    How the schema names it.
    """

    target_class = NothingField

    def map_serializer_field(self, auto_schema: Any, direction: str) -> dict[str, Any]:
        return {"type": "null"}


def is_file(field: serializers.Field) -> bool:
    return isinstance(getattr(field, "child", field), serializers.FileField)


@cache
def inputs_by_type(serializer: type[serializers.Serializer]) -> dict[str, type[serializers.Serializer]]:
    """
    Return {media type: serializer class}: JSON without files, and where there are files a form of many parts.

    Other forms are read as well, but generated clients take one shape under several types for all of them at once.
    """
    files = {name: field for name, field in serializer().fields.items() if is_file(field)}
    if not files:
        return {JSON: serializer}
    nothing = {
        name: NothingField(required=False, help_text="`null` removes it") if field.allow_null else None
        for name, field in files.items()
    }
    # Only JSON has a `null` to say.
    given = {name: type(field)(**{**field._kwargs, "allow_null": False}) for name, field in files.items()}
    return {JSON: variant(serializer, "", nothing), MULTIPART: variant(serializer, "Multipart", given)}


def variant(
    serializer: type[serializers.Serializer], suffix: str, fields: dict[str, serializers.Field | None]
) -> type[serializers.Serializer]:
    """
    Return a class like `serializer` with some fields in the place of its own; None takes one away.
    """
    return type(f"{serializer.__name__}{suffix}", (serializer,), {**fields, "__doc__": serializer.__doc__})


def long_integers(result: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
    """
    Say of every integer in a schema that it has 64 bits: ids and counters do, and generators take 32 for granted.
    """
    for part in parts(result):
        if part.get("type") == "integer":
            part.setdefault("format", "int64")
    return result


def parts(value: Any) -> Any:
    """
    Yield every object inside a JSON value, however deep.
    """
    if isinstance(value, dict):
        yield value
        value = list(value.values())
    if isinstance(value, list):
        for inner in value:
            yield from parts(inner)

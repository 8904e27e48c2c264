"""
Shapes of features.
"""


class FeaturesShape:
    """
    `{name: bool}`: names are data, so no serializer has them as fields.
    """

    raw_schema = {"type": "object", "additionalProperties": {"type": "boolean"}}
    example = {"pinned_greeting": True}

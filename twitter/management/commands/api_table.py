"""
Writes the table of endpoints in docs/api.md from the OpenAPI schema.
"""

import re
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from drf_spectacular.generators import SchemaGenerator

DOCUMENT = settings.BASE_DIR / "docs" / "api.md"
BEGIN, END = "<!-- api_table: begin -->", "<!-- api_table: end -->"
HEAD = "| endpoint | who | request | answer | at most |\n|---|---|---|---|---|"
# Any: the schema, and each part of it, is a JSON object.
JSONObject = dict[str, Any]
LIMITS = re.compile(r"At most (.+) a caller\.")


class Command(BaseCommand):
    help = "Writes the table of endpoints in docs/api.md from the schema."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true", help="write nothing, and fail if the table is out of date")

    def handle(self, *, check: bool, **options: Any) -> None:
        text = DOCUMENT.read_text()
        before, begin, rest = text.partition(BEGIN)
        _, end, after = rest.partition(END)
        if not (begin and end):
            raise CommandError(f"{DOCUMENT.name} has no place for the table: {BEGIN} and {END}")
        written = f"{before}{BEGIN}\n{table(SchemaGenerator().get_schema(request=None, public=True))}\n{END}{after}"
        if check and written != text:
            raise CommandError(f"The table in {DOCUMENT.name} is out of date: manage.py api_table")
        if written != text:
            DOCUMENT.write_text(written)


def table(schema: JSONObject) -> str:
    """
    Return the table as Markdown, in the order of the schema.
    """
    rows = [
        f"| `{method.upper()} {path.removeprefix('/api/')}` | {operation['x-who']} "
        f"| {describe_request(operation, schema)} | {describe_success(operation)} | {describe_limits(operation)} |"
        for path, methods in schema["paths"].items()
        for method, operation in methods.items()
    ]
    return "\n".join([HEAD, *rows])


def describe_request(operation: JSONObject, schema: JSONObject) -> str:
    """
    Return the parameters and the fields of the body; optional ones are in brackets.
    """
    names = [
        (f"?{parameter['name']}=" if parameter["in"] == "query" else parameter["name"], parameter.get("required"))
        for parameter in operation.get("parameters", ())
        if parameter["in"] != "path"
    ]
    content = operation.get("requestBody", {}).get("content", {})
    # The last one is the multipart form, which also has files.
    for body in list(content.values())[-1:]:
        shape = schema["components"]["schemas"][body["schema"]["$ref"].rpartition("/")[2]]
        names += [(name, name in shape.get("required", ())) for name in shape["properties"]]
    return " ".join(f"`{name}`" if is_required else f"[`{name}`]" for name, is_required in names)


def describe_success(operation: JSONObject) -> str:
    """
    Return the status of the successful response and the name of its shape.
    """
    responses: dict[str, JSONObject] = operation["responses"]
    status, response = next((status, response) for status, response in responses.items() if status < "300")
    content = response.get("content", {}).get("application/json")
    if content is None:
        return status
    shape = content["schema"].get("$ref", "`{name: bool}`").rpartition("/")[2].removesuffix("Serializer")
    return f"{status} {shape}"


def describe_limits(operation: JSONObject) -> str:
    match = LIMITS.search(operation.get("description", ""))
    return match[1] if match else ""

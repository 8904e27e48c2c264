"""
The table of endpoints in docs/api.md, written from the OpenAPI schema.
"""

import re

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from drf_spectacular.generators import SchemaGenerator

DOCUMENT = settings.BASE_DIR / "docs" / "api.md"
BEGIN, END = "<!-- api_table: begin -->", "<!-- api_table: end -->"
HEAD = "| endpoint | who | request | answer | at most |\n|---|---|---|---|---|"
LIMITS = re.compile(r"At most (.+) a caller\.")


class Command(BaseCommand):
    help = "Writes the table of endpoints in docs/api.md from the schema."

    def add_arguments(self, parser):
        parser.add_argument("--check", action="store_true", help="write nothing, fail if it is not up to date")

    def handle(self, *, check, **options):
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


def table(schema):
    """
    Return the table as Markdown, in the order of the schema.
    """
    rows = [
        f"| `{method.upper()} {path.removeprefix('/api/')}` | {operation['x-who']} | {request_of(operation, schema)} "
        f"| {answer_of(operation)} | {limits_of(operation)} |"
        for path, methods in schema["paths"].items()
        for method, operation in methods.items()
    ]
    return "\n".join([HEAD, *rows])


def request_of(operation, schema):
    """
    Return the parameters and the fields of the body; what need not be given stands in brackets.
    """
    names = [
        (f"?{parameter['name']}=" if parameter["in"] == "query" else parameter["name"], parameter.get("required"))
        for parameter in operation.get("parameters", ())
        if parameter["in"] != "path"
    ]
    content = operation.get("requestBody", {}).get("content", {})
    # The last is the form of many parts, which alone has files.
    for body in list(content.values())[-1:]:
        shape = schema["components"]["schemas"][body["schema"]["$ref"].rpartition("/")[2]]
        names += [(name, name in shape.get("required", ())) for name in shape["properties"]]
    return " ".join(f"`{name}`" if is_required else f"[`{name}`]" for name, is_required in names)


def answer_of(operation):
    """
    Return the status of the success and the name of its shape.
    """
    status, answer = next((status, answer) for status, answer in operation["responses"].items() if status < "300")
    content = answer.get("content", {}).get("application/json")
    if content is None:
        return status
    shape = content["schema"].get("$ref", "`{name: bool}`").rpartition("/")[2].removesuffix("Serializer")
    return f"{status} {shape}"


def limits_of(operation):
    match = LIMITS.search(operation.get("description", ""))
    return match[1] if match else ""

"""
Checks every response of the suite against the OpenAPI schema.
"""

import re
import threading
from functools import cache

from django.urls import resolve
from drf_spectacular.generators import SchemaGenerator
from jsonschema import Draft202012Validator, FormatChecker
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

API = "/api/"
HERE = "urn:schema"
METHODS = {"get", "post", "put", "patch", "delete"}
# Headers that clients may rely on: a response may only have those that the schema describes.
HEADERS = ("ETag", "Location", "Retry-After", "WWW-Authenticate", "X-RateLimit-Limit", "X-Request-ID")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")

formats = FormatChecker(formats=())


@formats.checks("date-time")
def is_time(value):
    return not isinstance(value, str) or TIME.fullmatch(value) is not None


@formats.checks("uri")
def is_address(value):
    return not isinstance(value, str) or value.startswith(("http://", "https://"))


making = threading.Lock()


def schema():
    """
    Return the schema as served, made once. It is made strict: a response may only have fields that it describes.
    """
    # Several threads of a test may call this at once, and drf-spectacular can only build one schema at a time.
    with making:
        return make_schema()


@cache
def make_schema():
    made = SchemaGenerator().get_schema(request=None, public=True)
    for shape in made["components"]["schemas"].values():
        if "properties" in shape:
            shape["additionalProperties"] = False
    return made


@cache
def validator(path, method, status):
    """
    Return the validator of a response's JSON; None if the schema has no body for it.

    A response to an unknown method and an unexpected error have the body of every error.

    :raises AssertionError: the schema lacks the path, or this status of the operation.
    """
    operations = schema()["paths"]
    assert path in operations, f"the schema lacks {path}"
    if method not in operations[path] or status in (405, 500):
        return checker("#/components/schemas/Error")
    responses = operations[path][method]["responses"]
    assert str(status) in responses, f"the schema of {method.upper()} {path} lacks status {status}"
    content = responses[str(status)].get("content", {}).get("application/json")
    if content is None:
        return None
    return checker(f"#{pointer(path, method, status)}")


@cache
def checker(reference):
    """
    Return the validator of a part of the schema.
    """
    registry = Registry().with_resource(HERE, Resource.from_contents(schema(), default_specification=DRAFT202012))
    return Draft202012Validator({"$ref": f"{HERE}{reference}"}, registry=registry, format_checker=formats)


def pointer(path, method, status):
    """
    Return the JSON pointer of a response's schema.
    """
    steps = ["paths", path, method, "responses", str(status), "content", "application/json", "schema"]
    return "".join("/" + step.replace("~", "~0").replace("/", "~1") for step in steps)


def check(request, response):
    """
    Assert that the schema describes a response of the API.
    """
    path, kind = template(request["PATH_INFO"]), response.headers.get("Content-Type", "")
    if path is None or kind.startswith("text/html"):
        return
    method, status = request["REQUEST_METHOD"].lower(), response.status_code
    checks = validator(path, method, status) if method in METHODS else None
    assert not (strange := undescribed_headers(path, method, response)), f"{method.upper()} {path} {status}: {strange}"
    if checks is not None and response.content:
        errors = [f"{error.json_path}: {error.message}" for error in checks.iter_errors(response.json())]
        assert not errors, f"{method.upper()} {path} {status}: {errors[:3]}"


def undescribed_headers(path, method, response):
    """
    Return the headers of a response that the schema does not describe; [] if it does not describe the response itself.
    """
    responses = schema()["paths"].get(path, {}).get(method, {}).get("responses", {})
    if str(response.status_code) not in responses:
        return []
    described = responses[str(response.status_code)].get("headers", {})
    return [name for name in HEADERS if name in response.headers and name not in described]


def template(path):
    """
    Return the schema's name of a path, None outside the API and for a path without a route.
    """
    if not path.startswith(API) or path == API:
        return None
    try:
        match = resolve(path)
    except Exception:
        return None
    if not hasattr(match.func, "cls") or not hasattr(match.func, "actions"):
        return None
    for name, value in match.kwargs.items():
        path = path.replace(f"/{value}/", f"/{{{'id' if name == 'pk' else name}}}/", 1)
    return path

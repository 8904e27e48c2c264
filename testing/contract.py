"""
Holds every answer of the suite against the OpenAPI schema.
"""

from functools import cache

from django.urls import resolve
from drf_spectacular.generators import SchemaGenerator
from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

API = "/api/"
HERE = "urn:schema"


@cache
def schema():
    """
    Return the schema as served, made once.
    """
    return SchemaGenerator().get_schema(request=None, public=True)


@cache
def validator(path, method, status):
    """
    Return what checks the JSON of one answer; None where the schema has no body for it.

    :raises AssertionError: the schema does not know the operation, or not this status of it.
    """
    operations = schema()["paths"]
    assert path in operations, f"the schema lacks {path}"
    if method not in operations[path]:
        return None
    responses = operations[path][method]["responses"]
    assert str(status) in responses, f"the schema of {method.upper()} {path} lacks status {status}"
    content = responses[str(status)].get("content", {}).get("application/json")
    if content is None:
        return None
    registry = Registry().with_resource(HERE, Resource.from_contents(schema(), default_specification=DRAFT202012))
    return Draft202012Validator({"$ref": f"{HERE}#{pointer(path, method, status)}"}, registry=registry)


def pointer(path, method, status):
    """
    Return the JSON pointer of an answer's schema.
    """
    steps = ["paths", path, method, "responses", str(status), "content", "application/json", "schema"]
    return "".join("/" + step.replace("~", "~0").replace("/", "~1") for step in steps)


def check(request, response):
    """
    Assert that an answer of the API is one that the schema describes.
    """
    path = template(request["PATH_INFO"])
    is_json = response.headers.get("Content-Type", "").startswith("application/json")
    if path is None or not is_json or response.status_code in (405, 500):
        return
    checker = validator(path, request["REQUEST_METHOD"].lower(), response.status_code)
    if checker is not None and response.content:
        errors = [f"{error.json_path}: {error.message}" for error in checker.iter_errors(response.json())]
        assert not errors, f"{request['REQUEST_METHOD']} {path} {response.status_code}: {errors[:3]}"


def template(path):
    """
    Return the schema's name of a path, None outside the API or where nothing lives.
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

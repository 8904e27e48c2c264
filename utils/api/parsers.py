"""
Parsers of request bodies: broken, deeply nested or oversized ones are refused and never cause a crash.
"""

from typing import IO, Any

import orjson
from django.core.exceptions import RequestDataTooBig
from django.http import QueryDict
from rest_framework.exceptions import ParseError
from rest_framework.parsers import FormParser as DRFFormParser
from rest_framework.parsers import JSONParser as DRFJSONParser

from utils.bodies.charsets import DEFAULT, decode, parse_charset
from utils.bodies.forms import read_urlencoded

# Bodies of the contract are nested at most twice. Recursive code (repr, the renderers) fails somewhere above 300
# levels, and orjson itself only at 1024.
MAX_DEPTH = 64
# Values in a document, containers included: a hundred times what any body of the contract has.
MAX_VALUES = 1000


class JSONParser(DRFJSONParser):
    """
    Parse with orjson, whose depth limit is an error and not an overflow of Python's stack.

    If a key is repeated, the last one counts. NaN, lone surrogates, bad UTF-8 and documents nested
    deeper than `MAX_DEPTH` are refused; a document with more than `MAX_VALUES` values is too large.
    """

    def parse(self, stream: IO[bytes], media_type: str | None = None, parser_context: Any = None) -> Any:
        body, charset = stream.read(), parse_charset(media_type or "")
        text = body if charset == DEFAULT else decode(body, charset)
        try:
            document = orjson.loads(text)
        except orjson.JSONDecodeError as error:
            raise ParseError(f"JSON parse error - {error}") from error
        check_size(document)
        return document


def check_size(document: Any) -> None:
    """
    Refuse a document with too many levels or values. It goes level by level, without recursion, and stops at the limit.

    :raises ParseError: containers are nested more than `MAX_DEPTH` times.
    :raises RequestDataTooBig: it has more than `MAX_VALUES` values.
    """
    level, values = [document], 1
    for _ in range(MAX_DEPTH + 1):
        containers = [value for value in level if isinstance(value, (dict, list))]
        if not containers:
            return
        level = [child for value in containers for child in (value.values() if isinstance(value, dict) else value)]
        values += len(level)
        if values > MAX_VALUES:
            raise RequestDataTooBig
    raise ParseError("JSON parse error - nested too deeply")


class FormParser(DRFFormParser):
    """
    Decode a form by its declared charset, and refuse bytes that are not text in it.
    """

    # The stubs want Django's immutable QueryDict; `read_urlencoded` makes one at run time.
    def parse(  # type: ignore[override]
        self, stream: IO[bytes], media_type: str | None = None, parser_context: Any = None
    ) -> QueryDict:
        return read_urlencoded(stream.read(), parse_charset(media_type or ""))

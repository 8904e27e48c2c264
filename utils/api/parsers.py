"""
Bodies in: broken, deep or strange ones are refused, never a crash.
"""

from typing import IO, Any

import orjson
from django.core.exceptions import RequestDataTooBig
from django.http import QueryDict
from rest_framework.exceptions import ParseError
from rest_framework.parsers import FormParser as DRFFormParser
from rest_framework.parsers import JSONParser as DRFJSONParser

from utils.bodies.charsets import DEFAULT, charset_of, decode
from utils.bodies.forms import read_urlencoded

# Nothing of ours is nested more than twice. Whatever handles a document by recursion (repr, the
# renderers) gives up somewhere above 300, and orjson itself only at 1024.
MAX_DEPTH = 64
# Values in a document, containers among them: a hundred times what any body of the contract has.
MAX_VALUES = 1000


class JSONParser(DRFJSONParser):
    """
    Parse with orjson, whose depth limit is an error and not an overflow of Python's stack.

    Of a repeated key the last one counts. NaN, lone surrogates, bad UTF-8 and what is nested
    deeper than `MAX_DEPTH` are refused; what holds more than `MAX_VALUES` is too large.
    """

    def parse(self, stream: IO[bytes], media_type: str | None = None, parser_context: Any = None) -> Any:
        body, charset = stream.read(), charset_of(media_type or "")
        text = body if charset == DEFAULT else decode(body, charset)
        try:
            document = orjson.loads(text)
        except orjson.JSONDecodeError as error:
            raise ParseError(f"JSON parse error - {error}") from error
        check_size(document)
        return document


def check_size(document: Any) -> None:
    """
    Refuse a document with too many levels or values. Walks level by level, without recursion, and no further.

    :raises ParseError: containers are nested more than `MAX_DEPTH` times.
    :raises RequestDataTooBig: it has more than `MAX_VALUES`.
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
    Decode by the declared charset, and refuse what is no text in it.
    """

    def parse(self, stream: IO[bytes], media_type: str | None = None, parser_context: Any = None) -> QueryDict:
        return read_urlencoded(stream.read(), charset_of(media_type or ""))

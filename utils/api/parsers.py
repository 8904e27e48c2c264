"""
JSON in: broken, deep or strange documents are a 400, never a crash.
"""

import orjson
from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser as DRFJSONParser

# Nothing of ours is nested more than twice. Whatever handles a document by recursion (repr, the
# renderers) gives up somewhere above 300, and orjson itself only at 1024.
MAX_DEPTH = 64


class JSONParser(DRFJSONParser):
    """
    Parse with orjson, whose depth limit is an error and not an overflow of Python's stack.

    Of a repeated key the last one counts. NaN, lone surrogates, bad UTF-8 and what is nested
    deeper than `MAX_DEPTH` are refused.
    """

    def parse(self, stream, media_type=None, parser_context=None):
        text = stream.read()
        try:
            document = orjson.loads(text)
        except orjson.JSONDecodeError as error:
            raise ParseError(f"JSON parse error - {error}") from error
        # Looking for depth costs as much as parsing; so many brackets are rare.
        if text.count(b"[") + text.count(b"{") > MAX_DEPTH and is_too_deep(document):
            raise ParseError("JSON parse error - nested too deeply")
        return document


def is_too_deep(document):
    """
    Say whether containers are nested more than `MAX_DEPTH` times; without recursion.
    """
    level = [document]
    for _ in range(MAX_DEPTH + 1):
        containers = [value for value in level if isinstance(value, (dict, list))]
        if not containers:
            return False
        level = [child for value in containers for child in (value.values() if isinstance(value, dict) else value)]
    return True

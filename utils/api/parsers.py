"""
JSON in: broken, deep or strange documents are a 400, never a crash.
"""

import orjson
from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser as DRFJSONParser


class JSONParser(DRFJSONParser):
    """
    Parse with orjson, whose depth limit is an error and not an overflow of Python's stack.

    Of a repeated key the last one counts. NaN, lone surrogates and bad UTF-8 are refused.
    """

    def parse(self, stream, media_type=None, parser_context=None):
        try:
            return orjson.loads(stream.read())
        except orjson.JSONDecodeError as error:
            raise ParseError(f"JSON parse error - {error}") from error

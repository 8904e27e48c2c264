"""
The charsets that a body may use.
"""

import re
from encodings.aliases import aliases

from django.utils.http import parse_header_parameters

from utils.bodies.errors import Undecodable, UnsupportedBody

# By the names of Python's modules. Each decodes in linear time, and none of them decompresses.
CODECS = {
    "utf_8": "utf-8",
    "ascii": "ascii",
    "latin_1": "latin-1",
    "utf_16": "utf-16",
    "utf_16_le": "utf-16-le",
    "utf_16_be": "utf-16-be",
}
# Every name that Python has for them. `codecs.lookup` would import modules that a client names, and would cache
# unknown names without a limit.
NAMES = {alias: CODECS[module] for alias, module in aliases.items() if module in CODECS} | CODECS
# Exactly one separator between words, so that a name has a limited number of spellings: Django looks them up later.
PUNCTUATION = re.compile(r"[-_.: ]")
DEFAULT = "utf-8"
# Room for a type, a boundary of 70 characters and a charset. Python splits semicolons in quadratic time.
MAX_CONTENT_TYPE = 500
EXTENDED = re.compile(r"\*\s*=")


def canonical(name: str) -> str:
    """
    Return the canonical name of a supported charset.

    :raises UnsupportedBody: the charset is not supported.
    """
    try:
        return NAMES[PUNCTUATION.sub("_", name.strip().lower())]
    except KeyError:
        raise UnsupportedBody("Use UTF-8, ASCII, Latin-1 or UTF-16.") from None


def parse_charset(content_type: str) -> str:
    """
    Return the canonical charset that a Content-Type declares, UTF-8 if it declares none.

    :raises UnsupportedBody: the charset is not supported, or the header cannot be read.
    """
    # `charset*=punycode''...` names a charset for the parameter itself (RFC 2231); no real client sends it.
    if len(content_type) > MAX_CONTENT_TYPE or EXTENDED.search(content_type):
        raise UnsupportedBody("The Content-Type cannot be read.")
    try:
        parameters = parse_header_parameters(content_type)[1]
    except ValueError as error:
        raise UnsupportedBody("The Content-Type cannot be read.") from error
    return canonical(parameters["charset"]) if "charset" in parameters else DEFAULT


def decode(data: bytes, charset: str) -> str:
    """
    Return `data` as text, without replacing anything.

    :raises Undecodable: it is not text in that charset.
    """
    try:
        return data.decode(charset)
    except UnicodeDecodeError as error:
        raise Undecodable from error

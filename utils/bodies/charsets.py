"""
The charsets that a body may be written in.
"""

import re
from encodings.aliases import aliases

from django.utils.http import parse_header_parameters

from utils.bodies.errors import Undecodable, UnsupportedBody

# By the names of Python's modules. Each decodes in linear time, and none of them is a compression.
CODECS = {
    "utf_8": "utf-8",
    "ascii": "ascii",
    "latin_1": "latin-1",
    "utf_16": "utf-16",
    "utf_16_le": "utf-16-le",
    "utf_16_be": "utf-16-be",
}
# Every name that Python has for them. Looked up in here and not by `codecs.lookup`, which imports what a client
# names and remembers for ever what it did not find.
NAMES = {alias: CODECS[module] for alias, module in aliases.items() if module in CODECS} | CODECS
# One letter between words, so that a name has some spellings and not endlessly many: Django looks them up later.
PUNCTUATION = re.compile(r"[-_.: ]")
DEFAULT = "utf-8"
# A type, a boundary of 70 characters, a charset. Python takes quadratic time to part thousands of semicolons.
MAX_CONTENT_TYPE = 500
EXTENDED = re.compile(r"\*\s*=")


def canonical(name: str) -> str:
    """
    Return the one name of a charset that may be used.

    :raises UnsupportedBody: it is another one.
    """
    try:
        return NAMES[PUNCTUATION.sub("_", name.strip().lower())]
    except KeyError:
        raise UnsupportedBody("Use UTF-8, ASCII, Latin-1 or UTF-16.") from None


def charset_of(content_type: str) -> str:
    """
    Return the canonical charset that a Content-Type declares, UTF-8 where it declares none.

    :raises UnsupportedBody: it may not be used, or the header cannot be read.
    """
    # `charset*=punycode''...` names a charset for the parameter itself (RFC 2231); no client means it.
    if len(content_type) > MAX_CONTENT_TYPE or EXTENDED.search(content_type):
        raise UnsupportedBody("The Content-Type cannot be read.")
    try:
        parameters = parse_header_parameters(content_type)[1]
    except ValueError as error:
        raise UnsupportedBody("The Content-Type cannot be read.") from error
    return canonical(parameters["charset"]) if "charset" in parameters else DEFAULT


def decode(data: bytes, charset: str) -> str:
    """
    Return the text that `data` is.

    :raises Undecodable: it is none in that charset. Nothing is replaced.
    """
    try:
        return data.decode(charset)
    except UnicodeDecodeError as error:
        raise Undecodable from error

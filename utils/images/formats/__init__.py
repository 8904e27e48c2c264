"""
Reads the structure of a file before a pixel is decoded, and extracts its picture.

Each format has a reader that walks through the parts of a file, keeps those that draw the picture,
and drops everything else: text, comments, later frames, second pictures, whatever follows the end.
The decoder never sees the rest, so a bomb in a text chunk or an EXIF block of a million entries
stays unread. Every walk is bounded by `limits.MAX_PARTS`.

What Pillow refuses by itself is not checked here; the docstring of each reader says what Pillow would accept.
"""

import struct
from typing import Protocol

from utils.images.errors import BrokenFile, NotAnImage
from utils.images.formats import gif, jpeg, png, webp
from utils.images.formats.container import Container


class Reader(Protocol):
    """
    The module of one format.
    """

    def recognises(self, data: bytes) -> bool: ...

    def unwrap(self, data: bytes) -> Container: ...


READERS: tuple[Reader, ...] = (jpeg, png, webp, gif)


def unwrap(data: bytes) -> Container:
    """
    Detect the format of `data` by its content alone, and return its picture as a Container.

    Takes at most 100 milliseconds, usually a few, and one copy of `data`.

    :raises NotAnImage: it is none of the four formats.
    :raises TooManyPixels, TooManyFrames, BrokenFile: it is one of them, but not acceptable.
    """
    for reader in READERS:
        if reader.recognises(data):
            try:
                return reader.unwrap(data)
            except (IndexError, struct.error) as error:
                # The file ends inside one of its parts.
                raise BrokenFile from error
    raise NotAnImage

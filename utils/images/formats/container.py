"""
What the readers of all formats share: their result, and the limits they keep.
"""

import struct
from dataclasses import dataclass

from utils.images import limits
from utils.images.errors import BrokenFile, TooManyFrames, TooManyPixels

_ORIENTATION, _SHORT = 0x0112, 3
# Entries are sorted and this one stands near the front; cameras write about fifteen.
_MAX_EXIF_ENTRIES = 200


@dataclass(frozen=True)
class Container:
    """
    One picture, still encoded, in a file of the same format that holds nothing else.

    :param orientation: EXIF's number for it; 1 is upright, and so is any number EXIF does not know.
    :param profile: the ICC profile the colours are meant in, or nothing.
    """

    format: str
    width: int
    height: int
    picture: bytes
    orientation: int = 1
    profile: bytes = b""


class Counter:
    """
    Refuses the file with `refusal` when there are more than `limit` of something.
    """

    def __init__(self, limit, refusal):
        self._left = limit
        self._refusal = refusal

    def count(self):
        self._left -= 1
        if self._left < 0:
            raise self._refusal


def count_parts():
    return Counter(limits.MAX_PARTS, BrokenFile)


def count_frames():
    return Counter(limits.MAX_FRAMES, TooManyFrames)


def check_pixels(width, height):
    if width < 1 or height < 1:
        raise BrokenFile
    if width * height > limits.MAX_PIXELS:
        raise TooManyPixels


def read_orientation(exif):
    """
    Find the one number we want in an EXIF block, and read no other. Without one it is 1.
    """
    exif = bytes(exif).removeprefix(b"Exif\0\0")
    order = {b"II": "<", b"MM": ">"}.get(exif[:2])
    if order is None:
        return 1
    try:
        (start,) = struct.unpack_from(f"{order}I", exif, 4)
        (entries,) = struct.unpack_from(f"{order}H", exif, start)
        for entry in range(min(entries, _MAX_EXIF_ENTRIES)):
            tag, kind, _, value = struct.unpack_from(f"{order}HHIH", exif, start + 2 + 12 * entry)
            if (tag, kind) == (_ORIENTATION, _SHORT):
                return value
    except struct.error:
        # The block ends too early. The picture does not depend on it.
        return 1
    return 1

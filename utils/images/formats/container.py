"""
What the readers of all formats share: their result, and their limits.
"""

import struct
from dataclasses import dataclass

from utils.images import limits
from utils.images.errors import BrokenFile, ImageRefused, TooLong, TooManyFrames, TooManyPixels
from utils.images.hdr import HdrColours

_ORIENTATION, _SHORT = 0x0112, 3
# Entries are sorted and this one is near the beginning; cameras write about fifteen.
_MAX_EXIF_ENTRIES = 200


@dataclass(frozen=True, slots=True)
class Container:
    """
    One picture, still encoded, in a file of the same format that contains nothing else.

    :param orientation: EXIF's number for it; 1 is upright, and so is any number EXIF does not know.
    :param profiles: what the colours are relative to, best first; the first profile that can be applied is used.
    :param place: left, top, width and height of the part that `picture` draws, if that is not the whole.
    :param is_ended: whether the file says where its picture ends.
    """

    format: str
    width: int
    height: int
    picture: bytes
    orientation: int = 1
    profiles: tuple[bytes | HdrColours, ...] = ()
    place: tuple[int, int, int, int] | None = None
    is_ended: bool = True

    @property
    def pixels(self) -> int:
        return self.width * self.height


class Counter:
    """
    Refuses the file with `refusal` when there are more than `limit` of something.
    """

    def __init__(self, limit: int, refusal: type[ImageRefused]) -> None:
        self._left = limit
        self._refusal = refusal

    def count(self) -> None:
        self._left -= 1
        if self._left < 0:
            raise self._refusal


def count_parts() -> Counter:
    return Counter(limits.MAX_PARTS, BrokenFile)


def count_frames() -> Counter:
    return Counter(limits.MAX_FRAMES, TooManyFrames)


def check_size(image_format: str, width: int, height: int) -> None:
    if width < 1 or height < 1:
        raise BrokenFile
    if width * height > limits.MAX_PIXELS[image_format]:
        raise TooManyPixels.over(limits.MAX_PIXELS[image_format], image_format)
    if max(width, height) > limits.MAX_SIDE:
        raise TooLong


def read_orientation(tiff: bytes | memoryview) -> int:
    """
    Return the orientation from an EXIF block, 1 if it has none. No other entry is read.

    Pillow would read all entries, and each of thousands may claim the same 64 KB for its value.
    """
    order = {b"II": "<", b"MM": ">"}.get(bytes(tiff[:2]))
    if order is None:
        return 1
    try:
        (start,) = struct.unpack_from(f"{order}I", tiff, 4)
        (entries,) = struct.unpack_from(f"{order}H", tiff, start)
        for entry in range(min(entries, _MAX_EXIF_ENTRIES)):
            tag, kind, count, value = struct.unpack_from(f"{order}HHIH", tiff, start + 2 + 12 * entry)
            if (tag, kind, count) == (_ORIENTATION, _SHORT, 1):
                return int(value)
    except struct.error:
        # The block ends too early. The picture does not depend on it.
        return 1
    return 1

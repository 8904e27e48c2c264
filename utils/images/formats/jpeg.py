"""
JPEG: segments (marker, length, body), and after each SOS the data of a scan.
"""

import re
import struct

from utils.images import limits
from utils.images.errors import BrokenFile
from utils.images.formats.container import (
    Container,
    Counter,
    check_pixels,
    count_parts,
    read_orientation,
)

_SOI, _EOI = b"\xff\xd8", b"\xff\xd9"
_SOS, _END = 0xDA, 0xD9
_APP1, _APP2 = 0xE1, 0xE2
# Baseline, extended and progressive. No browser draws the other ten kinds.
_FRAMES = {0xC0, 0xC1, 0xC2}
# Frame and scan headers, Huffman and quantisation tables, the restart interval; and JFIF's and
# Adobe's headers, which say how the colours are coded.
_DRAWING = {*_FRAMES, _SOS, 0xC4, 0xDB, 0xDD, 0xE0, 0xEE}
# The next marker that is no escaped 0xFF, no fill byte and no restart within a scan.
_MARKER = re.compile(rb"\xff([\x02-\xcf\xd8-\xfe])")


def recognises(data):
    return data.startswith(b"\xff\xd8\xff")


def unwrap(data):
    """
    Take the first picture out; the others of a camera's MPO file follow its end.
    """
    scans = Counter(limits.MAX_SCANS, BrokenFile)
    picture, profile = [_SOI], []
    size, orientation = None, 1
    for marker, body, whole in _segments(data, memoryview(data)):
        if marker in _FRAMES:
            height, width = struct.unpack_from(">HH", body, 1)
            check_pixels(width, height)
            size = width, height
        elif marker == _SOS:
            scans.count()
        elif marker == _APP1 and body[:6] == b"Exif\0\0":
            orientation = read_orientation(body)
        elif marker == _APP2 and body[:12] == b"ICC_PROFILE\0":
            profile.append(bytes(body[12:]))
        if marker in _DRAWING:
            picture.append(whole)
    if size is None:
        raise BrokenFile
    picture.append(_EOI)
    return Container("JPEG", *size, b"".join(picture), orientation, _join_profile(profile))


def _segments(data, view):
    """
    Yield each segment as (marker, body, the whole of it with the scan that follows).
    """
    parts = count_parts()
    found = _MARKER.search(data, len(_SOI))
    while found and found[1][0] != _END:
        parts.count()
        marker = found[1][0]
        (length,) = struct.unpack_from(">H", data, found.end())
        end = found.end() + length
        following = _MARKER.search(data, end)
        # A file that ends before its end marker is cut off.
        if not following:
            raise BrokenFile
        body = view[found.end() + 2 : end]
        yield marker, body, view[found.start() : following.start() if marker == _SOS else end]
        found = following


def _join_profile(pieces):
    # Each begins with its number and with how many there are, one byte each.
    profile = b"".join(piece[2:] for piece in sorted(pieces))
    return profile if len(profile) <= limits.MAX_PROFILE_BYTES else b""

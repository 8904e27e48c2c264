"""
JPEG: segments (marker, length, body), and after each SOS the data of a scan.

Pillow would accept any number of scans and of further pictures, allocate the memory of a progressive picture before it
can be refused, join all EXIF segments, and accept an incomplete picture that has an end mark.
"""

import math
import re
import struct
from collections.abc import Iterator

from utils.images import limits
from utils.images.errors import BrokenFile, TooManyPixels
from utils.images.formats.container import Container, Counter, check_size, count_parts, read_orientation

_SOI, _EOI = b"\xff\xd8", b"\xff\xd9"
_SOS, _END = 0xDA, 0xD9
_APP1, _APP2 = 0xE1, 0xE2
_PROGRESSIVE = 0xC2
# Baseline, extended and progressive. No browser draws the other ten kinds.
_FRAMES = {0xC0, 0xC1, _PROGRESSIVE}
# Frame and scan headers, Huffman and quantisation tables, the restart interval; and JFIF's and
# Adobe's headers, which say how the colours are coded.
_DRAWING = {*_FRAMES, _SOS, 0xC4, 0xDB, 0xDD, 0xE0, 0xEE}
# What may stand between two scans: tables, the next scan, application data, comments.
_BETWEEN_SCANS = {0xC4, 0xDB, 0xDD, _SOS, *range(0xE0, 0xF0), 0xFE}
# The next marker that is no escaped 0xFF, no fill byte and no restart within a scan.
_MARKER = re.compile(rb"\xff([\x02-\xcf\xd8-\xfe])")


def recognises(data: bytes) -> bool:
    return data.startswith(b"\xff\xd8\xff")


def unwrap(data: bytes) -> Container:
    """
    Take the first picture out; what a phone appends (the other pictures of an MPO, a film, a trailer) is dropped.
    """
    picture: list[bytes | memoryview] = [_SOI]
    profile: list[bytes] = []
    orientation = None
    segments = _Segments(data)
    for marker, body, whole in segments:
        if marker == _APP1 and bytes(body[:5]) == b"Exif\0" and orientation is None:
            # Browsers look into the first such segment and into no other.
            orientation = read_orientation(body[6:])
        elif marker == _APP2 and bytes(body[:12]) == b"ICC_PROFILE\0":
            profile.append(bytes(body[12:]))
        if marker in _DRAWING:
            picture.append(whole)
    if segments.size is None or not segments.is_whole:
        raise BrokenFile
    if segments.is_ended:
        picture.append(_EOI)
    return Container(
        "JPEG",
        *segments.size,
        picture=b"".join(picture),
        orientation=orientation or 1,
        profiles=_join_profile(profile),
        is_ended=segments.is_ended,
    )


class _Segments:
    """
    Yields each segment of the first picture as (marker, body, the whole of it with the scan that follows).

    A picture ends at its end marker, then `is_ended` is set; or where the next bytes cannot belong to it; or
    with the file.
    """

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._scans = Counter(limits.MAX_SCANS, BrokenFile)
        self._components: list[tuple[int, int]] = []
        # What no scan has drawn yet: (component, coefficient).
        self._missing: set[tuple[int, int]] = set()
        self._is_progressive = False
        self.size: tuple[int, int] | None = None
        self.has_scans = self.is_ended = False

    def __iter__(self) -> Iterator[tuple[int, memoryview, memoryview]]:
        data, view, parts = self._data, memoryview(self._data), count_parts()
        found = _MARKER.search(data, len(_SOI))
        while found and not self._is_over(found[1][0]):
            parts.count()
            marker = found[1][0]
            (length,) = struct.unpack_from(">H", data, found.end())
            end = found.end() + length
            following = _MARKER.search(data, end)
            body = view[found.end() + 2 : end]
            if marker in _FRAMES:
                self._read_frame(marker, body)
            elif marker == _SOS:
                self._read_scan(body)
                end = following.start() if following else len(data)
            elif not following:
                break
            yield marker, body, view[found.start() : end]
            found = following

    @property
    def is_whole(self) -> bool:
        """
        Say whether every part of the picture has at least begun. Only decoding shows how far the last scan reaches.
        """
        return self.has_scans if self.is_ended else not self._missing

    def _read_frame(self, marker: int, body: memoryview) -> None:
        height, width = struct.unpack_from(">HH", body, 1)
        check_size("JPEG", width, height)
        self.size = width, height
        self._is_progressive = marker == _PROGRESSIVE
        self._components = [struct.unpack_from("BB", body, 6 + 3 * number) for number in range(body[5])]
        self._missing = {(name, coefficient) for name, _ in self._components for coefficient in range(64)}

    def _read_scan(self, body: memoryview) -> None:
        self._scans.count()
        if self._is_progressive or body[0] < len(self._components):
            self._check_coefficients()
        self.has_scans = True
        end = 1 + 2 * body[0]
        first, last, bits = (body[end], body[end + 1], body[end + 2]) if self._is_progressive else (0, 63, 0)
        # Unless lower bits are still to come.
        if not bits & 15:
            names = body[1:end:2]
            self._missing -= {(name, coefficient) for name in names for coefficient in range(first, last + 1)}

    def _check_coefficients(self) -> None:
        """
        Refuse a picture whose samples, all of which are collected before the first is drawn, would take too much.
        """
        if self.size is None:
            raise BrokenFile
        # Samples of each component to a block of the picture: across in the high half of the byte, down in the low.
        factors = [(byte >> 4, byte & 15) for _, byte in self._components]
        across, down = (max(most) or 1 for most in zip(*factors))
        blocks = math.ceil(self.size[0] / (8 * across)) * math.ceil(self.size[1] / (8 * down))
        if blocks * 128 * sum(one * other for one, other in factors) > limits.MAX_COEFFICIENT_BYTES:
            raise TooManyPixels

    def _is_over(self, marker: int) -> bool:
        self.is_ended = marker == _END
        if self.is_ended or not self.has_scans:
            return self.is_ended
        return marker not in _BETWEEN_SCANS or not self._missing


def _join_profile(pieces: list[bytes]) -> tuple[bytes, ...]:
    # Each begins with its number and with how many there are, one byte each.
    profile = b"".join(piece[2:] for piece in sorted(pieces))
    return (profile,) if 0 < len(profile) <= limits.MAX_PROFILE_BYTES else ()

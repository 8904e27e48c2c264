"""
PNG: a signature, then chunks (length, kind, body, checksum), from IHDR to IEND.

Pillow would inflate texts and profiles, and refuse the picture if they exceed its own limit. It would apply the size of
a second IHDR. And it ignores cICP, which browsers prefer to every other chunk.
"""

import struct
import zlib
from collections.abc import Iterator

from utils.images import limits
from utils.images.errors import BrokenFile, TooManyFrames
from utils.images.formats.container import Container, check_size, count_frames, count_parts, read_orientation
from utils.images.hdr import HLG, PQ, HdrColours
from utils.images.profiles import has_primaries, profile_from_chromaticities, profile_from_code_points

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
# Size, palette, transparent colour, pixels, end.
_DRAWING = {b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"}
# Bytes of a transparent colour by colour type: one grey value, three values, at least one of a palette.
_TRANSPARENT_BYTES = {0: 2, 2: 6, 3: 1}
# Chunks about the whole picture, valid before the pixels only.
_ABOUT = {b"eXIf", b"iCCP", b"cICP", b"sRGB", b"gAMA", b"cHRM"}


def recognises(data: bytes) -> bool:
    return data.startswith(_SIGNATURE)


def unwrap(data: bytes) -> Container:
    """
    Extract the default image; the frames of an animated PNG are counted and dropped.
    """
    frames = count_frames()
    picture: list[bytes | memoryview] = [_SIGNATURE]
    size: tuple[int, int] | None = None
    colour_type, about = -1, dict[bytes, bytes]()
    for kind, body, whole in _chunks(memoryview(data)):
        # A second IHDR would replace the size that was checked.
        if (kind == b"IHDR") != (size is None):
            raise BrokenFile
        if kind == b"IHDR":
            width, height, _, colour_type = struct.unpack_from(">IIBB", body)
            size = width, height
            check_size("PNG", *size)
        elif kind == b"acTL":
            # The number of frames that an animated PNG claims to have. Its actual frames are counted as well.
            if struct.unpack_from(">I", body)[0] > limits.MAX_FRAMES:
                raise TooManyFrames
        elif kind == b"fcTL":
            frames.count()
        elif kind in _ABOUT and b"IDAT" not in about:
            about.setdefault(kind, bytes(body))
        elif kind == b"IDAT":
            about[kind] = b""
        elif kind == b"tRNS" and len(body) < _TRANSPARENT_BYTES.get(colour_type, 0):
            continue
        if kind in _DRAWING:
            picture.append(whole)
    if size is None:
        raise BrokenFile
    orientation = read_orientation(about.get(b"eXIf", b""))
    return Container("PNG", *size, b"".join(picture), orientation, _profiles(about))


def _chunks(view: memoryview) -> Iterator[tuple[bytes, memoryview, memoryview]]:
    """
    Yield each chunk as (kind, body, the whole of it).
    """
    parts = count_parts()
    start, kind = len(_SIGNATURE), None
    while kind != b"IEND":
        parts.count()
        length, kind = struct.unpack_from(">I4s", view, start)
        end = start + 12 + length
        if end > len(view):
            raise BrokenFile
        yield kind, view[start + 8 : end - 4], view[start:end]
        start = end


def _profiles(about: dict[bytes, bytes]) -> tuple[bytes | HdrColours, ...]:
    """
    Return the colour profiles in the order in which browsers prefer them: cICP, iCCP, sRGB, gAMA with cHRM.
    """
    profiles = [_read_code_points(about.get(b"cICP", b"")), _inflate_profile(about.get(b"iCCP", b""))]
    if b"sRGB" not in about:
        profiles.append(profile_from_chromaticities(about.get(b"gAMA", b""), about.get(b"cHRM", b"")))
    return tuple(filter(None, profiles))


def _read_code_points(body: bytes) -> bytes | HdrColours:
    # Primaries, transfer, matrix (always 0), whether the whole range is used; browsers read nothing else.
    if len(body) != 4 or body[2:] != b"\0\1":
        return b""
    primaries, transfer = body[:2]
    if transfer in {PQ, HLG} and has_primaries(primaries):
        return HdrColours(primaries, transfer)
    return profile_from_code_points(primaries, transfer)


def _inflate_profile(body: bytes) -> bytes:
    # A name, a zero, the method (always 0), the compressed profile.
    _, _, rest = body.partition(b"\0")
    inflater = zlib.decompressobj()
    try:
        profile = inflater.decompress(rest[1:], limits.MAX_PROFILE_BYTES)
    except zlib.error:
        return b""
    return b"" if inflater.unconsumed_tail else profile

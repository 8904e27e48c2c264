"""
PNG: a signature, then chunks (length, kind, body, checksum), from IHDR to IEND.
"""

import struct
import zlib

from utils.images import limits
from utils.images.errors import BrokenFile, TooManyFrames
from utils.images.formats.container import (
    Container,
    check_pixels,
    count_frames,
    count_parts,
    read_orientation,
)

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
# Size, palette, transparent colour, pixels, end.
_DRAWING = {b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"}


def recognises(data):
    return data.startswith(_SIGNATURE)


def unwrap(data):
    """
    Take the default image out; the frames of an animated PNG are counted and dropped.
    """
    frames = count_frames()
    picture = [_SIGNATURE]
    size, orientation, profile = None, 1, b""
    for kind, body, whole in _chunks(memoryview(data)):
        # A second IHDR would replace the size that was checked.
        if (kind == b"IHDR") != (size is None):
            raise BrokenFile
        if kind == b"IHDR":
            size = struct.unpack_from(">II", body)
            check_pixels(*size)
        elif kind == b"acTL":
            # The frames an animated PNG claims to have. Those that are there are counted as well.
            if struct.unpack_from(">I", body)[0] > limits.MAX_FRAMES:
                raise TooManyFrames
        elif kind == b"fcTL":
            frames.count()
        elif kind == b"eXIf":
            orientation = read_orientation(body)
        elif kind == b"iCCP":
            profile = _inflate_profile(bytes(body))
        if kind in _DRAWING:
            picture.append(whole)
    return Container("PNG", *size, b"".join(picture), orientation, profile)


def _chunks(view):
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


def _inflate_profile(body):
    # A name, a zero, the method (always 0), the compressed profile.
    _, _, rest = body.partition(b"\0")
    inflater = zlib.decompressobj()
    try:
        profile = inflater.decompress(rest[1:], limits.MAX_PROFILE_BYTES)
    except zlib.error:
        return b""
    return b"" if inflater.unconsumed_tail else profile

"""
WEBP: RIFF chunks (kind, length, body, padding).

Either the first chunk is the picture, VP8 or VP8L, or it is VP8X and announces what follows:
transparency, an animation, a profile, EXIF.

Pillow would allocate two canvases of the claimed size as soon as the file is opened.
"""

import struct
from collections.abc import Iterator, Mapping

from utils.images import limits
from utils.images.errors import BrokenFile
from utils.images.formats.container import Container, check_size, count_frames, count_parts

_ANIMATED, _TRANSPARENT = 0x02, 0x10


def recognises(data: bytes) -> bool:
    return data.startswith(b"RIFF") and data[8:12] == b"WEBP"


def unwrap(data: bytes) -> Container:
    """
    Take the picture out, or the first frame of an animation; the others are counted and dropped.

    The orientation that EXIF may give is dropped too: browsers do not turn a WEBP.
    """
    frames = count_frames()
    chunks: dict[bytes, memoryview] = {}
    size = None
    for kind, body in _chunks(memoryview(data)):
        if size is None:
            size = _read_size(kind, body)
            check_size("WEBP", *size)
            first = kind
        if kind == b"ANMF":
            frames.count()
        chunks.setdefault(kind, body)
    if size is None:
        raise BrokenFile
    profile = bytes(chunks.get(b"ICCP", b""))
    if first != b"VP8X" or len(profile) > limits.MAX_PROFILE_BYTES:
        profile = b""
    return Container("WEBP", *size, _rebuild(first, chunks), profiles=(profile,) if profile else ())


def _chunks(view: memoryview) -> Iterator[tuple[bytes, memoryview]]:
    """
    Yield each chunk as (kind, body).
    """
    parts = count_parts()
    (length,) = struct.unpack_from("<I", view, 4)
    start, file_end = 12, 8 + length
    if file_end > len(view):
        raise BrokenFile
    while start < file_end:
        parts.count()
        kind, length = struct.unpack_from("<4sI", view, start)
        end = start + 8 + length
        if end > file_end:
            raise BrokenFile
        yield kind, view[start + 8 : end]
        start = end + length % 2


def _read_size(kind: bytes, body: memoryview) -> tuple[int, int]:
    """
    Return width and height as the first chunk of the file gives them.
    """
    if kind == b"VP8X":
        width, height = (int.from_bytes(body[start : start + 3], "little") for start in (4, 7))
        return width + 1, height + 1
    if kind == b"VP8 " and bytes(body[3:6]) == b"\x9d\x01\x2a":
        width, height = struct.unpack_from("<HH", body, 6)
        return width & 0x3FFF, height & 0x3FFF
    if kind == b"VP8L" and bytes(body[:1]) == b"\x2f":
        (bits,) = struct.unpack_from("<I", body, 1)
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    raise BrokenFile


def _rebuild(first: bytes, chunks: Mapping[bytes, bytes | memoryview]) -> bytes:
    """
    Return a file that contains only the chunks that draw.
    """
    kinds = [first]
    if first == b"VP8X":
        header = chunks[first]
        flags = header[0] & (_ANIMATED | _TRANSPARENT)
        chunks = {**chunks, first: bytes([flags, 0, 0, 0]) + bytes(header[4:10])}
        kinds += [b"ANIM", b"ANMF"] if flags & _ANIMATED else [b"ALPH", b"VP8 ", b"VP8L"]
    drawn = b"".join(_pack(kind, chunks[kind]) for kind in kinds if kind in chunks)
    return b"RIFF" + struct.pack("<I", 4 + len(drawn)) + b"WEBP" + drawn


def _pack(kind: bytes, body: bytes | memoryview) -> bytes:
    return b"".join([kind, struct.pack("<I", len(body)), body, b"\0" * (len(body) % 2)])

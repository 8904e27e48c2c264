"""
GIF: a header, then extensions and frames, whose data come in blocks of at most 255 bytes.

Pillow would accept any number of frames and blocks. It would fill the area around the first
frame with a colour, where browsers show nothing.
"""

import struct

from utils.images.errors import BrokenFile
from utils.images.formats.container import Container, Counter, check_size, count_frames, count_parts

_EXTENSION, _FRAME, _END = 0x21, 0x2C, 0x3B
_CONTROL = 0xF9


def recognises(data: bytes) -> bool:
    return data.startswith((b"GIF87a", b"GIF89a"))


def unwrap(data: bytes) -> Container:
    """
    Take the first frame out, as a picture of its own size; the others are counted and dropped.
    """
    parts, frames = count_parts(), count_frames()
    width, height, flags = struct.unpack_from("<HHB", data, 6)
    end = 13 + _table_bytes(flags)
    header, control, first, place = data[10:end], b"", None, None
    # Some old editors write no end mark. Browsers accept that if the frame is complete.
    while end < len(data) and (kind := data[end]) != _END:
        parts.count()
        start = end
        if kind == _EXTENSION:
            end = _skip_blocks(data, start + 2, parts)
            # Tells how the next frame is drawn: which of its colours is transparent.
            if data[start + 1] == _CONTROL and first is None:
                control = data[start:end]
        elif kind == _FRAME:
            frames.count()
            left, top, across, down, flags = struct.unpack_from("<HHHHB", data, start + 1)
            end = _skip_blocks(data, start + 11 + _table_bytes(flags), parts)
            if first is None:
                check_size("GIF", across, down)
                # A frame that extends beyond the screen makes the picture larger.
                width, height = max(width, left + across), max(height, top + down)
                check_size("GIF", width, height)
                place = left, top, across, down
                first = data[start + 9 : end]
        else:
            raise BrokenFile
    if first is None or place is None:
        raise BrokenFile
    size = struct.pack("<HH", *place[2:])
    picture = b"".join([data[:6], size, header, control, b",\0\0\0\0", size, first, bytes([_END])])
    return Container("GIF", width, height, picture, place=None if place == (0, 0, width, height) else place)


def _table_bytes(flags: int) -> int:
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _skip_blocks(data: bytes, start: int, parts: Counter) -> int:
    while size := data[start]:
        parts.count()
        start += size + 1
    return start + 1

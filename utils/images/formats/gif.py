"""
GIF: a header, then extensions and frames, whose data come in blocks of at most 255 bytes.
"""

import struct

from utils.images.errors import BrokenFile
from utils.images.formats.container import Container, check_pixels, count_frames, count_parts

_EXTENSION, _FRAME, _END = 0x21, 0x2C, 0x3B
_CONTROL = 0xF9


def recognises(data):
    return data.startswith((b"GIF87a", b"GIF89a"))


def unwrap(data):
    """
    Take the first frame out; the others are counted and dropped.
    """
    parts, frames = count_parts(), count_frames()
    width, height, flags = struct.unpack_from("<HHB", data, 6)
    end = 13 + _table_bytes(flags)
    header, control, first = data[:end], b"", None
    # Some old editors write no end mark. Browsers do not miss it, if the frame is whole.
    while end < len(data) and (kind := data[end]) != _END:
        parts.count()
        start = end
        if kind == _EXTENSION:
            end = _skip_blocks(data, start + 2, parts)
            # How the frame that follows is drawn: which of its colours is transparent.
            if data[start + 1] == _CONTROL and first is None:
                control = data[start:end]
        elif kind == _FRAME:
            frames.count()
            left, top, across, down, flags = struct.unpack_from("<HHHHB", data, start + 1)
            end = _skip_blocks(data, start + 11 + _table_bytes(flags), parts)
            if first is None:
                # A frame that reaches beyond the screen makes the picture bigger.
                width, height = max(width, left + across), max(height, top + down)
                check_pixels(width, height)
                first = data[start:end]
        else:
            raise BrokenFile
    if first is None:
        raise BrokenFile
    return Container("GIF", width, height, b"".join([header, control, first, bytes([_END])]))


def _table_bytes(flags):
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _skip_blocks(data, start, parts):
    while size := data[start]:
        parts.count()
        start += size + 1
    return start + 1

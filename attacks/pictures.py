"""
Harmful pictures, made byte by byte.
"""

import io
import struct
import zlib
from typing import Any

from PIL import Image

SCRIPT = b"<script>alert(1)</script>"
SIGNATURE = b"\x89PNG\r\n\x1a\n"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'
EPS = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 1 1\n(x) run showpage\n"


def chunk(kind: bytes, body: bytes = b"") -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def black_png(width: int, height: int, *, depth: int = 1, colour_type: int = 0, extra: bytes = b"") -> bytes:
    """
    Return a black PNG of any size, in a few kilobytes.
    """
    channels = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[colour_type]
    row = b"\0" * (1 + (width * depth * channels + 7) // 8)
    packer = zlib.compressobj(9)
    # Many rows are compressed at once, because a call for each of a million rows would take very long.
    at_once = max(1, 4_000_000 // len(row))
    data = b"".join(packer.compress(row * min(at_once, height - start)) for start in range(0, height, at_once))
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour_type, 0, 0, 0))
    palette = chunk(b"PLTE", b"\0\0\0") if colour_type == 3 else b""
    return SIGNATURE + header + palette + extra + chunk(b"IDAT", data + packer.flush()) + chunk(b"IEND")


def small(kind: str = "PNG", **options: Any) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (64, 48), (200, 30, 30)).save(out, kind, **options)
    return out.getvalue()


def animation(frames: int) -> bytes:
    out = io.BytesIO()
    pages = [Image.new("P", (8, 8), number % 256) for number in range(frames)]
    pages[0].save(out, "GIF", save_all=True, append_images=pages[1:])
    return out.getvalue()


def phone_photo() -> bytes:
    """
    Return a JPEG that is rotated by its EXIF data and contains the place where it was taken.
    """
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010F] = "Attacker's phone"
    exif.get_ifd(0x8825)[1] = "N"
    exif.get_ifd(0x8825)[2] = (52.0, 31.0, 12.0)
    return small("JPEG", exif=exif)

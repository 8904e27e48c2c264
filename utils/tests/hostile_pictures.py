"""
Files that hide something, are no pictures, or are too large: tables for tests of what is refused.
"""

import zlib

from utils.tests.pictures import (
    RED,
    SCRIPT,
    animated,
    encoded,
    exif_with,
    gif_frame,
    gif_with_small_frame,
    jpeg_header,
    jpeg_segment,
    jpeg_with,
    large_png,
    make_gif,
    make_png,
    make_webp,
    mpo,
    noise,
    picture,
    pixel_bomb,
    png_chunk,
    png_header,
    png_with,
    riff_chunk,
    webp_header,
    webp_with,
    zeros_deflated,
)

# Where a picture may hold more than a picture.
HIDING_PLACES = {
    "a PNG's tail": lambda more: png_with() + more,
    "a PNG's text": lambda more: png_with(png_chunk(b"tEXt", b"Comment\0" + more)),
    "a PNG's private chunk": lambda more: png_with(png_chunk(b"xxXx", more)),
    "a PNG's palette": lambda more: make_png(
        png_header(1, 1, colour_type=3),
        png_chunk(b"PLTE", more + bytes(-len(more) % 3)),
        png_chunk(b"IDAT", zlib.compress(b"\0\0")),
    ),
    "a JPEG's tail": lambda more: jpeg_with(tail=more),
    "a JPEG's comment": lambda more: jpeg_with(jpeg_segment(0xFE, more)),
    "a JPEG's application data": lambda more: jpeg_with(jpeg_segment(0xE5, more), jpeg_segment(0xED, more)),
    "a JPEG's EXIF": lambda more: jpeg_with(jpeg_segment(0xE1, exif_with() + more)),
    "a GIF's tail": lambda more: make_gif(gif_frame()) + more,
    "a GIF's comment": lambda more: make_gif(b"!\xfe", bytes([len(more)]), more, b"\0", gif_frame()),
    "a WEBP's tail": lambda more: webp_with(tail=more),
    "a WEBP's XMP": lambda more: webp_with(riff_chunk(b"XMP ", more)),
    "a WEBP's unknown chunk": lambda more: webp_with(riff_chunk(b"what", more)),
}
# What makes a file something else too.
SECOND_FILES = {
    "a script": SCRIPT,
    "a script in capitals": b"<ScRiPt src=//example.com>",
    "a page": b"<!DOCTYPE html><p>Hello</p>",
    "a page without a doctype": b"<html><p>Hello</p>",
    "an SVG": b'<svg xmlns="http://www.w3.org/2000/svg"/>',
    "a PHP program": b"<?php system($_GET[0]);",
    "a PDF": b"%PDF-1.7\n1 0 obj\n",
    "a ZIP": b"PK\x01\x02" + bytes(42) + b"PK\x05\x06" + bytes(18),
}
# What phones write behind the end of a picture.
TRAILERS = {
    "a second picture": mpo,
    "a film": lambda: b"\0\0\0\x18ftypmp42" + bytes(99),
    "Samsung's trailer": lambda: b"\0\0\x01\x0a\x0e\0\0\0Image_UTC_Data1600000000000SEFH\x6b\0\0\0\1\0\0\0SEFT",
    "markers by chance": lambda: b"\xff\xe1\xff\xff\xff\xc4\0\1\xff\xda",
    "nothing but zeros": lambda: bytes(99),
}
NO_IMAGES = {
    "nothing": b"",
    "two bytes": b"\xff\xd8",
    "text": b"hello",
    "HTML": b"<!doctype html>" + SCRIPT,
    "SVG": b'<svg xmlns="http://www.w3.org/2000/svg">' + SCRIPT + b"</svg>",
    "EPS": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
    "PDF": b"%PDF-1.7\n1 0 obj\n",
    "ZIP": b"PK\3\4" + bytes(40),
    "script before a PNG": SCRIPT + png_with(),
    "RIFF sound": b"RIFF\x24\0\0\0WAVEfmt " + bytes(24),
    "AVIF": b"\0\0\0\x1cftypavif" + bytes(24),
    "HEIC": b"\0\0\0\x1cftypheic" + bytes(24),
}
TOO_MANY_PIXELS = {
    "a bomb": pixel_bomb,
    "a PNG": lambda: make_png(png_header(2**31 - 1, 2**31 - 1)),
    "a JPEG": lambda: jpeg_header(65_500, 65_500),
    "a WEBP": lambda: make_webp(webp_header(1 << 24, 1 << 24)),
    "a lossless WEBP": lambda: make_webp(riff_chunk(b"VP8L", b"\x2f\xff\xff\xff\x0f")),
    "a lossy WEBP": lambda: make_webp(riff_chunk(b"VP8 ", b"\0\0\0\x9d\x01\x2a\xff\x3f\xff\x3f")),
    "a GIF": lambda: make_gif(gif_frame(), size=(65_535, 65_535)),
    "a GIF's frame": lambda: make_gif(gif_frame(size=(65_535, 65_535))),
}
# Each as large as its kind may be.
LARGEST = {
    "PNG, 16-bit RGBA": lambda: large_png(6, 16),
    "PNG, RGBA, interlaced": lambda: large_png(6, 8, interlaced=True),
    "PNG, RGBA, wide": lambda: large_png(6, 8, (32_768, 762)),
    "PNG, RGBA, tall": lambda: large_png(6, 8, (762, 32_768)),
    "PNG, 16-bit RGB, interlaced": lambda: large_png(2, 16, interlaced=True),
    "PNG, 16-bit RGB, a transparent colour": lambda: large_png(2, 16, transparent=b"\x55" * 6),
    "PNG, RGB, a transparent colour": lambda: large_png(2, 8, transparent=bytes(6)),
    "PNG, 16-bit grey": lambda: large_png(0, 16),
    "PNG, 16-bit grey, a transparent one": lambda: large_png(0, 16, transparent=b"\x55" * 2),
    "PNG, 2-bit grey, a transparent one": lambda: large_png(0, 2, transparent=b"\0\1"),
    "PNG, 1-bit grey": lambda: large_png(0, 1),
    "PNG, 1-bit grey, a transparent one": lambda: large_png(0, 1, transparent=b"\0\1"),
    "PNG, grey with alpha": lambda: large_png(4, 8),
    "PNG, 16-bit grey with alpha": lambda: large_png(4, 16),
    "PNG, palette": lambda: large_png(3, 8),
    "PNG, palette with transparency": lambda: large_png(3, 8, transparent=bytes(range(256))),
    "JPEG": lambda: encoded(noise((8160, 6120)), "JPEG", quality=30),
    "JPEG, panorama": lambda: encoded(noise((16_382, 3628)), "JPEG", quality=30),
    "JPEG, CMYK": lambda: encoded(noise((8000, 8000), "CMYK"), "JPEG", quality=5),
    "JPEG, progressive": lambda: encoded(noise((8160, 6120)), "JPEG", quality=10, progressive=True),
    "JPEG, progressive, full colour": lambda: encoded(
        noise((5000, 5000)), "JPEG", quality=20, progressive=True, subsampling=0
    ),
    "JPEG, progressive, CMYK": lambda: encoded(noise((4330, 4330), "CMYK"), "JPEG", quality=10, progressive=True),
    "JPEG, no end mark": lambda: encoded(noise((4800, 3600)), "JPEG", quality=30)[:-2],
    "WEBP": lambda: encoded(noise((3600, 3600)), "WEBP", quality=30, method=0),
    "WEBP, lossless": lambda: encoded(picture(size=(3600, 3600)), "WEBP", lossless=True, method=0),
    "WEBP, transparent": lambda: encoded(picture("RGBA", (3600, 3600), (*RED, 90)), "WEBP", quality=30, method=0),
    "WEBP, animated": lambda: animated("WEBP", (3600, 3600)),
    "GIF": lambda: encoded(picture("P", (5000, 5000), 0), "GIF", transparency=0),
    "GIF, animated": lambda: animated("GIF", (5000, 5000)),
    "GIF, a frame smaller than the whole": gif_with_small_frame,
}
TEXT_BOMBS = {
    "zTXt": lambda: png_with(png_chunk(b"zTXt", b"a\0\0" + zeros_deflated(300))),
    "iTXt": lambda: png_with(png_chunk(b"iTXt", b"a\0\1\0\0\0" + zeros_deflated(300))),
    "iCCP": lambda: png_with(png_chunk(b"iCCP", b"a\0\0" + zeros_deflated(300))),
    "many": lambda: png_with(*[png_chunk(b"zTXt", b"a\0\0" + zeros_deflated(1))] * 300),
}

"""
Pictures whose looks depend on what a format says of colours, orientation and transparency; {name: file}.
"""

import struct
import zlib

from PIL import Image

from utils.tests.hostile_pictures import TRAILERS
from utils.tests.pictures import (
    encoded,
    exif_with,
    exif_without_orientation,
    gif_frame,
    grey_profile,
    jpeg_segment,
    linear_profile,
    make_gif,
    make_png,
    make_webp,
    png_chunk,
    png_header,
    press_profile,
    profile_of_steps,
    quadrants,
    riff_chunk,
    swapped_profile,
    webp_header,
)

# The fourth colour is grey, so that no channel is left out.
COLOURS = [(200, 100, 50), (60, 120, 180), (10, 20, 30), (128, 128, 128)]
GREYS = [200, 60, 20, 128]
D65, SRGB = (0.3127, 0.3290), (0.64, 0.33, 0.30, 0.60, 0.15, 0.06)
P3, ADOBE = (0.68, 0.32, 0.265, 0.69, 0.15, 0.06), (0.64, 0.33, 0.21, 0.71, 0.15, 0.06)


def samples(depth, *values):
    bits = "".join(format(value, f"0{depth}b") for value in values)
    return int(bits.ljust(-(-len(bits) // 8) * 8, "0"), 2).to_bytes(-(-len(bits) // 8))


def png(colour_type, depth, row, *chunks):
    """A PNG of one row; `row` is a list of pixels, each a number or a tuple of them."""
    flat = [value for pixel in row for value in (pixel if isinstance(pixel, tuple) else (pixel,))]
    pixels = zlib.compress(b"\0" + samples(depth, *flat))
    return make_png(png_header(len(row), 1, depth, colour_type), *chunks, png_chunk(b"IDAT", pixels))


def gama(gamma):
    return png_chunk(b"gAMA", struct.pack(">I", gamma))


def chrm(*chromaticities):
    return png_chunk(b"cHRM", struct.pack(">8I", *(round(100_000 * value) for value in chromaticities)))


def cicp(primaries, transfer, matrix=0, full_range=1):
    return png_chunk(b"cICP", bytes([primaries, transfer, matrix, full_range]))


def iccp(profile):
    return png_chunk(b"iCCP", b"icc\0\0" + zlib.compress(profile))


def trns(*values):
    return png_chunk(b"tRNS", struct.pack(f">{len(values)}H", *values))


def jpeg(image, *segments, **options):
    data = encoded(image, "JPEG", quality=95, **({} if image.mode == "L" else {"subsampling": 0}), **options)
    return data[:2] + b"".join(segments) + data[2:]


def patches(mode="RGB"):
    image = Image.new("RGB", (128, 16))
    for number, colour in enumerate(COLOURS):
        image.paste(colour, (32 * number, 0, 32 * number + 32, 16))
    return image.convert(mode)


def corners():
    return quadrants().resize((120, 60), Image.Resampling.NEAREST)


def turned(*orientations):
    blocks = [exif_with(one) if one else exif_without_orientation() for one in orientations]
    return jpeg(corners(), *[jpeg_segment(0xE1, block) for block in blocks])


PALETTE = png_chunk(b"PLTE", b"".join(map(bytes, COLOURS)))
ORIENTATIONS = {
    **{f"orientation {one}": turned(one) for one in range(1, 10)},
    "orientation in the first of two": turned(6, None),
    "orientation in both": turned(6, 3),
    "upright in the first": turned(1, 6),
    "orientation in the second only": turned(None, 6),
    "orientation, big-endian": jpeg(corners(), jpeg_segment(0xE1, exif_with(8, ">"))),
    "orientation in a PNG": encoded(corners(), "PNG", exif=exif_with(6)),
    "orientation in a WEBP": encoded(corners(), "WEBP", lossless=True, exif=exif_with(6)),
}
ENDS = {f"no end mark, {name}": jpeg(corners())[:-2] + TRAILERS[name]() for name in TRAILERS} | {
    f"end mark, {name}": jpeg(corners(), progressive=True) + TRAILERS[name]() for name in TRAILERS
}
PROFILES = {
    "JPEG": jpeg(patches(), icc_profile=linear_profile()),
    "JPEG, grey with a profile for grey": jpeg(patches("L"), icc_profile=grey_profile()),
    "JPEG, grey with one for colour": jpeg(patches("L"), icc_profile=linear_profile()),
    "JPEG, colour with one for grey": jpeg(patches(), icc_profile=grey_profile()),
    "JPEG, colour with one for a press": jpeg(patches(), icc_profile=press_profile((150, 128, 128))),
    "JPEG, CMYK": jpeg(patches("CMYK")),
    "JPEG, CMYK with a profile for a press": jpeg(patches("CMYK"), icc_profile=press_profile((150, 140, 120))),
    "JPEG, CMYK with one for colour": jpeg(patches("CMYK"), icc_profile=linear_profile()),
    "JPEG, steps beside the tables": jpeg(patches(), icc_profile=profile_of_steps(1)),
    "WEBP": encoded(patches(), "WEBP", lossless=True, icc_profile=linear_profile()),
    "WEBP, transparent": encoded(patches("RGBA"), "WEBP", lossless=True, icc_profile=linear_profile()),
    "PNG": png(2, 8, COLOURS, iccp(linear_profile())),
    "PNG, swapped": png(2, 8, COLOURS, iccp(swapped_profile())),
    "PNG, grey": png(0, 8, GREYS, iccp(grey_profile())),
    "PNG, grey with a profile for colour": png(0, 8, GREYS, iccp(linear_profile())),
    "PNG, grey with alpha": png(4, 8, [(grey, 128) for grey in GREYS], iccp(grey_profile())),
    "PNG, 16-bit grey": png(0, 16, [grey * 257 for grey in GREYS], iccp(grey_profile())),
    "PNG, palette": png(3, 8, [0, 1, 2, 3], iccp(linear_profile()), PALETTE),
    "PNG, palette with transparency": png(
        3, 8, [0, 1, 2, 3], iccp(linear_profile()), PALETTE, png_chunk(b"tRNS", b"\x80\xff\0")
    ),
    "PNG, colour with a profile for grey": png(2, 8, COLOURS, iccp(grey_profile())),
    "PNG, profile and transparent grey": png(0, 8, GREYS, iccp(grey_profile()), trns(200)),
}
NUMBERS = {
    **{f"gAMA {gamma}": png(2, 8, COLOURS, gama(gamma)) for gamma in (0, 30_000, 45_455, 46_500, 55_555, 100_000)},
    "gAMA of sRGB, cHRM of sRGB": png(2, 8, COLOURS, gama(45_455), chrm(*D65, *SRGB)),
    "gAMA, cHRM of P3": png(2, 8, COLOURS, gama(45_455), chrm(*D65, *P3)),
    "gAMA, cHRM of Adobe": png(2, 8, COLOURS, gama(100_000), chrm(*D65, *ADOBE)),
    "gAMA, cHRM under D50": png(2, 8, COLOURS, gama(55_555), chrm(0.3457, 0.3585, *ADOBE)),
    "gAMA, cHRM of zeros": png(2, 8, COLOURS, gama(55_555), chrm(*[0] * 8)),
    "cHRM alone": png(2, 8, COLOURS, chrm(*D65, *P3)),
    "sRGB before gAMA": png(2, 8, COLOURS, gama(100_000), png_chunk(b"sRGB", b"\0")),
    "gAMA, grey": png(0, 8, GREYS, gama(100_000)),
    "gAMA, palette": png(3, 8, [0, 1, 2, 3], gama(100_000), PALETTE),
    "gAMA, transparent": png(6, 8, [(*colour, 200) for colour in COLOURS], gama(100_000)),
    "gAMA, a transparent grey": png(0, 8, GREYS, gama(100_000), trns(200)),
    "iCCP before gAMA": png(2, 8, COLOURS, gama(100_000), iccp(swapped_profile())),
    "a broken iCCP before gAMA": png(2, 8, COLOURS, gama(100_000), iccp(b"nonsense")),
    "cICP before iCCP": png(2, 8, COLOURS, cicp(12, 13), iccp(swapped_profile())),
    "cICP, grey": png(0, 8, GREYS, cicp(12, 13)),
    "cICP, narrow range": png(2, 8, COLOURS, cicp(12, 13, full_range=0)),
    "cICP of nobody": png(2, 8, COLOURS, cicp(2, 2), iccp(swapped_profile())),
    **{f"cICP {one}": png(2, 8, COLOURS, cicp(one, 13)) for one in (1, 4, 5, 6, 7, 8, 9, 10, 11, 12, 22, 255)},
    **{f"cICP 1/{one}": png(2, 8, COLOURS, cicp(1, one)) for one in (0, 1, 4, 5, 6, 7, 8, 9, 11, 14, 15, 17)},
}
MANY_COLOURS = [tuple(255 * (number // 7**place % 7) // 6 for place in range(3)) for number in range(7**3)]
MANY_GREYS = list(range(256))
HDR = {
    **{
        f"cICP {primaries}/{transfer}": png(2, 8, MANY_COLOURS, cicp(primaries, transfer))
        for primaries in (1, 9, 12, 4, 11)
        for transfer in (16, 18)
    },
    **{f"{transfer}, grey": png(0, 8, MANY_GREYS, cicp(9, transfer)) for transfer in (16, 18)},
    "16 bits": png(2, 16, [(red * 257, green * 257, blue * 257) for red, green, blue in COLOURS], cicp(9, 16)),
    "palette": png(3, 8, [0, 1, 2, 3], cicp(9, 18), PALETTE),
    "transparent": png(6, 8, [(*colour, 200) for colour in COLOURS], cicp(9, 16)),
    "grey with alpha": png(4, 8, [(grey, 200) for grey in GREYS], cicp(9, 18)),
    "before iCCP": png(2, 8, COLOURS, cicp(9, 16), iccp(swapped_profile())),
    "narrow range": png(2, 8, COLOURS, cicp(9, 16, full_range=0)),
    "primaries of nobody": png(2, 8, COLOURS, cicp(3, 16)),
}
TRANSPARENCY = {
    "1-bit grey": png(0, 1, [1, 0], trns(1)),
    "1-bit grey, black": png(0, 1, [1, 0], trns(0)),
    "2-bit grey": png(0, 2, [1, 2], trns(1)),
    "4-bit grey": png(0, 4, [5, 12], trns(5)),
    "8-bit grey": png(0, 8, [5, 12], trns(5)),
    "16-bit grey": png(0, 16, [0x1234, 0x1235], trns(0x1234)),
    "8-bit colour": png(2, 8, COLOURS, trns(*COLOURS[0])),
    "16-bit colour": png(2, 16, [(0x1234, 0x5678, 0x9ABC), (0x1234, 0x5678, 0x9ABD)], trns(0x1234, 0x5678, 0x9ABC)),
    "a colour of too few bytes": png(2, 8, COLOURS, png_chunk(b"tRNS", b"\0")),
    "1-bit palette": png(3, 1, [0, 1], PALETTE, png_chunk(b"tRNS", b"\x30")),
    "4-bit palette": png(3, 4, [0, 1], PALETTE, png_chunk(b"tRNS", b"\x30")),
    "8-bit palette": png(3, 8, [0, 1, 2, 3], PALETTE, png_chunk(b"tRNS", b"\x30\x50\x60\x70")),
    "grey with alpha": png(4, 8, [(200, 128), (60, 0), (60, 255)]),
    "16-bit grey with alpha": png(4, 16, [(200 * 257, 128 * 257), (60 * 257, 255)]),
    "colour with alpha": png(6, 8, [(*colour, alpha) for colour, alpha in zip(COLOURS, (255, 128, 0, 64))]),
    "16-bit colour with alpha": png(6, 16, [(51_400, 25_700, 12_850, 32_896), (15_420, 30_840, 46_260, 65_535)]),
    "WEBP": encoded(patches("RGBA"), "WEBP", lossless=True),
    "WEBP, a frame smaller than the whole": make_webp(
        webp_header(64, 16, flags=0x12),
        riff_chunk(b"ANIM", bytes(6)),
        riff_chunk(
            b"ANMF",
            struct.pack("<HBHBHBHB", 8, 0, 0, 0, 31, 0, 15, 0)
            + bytes(4)
            + encoded(Image.new("RGBA", (32, 16), (200, 100, 50, 255)), "WEBP", lossless=True)[12:],
        ),
    ),
    "GIF": make_gif(gif_frame()),
    "GIF, a frame smaller than the whole": make_gif(gif_frame(left=1), size=(3, 1)),
    "GIF, a transparent colour": make_gif(b"!\xf9\4\1\0\0\0\0", gif_frame(left=1), size=(3, 1)),
    "GIF, a frame beyond the edge": make_gif(gif_frame(left=3), size=(2, 1)),
}

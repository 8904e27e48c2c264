"""
Pictures from strangers: what is refused, and what is left of those that are taken.

Every sample is made here, by Pillow or byte by byte.
"""

import functools
import io
import os
import random
import re
import struct
import subprocess
import sys
import threading
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from PIL import Image, ImageCms, ImageOps

from utils.images import (
    BrokenFile,
    CleanImage,
    DecodersBusy,
    ImageRefused,
    NotAnImage,
    TooManyBytes,
    TooManyFrames,
    TooManyPixels,
    limits,
    make_thumbnail,
    new_image_key,
    read_image,
)

RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)
SCRIPT = b"<script>alert(1)</script>"
ALL_FORMATS = ["JPEG", "PNG", "WEBP", "GIF"]


# Samples


def picture(mode="RGB", size=(40, 20), colour=RED):
    return Image.new(mode, size, colour)


def encoded(image, image_format, **options):
    out = io.BytesIO()
    image.save(out, image_format, **options)
    return out.getvalue()


def sample(image_format):
    return encoded(picture(), image_format)


def quadrants():
    image = picture(colour=WHITE)
    for corner, colour in (((0, 0), RED), ((20, 0), GREEN), ((0, 10), BLUE)):
        image.paste(colour, (*corner, corner[0] + 20, corner[1] + 10))
    return image


def exif_with(orientation=1, order="<"):
    """A camera's EXIF block: orientation and a GPS directory with a latitude."""
    head = struct.pack(order + "2sHI", b"II" if order == "<" else b"MM", 42, 8)
    first = struct.pack(order + "HHHIHH", 2, 0x0112, 3, 1, orientation, 0)
    first += struct.pack(order + "HHIII", 0x8825, 4, 1, 38, 0)
    gps = struct.pack(order + "HHHI4sI", 1, 1, 2, 2, b"N\0\0\0", 0)
    return b"Exif\0\0" + head + first + gps + b"GPS-52.5200N"


def swapped_profile():
    """A colour profile whose red means sRGB's green, and the other way round."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    places = {}
    for start in range(132, 132 + 12 * struct.unpack_from(">I", profile, 128)[0], 12):
        places[bytes(profile[start : start + 4])] = start
    profile[places[b"rXYZ"] : places[b"rXYZ"] + 4] = b"gXYZ"
    profile[places[b"gXYZ"] : places[b"gXYZ"] + 4] = b"rXYZ"
    return bytes(profile)


def profile_with(kind, body):
    """The profile of sRGB with one more tag."""
    profile = bytes(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    (count,) = struct.unpack_from(">I", profile, 128)
    tags = [struct.unpack_from(">4sII", profile, 132 + 12 * tag) for tag in range(count)]
    table = b"".join(struct.pack(">4sII", name, start + 12, length) for name, start, length in tags)
    table += struct.pack(">4sII", kind, len(profile) + 12, len(body))
    profile = profile[4:128] + struct.pack(">I", count + 1) + table + profile[132 + 12 * count :] + body
    return struct.pack(">I", len(profile) + 4) + profile


def profile_of_steps(steps):
    """A profile that swaps red and green once for each step, eight bytes a step."""
    swap = b"matf" + bytes(4) + struct.pack(">HH12f", 3, 3, 0, 1, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0)
    head = b"mpet" + bytes(4) + struct.pack(">HHI", 3, 3, steps)
    return profile_with(b"D2B0", head + struct.pack(">II", 16 + 8 * steps, len(swap)) * steps + swap)


def press_profile(lab):
    """A profile for CMYK in which every mixture of inks is the same colour, given as Lab."""
    table = b"mft1" + bytes(4) + b"\4\3\2\0" + struct.pack(">9i", 65536, 0, 0, 0, 65536, 0, 0, 0, 65536)
    table += bytes(range(256)) * 4 + bytes(lab) * 2**4 + bytes(range(256)) * 3
    head = struct.pack(">I4sI4s4s4s", 144 + len(table), b"lcms", 0x02400000, b"prtr", b"CMYK", b"Lab ")
    head += bytes(12) + b"acsp" + bytes(28) + struct.pack(">3i", 63190, 65536, 54061)
    return head.ljust(128, b"\0") + struct.pack(">I4sII", 1, b"A2B0", 144, len(table)) + table


@functools.cache
def zeros_deflated(megabytes):
    deflater = zlib.compressobj(9)
    block = bytes(1 << 20)
    return b"".join(deflater.compress(block) for _ in range(megabytes)) + deflater.flush()


def png_chunk(kind, body=b""):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png_header(width, height, depth=8, colour_type=0):
    return png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour_type, 0, 0, 0))


def png_of(*chunks):
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks) + png_chunk(b"IEND")


def png_with(*chunks):
    """A small PNG with more chunks between its header and its pixels."""
    rows = (b"\0" + bytes([200]) * 40) * 20
    return png_of(png_header(40, 20), *chunks, png_chunk(b"IDAT", zlib.compress(rows)))


def pixel_bomb():
    """The real thing: 13,300 x 13,300 black pixels in 172 KB, whole and valid."""
    return png_of(png_header(13_300, 13_300), png_chunk(b"IDAT", zeros_deflated(169)))


def jpeg_segment(marker, body):
    return bytes([0xFF, marker]) + struct.pack(">H", len(body) + 2) + body


def jpeg_with(*segments, tail=b"", **options):
    data = encoded(picture(), "JPEG", **options)
    return data[:2] + b"".join(segments) + data[2:] + tail


def jpeg_header(width, height):
    frame = struct.pack(">BHHB", 8, height, width, 1) + b"\1\x11\0"
    return b"\xff\xd8" + jpeg_segment(0xC0, frame) + jpeg_segment(0xDA, b"\1\1\0\0\x3f\0") + b"\0\xff\xd9"


def jpeg_of_scans(count):
    """A progressive JPEG that says its first scan again and again."""
    data = encoded(picture(), "JPEG", progressive=True)
    start = data.index(b"\xff\xda")
    end = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]").search(data, start + 2).start()
    return data[:start] + data[start:end] * count + data[end:]


def mpo():
    return encoded(picture(), "MPO", save_all=True, append_images=[picture(colour=BLUE)])


def gif_of(*blocks, size=(1, 1)):
    head = b"GIF89a" + struct.pack("<HHBBB", *size, 0x80, 0, 0) + bytes(RED) + bytes(BLUE)
    return head + b"".join(blocks) + b";"


def gif_frame(size=(1, 1), left=0):
    return b"," + struct.pack("<HHHHB", left, 0, *size, 0) + b"\x02\x02\x44\x01\0"


def riff_chunk(kind, body):
    return kind + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)


def webp_of(*chunks):
    body = b"WEBP" + b"".join(chunks)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def webp_header(width, height, flags=0):
    size = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    return riff_chunk(b"VP8X", struct.pack("<I", flags) + size)


def webp_with(*chunks, tail=b""):
    pixels = encoded(picture(), "WEBP")[12:]
    return webp_of(webp_header(40, 20), pixels, *chunks) + tail


def webp_frame():
    place = struct.pack("<IIII", 0, 0, 0, 0)
    return riff_chunk(b"ANMF", place + encoded(picture(size=(1, 1)), "WEBP", lossless=True)[12:])


def many_frames(image_format, count, after=b""):
    if image_format == "GIF":
        return gif_of(*[gif_frame()] * count, after)
    if image_format == "WEBP":
        head = webp_header(1, 1, flags=2) + riff_chunk(b"ANIM", bytes(6))
        return webp_of(head, *[webp_frame()] * count, after)
    control = struct.pack(">IIIIHHBB", 1, 1, 0, 0, 1, 10, 0, 0)
    frames = [png_chunk(b"fcTL", struct.pack(">I", number) + control) for number in range(count)]
    # It claims a single frame, so that those that are there must be counted.
    return png_with(png_chunk(b"acTL", struct.pack(">II", 1, 0)), *frames, after)


def animation(image_format):
    frames = [picture(colour=colour) for colour in (RED, GREEN, BLUE)]
    return encoded(frames[0], image_format, save_all=True, append_images=frames[1:], duration=100)


POLYGLOTS = {
    "a PNG's tail": lambda: png_with() + SCRIPT,
    "a PNG's text": lambda: png_with(png_chunk(b"tEXt", b"Comment\0" + SCRIPT)),
    "a PNG's private chunk": lambda: png_with(png_chunk(b"xxXx", SCRIPT)),
    "a PNG's palette": lambda: png_of(
        png_header(1, 1, colour_type=3),
        png_chunk(b"PLTE", SCRIPT + bytes(2)),
        png_chunk(b"IDAT", zlib.compress(b"\0\0")),
    ),
    "a JPEG's tail": lambda: jpeg_with(tail=SCRIPT),
    "a JPEG's comment": lambda: jpeg_with(jpeg_segment(0xFE, SCRIPT)),
    "a JPEG's application data": lambda: jpeg_with(jpeg_segment(0xE5, SCRIPT), jpeg_segment(0xED, SCRIPT)),
    "a JPEG's EXIF": lambda: jpeg_with(jpeg_segment(0xE1, exif_with() + SCRIPT)),
    "a GIF's tail": lambda: gif_of(gif_frame()) + SCRIPT,
    "a GIF's comment": lambda: gif_of(b"!\xfe", bytes([len(SCRIPT)]), SCRIPT, b"\0", gif_frame()),
    "a WEBP's tail": lambda: webp_with(tail=SCRIPT),
    "a WEBP's XMP": lambda: webp_with(riff_chunk(b"XMP ", SCRIPT)),
    "a WEBP's unknown chunk": lambda: webp_with(riff_chunk(b"what", SCRIPT)),
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
    "a PNG": lambda: png_of(png_header(2**31 - 1, 2**31 - 1)),
    "a JPEG": lambda: jpeg_header(65_500, 65_500),
    "a WEBP": lambda: webp_of(webp_header(1 << 24, 1 << 24)),
    "a lossless WEBP": lambda: webp_of(riff_chunk(b"VP8L", b"\x2f\xff\xff\xff\x0f")),
    "a lossy WEBP": lambda: webp_of(riff_chunk(b"VP8 ", b"\0\0\0\x9d\x01\x2a\xff\x3f\xff\x3f")),
    "a GIF": lambda: gif_of(gif_frame(), size=(65_535, 65_535)),
    "a GIF's frame": lambda: gif_of(gif_frame(size=(65_535, 65_535))),
}

TEXT_BOMBS = {
    "zTXt": lambda: png_with(png_chunk(b"zTXt", b"a\0\0" + zeros_deflated(300))),
    "iTXt": lambda: png_with(png_chunk(b"iTXt", b"a\0\1\0\0\0" + zeros_deflated(300))),
    "iCCP": lambda: png_with(png_chunk(b"iCCP", b"a\0\0" + zeros_deflated(300))),
    "many": lambda: png_with(*[png_chunk(b"zTXt", b"a\0\0" + zeros_deflated(1))] * 300),
}


# Helpers


def clean(data, max_edge=2048):
    return read_image(io.BytesIO(data), max_edge=max_edge)


def opened(result):
    """What another program sees in the cleaned file."""
    image = Image.open(io.BytesIO(result.data))
    assert (image.format, image.size) == (result.format, (result.width, result.height))
    return image


def colour_at(result, place=(0, 0), mode="RGB"):
    return opened(result).convert(mode).getpixel(place)


def near(colour, expected, tolerance=12):
    return all(abs(one - other) <= tolerance for one, other in zip(colour, expected, strict=True))


WITH_LITTLE_MEMORY = """
import io, resource, sys
from PIL import Image
from utils.images import ImageRefused, make_thumbnail, read_image
# What is loaded on first use is loaded now.
for name in ("JPEG", "PNG", "WEBP", "GIF"):
    out = io.BytesIO()
    Image.new("RGB", (9, 9)).save(out, name)
    read_image(out, max_edge=9)
data = io.BytesIO(sys.stdin.buffer.read())
with open("/proc/self/statm") as pages:
    limit = int(pages.read().split()[0]) * resource.getpagesize() + {megabytes} * 2**20
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
try:
    result = read_image(data, max_edge={max_edge})
    print(result.format, result.width, result.height)
except ImageRefused as refusal:
    print(refusal.code)
"""


def clean_with_little_memory(data, *, megabytes, max_edge=2048):
    """Clean `data` in a process that may grow by `megabytes` and no more; return what it says."""
    program = WITH_LITTLE_MEMORY.format(megabytes=megabytes, max_edge=max_edge)
    done = subprocess.run(
        [sys.executable, "-c", program],
        input=data,
        capture_output=True,
        cwd=Path(__file__).parents[2],
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode().strip()


needs_proc = pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="reads its size from /proc")


@pytest.fixture
def shown_to_the_decoder(monkeypatch):
    """The files that Pillow is asked to open, as they are."""
    shown, open_image = [], Image.open

    def remember(file, **options):
        shown.append(file.getvalue())
        return open_image(file, **options)

    with monkeypatch.context() as patch:
        patch.setattr(Image, "open", remember)
        yield shown


pytestmark = pytest.mark.filterwarnings("error")


class TestWhatIsAccepted:
    @pytest.mark.parametrize(
        ("image_format", "written_as", "extension", "content_type"),
        [
            ("JPEG", "JPEG", "jpg", "image/jpeg"),
            ("PNG", "PNG", "png", "image/png"),
            ("WEBP", "WEBP", "webp", "image/webp"),
            ("GIF", "PNG", "png", "image/png"),
        ],
    )
    def test_each_format_has_one_it_is_stored_in(self, image_format, written_as, extension, content_type):
        result = clean(sample(image_format))

        assert (result.format, result.extension, result.content_type) == (written_as, extension, content_type)
        assert near(colour_at(result), RED)

    def test_the_content_decides_and_not_the_name(self):
        file = io.BytesIO(sample("PNG"))
        file.name, file.content_type = "../invoice\0.php.pdf", "application/pdf"

        assert read_image(file, max_edge=100).extension == "png"

    def test_a_file_somebody_has_already_read_is_read_from_its_start(self):
        file = io.BytesIO(sample("PNG"))
        file.read()

        assert read_image(file, max_edge=100).width == 40

    @pytest.mark.parametrize("image_format", ALL_FORMATS)
    def test_the_longer_edge_shrinks_to_the_limit_and_the_shape_stays(self, image_format):
        tall = clean(encoded(picture(size=(300, 1200)), image_format), max_edge=400)
        wide = clean(encoded(picture(size=(1200, 300)), image_format), max_edge=400)

        assert (tall.width, tall.height, wide.width, wide.height) == (100, 400, 400, 100)
        assert near(colour_at(wide, (200, 50)), RED)

    def test_a_small_picture_is_not_enlarged(self):
        result = clean(sample("JPEG"), max_edge=2048)

        assert (result.width, result.height) == (40, 20)

    @pytest.mark.parametrize(("image_format", "length"), [("PNG", 65_535), ("GIF", 65_535), ("JPEG", 65_500)])
    def test_a_line_one_pixel_high_stays_one(self, image_format, length):
        result = clean(encoded(picture(size=(length, 1)), image_format))

        assert (result.width, result.height) == (2048, 1)

    @pytest.mark.parametrize("variant", [{"lossless": True}, {"quality": 50}])
    def test_a_webp_may_be_plain_or_announce_transparency(self, variant):
        plain = clean(encoded(picture(), "WEBP", **variant))
        transparent = clean(encoded(picture("RGBA", colour=(*RED, 90)), "WEBP", **variant))

        assert near(colour_at(plain), RED)
        assert near(colour_at(transparent, mode="RGBA"), (*RED, 90))

    def test_a_progressive_jpeg_is_accepted(self):
        assert near(colour_at(clean(jpeg_with(progressive=True))), RED)

    def test_a_jpeg_with_restart_markers_is_accepted(self):
        data = encoded(quadrants().resize((160, 80)), "JPEG", restart_marker_blocks=1)
        assert b"\xff\xd0" in data

        result = clean(data)

        assert near(colour_at(result), RED)
        assert near(colour_at(result, (159, 79)), WHITE)

    def test_a_gif_that_lacks_nothing_but_its_end_mark_is_accepted(self):
        assert clean(gif_of(gif_frame())[:-1]).width == 1

    def test_exactly_25_million_pixels_are_accepted_and_one_row_more_is_not(self):
        result = clean(encoded(picture("1", (5000, 5000), 1), "PNG"), max_edge=100)

        assert (result.width, colour_at(result)) == (100, WHITE)
        with pytest.raises(TooManyPixels):
            clean(encoded(picture("1", (5000, 5001), 1), "PNG"), max_edge=100)


class TestColours:
    def test_a_cmyk_jpeg_becomes_rgb(self):
        result = clean(encoded(picture("CMYK", colour=(0, 255, 255, 0)), "JPEG"))

        assert opened(result).mode == "RGB"
        assert near(colour_at(result), RED)

    def test_a_press_profile_decides_what_inks_look_like(self):
        lab_of_green = press_profile((224, 42, 211))

        result = clean(encoded(picture("CMYK", colour=(0, 255, 255, 0)), "JPEG", icc_profile=lab_of_green))

        assert near(colour_at(result), GREEN)

    @pytest.mark.parametrize("numbered", [True, False])
    @pytest.mark.parametrize("header", [jpeg_segment(0xE0, b"JFIF\0\1\1\0\0\1\0\1\0\0"), b""])
    def test_a_jpeg_says_in_its_headers_how_colours_are_coded(self, header, numbered):
        data = jpeg_with(header, keep_rgb=True)
        if numbered:
            # Without their names R, G and B only Adobe's header tells that these are not Y, Cb and Cr.
            data = data.replace(b"R\x11\0G\x11\0B\x11\0", b"\1\x11\0\2\x11\0\3\x11\0")
            data = data.replace(b"R\0G\0B\0", b"\1\0\2\0\3\0")
        expected = Image.open(io.BytesIO(data)).convert("RGB").getpixel((0, 0))

        assert near(colour_at(clean(data)), expected)

    @pytest.mark.parametrize("image_format", ["JPEG", "PNG", "WEBP"])
    def test_shrinking_mixes_the_pixels_it_replaces(self, image_format):
        board = Image.frombytes("L", (400, 400), (b"\0\xff" * 200 + b"\xff\0" * 200) * 200).convert("RGB")

        result = clean(encoded(board, image_format), max_edge=50)

        assert near(colour_at(result, (25, 25)), (128, 128, 128))

    def test_sixteen_bits_of_grey_are_scaled_and_not_cut_off(self):
        half = Image.new("I;16", (40, 20), 0x8000)

        assert colour_at(clean(encoded(half, "PNG")), mode="L") == 0x80

    @pytest.mark.parametrize("max_edge", [40, 20])
    def test_grey_stays_grey(self, max_edge):
        result = clean(encoded(picture("L", colour=77), "PNG"), max_edge=max_edge)

        assert (opened(result).mode, colour_at(result, mode="L")) == ("L", 77)

    @pytest.mark.parametrize("image_format", ["PNG", "GIF"])
    @pytest.mark.parametrize("max_edge", [40, 20])
    def test_a_transparent_colour_of_a_palette_stays_transparent(self, image_format, max_edge):
        image = Image.new("P", (40, 20), 1)
        image.putpalette([*RED, *BLUE])
        image.paste(0, (20, 0, 40, 20))

        result = clean(encoded(image, image_format, transparency=0), max_edge=max_edge)

        assert colour_at(result, mode="RGBA") == (*BLUE, 255)
        assert colour_at(result, (result.width - 1, 0), mode="RGBA")[3] == 0

    def test_a_palette_with_a_transparency_for_each_colour_keeps_them(self):
        image = Image.new("P", (40, 20), 1)
        image.putpalette([*RED, *BLUE])

        result = clean(encoded(image, "PNG", transparency=bytes([255, 100])))

        assert colour_at(result, mode="RGBA") == (*BLUE, 100)

    def test_the_transparent_colour_of_a_picture_without_palette_stays_transparent(self):
        grey = clean(encoded(picture("L", colour=9), "PNG", transparency=9))
        colour = clean(encoded(picture(), "PNG", transparency=RED))

        assert colour_at(grey, mode="RGBA")[3] == colour_at(colour, mode="RGBA")[3] == 0

    def test_the_colour_of_invisible_pixels_does_not_bleed_when_shrinking(self):
        image = picture("RGBA", (400, 400), (*GREEN, 0))
        image.paste((*RED, 255), (0, 0, 199, 400))

        shrunk = opened(clean(encoded(image, "PNG"), max_edge=40)).convert("RGBA")

        pixels = [shrunk.getpixel((column, 20)) for column in range(40)]
        assert all(green == 0 for _, green, _, alpha in pixels if alpha > 0)

    @pytest.mark.parametrize("image_format", ["JPEG", "PNG", "WEBP"])
    def test_a_colour_profile_is_applied_and_not_kept(self, image_format):
        result = clean(encoded(picture(), image_format, icc_profile=swapped_profile()))

        assert near(colour_at(result), GREEN)
        assert "icc_profile" not in opened(result).info
        assert b"acsp" not in result.data

    def test_a_profile_in_several_pieces_is_put_together_in_their_order(self):
        profile = swapped_profile()
        pieces = [
            jpeg_segment(0xE2, b"ICC_PROFILE\0\x02\x02" + profile[200:]),
            jpeg_segment(0xE2, b"ICC_PROFILE\0\x01\x02" + profile[:200]),
        ]

        assert near(colour_at(clean(jpeg_with(*pieces))), GREEN)

    def test_a_profile_does_not_cost_a_picture_its_transparency(self):
        data = encoded(picture("RGBA", colour=(*RED, 90)), "PNG", icc_profile=swapped_profile())

        assert near(colour_at(clean(data), mode="RGBA"), (*GREEN, 90))

    @pytest.mark.parametrize(
        "profile", [b"nonsense", swapped_profile()[:200], swapped_profile().replace(b"RGB ", b"CMYK", 1)]
    )
    @pytest.mark.parametrize("image_format", ["JPEG", "PNG", "WEBP"])
    def test_a_profile_that_can_not_be_applied_is_left_out(self, image_format, profile):
        result = clean(encoded(picture(), image_format, icc_profile=profile))

        assert near(colour_at(result), RED)

    def test_a_profile_that_is_a_program_is_left_out(self):
        # 20,000 steps would take a minute.
        result = clean(encoded(picture(), "PNG", icc_profile=profile_of_steps(1)))

        assert colour_at(result) == RED

    def test_a_profile_that_calls_itself_srgb_is_believed(self):
        name, usual = ("sRGB built-in".encode("utf-16-be"), "sRGB IEC61966".encode("utf-16-be"))
        assert name in swapped_profile()

        result = clean(encoded(picture(), "PNG", icc_profile=swapped_profile().replace(name, usual)))

        assert colour_at(result) == RED

    def test_a_profile_that_is_not_even_compressed_is_left_out(self):
        assert clean(png_with(png_chunk(b"iCCP", b"name\0\0nonsense"))).width == 40
        assert clean(png_with(png_chunk(b"iCCP", b""))).width == 40


class TestOrientation:
    @pytest.mark.parametrize("orientation", range(1, 9))
    @pytest.mark.parametrize("order", "<>")
    def test_the_picture_is_put_upright_and_says_so_no_more(self, orientation, order):
        data = encoded(quadrants(), "PNG", exif=exif_with(orientation, order))
        upright = ImageOps.exif_transpose(Image.open(io.BytesIO(data)))

        result = opened(clean(data))

        assert (result.size, result.tobytes()) == (upright.size, upright.tobytes())
        assert not result.getexif()

    @pytest.mark.parametrize("image_format", ["JPEG", "WEBP"])
    @pytest.mark.parametrize("max_edge", [40, 20])
    def test_every_format_with_exif_is_put_upright_also_when_shrunk(self, image_format, max_edge):
        data = encoded(quadrants(), image_format, exif=exif_with(6), quality=95)

        result = clean(data, max_edge=max_edge)

        assert (result.width, result.height) == (max_edge // 2, max_edge)
        assert near(colour_at(result, (2, 2)), BLUE, tolerance=40)

    @pytest.mark.parametrize(
        "exif",
        [
            b"Exif\0\0",
            b"Exif\0\0MM\0*\0\0\0\x08",
            b"Exif\0\0II*\0\xff\xff\xff\xff",
            b"Exif\0\0II*\0\x08\0\0\0\xff\xff" + bytes(60_000),
            exif_with(9),
            exif_with(0)[:30],
        ],
    )
    def test_nonsense_in_place_of_an_orientation_is_ignored(self, exif):
        result = clean(jpeg_with(jpeg_segment(0xE1, exif)))

        assert (result.width, result.height) == (40, 20)


class TestNothingElseIsKept:
    @pytest.mark.parametrize("image_format", ["JPEG", "PNG", "WEBP"])
    def test_where_the_photo_was_taken_is_gone(self, image_format):
        data = encoded(picture(), image_format, exif=exif_with(), xmp=b"<x:xmpmeta>52.52N</x:xmpmeta>")
        assert b"GPS-52.5200N" in data

        result = clean(data)

        assert b"52.52" not in result.data
        assert not opened(result).getexif()
        assert not {"exif", "xmp", "comment"} & set(opened(result).info)

    @pytest.mark.parametrize("where", POLYGLOTS)
    def test_a_script_does_not_survive_in(self, where):
        data = POLYGLOTS[where]()
        assert SCRIPT in data

        assert b"script" not in clean(data).data

    @pytest.mark.parametrize("where", [where for where in POLYGLOTS if "palette" not in where])
    def test_the_decoder_is_not_even_shown_the_script_in(self, where, shown_to_the_decoder):
        clean(POLYGLOTS[where]())

        assert len(shown_to_the_decoder) == 1
        assert SCRIPT not in shown_to_the_decoder[0]

    @pytest.mark.parametrize("image_format", ["GIF", "PNG", "WEBP"])
    def test_the_decoder_is_not_even_shown_the_later_frames(self, image_format, shown_to_the_decoder):
        clean(animation(image_format))

        assert Image.open(io.BytesIO(shown_to_the_decoder.pop())).n_frames == 1

    @pytest.mark.parametrize("where", POLYGLOTS)
    def test_a_script_does_not_survive_in_the_thumbnail_either(self, where):
        assert b"script" not in make_thumbnail(POLYGLOTS[where](), edge=100).data

    def test_of_a_png_nothing_but_size_pixels_and_end_is_kept(self):
        data = clean(png_with(png_chunk(b"tIME", bytes(7)), png_chunk(b"gAMA", b"\0\0\xb1\x8f"))).data

        assert re.findall(rb"IHDR|IDAT|IEND|tIME|gAMA|sRGB|pHYs|tEXt", data) == [b"IHDR", b"IDAT", b"IEND"]

    def test_of_a_cameras_two_pictures_the_first_is_kept(self):
        data = mpo()
        assert Image.open(io.BytesIO(data)).n_frames == 2

        result = clean(data)

        assert opened(result).format == "JPEG"
        assert b"MPF" not in result.data
        assert result.data.count(b"\xff\xd8\xff") == 1
        assert near(colour_at(result), RED)

    @pytest.mark.parametrize("image_format", ["GIF", "PNG", "WEBP"])
    def test_of_an_animation_the_first_frame_is_kept(self, image_format):
        result = clean(animation(image_format))

        assert getattr(opened(result), "n_frames", 1) == 1
        assert near(colour_at(result), RED)
        assert not re.search(rb"acTL|fdAT|ANIM|ANMF", result.data)

    def test_a_first_frame_smaller_than_the_animation_keeps_its_place(self):
        result = clean(gif_of(gif_frame(left=2), size=(3, 1)))

        assert (result.width, result.height) == (3, 1)
        assert colour_at(result, (2, 0)) == RED


class TestWhatIsRefused:
    @pytest.mark.parametrize("kind", NO_IMAGES)
    def test_a_file_that_is_no_image_we_accept(self, kind):
        with pytest.raises(NotAnImage):
            clean(NO_IMAGES[kind])

    @pytest.mark.parametrize("image_format", ["TIFF", "BMP", "ICO", "PPM", "TGA", "EPS", "PDF"])
    def test_another_format_of_pillows_under_the_name_of_ours(self, image_format):
        file = io.BytesIO(encoded(picture(), image_format))
        file.name, file.content_type = "photo.jpg", "image/jpeg"

        with pytest.raises(NotAnImage):
            read_image(file, max_edge=100)

    @pytest.mark.parametrize("kind", TOO_MANY_PIXELS)
    def test_more_pixels_than_we_decode_however_small_the_file(self, kind):
        data = TOO_MANY_PIXELS[kind]()

        with pytest.raises(TooManyPixels):
            clean(data)
        with pytest.raises(TooManyPixels):
            make_thumbnail(data, edge=100)

    def test_more_bytes_than_allowed_are_not_even_read(self):
        class Unreadable(io.BytesIO):
            def read(self, size=-1):
                raise AssertionError("was read")

        with pytest.raises(TooManyBytes, match="at most 10 MB"):
            read_image(Unreadable(bytes(limits.MAX_BYTES + 1)), max_edge=100)

    def test_as_many_bytes_as_allowed_are_fine(self):
        data = sample("PNG")

        assert read_image(io.BytesIO(data), max_edge=100, max_bytes=len(data)).width == 40
        with pytest.raises(TooManyBytes):
            read_image(io.BytesIO(data), max_edge=100, max_bytes=len(data) - 1)

    @pytest.mark.parametrize("image_format", ALL_FORMATS)
    def test_a_file_that_ends_too_early_wherever_it_ends(self, image_format):
        data = sample(image_format).removesuffix(b";")

        for length in range(16, len(data)):
            with pytest.raises(BrokenFile):
                clean(data[:length])

    @pytest.mark.parametrize("image_format", ["GIF", "WEBP", "PNG"])
    def test_an_animation_of_ten_thousand_frames(self, image_format):
        with pytest.raises(TooManyFrames):
            clean(many_frames(image_format, 10_000))

    @pytest.mark.parametrize("image_format", ["GIF", "WEBP", "PNG"])
    def test_frames_are_counted_up_to_the_limit_and_no_further(self, image_format):
        assert clean(many_frames(image_format, limits.MAX_FRAMES)).width >= 1

        # What follows the frame that is too many would be refused for another reason.
        with pytest.raises(TooManyFrames):
            clean(many_frames(image_format, limits.MAX_FRAMES + 1, after=b"\xff" * 40))

    def test_a_png_that_only_claims_ten_thousand_frames(self):
        with pytest.raises(TooManyFrames):
            clean(png_with(png_chunk(b"acTL", struct.pack(">II", 10_000, 0))))

    def test_a_jpeg_of_more_scans_than_any_encoder_writes(self):
        usual = 10

        assert clean(jpeg_of_scans(limits.MAX_SCANS - usual + 1)).width == 40
        with pytest.raises(BrokenFile):
            clean(jpeg_of_scans(limits.MAX_SCANS - usual + 2))

    @pytest.mark.parametrize(
        "build",
        [
            lambda count: png_with(*[png_chunk(b"tEXt")] * count),
            lambda count: jpeg_with(*[jpeg_segment(0xFE, b"")] * count),
            lambda count: gif_of(b"!\xfe", b"\1a" * count, b"\0", gif_frame()),
            lambda count: webp_with(*[riff_chunk(b"what", b"")] * count),
        ],
        ids=ALL_FORMATS[1::-1] + ALL_FORMATS[:1:-1],
    )
    def test_a_file_of_a_hundred_thousand_parts(self, build):
        assert clean(build(1000)).width >= 1

        with pytest.raises(BrokenFile):
            clean(build(100_000))

    @pytest.mark.parametrize(
        "data",
        [
            png_with(png_header(20_000, 20_000)),
            jpeg_with(jpeg_segment(0xC0, struct.pack(">BHHB", 8, 20, 40, 1) + b"\1\x11\0")),
        ],
        ids=["PNG", "JPEG"],
    )
    def test_a_file_that_gives_its_size_twice(self, data):
        with pytest.raises(BrokenFile):
            clean(data)

    @pytest.mark.parametrize(
        "data",
        [
            png_of(png_header(0, 20)),
            jpeg_header(0, 20),
            gif_of(gif_frame((0, 0)), size=(0, 0)),
            gif_of(),
            gif_of(b"\xff", gif_frame()),
            webp_of(),
            # The last chunk claims more bytes than the file has.
            webp_of(sample("WEBP")[12:16] + struct.pack("<I", 10**6) + sample("WEBP")[20:]),
            webp_of(webp_header(40, 20)),
            webp_of(riff_chunk(b"what", b"")),
            # The frame is bigger than the picture says it is.
            webp_of(webp_header(2, 2), sample("WEBP")[12:]),
            png_of(png_header(40, 20)),
            png_of(png_header(40, 20, depth=7), png_chunk(b"IDAT", zlib.compress(bytes(820)))),
            png_of(png_header(40, 20), png_chunk(b"IDAT", b"nonsense")),
            # Pillow raises a ValueError here, not its OSError.
            png_with(png_chunk(b"tRNS", b"\0")),
            b"\xff\xd8\xff\xd9" + bytes(16),
            # Lossless and arithmetic coding: no browser draws them.
            sample("JPEG").replace(b"\xff\xc0", b"\xff\xc3", 1),
            sample("JPEG").replace(b"\xff\xc0", b"\xff\xc9", 1),
        ],
    )
    def test_a_file_without_a_picture_in_it(self, data):
        with pytest.raises(BrokenFile):
            clean(data)

    def test_a_decoder_that_sees_another_size_than_was_checked(self, monkeypatch):
        monkeypatch.setattr(Image, "open", lambda file, formats: picture(size=(5000, 5000)))

        with pytest.raises(BrokenFile):
            clean(sample("PNG"))

    @pytest.mark.parametrize("image_format", ALL_FORMATS)
    def test_damage_is_either_survived_or_refused_and_never_an_error_of_ours(self, image_format):
        chance = random.Random(f"damage to {image_format}")
        whole = encoded(quadrants(), image_format)

        for _ in range(500):
            data = bytearray(whole)
            for _ in range(chance.randint(1, 4)):
                data[chance.randrange(len(data))] = chance.randrange(256)
            try:
                result = clean(bytes(data))
            except ImageRefused:
                continue
            assert opened(result).load()

    def test_each_refusal_has_a_code_of_its_own_and_a_sentence(self):
        refusals = [NotAnImage(), TooManyBytes(5 * 2**20), TooManyPixels(), TooManyFrames(), BrokenFile()]

        assert [refusal.code for refusal in refusals] == [
            "not_an_image",
            "too_many_bytes",
            "too_many_pixels",
            "too_many_frames",
            "broken_file",
        ]
        assert [str(refusal) for refusal in refusals] == [
            "Upload a JPEG, PNG, WEBP or GIF image.",
            "An image file may have at most 5 MB.",
            "An image may have at most 25 million pixels.",
            "An animation may have at most 2,000 frames.",
            "This image file is damaged or incomplete.",
        ]
        assert all(refusal.message == str(refusal) for refusal in refusals)


@needs_proc
class TestMemory:
    """
    The process may not grow by more than a few megabytes, or it dies: the kernel measures.
    """

    def test_a_pixel_bomb_of_172_kilobytes_is_refused_in_8_megabytes(self):
        bomb = pixel_bomb()
        assert len(bomb) < 180_000

        assert clean_with_little_memory(bomb, megabytes=8) == "too_many_pixels"

    @pytest.mark.parametrize("image_format", ["GIF", "WEBP", "PNG"])
    def test_ten_thousand_frames_are_refused_in_8_megabytes(self, image_format):
        data = many_frames(image_format, 10_000)

        assert clean_with_little_memory(data, megabytes=8) == "too_many_frames"

    @pytest.mark.parametrize("kind", TEXT_BOMBS)
    def test_text_that_inflates_to_300_megabytes_is_cleaned_in_24(self, kind):
        assert clean_with_little_memory(TEXT_BOMBS[kind](), megabytes=24) == "PNG 40 20"

    def test_a_big_jpeg_is_not_decoded_at_full_size_when_it_is_shrunk(self):
        data = encoded(picture(size=(5000, 5000)), "JPEG")

        # At full size it takes 100.
        assert clean_with_little_memory(data, megabytes=40, max_edge=1200) == "JPEG 1200 1200"

    def test_a_big_transparent_picture_is_held_twice_and_not_three_times(self):
        data = encoded(picture("RGBA", (5000, 5000), (*RED, 90)), "PNG")

        assert clean_with_little_memory(data, megabytes=205, max_edge=1200) == "PNG 1200 1200"


class TestDecoders:
    def test_whoever_finds_no_decoder_in_time_is_told_to_come_back(self, monkeypatch):
        at_work, go_on = threading.Event(), threading.Event()
        open_image = Image.open

        def open_and_wait(*args, **kwargs):
            at_work.set()
            assert go_on.wait(30)
            return open_image(*args, **kwargs)

        monkeypatch.setattr(limits, "DECODE_WAIT_SECONDS", 0.01)
        monkeypatch.setattr(Image, "open", open_and_wait)
        with ThreadPoolExecutor() as threads:
            slow = threads.submit(clean, sample("PNG"))
            assert at_work.wait(30)

            with pytest.raises(DecodersBusy):
                clean(sample("PNG"))
            # A refusal needs no decoder, so it does not wait for one.
            with pytest.raises(TooManyPixels):
                clean(pixel_bomb())

            go_on.set()
            assert slow.result(30).width == 40
        assert clean(sample("PNG")).width == 40

    def test_a_broken_file_gives_its_decoder_back(self, monkeypatch):
        monkeypatch.setattr(limits, "DECODE_WAIT_SECONDS", 0.01)

        for _ in range(limits.DECODES_AT_ONCE + 1):
            with pytest.raises(BrokenFile):
                clean(png_of(png_header(40, 20), png_chunk(b"IDAT", b"nonsense")))

        assert clean(sample("PNG")).width == 40

    def test_threads_get_what_they_would_get_alone(self):
        colours = [(red, 0, 255 - red) for red in range(0, 256, 16)]
        files = [encoded(picture(colour=colour), "PNG") for colour in colours]

        with ThreadPoolExecutor(8) as threads:
            results = list(threads.map(clean, files))

        assert [colour_at(result) for result in results] == colours

    def test_nothing_else_in_the_process_decodes_a_bomb_either(self):
        with pytest.raises(Image.DecompressionBombError):
            Image.open(io.BytesIO(pixel_bomb()))


class TestThumbnails:
    @pytest.mark.parametrize("image_format", ALL_FORMATS)
    def test_a_thumbnail_is_a_small_webp_of_the_same_shape(self, image_format):
        thumbnail = make_thumbnail(encoded(picture(size=(1200, 300)), image_format), edge=400)

        assert isinstance(thumbnail, CleanImage)
        assert (thumbnail.width, thumbnail.height) == (400, 100)
        assert (thumbnail.extension, thumbnail.content_type) == ("webp", "image/webp")
        assert near(colour_at(thumbnail), RED)

    def test_a_thumbnail_keeps_transparency(self):
        thumbnail = make_thumbnail(encoded(picture("RGBA", colour=(*RED, 0)), "PNG"), edge=20)

        assert colour_at(thumbnail, mode="RGBA")[3] == 0

    @pytest.mark.parametrize("mode", ["L", "CMYK"])
    def test_grey_and_print_colours_have_thumbnails_too(self, mode):
        colour = 255 if mode == "L" else (0, 0, 0, 0)

        assert near(colour_at(make_thumbnail(encoded(picture(mode, colour=colour), "JPEG"), edge=20)), WHITE)


class TestKeys:
    def test_a_key_has_a_directory_a_random_name_and_our_extension(self):
        key = new_image_key("photos", "jpg")

        assert re.fullmatch(r"photos/([0-9a-f]{2})/\1[0-9a-f]{30}\.jpg", key)

    def test_no_two_keys_are_the_same(self):
        assert len({new_image_key("photos", "png") for _ in range(1000)}) == 1000

    @pytest.mark.parametrize("extension", ["php", "svg", "", ".jpg", "../jpg", "jpg\0"])
    def test_an_extension_that_is_not_ours_is_a_mistake_of_the_caller(self, extension):
        with pytest.raises(ValueError, match="extension"):
            new_image_key("photos", extension)

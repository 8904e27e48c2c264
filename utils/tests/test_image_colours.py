"""
The colours and the orientation of pictures after they were cleaned.
"""

import io
import zlib

import pytest
from PIL import Image, ImageOps

from utils.images.hdr import HdrColours
from utils.tests.pictures import (
    BLUE,
    GREEN,
    RED,
    clean,
    colour_at,
    encoded,
    exif_with,
    exif_without_orientation,
    jpeg_segment,
    jpeg_with,
    make_png,
    near,
    opened,
    picture,
    png_chunk,
    png_header,
    png_with,
    press_profile,
    profile_of_steps,
    quadrants,
    swapped_profile,
)

# What tests before these left to the garbage collector is none of theirs.
pytestmark = pytest.mark.filterwarnings("error", "ignore::pytest.PytestUnraisableExceptionWarning")


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

        result = clean(encoded(board, image_format), max_pixels=50 * 50)

        assert near(colour_at(result, (25, 25)), (128, 128, 128))

    def test_sixteen_bits_of_grey_are_scaled_and_not_cut_off(self):
        half = Image.new("I;16", (40, 20), 0x8000)

        assert colour_at(clean(encoded(half, "PNG")), mode="L") == 0x80

    @pytest.mark.parametrize("max_pixels", [800, 200])
    def test_grey_stays_grey(self, max_pixels):
        result = clean(encoded(picture("L", colour=77), "PNG"), max_pixels=max_pixels)

        assert (opened(result).mode, colour_at(result, mode="L")) == ("L", 77)

    @pytest.mark.parametrize("image_format", ["PNG", "GIF"])
    @pytest.mark.parametrize("max_pixels", [800, 200])
    def test_a_transparent_colour_of_a_palette_stays_transparent(self, image_format, max_pixels):
        image = Image.new("P", (40, 20), 1)
        image.putpalette([*RED, *BLUE])
        image.paste(0, (20, 0, 40, 20))

        result = clean(encoded(image, image_format, transparency=0), max_pixels=max_pixels)

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

        shrunk = opened(clean(encoded(image, "PNG"), max_pixels=40 * 40)).convert("RGBA")

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

    def test_of_a_profile_that_is_a_program_the_program_is_left_out(self):
        # 20,000 steps would take a minute.
        result = clean(encoded(picture(), "PNG", icc_profile=profile_of_steps(1)))

        assert colour_at(result) == RED

    @pytest.mark.parametrize(("transfer", "shown"), [(16, (26, 114, 193, 248)), (18, (39, 92, 122, 175))])
    def test_high_dynamic_range_is_mapped_to_what_a_screen_shows(self, transfer, shown):
        # What Chromium shows of these: test_images_in_chromium.py.
        for grey, level in zip((60, 120, 150, 185), shown):
            pixel = png_chunk(b"IDAT", zlib.compress(bytes([0, grey])))
            data = make_png(png_header(1, 1), png_chunk(b"cICP", bytes([9, transfer, 0, 1])), pixel)

            assert near(colour_at(clean(data)), (level,) * 3, tolerance=6)

    @pytest.mark.parametrize(("transfer", "shown"), [(16, 193), (18, 122)])
    @pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "LA"])
    def test_a_large_picture_of_high_dynamic_range_is_mapped_to_its_last_row(self, transfer, shown, mode):
        image = Image.new("LA", (700, 200), (150, 90)).convert(mode)

        result = HdrColours(9, transfer).to_srgb(image)

        (red, most), *others = result.getextrema()
        assert (red, abs(red - shown) <= 6, others[:2]) == (most, True, [(red, red)] * 2)
        assert others[2:] == ([(90, 90)] if "A" in mode else [])

    def test_a_profile_that_calls_itself_srgb_is_not_believed(self):
        name, usual = ("sRGB built-in".encode("utf-16-be"), "sRGB IEC61966".encode("utf-16-be"))
        assert name in swapped_profile()

        result = clean(encoded(picture(), "PNG", icc_profile=swapped_profile().replace(name, usual)))

        assert near(colour_at(result), GREEN)

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

    @pytest.mark.parametrize("max_pixels", [800, 200])
    def test_a_jpeg_is_put_upright_also_when_shrunk(self, max_pixels):
        data = encoded(quadrants(), "JPEG", exif=exif_with(6), quality=95)

        result = clean(data, max_pixels=max_pixels)

        assert result.width * result.height == max_pixels
        assert result.height == 2 * result.width
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

    @pytest.mark.parametrize(
        ("orientations", "turned"), [((6, None), True), ((6, 3), True), ((1, 6), False), ((9, 6), False)]
    )
    def test_of_several_exif_segments_the_first_holds(self, orientations, turned):
        segments = [jpeg_segment(0xE1, exif_with(one) if one else exif_without_orientation()) for one in orientations]

        result = clean(jpeg_with(*segments))

        assert (result.width, result.height) == ((20, 40) if turned else (40, 20))

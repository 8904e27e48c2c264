"""
Pictures that are taken: what they look like afterwards.
"""

import io
import re
import zlib

import pytest
from PIL import Image, ImageOps

from utils.images import (
    CleanImage,
    TooManyPixels,
    make_thumbnail,
    new_image_key,
    read_image,
)
from utils.images.hdr import HdrColours
from utils.tests.pictures import (
    ALL_FORMATS,
    BLUE,
    GREEN,
    RED,
    WHITE,
    clean,
    colour_at,
    encoded,
    exif_with,
    exif_without_orientation,
    gif_frame,
    jpeg_segment,
    jpeg_with,
    make_gif,
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
    sample,
    swapped_profile,
)

# What tests before these left to the garbage collector is none of theirs.
pytestmark = pytest.mark.filterwarnings("error", "ignore::pytest.PytestUnraisableExceptionWarning")


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

        assert read_image(file, max_pixels=100 * 100).extension == "png"

    def test_a_file_somebody_has_already_read_is_read_from_its_start(self):
        file = io.BytesIO(sample("PNG"))
        file.read()

        assert read_image(file, max_pixels=100 * 100).width == 40

    @pytest.mark.parametrize("image_format", ALL_FORMATS)
    def test_the_area_shrinks_to_the_limit_and_the_shape_stays(self, image_format):
        tall = clean(encoded(picture(size=(300, 1200)), image_format), max_pixels=200 * 200)
        wide = clean(encoded(picture(size=(1200, 300)), image_format), max_pixels=200 * 200)

        assert (tall.width, tall.height, wide.width, wide.height) == (100, 400, 400, 100)
        assert near(colour_at(wide, (200, 50)), RED)

    def test_a_long_screenshot_stays_readable(self):
        result = clean(encoded(picture("1", (990, 11_490), 1), "PNG"))

        assert (result.width, result.height) == (601, 6977)

    @pytest.mark.parametrize(
        ("size", "progressive"),
        [((8064, 6048), False), ((8160, 6120), False), ((16_382, 3628), False), ((8160, 6120), True)],
    )
    def test_what_phones_make_fits(self, size, progressive):
        result = clean(encoded(picture(size=size), "JPEG", progressive=progressive))

        assert 2_900_000 < result.width * result.height < 4_200_000
        assert abs(result.width / result.height - size[0] / size[1]) < 0.01

    def test_a_small_picture_is_not_enlarged(self):
        result = clean(sample("JPEG"), max_pixels=2048 * 2048)

        assert (result.width, result.height) == (40, 20)

    @pytest.mark.parametrize("image_format", ["PNG", "GIF", "JPEG"])
    def test_a_line_one_pixel_high_stays_one(self, image_format):
        result = clean(encoded(picture(size=(32_768, 1)), image_format), max_pixels=8192)

        assert (result.width, result.height) == (16_384, 1)

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
        assert clean(make_gif(gif_frame())[:-1]).width == 1

    def test_exactly_25_million_pixels_are_accepted_and_one_row_more_is_not(self):
        result = clean(encoded(picture("1", (5000, 5000), 1), "PNG"), max_pixels=100 * 100)

        assert (result.width, colour_at(result)) == (100, WHITE)
        with pytest.raises(TooManyPixels):
            clean(encoded(picture("1", (5000, 5001), 1), "PNG"), max_pixels=100 * 100)


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


class TestThumbnails:
    @pytest.mark.parametrize("image_format", ALL_FORMATS)
    def test_a_thumbnail_is_a_small_webp_of_the_same_shape(self, image_format):
        thumbnail = make_thumbnail(encoded(picture(size=(1200, 300)), image_format), max_pixels=200 * 200)

        assert isinstance(thumbnail, CleanImage)
        assert (thumbnail.width, thumbnail.height) == (400, 100)
        assert (thumbnail.extension, thumbnail.content_type) == ("webp", "image/webp")
        assert near(colour_at(thumbnail), RED)

    def test_a_thumbnail_keeps_transparency(self):
        thumbnail = make_thumbnail(encoded(picture("RGBA", colour=(*RED, 0)), "PNG"), max_pixels=20 * 20)

        assert colour_at(thumbnail, mode="RGBA")[3] == 0

    @pytest.mark.parametrize("mode", ["L", "CMYK"])
    def test_grey_and_print_colours_have_thumbnails_too(self, mode):
        colour = 255 if mode == "L" else (0, 0, 0, 0)

        assert near(colour_at(make_thumbnail(encoded(picture(mode, colour=colour), "JPEG"), max_pixels=20 * 20)), WHITE)


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

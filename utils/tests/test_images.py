"""
Pictures that are accepted: formats, sizes, thumbnails, names.
"""

import io
import re

import pytest

from utils.images import (
    CleanImage,
    TooManyPixels,
    make_thumbnail,
    new_image_key,
    read_image,
)
from utils.tests.pictures import (
    ALL_FORMATS,
    RED,
    WHITE,
    clean,
    colour_at,
    encoded,
    gif_frame,
    jpeg_with,
    make_gif,
    near,
    picture,
    quadrants,
    sample,
)

# What tests before these left to the garbage collector is none of theirs.
pytestmark = [
    pytest.mark.embedded,
    pytest.mark.filterwarnings("error", "ignore::pytest.PytestUnraisableExceptionWarning"),
]


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

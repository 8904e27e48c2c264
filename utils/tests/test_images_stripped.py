"""
What is removed from uploaded pictures: metadata, trailers, second files.
"""

import io
import re

import pytest
from PIL import Image

from utils.images import (
    inspect_image,
    make_thumbnail,
)
from utils.tests.hostile_pictures import HIDING_PLACES, SECOND_FILES, TRAILERS
from utils.tests.pictures import (
    RED,
    REMARK,
    WHITE,
    animation,
    clean,
    colour_at,
    encoded,
    exif_with,
    gif_frame,
    make_gif,
    mpo,
    near,
    opened,
    picture,
    png_chunk,
    png_with,
    quadrants,
)

# What tests before these left to the garbage collector is none of theirs.
pytestmark = [
    pytest.mark.embedded,
    pytest.mark.filterwarnings("error", "ignore::pytest.PytestUnraisableExceptionWarning"),
]


def shown_to_the_decoder(data):
    """
    Return the file that Pillow is asked to open.
    """
    return inspect_image(io.BytesIO(data)).picture


class TestNothingElseIsKept:
    @pytest.mark.parametrize("image_format", ["JPEG", "PNG", "WEBP"])
    def test_where_the_photo_was_taken_is_gone(self, image_format):
        data = encoded(picture(), image_format, exif=exif_with(), xmp=b"<x:xmpmeta>52.52N</x:xmpmeta>")
        assert b"GPS-52.5200N" in data

        result = clean(data)

        assert b"52.52" not in result.data
        assert not opened(result).getexif()
        assert not {"exif", "xmp", "comment"} & set(opened(result).info)

    @pytest.mark.parametrize("where", HIDING_PLACES)
    def test_a_remark_does_not_survive_in(self, where):
        data = HIDING_PLACES[where](REMARK)
        assert REMARK in data

        assert b"nobody" not in clean(data).data

    @pytest.mark.parametrize("where", [where for where in HIDING_PLACES if "palette" not in where])
    def test_the_decoder_is_not_even_shown_the_remark_in(self, where):
        assert REMARK not in shown_to_the_decoder(HIDING_PLACES[where](REMARK))

    @pytest.mark.parametrize("image_format", ["GIF", "PNG", "WEBP"])
    def test_the_decoder_is_not_even_shown_the_later_frames(self, image_format):
        shown = shown_to_the_decoder(animation(image_format))

        assert Image.open(io.BytesIO(shown)).n_frames == 1

    @pytest.mark.parametrize("where", HIDING_PLACES)
    def test_a_remark_does_not_survive_in_the_thumbnail_either(self, where):
        assert b"nobody" not in make_thumbnail(HIDING_PLACES[where](REMARK), max_pixels=100 * 100).data

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
        result = clean(make_gif(gif_frame(left=2), size=(3, 1)))

        assert (result.width, result.height) == (3, 1)
        assert colour_at(result, (2, 0)) == RED

    @pytest.mark.parametrize("where", HIDING_PLACES)
    @pytest.mark.parametrize("kind", SECOND_FILES)
    def test_a_second_file_does_not_survive_and_a_caption_that_speaks_of_one_is_no_attack(self, kind, where):
        result = clean(HIDING_PLACES[where](SECOND_FILES[kind]))

        assert SECOND_FILES[kind] not in result.data

    @pytest.mark.parametrize("trailer", TRAILERS)
    @pytest.mark.parametrize("end", [0, 2], ids=["with end mark", "without"])
    @pytest.mark.parametrize("progressive", [False, True])
    def test_what_phones_write_behind_a_picture_is_dropped(self, trailer, end, progressive):
        data = encoded(quadrants(), "JPEG", quality=95, progressive=progressive)

        result = clean(data[: len(data) - end] + TRAILERS[trailer]())

        assert near(colour_at(result, (38, 18)), WHITE)
        assert result.data.count(b"\xff\xd8\xff") == 1
        assert not re.search(rb"ftyp|SEFT", result.data)

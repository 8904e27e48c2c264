"""
Uploaded pictures that are refused.
"""

import io
import random
import struct
import zlib
from dataclasses import replace

import pytest

from utils.images import (
    BrokenFile,
    ImageRefused,
    NotAnImage,
    NotOnlyAnImage,
    TooLong,
    TooManyBytes,
    TooManyFrames,
    TooManyPixels,
    clean_image,
    inspect_image,
    limits,
    make_thumbnail,
    read_image,
)
from utils.images.polyglots import check_only_an_image
from utils.tests.hostile_pictures import NO_IMAGES, SECOND_FILES, TOO_MANY_PIXELS
from utils.tests.pictures import (
    ALL_FORMATS,
    WHITE,
    clean,
    colour_at,
    encoded,
    gif_frame,
    jpeg_header,
    jpeg_of_scans,
    jpeg_segment,
    jpeg_with,
    make_gif,
    make_png,
    make_webp,
    many_frames,
    near,
    opened,
    picture,
    png_chunk,
    png_header,
    png_with,
    quadrants,
    riff_chunk,
    sample,
    webp_header,
    webp_with,
)

# What tests before these left to the garbage collector is none of theirs.
pytestmark = [
    pytest.mark.embedded,
    pytest.mark.filterwarnings("error", "ignore::pytest.PytestUnraisableExceptionWarning"),
]


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
            read_image(file, max_pixels=100 * 100)

    @pytest.mark.parametrize("kind", SECOND_FILES)
    def test_what_would_be_stored_and_is_something_else_too(self, kind):
        check_only_an_image(sample("PNG"))

        # Whoever chooses pixels such that an encoder writes this has it in the middle.
        with pytest.raises(NotOnlyAnImage):
            check_only_an_image(sample("PNG") + SECOND_FILES[kind] + bytes(9))

    @pytest.mark.parametrize("kind", TOO_MANY_PIXELS)
    def test_more_pixels_than_we_decode_however_small_the_file(self, kind):
        data = TOO_MANY_PIXELS[kind]()

        with pytest.raises(TooManyPixels):
            clean(data)
        with pytest.raises(TooManyPixels):
            make_thumbnail(data, max_pixels=100 * 100)

    def test_more_bytes_than_allowed_are_not_even_read(self):
        class Unreadable(io.BytesIO):
            def read(self, size=-1):
                raise AssertionError("was read")

        with pytest.raises(TooManyBytes, match="at most 10 MB"):
            read_image(Unreadable(bytes(limits.MAX_BYTES + 1)), max_pixels=100 * 100)

    def test_as_many_bytes_as_allowed_are_fine(self):
        data = sample("PNG")

        assert read_image(io.BytesIO(data), max_pixels=100 * 100, max_bytes=len(data)).width == 40
        with pytest.raises(TooManyBytes):
            read_image(io.BytesIO(data), max_pixels=100 * 100, max_bytes=len(data) - 1)

    def test_a_jpeg_of_several_scans_with_more_coefficients_than_we_collect(self):
        data = bytearray(encoded(picture(), "JPEG", progressive=True, subsampling=0))
        size = data.index(b"\xff\xc2") + 5
        data[size : size + 4] = struct.pack(">HH", 7_000, 7_000)

        # Fewer pixels than a JPEG may have, and with halved colours there would be few enough coefficients.
        with pytest.raises(TooManyPixels):
            clean(bytes(data))

    def test_a_png_without_a_header(self):
        data = sample("PNG")

        with pytest.raises(BrokenFile):
            clean(data[:8] + data[8 + 25 :])

    @pytest.mark.parametrize("image_format", ["PNG", "WEBP", "GIF"])
    def test_a_file_that_ends_too_early_wherever_it_ends(self, image_format):
        data = sample(image_format).removesuffix(b";")

        for length in range(16, len(data)):
            with pytest.raises(BrokenFile):
                clean(data[:length])

    @pytest.mark.parametrize("progressive", [False, True])
    def test_a_jpeg_that_ends_before_all_of_it_is_drawn(self, progressive):
        data = encoded(quadrants().resize((160, 80)), "JPEG", quality=95, progressive=progressive)

        # The end mark, and the bits that fill up the byte before it.
        for missing in (1, 2):
            assert near(colour_at(clean(data[:-missing]), (158, 78)), WHITE)
        for length in range(20, len(data) - 3, 7):
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
            lambda count: make_gif(b"!\xfe", b"\1a" * count, b"\0", gif_frame()),
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
            make_png(png_header(0, 20)),
            jpeg_header(0, 20),
            make_gif(gif_frame((0, 0)), size=(0, 0)),
            make_gif(),
            make_gif(b"\xff", gif_frame()),
            make_webp(),
            # The last chunk claims more bytes than the file has.
            make_webp(sample("WEBP")[12:16] + struct.pack("<I", 10**6) + sample("WEBP")[20:]),
            make_webp(webp_header(40, 20)),
            make_webp(riff_chunk(b"what", b"")),
            # The frame is bigger than the picture says it is.
            make_webp(webp_header(2, 2), sample("WEBP")[12:]),
            make_png(png_header(40, 20)),
            make_png(png_header(40, 20, depth=7), png_chunk(b"IDAT", zlib.compress(bytes(820)))),
            make_png(png_header(40, 20), png_chunk(b"IDAT", b"nonsense")),
            b"\xff\xd8\xff\xd9" + bytes(16),
            # Lossless and arithmetic coding: no browser draws them.
            sample("JPEG").replace(b"\xff\xc0", b"\xff\xc3", 1),
            sample("JPEG").replace(b"\xff\xc0", b"\xff\xc9", 1),
        ],
    )
    def test_a_file_without_a_picture_in_it(self, data):
        with pytest.raises(BrokenFile):
            clean(data)

    def test_a_decoder_that_sees_another_size_than_was_checked(self):
        container = replace(inspect_image(io.BytesIO(sample("PNG"))), width=41)

        with pytest.raises(BrokenFile):
            clean_image(container, max_pixels=100)

    def test_a_side_longer_than_any_phone_makes(self):
        for size in ((1, 25_000_000), (25_000_000, 1), (32_769, 1)):
            with pytest.raises(TooLong):
                clean(make_png(png_header(*size)))

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
        refusals = [
            NotAnImage(),
            TooManyBytes.over(5 * 2**20),
            TooManyPixels.over(25_000_000, "PNG"),
            TooLong(),
            TooManyFrames(),
            BrokenFile(),
        ]

        assert [refusal.code for refusal in refusals] == [
            "not_an_image",
            "too_many_bytes",
            "too_many_pixels",
            "too_many_pixels",
            "too_many_frames",
            "broken_file",
        ]
        assert [str(refusal) for refusal in refusals] == [
            "Upload a JPEG, PNG, WEBP or GIF image.",
            "An image file may have at most 5 MB.",
            "A PNG image may have at most 25 million pixels.",
            "An image may be at most 32,768 pixels wide and high.",
            "An animation may have at most 2,000 frames.",
            "This image file is damaged or incomplete.",
        ]
        assert all(refusal.message == str(refusal) for refusal in refusals)

"""
How little of the machine a picture takes, whatever it is: memory, and decoders at work at once.
"""

import io
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from PIL import Image

from utils.images import (
    BrokenFile,
    DecodersBusy,
    TooManyPixels,
    limits,
)
from utils.tests.pictures import (
    RED,
    TEXT_BOMBS,
    clean,
    colour_at,
    encoded,
    many_frames,
    picture,
    pixel_bomb,
    png_chunk,
    png_header,
    png_of,
    sample,
)

WITH_LITTLE_MEMORY = """
import io, os, resource, sys
from PIL import Image
from utils.images import ImageRefused, make_thumbnail, read_image
# What is loaded on first use is loaded now.
for name in ("JPEG", "PNG", "WEBP", "GIF"):
    out = io.BytesIO()
    Image.new("RGB", (9, 9)).save(out, name)
    read_image(out, max_edge=9)
data = io.BytesIO(sys.stdin.buffer.read())
# Where a process cannot read its size (no Linux), nothing limits it.
if os.path.exists("/proc/self/statm"):
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


# What tests before these left to the garbage collector is none of theirs.
pytestmark = pytest.mark.filterwarnings("error", "ignore::pytest.PytestUnraisableExceptionWarning")


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

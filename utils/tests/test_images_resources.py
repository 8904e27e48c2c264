"""
How little of the machine a picture takes, whatever it is: memory, processor time, and decoders at work at once.
"""

import io
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from PIL import Image

from testing.measuring import least_cpu
from utils.images import (
    BrokenFile,
    DecodersBusy,
    TooManyPixels,
    clean_image,
    decoder,
    inspect_image,
    limits,
)
from utils.tests.hostile_pictures import LARGEST, TEXT_BOMBS, TOO_MANY_PIXELS
from utils.tests.pictures import (
    ALL_FORMATS,
    clean,
    colour_at,
    encoded,
    make_png,
    many_frames,
    picture,
    pixel_bomb,
    png_chunk,
    png_header,
    sample,
)

PEAK = """
import io, sys
from pathlib import Path
from PIL import Image
from utils.images import ImageRefused, inspect_image
from utils.images.cleaning import WRITTEN_AS, clean
def megabytes(name):
    found = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(name)]
    return int(found[0].split()[1]) / 1024
# What is loaded on first use is loaded now.
for name in WRITTEN_AS:
    out = io.BytesIO()
    Image.new("RGB", (9, 9)).save(out, name)
    clean(inspect_image(out), 81, WRITTEN_AS[name])
before = megabytes("VmRSS")
try:
    container = inspect_image(io.BytesIO(sys.stdin.buffer.read()))
    result = clean(container, 2048 * 2048, WRITTEN_AS[container.format])
    print(round(megabytes("VmHWM") - before), result.format)
except ImageRefused as refusal:
    print(round(megabytes("VmHWM") - before), refusal.code)
"""


def measure_peak(data):
    """Clean `data` in a fresh process; return by how many megabytes it grew at most, and what became of the file."""
    done = subprocess.run(
        [sys.executable, "-c", PEAK], input=data, capture_output=True, cwd=Path(__file__).parents[2], check=False
    )
    assert done.returncode == 0, done.stderr.decode()
    grown, outcome = done.stdout.decode().split()
    return int(grown), outcome


def megabytes(name):
    """What the kernel says of the decoder: VmRSS, the memory it has, or VmHWM, the most it had."""
    lines = Path(f"/proc/{decoder.pid}/status").read_text().splitlines()
    (found,) = [line for line in lines if line.startswith(name)]
    return int(found.split()[1]) / 1024


# What tests before these left to the garbage collector is none of theirs.
pytestmark = [
    pytest.mark.embedded,
    pytest.mark.filterwarnings("error", "ignore::pytest.PytestUnraisableExceptionWarning"),
]


class TestMemory:
    """
    A fresh decoder or process takes the picture, and the kernel says how much of the machine it had at most.
    """

    @pytest.fixture(autouse=True)
    def patience(self, monkeypatch):
        """The decoder gives way to everything else on the machine; how long it takes is not the question here."""
        monkeypatch.setattr(limits, "MAX_WAIT_SECONDS", 120)

    @pytest.mark.parametrize("kind", LARGEST)
    def test_the_largest_picture_of_each_kind_takes_no_more_than_is_promised(self, kind):
        decoder.stop()
        # What is loaded on first use is loaded now.
        for image_format in ALL_FORMATS:
            clean(sample(image_format))
        before = megabytes("VmRSS")

        result = clean(LARGEST[kind]())

        assert result.width * result.height < 4_200_000
        assert megabytes("VmHWM") - before <= limits.PROMISED_MEGABYTES

    @pytest.mark.parametrize("kind", TOO_MANY_PIXELS)
    def test_a_bomb_is_refused_in_8_megabytes(self, kind):
        grown, outcome = measure_peak(TOO_MANY_PIXELS[kind]())

        assert outcome == "too_many_pixels"
        assert grown <= 8

    @pytest.mark.parametrize("image_format", ["GIF", "WEBP", "PNG"])
    def test_ten_thousand_frames_are_refused_in_8_megabytes(self, image_format):
        grown, outcome = measure_peak(many_frames(image_format, 10_000))

        assert outcome == "too_many_frames"
        assert grown <= 8

    @pytest.mark.parametrize("kind", TEXT_BOMBS)
    def test_text_that_inflates_to_300_megabytes_is_cleaned_in_24(self, kind):
        grown, outcome = measure_peak(TEXT_BOMBS[kind]())

        assert outcome == "PNG"
        assert grown <= 24

    def test_a_50_mpx_jpeg_is_not_decoded_at_full_size(self):
        grown, _ = measure_peak(encoded(picture(size=(8160, 6120)), "JPEG"))

        # At full size it takes 200.
        assert grown <= 60

    def test_nothing_else_in_the_process_decodes_a_bomb_either(self):
        with pytest.raises(Image.DecompressionBombError):
            Image.open(io.BytesIO(pixel_bomb()))


class TestTime:
    @pytest.mark.parametrize("kind", TOO_MANY_PIXELS)
    def test_a_bomb_is_refused_in_milliseconds(self, kind):
        data = TOO_MANY_PIXELS[kind]()

        def inspect():
            with pytest.raises(TooManyPixels):
                inspect_image(io.BytesIO(data))

        assert least_cpu(inspect)[1] < 0.02

    def test_a_picture_that_takes_too_much_of_a_processor_is_refused(self, monkeypatch):
        slow = inspect_image(io.BytesIO(LARGEST["PNG, 16-bit RGBA"]()))
        monkeypatch.setattr(limits, "DECODE_CPU_SECONDS", 0.01)

        with pytest.raises(BrokenFile):
            clean_image(slow, max_pixels=100)

        monkeypatch.undo()
        assert clean(sample("PNG")).width == 40

    def test_a_picture_that_takes_too_long_may_come_again(self, monkeypatch):
        slow = inspect_image(io.BytesIO(LARGEST["PNG, 16-bit RGBA"]()))
        monkeypatch.setattr(limits, "MAX_WAIT_SECONDS", 0.01)

        with pytest.raises(DecodersBusy):
            clean_image(slow, max_pixels=100)

        monkeypatch.undo()
        assert clean_image(slow, max_pixels=100).width == 10


class TestDecoders:
    def test_two_requests_may_have_a_decoder_and_the_third_is_told_to_come_back_at_once(self):
        with decoder.admitted(), decoder.admitted(), pytest.raises(DecodersBusy), decoder.admitted():
            pass

        with decoder.admitted():
            assert clean(sample("PNG")).width == 40

    def test_a_broken_file_leaves_the_decoder_as_it_was(self):
        for _ in range(3):
            with pytest.raises(BrokenFile):
                clean(make_png(png_header(40, 20), png_chunk(b"IDAT", b"nonsense")))

        assert clean(sample("PNG")).width == 40

    def test_threads_get_what_they_would_get_alone(self):
        colours = [(red, 0, 255 - red) for red in range(0, 256, 16)]
        files = [encoded(picture(colour=colour), "PNG") for colour in colours]

        with ThreadPoolExecutor(8) as threads:
            results = list(threads.map(clean, files))

        assert [colour_at(result) for result in results] == colours

    @pytest.mark.parametrize("image_format", ALL_FORMATS)
    def test_the_next_picture_gets_a_new_decoder_after_one_was_killed(self, image_format):
        clean(sample("PNG"))
        decoder.stop()

        assert clean(sample(image_format)).width == 40

    def test_a_decoder_ends_with_the_process_that_had_it_however_that_ends(self):
        program = (
            "import io, os\n"
            "from utils.images import decoder, read_image\n"
            "from utils.tests.pictures import sample\n"
            "read_image(io.BytesIO(sample('PNG')), max_pixels=100)\n"
            "print(decoder.pid, flush=True)\n"
            "os.kill(os.getpid(), 9)\n"
        )

        # It may write where the dead process did, and run() reads until nobody can.
        done = subprocess.run(
            [sys.executable, "-c", program], stdout=subprocess.PIPE, cwd=Path(__file__).parents[2], timeout=60
        )

        assert done.returncode == -9
        assert int(done.stdout) > 0

    def test_the_copy_of_a_process_gets_a_decoder_of_its_own(self):
        clean(sample("PNG"))
        first = decoder.pid

        if (copy := os.fork()) == 0:
            os._exit(0 if decoder.pid is None and clean(sample("PNG")).width == 40 else 1)

        assert os.waitpid(copy, 0)[1] == 0
        assert clean(sample("PNG")).width == 40
        assert decoder.pid == first

"""
What is stored looks like what was sent, and a real Chromium is the judge: it draws both, and the pixels are compared.
"""

import base64
from pathlib import Path

import pytest

from testing.chromium import Chromium
from utils.tests.picture_samples import ENDS, HDR, NUMBERS, ORIENTATIONS, PROFILES, TRANSPARENCY
from utils.tests.pictures import (
    clean,
)

pytestmark = [pytest.mark.embedded, pytest.mark.browser]

FILES = Path(__file__).parent / "files"
# Levels of 255 by which a drawn pixel may differ.
TOLERANCE = 6
# How far from an edge a lossy format may blur it, in pixels.
BLUR = 8
DRAW = """
const [address, done] = arguments, image = new Image();
image.onerror = () => done(null);
image.onload = () => {
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [image.naturalWidth, image.naturalHeight];
    const context = canvas.getContext("2d");
    context.drawImage(image, 0, 0);
    done([canvas.width, canvas.height, Array.from(context.getImageData(0, 0, canvas.width, canvas.height).data)]);
};
image.src = address;
"""


@pytest.fixture(scope="module")
def chromium():
    with Chromium("about:") as browser:
        browser.open("blank")
        yield browser


def drawn(chromium, data):
    """Width, height and the pixels of a file, as [red, green, blue, alpha]; None of a file it does not draw."""
    address = f"data:image;base64,{base64.b64encode(data).decode()}"
    found = chromium.driver.execute_async_script(DRAW, address)
    if found is None:
        return None
    width, height, flat = found
    return width, height, [flat[start : start + 4] for start in range(0, len(flat), 4)]


def looks_alike(one, other):
    """Say whether two pixels look alike; those one sees through have no colour."""
    if one[3] <= TOLERANCE and other[3] <= TOLERANCE:
        return True
    return all(abs(level - its) <= TOLERANCE for level, its in zip(one, other))


def has_edge(pixels, width, height, x, y):
    """Say whether a picture changes near one of its pixels."""
    across = [pixels[y * width + column] for column in range(max(0, x - BLUR), min(width, x + BLUR + 1))]
    down = [pixels[row * width + x] for row in range(max(0, y - BLUR), min(height, y + BLUR + 1))]
    return not all(looks_alike(pixels[y * width + x], other) for other in across + down)


def assert_looks_the_same(chromium, sent):
    stored = clean(sent)

    width, height, pixels = drawn(chromium, sent)
    stored_width, stored_height, stored_pixels = drawn(chromium, stored.data)

    assert (stored_width, stored_height) == (width, height)
    places = [
        (x, y)
        for y in range(height)
        for x in range(width)
        if stored.format == "PNG" or not has_edge(pixels, width, height, x, y)
    ]
    assert len(places) > len(pixels) // 8
    pairs = {(x, y): (pixels[y * width + x], stored_pixels[y * width + x]) for x, y in places}
    assert {place: pair for place, pair in pairs.items() if not looks_alike(*pair)} == {}


class TestStoredPicturesInChromium:
    @pytest.mark.parametrize("name", ORIENTATIONS)
    def test_a_picture_stands_upright(self, chromium, name):
        assert_looks_the_same(chromium, ORIENTATIONS[name])

    @pytest.mark.parametrize("name", ENDS)
    def test_a_picture_is_whole_whatever_follows_it(self, chromium, name):
        assert_looks_the_same(chromium, ENDS[name])

    @pytest.mark.parametrize("name", PROFILES)
    def test_colours_are_those_of_the_profile(self, chromium, name):
        assert_looks_the_same(chromium, PROFILES[name])

    @pytest.mark.parametrize("name", NUMBERS)
    def test_colours_are_those_that_a_png_gives_in_numbers(self, chromium, name):
        assert_looks_the_same(chromium, NUMBERS[name])

    @pytest.mark.parametrize("name", HDR)
    def test_high_dynamic_range_is_shown_as_on_an_ordinary_screen(self, chromium, name):
        assert_looks_the_same(chromium, HDR[name])

    @pytest.mark.parametrize("name", ["two-exif-segments.jpg", "jpeg-without-eoi.jpg"])
    def test_a_photo_that_was_reported_looks_the_same(self, chromium, name):
        assert_looks_the_same(chromium, (FILES / name).read_bytes())

    @pytest.mark.parametrize("name", TRANSPARENCY)
    def test_what_one_sees_through_stays_so(self, chromium, name):
        assert_looks_the_same(chromium, TRANSPARENCY[name])

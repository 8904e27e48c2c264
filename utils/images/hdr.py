"""
Pictures of high dynamic range on an ordinary screen: the curves PQ and HLG, which a colour profile cannot describe.

Every step is Chromium's, so that a stored picture looks as it does there. The unit of light is white paper, 203
cd/m² (ITU-R BT.2408); the brightest expected light is 1,000 cd/m².
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from PIL import Image, ImageMath

from utils.images.profiles import matrix_between

PQ, HLG = 16, 18
# Code points of cICP for the primaries of sRGB, and of BT.2020, in which tones are mapped.
_SRGB, _BT2020 = 1, 9
_BRIGHTEST = 1_000 / 203
_BT2020_LUMINANCE = (0.2627, 0.6780, 0.0593)
# How tones are mapped: by a factor of one half up to white paper, and beyond it by a
# quadratic Bézier curve with these three points.
_X, _Y = (1, 1.65, _BRIGHTEST), (0.5, 0.825, 1)
# Light is a float of four bytes for each channel and each step: so many pixels at once take few megabytes.
_PIXELS_AT_ONCE = 2**16
_MAX_LEVEL = 65_535


@dataclass(frozen=True, slots=True)
class HdrColours:
    """
    The colours of a cICP chunk with high dynamic range: the code points of its primaries and of its curve, PQ or HLG.
    """

    primaries: int
    transfer: int

    def to_srgb(self, image: Image.Image) -> Image.Image:
        """
        Return the picture in sRGB, with its transparency unchanged.
        """
        image = image.convert("RGBA" if image.mode in {"LA", "RGBA"} else "RGB")
        rows = max(1, _PIXELS_AT_ONCE // image.width)
        for top in range(0, image.height, rows):
            box = (0, top, image.width, min(image.height, top + rows))
            strip = image.crop(box)
            red, green, blue, *alpha = strip.split()
            image.paste(Image.merge(image.mode, [*self._turn(red, green, blue), *alpha]), box)
        return image

    def _turn(self, *channels: Image.Image) -> list[Image.Image]:
        curve = _pq_light() if self.transfer == PQ else _hlg_light()
        light = [channel.point(curve, "F") for channel in channels]
        light = _through(matrix_between(self.primaries, _BT2020), light)
        if self.transfer == HLG:
            # From the light of the scene to that of the screen (BT.2100, table 5).
            (luminance,) = _through([_BT2020_LUMINANCE], light)
            light = [
                _compute(lambda named: named["v"] * named["y"] ** 0.2 * _BRIGHTEST, v=one, y=luminance) for one in light
            ]
        gain = _compute(_gain, **dict(zip("rgb", light)))
        light = [_compute(lambda named: named["v"] * named["gain"], v=one, gain=gain) for one in light]
        return [_encode(one) for one in _through(matrix_between(_BT2020, _SRGB), light)]


def _compute(formula: Any, **images: Image.Image) -> Image.Image:
    # `Any`: Pillow does not type what it passes to a formula, images of its own kind by their names.
    result: Image.Image = ImageMath.lambda_eval(formula, **images)
    return result


def _through(matrix: Sequence[Sequence[float]], light: list[Image.Image]) -> list[Image.Image]:
    names = dict(zip("rgb", light))
    return [
        # A colour outside of the gamut has a negative channel; it becomes zero.
        _compute(
            lambda named, row=row: named["max"](named["r"] * row[0] + named["g"] * row[1] + named["b"] * row[2], 0.0),
            **names,
        )
        for row in matrix
    ]


def _gain(named: Any) -> Any:
    """
    Return the factor for the light of a pixel, from its brightest channel.
    """
    least, most = named["min"], named["max"]
    brightest = most(most(most(named["r"], named["g"]), named["b"]), 1.0)
    bend, slope = _X[0] - 2 * _X[1] + _X[2], _X[1] - _X[0]
    at = ((least(brightest, _BRIGHTEST) - 1.0) * bend + slope**2) ** 0.5 * (1 / bend) - slope / bend
    shown = at * at * (_Y[0] - 2 * _Y[1] + _Y[2]) + at * (2 * (_Y[1] - _Y[0])) + _Y[0]
    return shown / brightest


def _encode(light: Image.Image) -> Image.Image:
    whole = _compute(
        lambda named: named["convert"](named["min"](named["v"] * float(_MAX_LEVEL) + 0.5, float(_MAX_LEVEL)), "I"),
        v=light,
    )
    return whole.point(_srgb_levels(), "L")


@lru_cache(maxsize=1)
def _pq_light() -> list[float]:
    # BT.2100, table 4.
    powers = [(level / 255) ** (32 / 2523) for level in range(256)]
    return [
        (max(0, power - 3424 / 4096) / (2413 / 128 - 2392 / 128 * power)) ** (16384 / 2610) * 10_000 / 203
        for power in powers
    ]


@lru_cache(maxsize=1)
def _hlg_light() -> list[float]:
    # BT.2100, table 5.
    return [
        value**2 / 3 if value <= 0.5 else (math.exp((value - 0.55991073) / 0.17883277) + 0.28466892) / 12
        for value in (level / 255 for level in range(256))
    ]


@lru_cache(maxsize=1)
def _srgb_levels() -> list[int]:
    values = (number / _MAX_LEVEL for number in range(_MAX_LEVEL + 1))
    return [
        round(255 * (value * 12.92 if value <= 0.0031308 else 1.055 * value ** (1 / 2.4) - 0.055)) for value in values
    ]

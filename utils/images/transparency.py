"""
The transparent colour of a PNG without an alpha channel.

Pillow compares it with samples that it has already converted to eight bits: for two or four bits it finds the
wrong colour, for sixteen bits too many colours or none.
"""

from collections.abc import Callable

from PIL import Image, ImageChops
from PIL.ImageFile import ImageFile

# By what Pillow multiplies samples, but not the transparent one, by its name for how they lie in a file.
_FACTORS = {"1": 1, "L;2": 85, "L;4": 17, "L": 1}
_GREY_OF_16_BITS, _COLOUR_OF_16_BITS = "I;16B", "RGB;16B"
# Read in the other order of bytes, a sample of 16 bits gives its low byte, not the high one.
_LOW_BYTES = "RGB;16L"


def load_png(open_png: Callable[[], ImageFile]) -> Image.Image:
    """
    Load a PNG and return it with the transparency that its tRNS chunk defines.

    :param open_png: opens the file; called twice where its samples must be looked at byte by byte.
    """
    image: Image.Image
    image = opened = open_png()
    key, raw = image.info.get("transparency"), opened.tile[0].args if opened.tile else ""
    if key is None or image.mode == "P" or raw not in {*_FACTORS, _GREY_OF_16_BITS, _COLOUR_OF_16_BITS}:
        image.load()
        return image
    del image.info["transparency"]
    if raw == _GREY_OF_16_BITS:
        alpha = image.convert("I").point([sample != key and 255 for sample in range(65_536)], "L")
        image = to_eight_bits(image)
    elif raw == _COLOUR_OF_16_BITS:
        again = open_png()
        again.tile = [again.tile[0]._replace(args=_LOW_BYTES)]
        alpha = _differs(again, [sample & 255 for sample in key])
        # 100 MB, before as much is taken for the high bytes.
        del again
        alpha = ImageChops.lighter(alpha, _differs(image, [sample >> 8 for sample in key]))
    else:
        image = image.convert("L")
        alpha = image.point([sample != key * _FACTORS[raw] and 255 for sample in range(256)])
    image.putalpha(alpha)
    return image


def to_eight_bits(image: Image.Image) -> Image.Image:
    """
    Scale sixteen bits of grey; convert() would cut off everything above 255.
    """
    return image.point(lambda sample: sample * (1 / 256)).convert("L")


def _differs(image: Image.Image, colour: list[int]) -> Image.Image:
    """
    Return 255 where a pixel is not of this colour.
    """
    differs = Image.new("L", image.size)
    for channel, level in zip(("R", "G", "B"), colour):
        mask = image.getchannel(channel).point([value != level and 255 for value in range(256)])
        differs = ImageChops.lighter(differs, mask)
    return differs

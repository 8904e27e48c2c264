"""
Converts the colours of a picture to sRGB, which browsers assume for a picture without a profile.
"""

import contextlib
import io
from collections.abc import Iterable
from typing import cast

from PIL import Image, ImageChops, ImageCms

from utils.images.hdr import HdrColours
from utils.images.profiles import srgb_profile

_SRGB = ImageCms.ImageCmsProfile(io.BytesIO(srgb_profile()))
# What a profile says its colours are -> the mode in which it takes them.
_MODES = {"RGB": "RGB", "GRAY": "L", "CMYK": "CMYK"}
# A profile that changes no colour by more is that of sRGB, as most are: applying it would take longer than decoding.
_MAX_DIFFERENCE = 2
# Tags of a profile that may hold steps to compute, any number, eight bytes for each: a PNG of 800 bytes keeps a
# processor busy for a minute. Browsers do not know them; tables or curves, which they use, stand beside them.
_STEPS = b"D2B"


def to_srgb(image: Image.Image, profiles: Iterable[bytes | HdrColours]) -> Image.Image:
    """
    Return the picture in sRGB, converted by the first profile that can be applied.

    A profile that is broken or meant for another colour model is skipped: the picture is usable without it.
    """
    for profile in profiles:
        if isinstance(profile, HdrColours):
            return profile.to_srgb(image)
        with contextlib.suppress(ImageCms.PyCMSError, OSError, ValueError, TypeError):
            return _apply(image, profile)
    return image.convert("RGB") if image.mode == "CMYK" else image


def _apply(image: Image.Image, data: bytes) -> Image.Image:
    """
    :raises PyCMSError, OSError, ValueError, TypeError: the profile is invalid, or not for such a picture.
    """
    profile = ImageCms.ImageCmsProfile(io.BytesIO(_without_steps(data)))
    mode = _MODES.get(profile.profile.xcolor_space.strip())
    # A profile for RGB also fits a grey picture; every other mode needs a profile of its own kind.
    if mode != image.mode.removesuffix("A") and not (mode == "RGB" and image.mode in {"L", "LA"}):
        raise ValueError("a profile for other colours")
    transform = ImageCms.buildTransform(profile, _SRGB, mode, "RGB")
    if mode == "RGB" and _changes_nothing(transform):
        return image
    alpha = image.getchannel("A") if image.mode in {"LA", "RGBA"} else None
    # `inPlace` is off, so what comes back is a picture.
    result = cast(
        "Image.Image", ImageCms.applyTransform(image if image.mode == mode else image.convert(mode), transform)
    )
    if alpha:
        result.putalpha(alpha)
    return result


def _without_steps(profile: bytes) -> bytes:
    count = int.from_bytes(profile[128:132])
    end = 132 + 12 * count
    return profile[:132] + profile[132:end].replace(_STEPS, b"---") + profile[end:]


def _changes_nothing(transform: ImageCms.ImageCmsTransform) -> bool:
    levels = range(0, 256, 15)
    colours = bytes(level for red in levels for green in levels for blue in levels for level in (red, green, blue))
    sample = Image.frombytes("RGB", (len(colours) // 3, 1), colours)
    difference = ImageChops.difference(sample, cast("Image.Image", ImageCms.applyTransform(sample, transform)))
    # One pair of extremes for each of the three channels.
    extremes = cast("tuple[tuple[int, int], ...]", difference.getextrema())
    return max(highest for _, highest in extremes) <= _MAX_DIFFERENCE

"""
Pictures from strangers: what is accepted, and what is kept of it.

Nothing of an uploaded file is stored as it came. It goes through three steps:

1. `formats` reads what the file says about itself and takes the picture out of its wrapping;
   `polyglots` looks whether the file is something else too.
   No pixel is decoded, so a refusal costs milliseconds and no memory, whatever the file claims.
2. `cleaning` decodes that picture, puts it upright and into sRGB, and shrinks it.
3. It is written again, by us: no EXIF, no place, no comment, no profile, no second file behind it.

Knows Pillow and the standard library only.
"""

from utils.images.cleaning import CleanImage, make_thumbnail, read_image
from utils.images.errors import (
    BrokenFile,
    DecodersBusy,
    ImageRefused,
    NotAnImage,
    NotOnlyAnImage,
    TooManyBytes,
    TooManyFrames,
    TooManyPixels,
)
from utils.images.keys import new_image_key

__all__ = [
    "BrokenFile",
    "CleanImage",
    "DecodersBusy",
    "ImageRefused",
    "NotAnImage",
    "NotOnlyAnImage",
    "TooManyBytes",
    "TooManyFrames",
    "TooManyPixels",
    "make_thumbnail",
    "new_image_key",
    "read_image",
]

"""
Uploaded pictures: which are accepted, and what is stored.

No part of an uploaded file is stored as it was sent. A file goes through three steps:

1. `formats` reads what the file says about itself and takes the picture out of its wrapping.
   No pixel is decoded, so a refusal costs milliseconds and no memory, whatever the file claims.
2. `cleaning` decodes that picture, puts it upright and into sRGB, and shrinks it,
   in a process beside this one that `decoders` lends to two requests at a time.
3. It is written again, by us: no EXIF, no place, no comment, no profile, no second file behind it.
   `polyglots` looks whether what is to be stored is something else too.

Knows Pillow, the standard library and what `utils.errors` calls a service that is busy.
"""

from utils.images.cleaning import CleanImage
from utils.images.decoders import decoder
from utils.images.errors import (
    BrokenFile,
    DecodersBusy,
    ImageRefused,
    NotAnImage,
    NotOnlyAnImage,
    TooLong,
    TooManyBytes,
    TooManyFrames,
    TooManyPixels,
)
from utils.images.formats.container import Container
from utils.images.keys import new_image_key
from utils.images.reading import clean_image, inspect_image, make_thumbnail, read_image

__all__ = [
    "BrokenFile",
    "CleanImage",
    "Container",
    "DecodersBusy",
    "ImageRefused",
    "NotAnImage",
    "NotOnlyAnImage",
    "TooLong",
    "TooManyBytes",
    "TooManyFrames",
    "TooManyPixels",
    "clean_image",
    "decoder",
    "inspect_image",
    "make_thumbnail",
    "new_image_key",
    "read_image",
]

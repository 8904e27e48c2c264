"""
What a file says about itself before a pixel is decoded, and its picture without the wrapping.

Each format has a reader that walks the parts its files are made of, takes over those that draw
the picture, and drops everything else: text, comments, later frames, second pictures, whatever
follows the end. A decoder is never shown the rest, so a bomb in a text chunk or an EXIF block of
a million entries stays unread. Every walk is bounded by `limits.MAX_PARTS`.

What Pillow refuses is left to Pillow; each reader says what it is there for.
"""

import struct

from utils.images.errors import BrokenFile, NotAnImage
from utils.images.formats import gif, jpeg, png, webp
from utils.images.formats.container import Container


def unwrap(data: bytes) -> Container:
    """
    Say what `data` is, by its content alone, and return its picture as a Container.

    Costs at most 100 milliseconds, a few as a rule, and one copy of `data`.

    :raises NotAnImage: it is none of the four formats.
    :raises TooManyPixels, TooManyFrames, BrokenFile: it is, and not one for us.
    """
    for reader in (jpeg, png, webp, gif):
        if reader.recognises(data):
            try:
                return reader.unwrap(data)
            except (IndexError, struct.error) as error:
                # The file ends in the middle of something.
                raise BrokenFile from error
    raise NotAnImage

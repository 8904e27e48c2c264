"""
Turns an uploaded file into a picture of our own encoding.
"""

import io
from typing import BinaryIO

from utils.images import limits
from utils.images.cleaning import WRITTEN_AS, CleanImage
from utils.images.decoders import decoder
from utils.images.errors import TooManyBytes
from utils.images.formats import unwrap
from utils.images.formats.container import Container


def inspect_image(file: BinaryIO, *, max_bytes: int = limits.MAX_BYTES) -> Container:
    """
    Say what an uploaded file is, by its content alone, without decoding a pixel.

    Reads the file once; takes a few milliseconds, 100 at most.

    :param file: a seekable binary file, such as Django's UploadedFile; its position is not kept.
    :raises ImageRefused: one of its subclasses says why.
    """
    file.seek(0, io.SEEK_END)
    if file.tell() > max_bytes:
        raise TooManyBytes.over(max_bytes)
    file.seek(0)
    return unwrap(file.read(max_bytes))


def clean_image(container: Container, *, max_pixels: int) -> CleanImage:
    """
    Turn a picture into one that may be stored and shown to everybody.

    JPEG, PNG and WEBP stay what they are, a GIF becomes a PNG; an animation becomes its first frame. The result has
    about `max_pixels` pixels at most, for any shape. An image is never enlarged.

    Takes 0.1 s (12 Mpx photo) to a second (25 Mpx PNG) in the decoder beside this process, so call this outside of any
    transaction, and in a request within `decoder.admitted()`.

    :raises ImageRefused: one of its subclasses says why.
    :raises DecodersBusy: it took too long.
    """
    return decoder.clean(container, max_pixels=max_pixels, written_as=WRITTEN_AS[container.format])


def read_image(file: BinaryIO, *, max_pixels: int, max_bytes: int = limits.MAX_BYTES) -> CleanImage:
    """
    Inspect and clean an uploaded file.
    """
    return clean_image(inspect_image(file, max_bytes=max_bytes), max_pixels=max_pixels)


def make_thumbnail(data: bytes, *, max_pixels: int) -> CleanImage:
    """
    Return a small WEBP of a picture, of about `max_pixels` pixels at most.

    `data` need not be one of our own pictures: it is read as carefully as an upload.

    :raises ImageRefused: one of its subclasses says why.
    :raises DecodersBusy: it took too long.
    """
    # The one format that is small for photographs as well as for drawings with transparency.
    return decoder.clean(unwrap(data), max_pixels=max_pixels, written_as="WEBP")

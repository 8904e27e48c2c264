"""
Turns an encoded picture into a clean one of our own encoding. This runs in a decoder (`decoder_process`).
"""

import functools
import io
import math
from dataclasses import dataclass

from PIL import (
    ExifTags,
    GifImagePlugin,
    Image,
    ImageChops,
    ImageOps,
    JpegImagePlugin,
    PngImagePlugin,
    WebPImagePlugin,
)
from PIL.ImageFile import ImageFile

from utils.images import limits
from utils.images.colours import to_srgb
from utils.images.errors import BrokenFile, NotOnlyAnImage
from utils.images.formats.container import Container
from utils.images.polyglots import check_only_an_image
from utils.images.transparency import load_png, to_eight_bits

# Imported so that they are registered: Pillow would otherwise load all of its forty on first use.
_PLUGINS = (GifImagePlugin, JpegImagePlugin, PngImagePlugin, WebPImagePlugin)

# The readers of formats count the pixels. The global is a second guard for every other decode in
# the process; it is set here, once, because changing it later would race between threads.
Image.MAX_IMAGE_PIXELS = max(limits.MAX_PIXELS.values())

# An animation becomes its first frame. A moderator then sees all there is to see, the upload
# stays a matter of one decode, and no feed flickers. As GIF has 256 colours, that frame is PNG.
WRITTEN_AS = {"JPEG": "JPEG", "PNG": "PNG", "WEBP": "WEBP", "GIF": "PNG"}

# Format -> extension, content type, options of the encoder. At level 4 a PNG is as small as at 6, the usual one, in a
# third of the time. A JPEG is written without chroma subsampling: with the default, red text on blue is blurred.
_FORMATS = {
    "JPEG": ("jpg", "image/jpeg", {"quality": 85, "subsampling": 0, "optimize": True}),
    "PNG": ("png", "image/png", {"compress_level": 4}),
    "WEBP": ("webp", "image/webp", {"quality": 85, "method": 2}),
}

# A JPEG is decoded at a half, a quarter or an eighth if that leaves this share of the pixels it may keep. The half of
# a phone's 12 Mpx is 73 % of a photo's 4.2; to decode all of them would take three times as long.
_NEARLY_ALL = 0.7
# What a decoder reads behind the end of a file: all bits 0, and all bits 1 (0xFF is written with a 0 behind it).
_CONTINUATIONS = (bytes(64) + b"\xff\xd9", b"\xff\0" * 64 + b"\xff\xd9")


@dataclass(frozen=True, slots=True)
class CleanImage:
    """
    A picture as we store it: upright, in sRGB, without metadata.
    """

    data: bytes
    width: int
    height: int
    format: str
    extension: str
    content_type: str


def clean(container: Container, max_pixels: int, written_as: str) -> CleanImage:
    """
    Decode a picture, put it upright and into sRGB, shrink it to `max_pixels` and encode it as `written_as`.

    :raises BrokenFile: it cannot be decoded.
    :raises NotOnlyAnImage: what would be stored is something else too.
    :raises MemoryError: it takes more than this process may have.
    """
    try:
        # The decoded picture is not bound to a name, which would keep 100 MB alive while shrinking takes as much.
        image = _shrink(_decode(container, max_pixels), _target(container, max_pixels))
        image = _put_upright(to_srgb(image, container.profiles), container.orientation)
        return _encode(image, written_as)
    except (BrokenFile, NotOnlyAnImage, MemoryError):
        raise
    # Decoders raise almost any exception for malformed bytes.
    except Exception as error:
        raise BrokenFile from error


def _target(container: Container, max_pixels: int) -> tuple[int, int]:
    # By area: a limit on the longer edge would make long screenshots unreadable.
    scale = min(1, math.sqrt(max_pixels / container.pixels))
    return max(1, round(container.width * scale)), max(1, round(container.height * scale))


def _decode(container: Container, max_pixels: int) -> Image.Image:
    """
    Return the picture as L, LA, RGB, RGBA or CMYK, a JPEG already shrunk to somewhat more than `max_pixels`.
    """
    opened = functools.partial(_open, container, max_pixels)
    if container.format == "PNG":
        image = load_png(opened)
    elif container.is_ended:
        image = opened()
        image.load()
    else:
        image, other = (opened(continuation) for continuation in _CONTINUATIONS)
        # Pillow draws missing data in grey. The picture is complete if different bytes
        # after the end make no difference.
        if ImageChops.difference(image, other).getbbox():
            raise BrokenFile
    if container.place is None:
        return _in_plain_mode(image)
    left, top, *_ = container.place
    image = image.convert("RGBA")
    # The area around a GIF's frame is empty: beyond its edges, crop() fills in zeros.
    return image.crop((-left, -top, container.width - left, container.height - top))


def _open(container: Container, max_pixels: int, continuation: bytes = b"") -> ImageFile:
    size = (container.width, container.height) if container.place is None else container.place[2:]
    image = Image.open(io.BytesIO(container.picture + continuation), formats=[container.format])
    # The limits were checked for this size.
    if image.size != size:
        raise BrokenFile
    for part in (8, 4, 2):
        if container.pixels / part**2 >= max_pixels * _NEARLY_ALL:
            image.draft(None, (max(1, size[0] // part), max(1, size[1] // part)))
            break
    return image


def _in_plain_mode(image: Image.Image) -> Image.Image:
    """
    Spread palettes, 16-bit samples and transparent colours out into plain channels.

    A palette is never stored: its up to 768 bytes are chosen by the sender, enough for a script.
    """
    if image.mode == "I;16":
        return to_eight_bits(image)
    if image.mode == "LA":
        mode = "LA"
    elif image.has_transparency_data:
        mode = "RGBA"
    elif image.mode in {"1", "L"}:
        mode = "L"
    elif image.mode == "CMYK":
        mode = "CMYK"
    else:
        mode = "RGB"
    # convert() copies even when there is nothing to do, which is 100 MB at worst.
    return image if image.mode == mode else image.convert(mode)


def _shrink(image: Image.Image, target: tuple[int, int]) -> Image.Image:
    # A JPEG may have become a little smaller in decoding.
    if image.width <= target[0] and image.height <= target[1]:
        return image
    # The colour of invisible pixels must not bleed into visible ones, so alpha is multiplied in
    # first. resize() would do that too, and hold the original until the end: 100 MB more.
    mode = image.mode
    if mode in {"LA", "RGBA"}:
        image = image.convert(mode.replace("A", "a"))
    return image.resize(target, Image.Resampling.LANCZOS, reducing_gap=3.0).convert(mode)


def _put_upright(image: Image.Image, orientation: int) -> Image.Image:
    if orientation == 1:
        return image
    image.getexif()[ExifTags.Base.Orientation] = orientation
    return ImageOps.exif_transpose(image)


def _encode(image: Image.Image, written_as: str) -> CleanImage:
    # Some of Pillow's encoders write this metadata into the file.
    image.info.clear()
    extension, content_type, options = _FORMATS[written_as]
    out = io.BytesIO()
    image.save(out, written_as, **options)
    data = out.getvalue()
    check_only_an_image(data)
    return CleanImage(data, *image.size, written_as, extension, content_type)

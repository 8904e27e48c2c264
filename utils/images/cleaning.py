"""
A stranger's file in, a picture of our own making out.
"""

import contextlib
import io
import threading
from dataclasses import dataclass

from PIL import GifImagePlugin, Image, ImageCms, JpegImagePlugin, PngImagePlugin, WebPImagePlugin

from utils.images import limits
from utils.images.errors import BrokenFile, DecodersBusy, TooManyBytes
from utils.images.formats import unwrap

# Imported so that they are registered: Pillow would otherwise load all of its forty on first use.
_PLUGINS = (GifImagePlugin, JpegImagePlugin, PngImagePlugin, WebPImagePlugin)

# This module counts the pixels itself. The global is a second guard for every other decode in
# the process; it is set here, once, because changing it later would race between threads.
Image.MAX_IMAGE_PIXELS = limits.MAX_PIXELS

# An animation becomes its first frame. A moderator then sees all there is to see, the upload
# stays a matter of one decode, and no feed flickers. As GIF has 256 colours, that frame is PNG.
_WRITTEN_AS = {"JPEG": "JPEG", "PNG": "PNG", "WEBP": "WEBP", "GIF": "PNG"}

# Format -> extension, content type, options of the encoder. At level 4 a PNG is as small as at 6,
# the usual one, in a third of the time.
_FORMATS = {
    "JPEG": ("jpg", "image/jpeg", {"quality": 85, "optimize": True}),
    "PNG": ("png", "image/png", {"compress_level": 4}),
    "WEBP": ("webp", "image/webp", {"quality": 85, "method": 2}),
}

# What EXIF calls the orientation -> what puts the picture upright.
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

# How the usual profile of sRGB calls itself. Applying it would change next to nothing, and take
# longer than decoding the photo.
_SRGB = "sRGB IEC61966"
# The type of a profile's tag that holds steps to compute, any number, eight bytes for each: a PNG
# of 800 bytes keeps a processor busy for a minute. Honest profiles bring tables too, or instead.
_STEPS_OF_A_PROFILE = b"mpet"

_decoders = threading.BoundedSemaphore(limits.DECODES_AT_ONCE)


@dataclass(frozen=True)
class CleanImage:
    """
    A picture as we store it: upright, sRGB, and without a word about where it came from.
    """

    data: bytes
    width: int
    height: int
    format: str
    extension: str
    content_type: str


def read_image(file, *, max_edge, max_bytes=limits.MAX_BYTES):
    """
    Turn an uploaded file into a picture that may be stored and shown to everybody.

    What kind of file it is, only its content decides. JPEG, PNG and WEBP stay what they are, a
    GIF becomes a PNG; an animation becomes its first frame. The longer edge of the result has
    `max_edge` pixels at most; nothing is ever enlarged.

    Most refusals read the file once and decode nothing. A picture holds the process's decoder for
    0.2 s (12 Mpx photo) to two seconds (25 Mpx PNG), so call this outside of any transaction.

    :param file: a seekable binary file, such as Django's UploadedFile; its position is not kept.
    :raises ImageRefused: one of its subclasses says why.
    :raises DecodersBusy: no decoder came free in time.
    """
    file.seek(0, io.SEEK_END)
    if file.tell() > max_bytes:
        raise TooManyBytes(max_bytes)
    file.seek(0)
    container = unwrap(file.read(max_bytes))
    return _clean(container, max_edge=max_edge, written_as=_WRITTEN_AS[container.format])


def make_thumbnail(data, *, edge):
    """
    Return a small WEBP of a picture, whose longer edge has `edge` pixels at most.

    `data` need not be one of our own pictures: it is read as carefully as an upload.

    :raises ImageRefused: one of its subclasses says why.
    :raises DecodersBusy: no decoder came free in time.
    """
    # The one format that is small for photographs as well as for drawings with transparency.
    return _clean(unwrap(data), max_edge=edge, written_as="WEBP")


def _clean(container, *, max_edge, written_as):
    with _a_decoder():
        image = _decode(container, max_edge=max_edge)
        image = _to_srgb(image, container.profile)
        if container.orientation in _UPRIGHT:
            image = image.transpose(_UPRIGHT[container.orientation])
        return _encode(image, written_as)


@contextlib.contextmanager
def _a_decoder():
    if not _decoders.acquire(timeout=limits.DECODE_WAIT_SECONDS):
        raise DecodersBusy
    try:
        yield
    finally:
        _decoders.release()


def _decode(container, *, max_edge):
    """
    Return the picture as L, RGB, RGBA or CMYK, already shrunk.
    """
    size = container.width, container.height
    scale = min(1, max_edge / max(size))
    target = tuple(max(1, round(edge * scale)) for edge in size)
    try:
        image = Image.open(io.BytesIO(container.picture), formats=[container.format])
        # All that was checked was checked for this size.
        if image.size != size:
            raise BrokenFile
        # A JPEG can be decoded at a half, a quarter or an eighth of its size: 26 MB, not 100.
        image.draft(None, target)
        image.load()
        image = _in_plain_mode(image)
    except (MemoryError, BrokenFile):
        raise
    # Decoders raise nearly anything about bytes they were not written for.
    except Exception as error:
        raise BrokenFile from error
    if image.size == target:
        return image
    # The colour of invisible pixels must not bleed into visible ones, so alpha is multiplied in
    # first. resize() would do that too, and hold the original until the end: 100 MB more.
    if has_alpha := image.mode == "RGBA":
        image = image.convert("RGBa")
    image = image.resize(target, Image.Resampling.LANCZOS, reducing_gap=3.0)
    return image.convert("RGBA") if has_alpha else image


def _in_plain_mode(image):
    """
    Spread palettes, 16-bit samples and transparent colours out into plain channels.

    A palette is never kept: it is up to 768 bytes of the sender's own choice, enough for a script.
    """
    if image.mode == "I;16":
        # convert() would cut off everything above 255 instead of scaling it.
        return image.point(lambda sample: sample * (1 / 256)).convert("L")
    if image.has_transparency_data:
        mode = "RGBA"
    elif image.mode in {"1", "L"}:
        mode = "L"
    elif image.mode == "CMYK":
        mode = "CMYK"
    else:
        mode = "RGB"
    # convert() copies even when there is nothing to do, which is 100 MB at worst.
    return image if image.mode == mode else image.convert(mode)


def _to_srgb(image, profile):
    """
    Apply the colour profile and do without it from here on: a picture without one is sRGB.

    A profile that is broken or meant for other colours is left out. Its picture is still a picture.
    """
    if profile and _STEPS_OF_A_PROFILE not in profile:
        mode = "RGBA" if image.mode == "RGBA" else "RGB"
        with contextlib.suppress(ImageCms.PyCMSError, OSError, ValueError, TypeError):
            meant = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            if not ImageCms.getProfileDescription(meant).startswith(_SRGB):
                return ImageCms.profileToProfile(image, meant, ImageCms.createProfile("sRGB"), outputMode=mode)
    return image.convert("RGB") if image.mode == "CMYK" else image


def _encode(image, written_as):
    # Some of Pillow's encoders write down what they find here.
    image.info.clear()
    extension, content_type, options = _FORMATS[written_as]
    out = io.BytesIO()
    image.save(out, written_as, **options)
    return CleanImage(out.getvalue(), *image.size, written_as, extension, content_type)

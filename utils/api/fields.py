"""
Input fields that several apps share.
"""

import time
from collections.abc import Callable, Sequence
from typing import Any, BinaryIO, TypeVar

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.utils import html

from utils.api.pixels import spend_pixels
from utils.api.text import normalize_text
from utils.database.time_ids import MAX_ID
from utils.images import CleanImage, DecodersBusy, ImageRefused, decoder, inspect_image, limits, read_image

_Out = TypeVar("_Out")

PICTURE_WORDS = (
    f"JPEG, PNG, GIF or WebP, at most {limits.MAX_BYTES >> 20} MB and {limits.MAX_PIXELS['JPEG'] // 10**6}, "
    f"{limits.MAX_PIXELS['PNG'] // 10**6}, {limits.MAX_PIXELS['GIF'] // 10**6} or "
    f"{limits.MAX_PIXELS['WEBP'] // 10**6} megapixels"
)


class IdField(serializers.IntegerField):
    """
    An id in a body: a number, or its digits as forms send them. Only ASCII digits, as in an address.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min_value=1, max_value=MAX_ID, **kwargs)

    def to_internal_value(self, data: Any) -> int:
        if isinstance(data, str) and not (data.isascii() and data.isdecimal()):
            self.fail("invalid")
        return super().to_internal_value(data)


class UploadsRefused(Exception):
    """
    Some of the uploaded files are no pictures that we take.

    :param refusals: [(file, ImageRefused)] in the order of the files.
    """

    def __init__(self, refusals: list[tuple[BinaryIO, ImageRefused]]) -> None:
        super().__init__(refusals)
        self.refusals = refusals


def read_uploads(files: Sequence[BinaryIO], *, max_pixels: int, request: Request) -> list[CleanImage]:
    """
    Return the CleanImages that uploaded files become.

    All are inspected before the first is decoded: a file that is refused by what it says about itself costs nothing.

    :raises UploadsRefused: some are not taken.
    :raises TooManyRequests: the caller has had too many pixels decoded within the minute.
    :raises DecodersBusy: others' pictures are being decoded, or these take too long.
    """
    # Looked at twice rather than kept: nine files may be 90 MB.
    pixels = _for_each(files, lambda file: inspect_image(file).pixels)
    ends_at = time.monotonic() + limits.MAX_REQUEST_SECONDS

    def read(file: BinaryIO) -> CleanImage:
        if time.monotonic() > ends_at:
            raise DecodersBusy
        return read_image(file, max_pixels=max_pixels)

    with decoder.admitted():
        spend_pixels(request, sum(pixels))
        return _for_each(files, read)


def _for_each(files: Sequence[BinaryIO], step: Callable[[BinaryIO], _Out]) -> list[_Out]:
    results, refusals = [], []
    for file in files:
        try:
            results.append(step(file))
        except ImageRefused as refused:
            refusals.append((file, refused))
    if refusals:
        raise UploadsRefused(refusals)
    return results


class TextField(serializers.CharField):
    """
    What a person writes, as `normalize_text` leaves it; only then its length is counted, in code points.

    Its box on a page has no `maxlength`: browsers count UTF-16 units there, and of 140 emoji would take 70.
    """

    def run_validation(self, data: Any = serializers.empty) -> str | None:
        # Any: a body may hold whatever JSON can say.
        return super().run_validation(normalize_text(data) if isinstance(data, str) else data)


class PictureField(serializers.FileField):
    """
    One picture, checked by its content and cleaned; the value is a CleanImage.
    """

    def __init__(self, *, max_pixels: int, **kwargs: Any) -> None:
        super().__init__(use_url=False, allow_empty_file=True, style={"base_template": "files.html"}, **kwargs)
        self.max_pixels = max_pixels

    def get_value(self, dictionary: Any) -> Any:
        """
        Take a file input that nobody touched, which a form sends as an empty text, for not given.
        """
        if html.is_html_input(dictionary) and dictionary.get(self.field_name) == "":
            return serializers.empty
        return super().get_value(dictionary)

    def to_internal_value(self, data: Any) -> CleanImage:
        file = super().to_internal_value(data)
        try:
            (image,) = read_uploads([file], max_pixels=self.max_pixels, request=self.context["request"])
        except UploadsRefused as error:
            ((_, refused),) = error.refusals
            raise serializers.ValidationError([refused.message], code=refused.code)
        return image

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
    An id in a body: a number, or its digits, as forms send them. Only ASCII digits, as in a URL.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min_value=1, max_value=MAX_ID, **kwargs)

    def to_internal_value(self, data: Any) -> int:
        if isinstance(data, str) and not (data.isascii() and data.isdecimal()):
            self.fail("invalid")
        return super().to_internal_value(data)


class UploadsRefused(Exception):
    """
    Some of the uploaded files are not pictures that the project accepts.

    :param refusals: [(file, ImageRefused)] in the order of the files.
    """

    def __init__(self, refusals: list[tuple[BinaryIO, ImageRefused]]) -> None:
        super().__init__(refusals)
        self.refusals = refusals


def read_uploads(files: Sequence[BinaryIO], *, max_pixels: int, request: Request) -> list[CleanImage]:
    """
    Return uploaded files as CleanImages.

    All are inspected before the first is decoded, so a file that its header already disqualifies costs little.

    :raises UploadsRefused: some files are not accepted.
    :raises TooManyRequests: the caller has had too many pixels decoded within the minute.
    :raises DecodersBusy: all decoders are in use, or decoding takes too long.
    """
    # Read twice instead of being kept in memory: nine files may be 90 MB.
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
    Text that a person writes, normalized by `normalize_text`; then its length is checked, in code points.

    Its input on a page has no `maxlength`: browsers count UTF-16 units there, and would accept 70 of 140 emoji.
    """

    def run_validation(self, data: Any = serializers.empty) -> str | None:
        # Any: a body may hold any JSON value.
        text: str | None = super().run_validation(normalize_text(data) if isinstance(data, str) else data)
        return text


class PictureField(serializers.FileField):
    """
    One picture, checked by its content and cleaned. The validated value is a CleanImage.
    """

    def __init__(self, *, max_pixels: int, **kwargs: Any) -> None:
        super().__init__(use_url=False, allow_empty_file=True, style={"base_template": "files.html"}, **kwargs)
        self.max_pixels = max_pixels

    def get_value(self, dictionary: Any) -> Any:
        """
        Treat an empty file input, which a form sends as an empty text, as not given.
        """
        if html.is_html_input(dictionary) and dictionary.get(self.field_name) == "":
            return serializers.empty
        return super().get_value(dictionary)

    # The stubs expect a File; what a serializer validates may be anything.
    def to_internal_value(self, data: Any) -> CleanImage:  # type: ignore[override]
        file: Any = super().to_internal_value(data)  # a File is a BinaryIO, which the stubs do not say
        try:
            (image,) = read_uploads([file], max_pixels=self.max_pixels, request=self.context["request"])
        except UploadsRefused as error:
            ((_, refused),) = error.refusals
            raise serializers.ValidationError([refused.message], code=refused.code)
        return image

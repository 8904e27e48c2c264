"""
Input fields that several apps share.
"""

from typing import Any

from rest_framework import serializers

from utils.api.text import normalize_text
from utils.errors import Unavailable
from utils.images import DecodersBusy, ImageRefused, read_image
from utils.images.limits import MAX_BYTES, MAX_PIXELS

PICTURE_WORDS = f"JPEG, PNG, GIF or WebP, at most {MAX_BYTES >> 20} MB and {MAX_PIXELS // 10**6} megapixels"


def read_upload(file, *, max_edge):
    """
    Return the CleanImage of an uploaded file.

    :raises ValidationError: it is no picture that we take.
    :raises Unavailable: too many are being decoded.
    """
    try:
        return read_image(file, max_edge=max_edge)
    except ImageRefused as refused:
        raise serializers.ValidationError([refused.message], code=refused.code)
    except DecodersBusy as busy:
        raise Unavailable(busy.message)


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

    def __init__(self, *, max_edge, **kwargs):
        super().__init__(use_url=False, allow_empty_file=True, style={"base_template": "files.html"}, **kwargs)
        self.max_edge = max_edge

    def to_internal_value(self, data):
        return read_upload(super().to_internal_value(data), max_edge=self.max_edge)

"""
Why a picture is refused: a message for people and a code for programs.
"""

from utils.errors import Unavailable
from utils.images.limits import MAX_FRAMES, MAX_SIDE


class ImageRefused(Exception):
    """
    The file will never be accepted: sending it again changes nothing.

    :param message: overrides the class's own text.
    """

    code = "image_refused"
    message = "This image can not be used."

    def __init__(self, message: str | None = None) -> None:
        self.message = message or self.message
        super().__init__(self.message)


class NotAnImage(ImageRefused):
    code = "not_an_image"
    message = "Upload a JPEG, PNG, WEBP or GIF image."


class NotOnlyAnImage(ImageRefused):
    code = "not_only_an_image"
    message = "This image would be read as a page, a program or an archive as well."


class TooManyBytes(ImageRefused):
    code = "too_many_bytes"
    message = "This image file is too big."

    @classmethod
    def over(cls, max_bytes: int) -> "TooManyBytes":
        return cls(f"An image file may have at most {max_bytes / 2**20:g} MB.")


class TooManyPixels(ImageRefused):
    code = "too_many_pixels"
    message = "This image has too many pixels."

    @classmethod
    def over(cls, max_pixels: int, image_format: str) -> "TooManyPixels":
        return cls(f"A {image_format} image may have at most {max_pixels // 1_000_000} million pixels.")


class TooLong(TooManyPixels):
    message = f"An image may be at most {MAX_SIDE:,} pixels wide and high."


class TooManyFrames(ImageRefused):
    code = "too_many_frames"
    message = f"An animation may have at most {MAX_FRAMES:,} frames."


class BrokenFile(ImageRefused):
    code = "broken_file"
    message = "This image file is damaged or incomplete."


class DecodersBusy(Unavailable):
    """
    Too many pictures are being decoded at the moment; the same file may be accepted a little later.

    Not an ImageRefused: nothing is wrong with the file.
    """

    message = "Too many images are being processed, try again in a moment."

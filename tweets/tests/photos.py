"""
Posting pictures, and looking at them.
"""

import io
from pathlib import Path

from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from tweets.models import TweetPhoto
from tweets.services import PhotoService
from utils.tests.pictures import encoded, picture


class Photographing:
    """
    What tests of photos share.
    """

    def picture(self, width=40, height=20, image_format="PNG"):
        return encoded(picture(size=(width, height)), image_format)

    def post(self, person, *files, content="Look what I have seen"):
        """
        Post a tweet with files, each bytes or (name, bytes), and return the response.
        """
        uploads = [file if isinstance(file, tuple) else (f"{n}.png", file) for n, file in enumerate(files)]
        data = {"content": content, "files": [SimpleUploadedFile(name, data) for name, data in uploads]}
        return person.client.post("/api/tweets/", data, format="multipart")

    def posts(self, person, *files):
        """
        Post a tweet with files and return it.
        """
        response = self.post(person, *files)
        self.assertEqual(response.status_code, 201, response.json())
        return response.json()

    def stored(self):
        """
        Return the keys of all files in the local storage.
        """
        root = Path(settings.MEDIA_ROOT)
        return {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()}

    def fetch(self, viewer, address):
        return viewer.client.get(address)

    def seen(self, address, viewer=None):
        """
        Return the image at an address, as another program reads it.
        """
        response = self.fetch(viewer or self.nobody(), address)
        self.assertEqual(response.status_code, 200)
        return Image.open(io.BytesIO(response.getvalue()))

    def photo(self):
        return TweetPhoto.objects.get()

    def address(self, key):
        return f"http://testserver/media/{key}"

    def approve(self, photo):
        with self.captureOnCommitCallbacks(execute=True):
            return PhotoService.approve(photo=photo)

    def reject(self, photo):
        with self.captureOnCommitCallbacks(execute=True):
            return PhotoService.reject(photo=photo)

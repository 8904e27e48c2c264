"""
Where uploaded pictures are stored, and the URL of each.

Django decides at each request who may see a file. Local files are served by Django (or, with
X-Accel-Redirect, by nginx); for files on S3 it redirects to a signed URL that expires soon. Files that
must not be public lie there under `private/`, which a bucket's policy can close.
"""

import logging
from collections.abc import Iterable

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase

from utils.images import CleanImage, new_image_key

logger = logging.getLogger(__name__)

PRIVATE = "private/"


def new_key(prefix: str, image: CleanImage, *, is_private: bool = False) -> str:
    """
    Return a key for a picture: `prefix` (on S3 under `private/` if `is_private`) and a name that nobody can guess.
    """
    key = new_image_key(prefix, image.extension)
    return f"{PRIVATE}{key}" if is_private and settings.MEDIA_ON_S3 else key


def save_image(key: str, image: CleanImage) -> None:
    """
    Store a picture under a new key.
    """
    default_storage.save(key, ContentFile(image.data))


def remove_files(keys: Iterable[str | None]) -> None:
    """
    Remove files, from both places in which an interrupted `move` may have left them. Repeats safely.

    Raises whatever the storage raises; then some files may still exist.
    """
    for key in filter(None, keys):
        public = key.removeprefix(PRIVATE)
        for place in (public, f"{PRIVATE}{public}") if settings.MEDIA_ON_S3 else (key,):
            default_storage.delete(place)


def delete_files(keys: Iterable[str | None]) -> None:
    """
    Try to remove files. One that remains is unreachable and costs only its space.
    """
    for key in keys:
        try:
            remove_files([key])
        except Exception as error:  # noqa: BLE001 (whatever a storage raises)
            logger.warning("file %s could not be deleted: %s", key, error)


def move(key: str, *, to_private: bool) -> str:
    """
    Move a file to its private or public place, and return its key there. Repeats safely.

    Local files do not move: Django decides at each request who may see a file.
    """
    if not settings.MEDIA_ON_S3:
        return key
    target = f"{PRIVATE}{key.removeprefix(PRIVATE)}" if to_private else key.removeprefix(PRIVATE)
    if target != key and default_storage.exists(key):
        # An existing copy is from an interrupted move; a second one would be saved under a different name.
        if not default_storage.exists(target):
            with default_storage.open(key) as file:
                default_storage.save(target, file)
        default_storage.delete(key)
    return target


def media_url(key: str | None, request: HttpRequest) -> str | None:
    """
    Return the absolute URL of a file, or None if `key` is empty.
    """
    return file_url(key, request) if key else None


def file_url(key: str, request: HttpRequest) -> str:
    """
    Return the absolute URL of a file.
    """
    return request.build_absolute_uri(f"{settings.MEDIA_URL}{key}")


def serve(key: str) -> HttpResponseBase:
    """
    Return a response with a stored file. The caller has checked that the client may see it.

    Browsers never run it as a page: no sniffing, no scripts, whatever the bytes. On S3 the response is
    a redirect without an ETag: the URL that it leads to works for `S3_ADDRESS_SECONDS`. It costs no round
    trip to the bucket.

    :raises Http404: there is no such file; of those on S3 the bucket says so.
    """
    if settings.MEDIA_ON_S3:
        return HttpResponseRedirect(default_storage.url(key))
    if not default_storage.exists(key):
        raise Http404
    response: HttpResponseBase
    if settings.MEDIA_X_ACCEL:
        response = HttpResponse(headers={"X-Accel-Redirect": f"{settings.MEDIA_X_ACCEL}{key}"})
        response["Content-Type"] = ""
    else:
        response = FileResponse(default_storage.open(key))
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["Content-Disposition"] = "inline"
    # The content of a key never changes.
    response["ETag"] = f'"{key}"'
    return response

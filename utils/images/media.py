"""
Where uploaded pictures are stored and under which address they are seen.

Django decides at each request who may see a file. Local ones pass through it (or, by X-Accel-Redirect,
through nginx); to those on S3 it leads by a signed address that is soon over. What must not be seen lies there
under `private/`, which a bucket's policy may close.
"""

import logging

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.http import FileResponse, Http404, HttpResponse, HttpResponseRedirect

from utils.images import new_image_key

logger = logging.getLogger(__name__)

PRIVATE = "private/"


def new_key(prefix, image, *, is_private=False):
    """
    Return a key for a CleanImage: `prefix`, or the same under `private/` on S3, and a name nobody can guess.
    """
    key = new_image_key(prefix, image.extension)
    return f"{PRIVATE}{key}" if is_private and settings.MEDIA_ON_S3 else key


def save_image(key, image):
    """
    Store a CleanImage under a key that is new.
    """
    default_storage.save(key, ContentFile(image.data))


def remove_files(keys):
    """
    Remove files, wherever a move may have left them. Repeats safely.

    Each storage has errors of its own; they are raised, and some files may still be there.
    """
    for key in filter(None, keys):
        public = key.removeprefix(PRIVATE)
        for place in (public, f"{PRIVATE}{public}") if settings.MEDIA_ON_S3 else (key,):
            default_storage.delete(place)


def delete_files(keys):
    """
    Remove files as a best effort: one that stays is unreachable, and costs only its space.
    """
    for key in keys:
        try:
            remove_files([key])
        except Exception as error:  # noqa: BLE001 (whatever a storage raises)
            logger.warning("file %s could not be deleted: %s", key, error)


def move(key, *, to_private):
    """
    Give a file its place for or against being seen, and return its key there. Repeats safely.

    Locally nothing moves: Django decides at each request who may see a file.
    """
    if not settings.MEDIA_ON_S3:
        return key
    target = f"{PRIVATE}{key.removeprefix(PRIVATE)}" if to_private else key.removeprefix(PRIVATE)
    if target != key and default_storage.exists(key):
        # A copy that is there is from a move that was interrupted; a second one would get another name.
        if not default_storage.exists(target):
            with default_storage.open(key) as file:
                default_storage.save(target, file)
        default_storage.delete(key)
    return target


def media_url(key, request):
    """
    Return the absolute address of a file, None of no key.
    """
    if not key:
        return None
    return request.build_absolute_uri(f"{settings.MEDIA_URL}{key}")


def serve(key):
    """
    Answer with a stored file; whoever calls has decided that it may be seen.

    It is never run as a page: no sniffing, no scripts, whatever the bytes. On S3 the answer is a redirect, without
    an ETag: the address that it leads to works for `S3_ADDRESS_SECONDS`. It costs no round trip to the bucket.

    :raises Http404: there is no such file; of those on S3 the bucket says so.
    """
    if settings.MEDIA_ON_S3:
        return HttpResponseRedirect(default_storage.url(key))
    if not default_storage.exists(key):
        raise Http404
    if settings.MEDIA_X_ACCEL:
        response = HttpResponse(headers={"X-Accel-Redirect": f"{settings.MEDIA_X_ACCEL}{key}"})
        response["Content-Type"] = ""
    else:
        response = FileResponse(default_storage.open(key))
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["Content-Disposition"] = "inline"
    # A key never comes back with another content.
    response["ETag"] = f'"{key}"'
    return response

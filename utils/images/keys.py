"""
Storage keys of pictures. They contain nothing of the name that the user gave the file.
"""

import uuid

EXTENSIONS = frozenset({"jpg", "png", "webp"})


def new_image_key(prefix: str, extension: str) -> str:
    """
    Return a new storage key that nobody can guess: `photos/3f/3f9c….jpg`.

    The two letters spread the files over 256 directories.

    :raises ValueError: `extension` is not one that a CleanImage can have.
    """
    if extension not in EXTENSIONS:
        raise ValueError(f"{extension!r} is no extension of ours")
    name = uuid.uuid4().hex
    return f"{prefix.strip('/')}/{name[:2]}/{name}.{extension}"

"""
Where a picture is stored. Nothing of the name the user gave the file is in it.
"""

import uuid

EXTENSIONS = frozenset({"jpg", "png", "webp"})


def new_image_key(prefix, extension):
    """
    Return a storage key nobody had before and nobody can guess: `photos/3f/3f9c….jpg`.

    The two letters spread the files over 256 directories.

    :raises ValueError: `extension` is not one that CleanImage carries.
    """
    if extension not in EXTENSIONS:
        raise ValueError(f"{extension!r} is no extension of ours")
    name = uuid.uuid4().hex
    return f"{prefix.strip('/')}/{name[:2]}/{name}.{extension}"

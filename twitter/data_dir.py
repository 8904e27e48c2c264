"""
DATA_DIR, the folder of everything that the project writes. It is created when a process starts, not by reading
settings.
"""

import secrets
from pathlib import Path


def make_data_dir(folder: Path, *folders: Path) -> None:
    """
    Create `folder`, which no other account of the machine may enter, and `folders` in it, unless they exist.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for inner in folders:
        inner.mkdir(exist_ok=True)


def generated_secret(path: Path) -> str:
    """
    Return the secret stored in `path`, generated on the first call: the repository contains no secret.
    """
    if not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
        draft.touch(mode=0o600)
        draft.write_text(secrets.token_urlsafe(64))
        try:
            # A hard link fails if the name exists: if two processes start at once, both use the same secret.
            path.hardlink_to(draft)
        except FileExistsError:
            pass
        draft.unlink()
    return path.read_text()

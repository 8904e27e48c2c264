"""
DATA_DIR, where everything is that the project writes: made when a process starts, not when settings are read.
"""

import secrets
from pathlib import Path


def make_data_dir(folder: Path, *folders: Path) -> None:
    """
    Make `folder`, which no other account of the machine may enter, and `folders` in it, unless they are there.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for inner in folders:
        inner.mkdir(exist_ok=True)


def generated_secret(path: Path) -> str:
    """
    Return the secret stored in `path`, made on the first call: no secret stands in the repository.
    """
    if not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
        draft.touch(mode=0o600)
        draft.write_text(secrets.token_urlsafe(64))
        try:
            # A hard link refuses an existing name: of two first starts at once, one secret wins.
            path.hardlink_to(draft)
        except FileExistsError:
            pass
        draft.unlink()
    return path.read_text()

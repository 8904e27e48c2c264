"""
Which files an action takes.
"""

import re
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.urls import ResolverMatch
from django.utils.datastructures import MultiValueDict

from utils.bodies.errors import UnexpectedFile

# What libraries make of a list: `files[]`, `files[0]`. Four digits are more files than anybody has.
ITEM = re.compile(r"([^\[\]]+)\[([0-9]{0,4})\]")
# Of a name that somebody else has chosen, this much is said again.
SHOWN_LENGTH = 40


@dataclass(frozen=True, slots=True)
class Uploads:
    """
    The files that an action takes: up to `max_count` of `max_bytes` each, all of them under the name `field`.
    """

    field: str
    max_count: int
    max_bytes: int

    def position(self, name: str) -> int | None:
        """
        Return where a file of this name stands among the others, None where the name is not ours.

        A name without a number is 0: such files stay in the order in which they came.
        """
        match = ITEM.fullmatch(name)
        if match and match[1] == self.field and self.max_count > 1:
            return int(match[2] or 0)
        return 0 if name == self.field else None

    def check(self, files: MultiValueDict[str, Any]) -> None:
        """
        Refuse files under any other name, and more than one where there is one.

        :raises UnexpectedFile:
        """
        for name in files:
            if name != self.field:
                text = f"Send files as `{self.field}`, not as `{name[:SHOWN_LENGTH]}`."
                raise UnexpectedFile(text, field=self.field)
        if self.max_count == 1 and len(files.getlist(self.field)) > 1:
            raise UnexpectedFile("Send one file.", field=self.field)


def uploads_of(match: ResolverMatch | None, method: str | None) -> Uploads | None:
    """
    Return the files that the action of an address takes (`uploads` of its view), None where it takes none.
    """
    view = getattr(match, "func", None)
    action = getattr(view, "actions", {}).get((method or "").lower())
    return getattr(getattr(view, "cls", None), "uploads", {}).get(action)


def max_body_bytes(uploads: Uploads | None) -> int:
    """
    Return how many bytes a body may have: what every body may, and the files.
    """
    files = uploads.max_count * uploads.max_bytes if uploads else 0
    return settings.DATA_UPLOAD_MAX_MEMORY_SIZE + files

"""
Which files an action accepts.
"""

import re
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.urls import ResolverMatch
from django.utils.datastructures import MultiValueDict

from utils.bodies.errors import UnexpectedFile

# How client libraries name the files of a list: `files[]`, `files[0]`.
ITEM = re.compile(r"([^\[\]]+)\[([0-9]{0,4})\]")
# Error messages repeat at most this much of a name that the client has chosen.
SHOWN_LENGTH = 40


@dataclass(frozen=True, slots=True)
class Uploads:
    """
    The files that an action accepts: up to `max_count` of `max_bytes` each, all under the name `field`.
    """

    field: str
    max_count: int
    max_bytes: int

    def position(self, name: str) -> int | None:
        """
        Return the position of a file with this name among the others, None if the name is unknown.

        It is 0 for a name without a number: such files keep the order in which they were sent.
        """
        match = ITEM.fullmatch(name)
        if match and match[1] == self.field and self.max_count > 1:
            return int(match[2] or 0)
        return 0 if name == self.field else None

    def check(self, files: MultiValueDict[str, Any]) -> None:
        """
        :raises UnexpectedFile: a file has another name, or there are several where one is accepted.
        """
        for name in files:
            if name != self.field:
                text = f"Send files as `{self.field}`, not as `{name[:SHOWN_LENGTH]}`."
                raise UnexpectedFile(text, field=self.field)
        if self.max_count == 1 and len(files.getlist(self.field)) > 1:
            raise UnexpectedFile("Send one file.", field=self.field)


def find_uploads(match: ResolverMatch | None, method: str | None) -> Uploads | None:
    """
    Return the files that the action of a URL accepts (`uploads` of its view), None if it accepts none.
    """
    view = getattr(match, "func", None)
    action = getattr(view, "actions", {}).get((method or "").lower())
    return getattr(getattr(view, "cls", None), "uploads", {}).get(action)


def max_body_bytes(uploads: Uploads | None) -> int:
    """
    Return how many bytes a body may have: the limit of every body, plus the files.
    """
    files = uploads.max_count * uploads.max_bytes if uploads else 0
    return settings.DATA_UPLOAD_MAX_MEMORY_SIZE + files

"""
The base class of events. An event says what happened, in the words of the app that announces it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import cache
from typing import Any, ClassVar, Self


class UnreadableEvent(LookupError):
    """
    A row holds an unknown event, or lacks a field of its event, because another release wrote it.
    """


@dataclass(frozen=True, kw_only=True)
class Event:
    """
    Something that happened. Each event is a frozen dataclass in `events.py` of the app that announces it.

    Its fields are stored as JSON: ids, numbers, strings and lists of them, never objects. A field that a
    later release adds needs a default, because rows of earlier releases lack it.

    :param message_id: the outbox row that the event was read from, None if it is not recorded yet. It is not
        compared: two events that differ only in it are equal.
    """

    # What outbox rows call this kind.
    name: ClassVar[str]
    # What rows of earlier releases call it; they are still read under these names.
    aliases: ClassVar[tuple[str, ...]] = ()

    message_id: int | None = field(default=None, compare=False, repr=False)

    def to_payload(self) -> dict[str, Any]:
        """
        Return the fields as an outbox row stores them.
        """
        return {name: getattr(self, name) for name in self._field_names()}

    @classmethod
    def from_payload(cls, payload: Mapping[str, Any], *, message_id: int | None = None) -> Self:
        """
        Return the event that a row holds. Fields that this release does not know are ignored.

        :raises UnreadableEvent: a field without a default is missing.
        """
        known = {name: payload[name] for name in cls._field_names() if name in payload}
        try:
            return cls(message_id=message_id, **known)
        except TypeError as error:
            raise UnreadableEvent(f"{cls.name} {payload}: {error}") from error

    @classmethod
    @cache
    def _field_names(cls) -> tuple[str, ...]:
        return tuple(each.name for each in fields(cls) if each.name != "message_id")

"""
An event whose handler fails on demand, and the test case of the relay.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar
from unittest import mock

import time_machine
from django.utils import timezone

from outbox.events import Event
from outbox.handling import event_handler, event_types
from outbox.models import Message
from testing.testcases import ApiTestCase

# What the handler below does, one call after the other: raise this, or nothing.
troubles = []
runs = []


@dataclass(frozen=True, kw_only=True)
class Tried(Event):
    """
    What the handler below handles.
    """

    name: ClassVar[str] = "test"

    number: int


@event_handler()
def stumble(events):
    """
    Fail as `troubles` says.

    Safe to run twice: it only counts.
    """
    runs.extend(event.number for event in events)
    if troubles and (trouble := troubles.pop(0)):
        raise trouble
    return "stumbled on"


class RelayTestCase(ApiTestCase):
    def setUp(self):
        troubles.clear()
        runs.clear()
        self.enterContext(mock.patch.dict(event_types, test=Tried))
        # Whole seconds, so that what is due in two minutes is due in 120.
        self.now = timezone.now().replace(microsecond=0)
        self.clock = self.enterContext(time_machine.travel(self.now, tick=False))

    def message(self, number=1, **fields):
        return Message.objects.create(event="test", task=stumble.name, payload={"number": number}, **fields)

    def later(self, seconds):
        self.clock.shift(timedelta(seconds=seconds))

    def seconds_left(self, message):
        message.refresh_from_db()
        return (message.due_at - timezone.now()).total_seconds()

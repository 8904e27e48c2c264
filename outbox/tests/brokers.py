"""
Brokers for tests of the relay: the world outside, on good days and bad.
"""

import threading
from contextlib import contextmanager
from unittest import mock

from celery import Task
from kombu.exceptions import OperationalError


class Broker:
    """
    Takes messages and delivers none; after `patience` messages it refuses with `error`.
    """

    def __init__(self, patience=10**9, error=None):
        self.patience = patience
        self.error = error or OperationalError("connection refused")
        self.asked = 0
        self.sent = []
        self._lock = threading.Lock()

    def take(self, task, args=None, kwargs=None, **options):
        with self._lock:
            self.asked += 1
            if self.asked > self.patience:
                raise self.error
            self.sent.append({"task": task.name, "message_ids": args[0], **options})

    @property
    def message_ids(self):
        return [message_id for message in self.sent for message_id in message["message_ids"]]


@contextmanager
def broker(**behaviour):
    """
    Put a Broker in the place of the real one.
    """
    replacement = Broker(**behaviour)
    with mock.patch.object(Task, "apply_async", autospec=True, side_effect=replacement.take):
        yield replacement

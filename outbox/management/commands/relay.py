"""
The command that runs the relay of the stack profile.
"""

import signal
import threading

from django.core.management.base import BaseCommand

from outbox import relay


class Command(BaseCommand):
    help = "Publishes events from the outbox table to the broker until it is stopped."

    def handle(self, **options: object) -> None:
        stopping = threading.Event()
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, lambda *_: stopping.set())
        self.stdout.write("relay: started")
        relay.run(stopping)
        self.stdout.write("relay: stopped")

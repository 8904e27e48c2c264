"""
The Celery app, and the dead-letter queues that no worker consumes.
"""

import os
from typing import Any

from celery import Celery, bootsteps

# Before Celery(): without it the app would silently use another broker.
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "twitter.settings")

app = Celery("twitter")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.set_default()
app.autodiscover_tasks()


class DeadLetterQueues(bootsteps.StartStopStep):
    """
    Declares the dead-letter queues whenever a worker connects.

    Celery only declares queues that it consumes, and without its dead-letter queue a message that reaches its delivery
    limit is dropped. They are declared at each connection, because a broker may have lost its queues.
    """

    requires = {"celery.worker.consumer.connection:Connection"}

    # Any: Celery has no types.
    def start(self, consumer: Any) -> None:
        for queue in app.conf.get("dead_letter_queues") or ():
            queue(consumer.connection.default_channel).declare()


app.steps["consumer"].add(DeadLetterQueues)

"""
The Celery app, what its workers leave out, and the dead-letter queues that no worker consumes.
"""

import os
from typing import Any

from celery import Celery, bootsteps
from celery.worker import consumer

# Before Celery(): without it the app would silently use another broker.
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "twitter.settings")

app = Celery("twitter")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.set_default()
app.autodiscover_tasks()


class Consumer(consumer.Consumer):
    """
    Celery's consumer without its queues for delayed tasks, which nothing here sends.

    For them it connects to every node of the broker by itself, and tries a dead one for a quarter of a minute before it
    consumes anything. The broker then receives nothing from it and may close the connection, again and again.
    """

    class Blueprint(consumer.Consumer.Blueprint):
        default_steps = [
            step for step in consumer.Consumer.Blueprint.default_steps if not step.endswith(":DelayedDelivery")
        ]


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

"""
The Celery app, and the dead-letter queues that no worker consumes.
"""

import os

from celery import Celery, bootsteps

# Before Celery(): the app of a thread without it would silently speak to another broker.
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "twitter.settings")

app = Celery("twitter")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.set_default()
app.autodiscover_tasks()


class DeadLetterQueues(bootsteps.StartStopStep):
    """
    Declares, at each connection of a worker, what Celery itself would not.

    It only declares queues that somebody consumes, and a message that reaches its delivery limit
    without such a queue is dropped. Each connection, because a broker may come back empty.
    """

    requires = {"celery.worker.consumer.connection:Connection"}

    def start(self, consumer):
        for queue in app.conf.get("dead_letter_queues") or ():
            queue(consumer.connection.default_channel).declare()


app.steps["consumer"].add(DeadLetterQueues)

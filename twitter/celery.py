"""
The Celery app, and the dead-letter queues that no worker consumes.
"""

import os

from celery import Celery
from celery.signals import worker_init

# Before Celery(): the app of a thread without it would silently speak to another broker.
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "twitter.settings")

app = Celery("twitter")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.set_default()
app.autodiscover_tasks()


@worker_init.connect
def declare_dead_letter_queues(**kwargs):
    """
    Declare what Celery itself would not: it only declares queues that somebody consumes,
    and a message that reaches its delivery limit without such a queue is dropped.
    """
    with app.connection_for_write() as connection:
        for queue in app.conf.get("dead_letter_queues") or ():
            queue(connection.default_channel).declare()

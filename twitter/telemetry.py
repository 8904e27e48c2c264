"""
What workers report about themselves: how tasks ended, how long they took, and that a process is alive.

Loaded by TwitterConfig.ready. Workers, the relay and beat write their counts to files that a web process reads
(utils/observability/metrics.py).
"""

import time
from typing import Any

from celery import Task
from celery.signals import heartbeat_sent, task_postrun, task_prerun
from celery.worker.heartbeat import Heart

from outbox.tasks import handle_messages
from utils.observability.metrics import TASK_SECONDS, TASKS, note_alive


@task_prerun.connect
def task_begins(task: Task, **kwargs: Any) -> None:
    """
    Remember when the task began.
    """
    task.request.began_at = time.perf_counter()


@task_postrun.connect
def task_ends(task: Task, state: str | None, **kwargs: Any) -> None:
    """
    Count how the task ended: `success` or `failure`. Events are counted by their handlers (outbox/handling.py).
    """
    if task.name == handle_messages.name:
        return
    TASKS.labels(task.name, str(state).lower()).inc()
    TASK_SECONDS.labels(task.name).observe(time.perf_counter() - task.request.began_at)


@heartbeat_sent.connect
def worker_is_alive(sender: Heart, **kwargs: Any) -> None:
    """
    Record every two seconds that a worker is alive; the worker `fanout@host` is named fanout.
    """
    note_alive(sender.eventer.hostname.partition("@")[0])

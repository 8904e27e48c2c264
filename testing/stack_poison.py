"""
A task that kills its worker, as a real one might some day.
"""

import os
import signal

from celery import shared_task


@shared_task
def swallow():
    os.kill(os.getpid(), signal.SIGKILL)

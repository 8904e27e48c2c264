"""
A task that no worker survives. Real ones are not meant to be like this; one day one will be.
"""

import os
import signal

from celery import shared_task


@shared_task
def swallow():
    os.kill(os.getpid(), signal.SIGKILL)

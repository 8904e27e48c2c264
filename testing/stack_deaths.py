"""
The settings of a process that kills itself and its children (SIGKILL) right before it would call a given function.

    self.start("relay", **dies_before("outbox.services.OutboxService.mark_published"))
"""

import os
import pkgutil
import signal

from django.apps import AppConfig

from twitter.settings import *  # noqa: F403
from twitter.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "testing.stack_deaths.DeathConfig"]


def die(*_, **__):
    os.killpg(os.getpgid(0), signal.SIGKILL)


class DeathConfig(AppConfig):
    name = "testing"

    def ready(self):
        owner, _, function = os.environ["DIES_BEFORE"].rpartition(".")
        setattr(pkgutil.resolve_name(owner), function, die)

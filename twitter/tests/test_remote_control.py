"""
Workers listen to their queues and to nobody else.
"""

from unittest import TestCase

import yaml
from celery import Celery, current_app
from django.conf import settings

from testing.stack_processes import RealStackTestCase, production_command

# Their heartbeat stays: it only goes out, and metrics tell by it that a worker lives (twitter/telemetry.py).
DEAF = {"--without-gossip", "--without-mingle"}


class WorkerTests(TestCase):
    def test_no_worker_has_a_remote_control(self):
        self.assertIs(current_app.conf.worker_enable_remote_control, False)
        self.assertIs(current_app.conf.worker_send_task_events, False)

    def test_no_worker_that_is_deployed_listens_to_another(self):
        compose = yaml.safe_load((settings.BASE_DIR / "deploy" / "compose.yaml").read_text())
        for name in ("fanout", "default"):
            for command in (production_command(name), compose["services"][name]["command"]):
                self.assertLessEqual(DEAF, set(command))


class RemoteControlTests(RealStackTestCase):
    def test_who_reaches_the_broker_is_told_nothing(self):
        self.start("default", "fanout")
        stranger = Celery(broker=self.broker.url, set_as_current=False)

        inspect = stranger.control.inspect(timeout=2)

        self.assertEqual((inspect.ping(), inspect.conf()), (None, None))

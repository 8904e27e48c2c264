"""
Events and the tasks they wake.
"""

import configparser
import re

from celery import current_app
from django.conf import settings
from django.test import SimpleTestCase

from outbox.services import subscriptions
from twitter.subscriptions import SUBSCRIPTIONS

RECORDED = re.compile(
    r"""(?:OutboxService\.record(?:_many)?\(|_announce\(|_split\(\s*\w+,|split\(\s*\w+,)\s*"(\w+)\""""
)


class SubscriptionTests(SimpleTestCase):
    def test_every_task_that_an_event_wakes_is_one_that_workers_know(self):
        for event, names in subscriptions.items():
            for name in names:
                self.assertIn(name, current_app.tasks, event)

    def test_hbase_is_kept_in_step_where_there_is_one(self):
        for event in ("followed", "unfollowed"):
            woken = "friendships.tasks.mirror_friendships" in subscriptions[event]

            self.assertEqual(woken, bool(settings.HBASE_URL), event)

    def test_every_one_of_them_has_a_queue_that_a_program_of_the_stack_consumes(self):
        programs = configparser.ConfigParser(interpolation=None)
        programs.read(settings.BASE_DIR / "deploy" / "supervisord.conf")
        commands = " ".join(programs[name].get("command", "") for name in programs.sections())
        consumed = {name for queues in re.findall(r"worker -Q ([\w,]+)", commands) for name in queues.split(",")}

        queues = {handler.queue for handlers in SUBSCRIPTIONS.values() for handler in handlers}

        self.assertEqual(queues - consumed, set())
        self.assertEqual(queues - {queue.name for queue in settings.CELERY_TASK_QUEUES}, set())

    def test_every_event_that_is_recorded_wakes_somebody(self):
        recorded = set()
        for path in settings.BASE_DIR.glob("*/services*"):
            for file in [path] if path.is_file() else path.glob("*.py"):
                recorded |= set(RECORDED.findall(file.read_text()))

        self.assertGreater(len(recorded), 5)
        self.assertEqual(recorded - set(SUBSCRIPTIONS), set())

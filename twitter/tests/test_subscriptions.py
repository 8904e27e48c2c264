"""
Events and the tasks they wake.
"""

import configparser
import re

from celery import current_app
from django.conf import settings
from django.test import SimpleTestCase

from outbox.events import Event
from outbox.handling import event_types, handlers
from outbox.services import subscriptions


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

        queues = {handlers[name].queue for names in subscriptions.values() for name in names}

        self.assertEqual(queues - consumed, set())
        self.assertEqual(queues - {queue.name for queue in settings.CELERY_TASK_QUEUES}, set())

    def test_every_event_that_an_app_announces_wakes_somebody(self):
        announced = {event_type for event_type in get_kinds(Event) if ".tests." not in event_type.__module__}

        self.assertEqual(announced, set(event_types.values()))
        self.assertEqual(set(event_types), set(subscriptions))
        self.assertTrue(all(subscriptions.values()))

    def test_it_has_a_name_of_its_own_and_stands_in_the_events_of_its_app(self):
        self.assertEqual(
            {(name, event_type.__module__.split(".")[1]) for name, event_type in event_types.items()},
            {
                (name, "events")
                for event_type in get_kinds(Event)
                if ".tests." not in event_type.__module__
                for name in (event_type.name, *event_type.aliases)
            },
        )


def get_kinds(event_type):
    """
    Return the classes under `event_type` that have a name; the others hold what several share.
    """
    below = set().union(*map(get_kinds, event_type.__subclasses__()))
    return below | ({event_type} if "name" in vars(event_type) else set())

"""
Several relays at once, and the loop that a relay is.
"""

import threading

import pytest
from django.db import OperationalError, connection, connections
from django.utils import timezone

from outbox import relay
from outbox.constants import RETRY_STEPS
from outbox.handling import handle
from outbox.models import Message
from outbox.services import OutboxService
from outbox.tests.brokers import broker
from testing.testcases import CommittedTestCase


class ClaimingTests(CommittedTestCase):
    def messages(self, count):
        Message.objects.bulk_create(
            Message(event="test", task="accounts.tasks.invalidate_user", payload={"user_id": number})
            for number in range(count)
        )
        return set(Message.objects.values_list("id", flat=True))

    def relay_until_nothing_is_due(self):
        for _ in range(100):
            if not relay.relay_once():
                return
        self.fail("something is always due")

    def test_two_relays_at_once_publish_each_message_once(self):
        for _ in range(5):
            ids = self.messages(300)

            with broker() as taken:
                self.together(*[self.relay_until_nothing_is_due] * 2)

            self.assertEqual(sorted(taken.message_ids), sorted(ids))
            self.assertEqual(set(Message.objects.values_list("attempts", flat=True)), {1})
            Message.objects.all().delete()

    def test_a_relay_does_not_wait_for_what_another_has_in_hand(self):
        ids = self.messages(2000)

        with broker() as taken:
            self.together(*[self.relay_until_nothing_is_due] * 4)

        self.assertEqual(sorted(taken.message_ids), sorted(ids))


class RestartTests(CommittedTestCase):
    def test_rows_over_which_the_database_was_restarted_come_again_within_seconds(self):
        own = tuple(f"{verb} {connection.ops.quote_name('outbox_message')}" for verb in ("UPDATE", "DELETE FROM"))
        refused = []

        def is_away(execute, sql, params, many, context):
            if sql.startswith(own) and len(refused) < 3:
                refused.append(sql)
                raise OperationalError(2006, "gone away")
            return execute(sql, params, many, context)

        self.person("alice").follows(self.person("bob"))
        claimed = OutboxService.claim()
        with connection.execute_wrapper(is_away), self.assertRaises(OperationalError):
            handle([message.id for message in claimed])

        seconds = (Message.objects.get().due_at - timezone.now()).total_seconds()
        self.assertEqual(len(refused), 3)
        self.assertLess(seconds, RETRY_STEPS[-1])


class LoopTests(CommittedTestCase):
    def start_relay(self):
        stopping = threading.Event()

        def run():
            try:
                relay.run(stopping)
            finally:
                connections.close_all()

        thread = threading.Thread(target=run)
        thread.start()
        self.addCleanup(lambda: (stopping.set(), thread.join(timeout=10)))
        return stopping, thread

    def test_it_delivers_what_comes_and_ends_when_told(self):
        alice = self.person("alice")
        self.crowd(3, following=alice)
        stopping, thread = self.start_relay()

        alice.tweets()
        self.until(lambda: not Message.objects.exists(), "the outbox is empty")
        stopping.set()
        thread.join(timeout=10)

        self.assertFalse(thread.is_alive())

    def test_it_survives_a_broker_that_fails_in_ways_nobody_foresaw(self):
        alice = self.person("alice")
        with broker(patience=0, error=ZeroDivisionError()) as taken:
            self.start_relay()
            alice.tweets()
            self.until(lambda: taken.asked, "the broker was asked")

        Message.objects.update(due_at=timezone.now())

        self.until(lambda: not Message.objects.exists(), "the outbox is empty")

    @pytest.mark.stack
    def test_it_takes_another_connection_when_the_database_has_closed_its_own(self):
        alice = self.person("alice")
        self.start_relay()
        alice.tweets()
        self.until(lambda: not Message.objects.exists(), "the outbox is empty")

        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT id FROM information_schema.processlist WHERE db = DATABASE() AND id <> CONNECTION_ID()"
            )
            for (number,) in cursor.fetchall():
                cursor.execute("KILL %s", [number])
        alice.tweets()

        self.until(lambda: not Message.objects.exists(), "the outbox is empty")

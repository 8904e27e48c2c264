"""
What a transaction and a connection cost on MariaDB, counted by the server.
"""

import pytest
from django.db import OperationalError, connection, transaction

from outbox.models import Message
from testing.testcases import CommittedTestCase


@pytest.mark.stack
class MySQLTests(CommittedTestCase):
    def setUp(self):
        connection.ensure_connection()

    def counted(self, action):
        """
        Return how often an action began, committed, set something and asked for a sign of life, as the server counts.
        """
        before = self.status()
        action()
        after = self.status()
        # What was counted in between, without the question itself.
        names = ("Com_begin", "Com_commit", "Com_set_option", "Com_admin_commands")
        return tuple(after[name] - before[name] for name in names)

    def status(self):
        with connection.cursor() as cursor:
            cursor.execute("SHOW SESSION STATUS LIKE 'Com\\_%'")
            return {name: int(value) for name, value in cursor.fetchall()}

    def request(self):
        """
        Do what a request does with a connection that it finds.
        """
        connection.close_if_unusable_or_obsolete()
        Message.objects.exists()

    def kill(self):
        """
        Let the server close the connection.
        """
        with connection.cursor() as cursor:
            cursor.execute("SELECT CONNECTION_ID()")
            [number] = cursor.fetchone()
        other = connection.copy()
        with other.cursor() as cursor:
            cursor.execute(f"KILL {number}")
        other.close()

    def test_a_transaction_is_begin_and_commit_and_nothing_else(self):
        def write():
            with transaction.atomic():
                Message.objects.create(event="a_tree_fell", payload={})

        self.assertEqual(self.counted(write), (1, 1, 0, 0))
        self.assertEqual(Message.objects.count(), 1)

    def test_what_failed_is_rolled_back_and_the_next_statement_is_on_its_own(self):
        with self.assertRaises(ZeroDivisionError), transaction.atomic():
            Message.objects.create(event="a_tree_fell", payload={})
            raise ZeroDivisionError
        Message.objects.create(event="a_tree_stands", payload={})
        connection.rollback()

        self.assertEqual([message.event for message in Message.objects.all()], ["a_tree_stands"])

    def test_a_connection_in_use_is_looked_at_once_and_not_for_every_request(self):
        connection.trusted_until = 0.0

        def requests():
            for _ in range(10):
                self.request()

        *_, looks = self.counted(requests)

        self.assertEqual(looks, 1)

    def test_a_connection_that_the_server_closed_while_it_was_idle_is_replaced(self):
        self.request()
        self.kill()
        # As after a second without a request.
        connection.trusted_until = 0.0

        self.request()

    def test_a_connection_that_failed_is_looked_at_before_the_next_request(self):
        self.request()
        self.kill()

        with self.assertRaises(OperationalError):
            Message.objects.exists()
        self.request()

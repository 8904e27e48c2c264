"""
Nothing grows without a limit: expired rows are purged in batches, and no other rows are.
"""

import re
from datetime import timedelta
from unittest.mock import patch

from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import connection
from django.db.utils import OperationalError
from django.utils import timezone

from accounts.models import AccessToken
from inbox.models import Notification
from moderation.models import AuditEntry
from stores.models import StorePhaseChange
from testing.testcases import ApiTestCase
from twitter import purging
from twitter.tasks import purge_expired
from utils.idempotency.models import IdempotentRequest

DAY = timedelta(days=1)


class PurgingTestCase(ApiTestCase):
    def setUp(self):
        self.alice = self.person("alice1")
        self.now = timezone.now()

    def tokens(self, count, *, age):
        AccessToken.objects.bulk_create(
            AccessToken(user=self.alice.user, key_hash=f"{age}{number}", auth_hash="x", expires_at=self.now - age)
            for number in range(count)
        )

    def notification(self, key, *, age, unread):
        Notification.objects.create(
            key=key,
            recipient=self.alice.user,
            actor_content_type_id=1,
            actor_object_id=self.alice.id,
            verb="followed you",
            unread=unread,
            timestamp=self.now - age,
        )

    def requests(self, count, *, age):
        IdempotentRequest.objects.bulk_create(
            IdempotentRequest(
                user_id=1, route="x", key_hash=f"{age}{number}", lease_until=self.now, created_at=self.now - age
            )
            for number in range(count)
        )


class WhatGoesTests(PurgingTestCase):
    def test_sessions_and_tokens_that_have_expired(self):
        for key, age in (("over", DAY), ("open", -DAY)):
            Session.objects.create(session_key=key, session_data="", expire_date=self.now - age)
        self.tokens(2, age=DAY)
        self.tokens(1, age=-DAY)

        purge_expired()

        self.assertEqual([session.session_key for session in Session.objects.all()], ["open"])
        self.assertEqual(AccessToken.objects.filter(auth_hash="x").get().expires_at, self.now + DAY)

    def test_alice_stays_logged_in(self):
        token = self.signed_up("carol1")
        carol = self.nobody()
        carol.client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")

        purge_expired()

        self.assertTrue(carol.get("accounts/login_status/").json()["has_logged_in"])

    def signed_up(self, name):
        response = self.nobody().post(
            "accounts/signup/", username=name, email=f"{name}@example.com", password="correct horse battery"
        )
        return response.json()["token"]

    def test_what_was_read_three_months_ago_and_never_what_is_unread(self):
        self.notification("read long ago", age=91 * DAY, unread=False)
        self.notification("read lately", age=89 * DAY, unread=False)
        self.notification("unread", age=900 * DAY, unread=True)

        purge_expired()

        self.assertEqual(set(Notification.objects.values_list("key", flat=True)), {"read lately", "unread"})

    def test_how_long_is_a_knob(self):
        self.notification("read lately", age=8 * DAY, unread=False)

        with self.settings(NOTIFICATION_DAYS=7):
            purge_expired()

        self.assertFalse(Notification.objects.exists())

    def test_idempotency_keys_of_yesterday(self):
        self.requests(2, age=2 * DAY)
        self.requests(1, age=timedelta(hours=23))

        purge_expired()

        self.assertEqual(IdempotentRequest.objects.count(), 1)

    def test_the_audit_trail_and_histories_stay(self):
        long_ago = self.now - 3650 * DAY
        StorePhaseChange.objects.create(
            store_phase_id="feeds", phase="mysql", read_percentage=0, generation=1, changed_at=long_ago
        )
        audited = AuditEntry.objects.count()

        purge_expired()

        self.assertEqual((StorePhaseChange.objects.count(), AuditEntry.objects.count()), (1, audited))


class InBitesTests(PurgingTestCase):
    def test_one_statement_takes_a_thousand_rows_and_one_run_so_many_bites(self):
        self.requests(2_500, age=2 * DAY)

        with patch.object(purging, "BATCHES_PER_RUN", 2):
            first = purging.purge_all()["idempotent requests"]
        second = purging.purge_all()["idempotent requests"]

        self.assertEqual((first, second), (2_000, 500))

    def test_a_second_run_finds_nothing(self):
        self.requests(3, age=2 * DAY)

        self.assertEqual([purge_expired(), purge_expired()], ["3 rows are purged", "0 rows are purged"])

    def test_how_many_went_is_in_the_log(self):
        self.requests(3, age=2 * DAY)
        self.tokens(2, age=DAY)

        with self.assertLogs("twitter.purging", "INFO") as logs:
            purge_expired()

        self.assertRegex(logs.output[0], r"purged in \d.\d s: 0 sessions, 2 access tokens, 3 idempotent requests, ")

    def test_a_table_that_cannot_be_purged_now_keeps_nobody_else_waiting(self):
        self.requests(3, age=2 * DAY)
        broken = {"sessions": lambda now: Broken(), "idempotent requests": purging.PURGES["idempotent requests"]}

        with patch.object(purging, "PURGES", broken), self.assertLogs("twitter.purging", "WARNING") as logs:
            counts = purging.purge_all()

        self.assertEqual(counts, {"sessions": 0, "idempotent requests": 3})
        self.assertIn("sessions are purged later", logs.output[0])

    def test_each_is_found_by_an_index(self):
        for name in purging.PURGES:
            with self.subTest(name=name), connection.cursor() as cursor:
                rows = purging.expired_rows(name, self.now)
                table = rows.model._meta.db_table
                constraints = connection.introspection.get_constraints(cursor, table)
                indexes = [index for index, about in constraints.items() if about["index"]]

                plan = rows.values("pk").explain()

                self.assertTrue(re.search("|".join(map(re.escape, indexes)), plan), plan)

    def test_beat_sends_it_every_ten_minutes(self):
        entry = settings.CELERY_BEAT_SCHEDULE["purge-expired"]

        self.assertEqual((entry["task"], entry["schedule"]), (purge_expired.name, timedelta(minutes=10)))


class Broken:
    """
    Rows of a table whose lock somebody keeps.
    """

    def order_by(self):
        return self

    def values_list(self, *args, **kwargs):
        raise OperationalError(1205, "Lock wait timeout exceeded")

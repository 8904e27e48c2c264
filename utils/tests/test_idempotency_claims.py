"""
Claims of Idempotency-Keys: how long they hold, who gets one of several who want it, and what a crash leaves.
"""

import subprocess
import sys
from datetime import timedelta

import pytest
import time_machine
from django.conf import settings
from django.db import connection
from django.utils import timezone

from outbox.models import Message
from testing.stack_processes import environment_of_test
from testing.testcases import ApiTestCase, CommittedTestCase
from tweets.models import Tweet
from utils.database.transactions import IdTaken, retried_transaction
from utils.idempotency.models import IdempotentRequest, State
from utils.idempotency.services import IdempotencyService, LeaseLost, StillInFlight
from utils.tests.test_idempotency import KEY, Keyed

BODY_HASH = "d" * 64


class TimeTests(Keyed, ApiTestCase):
    def setUp(self):
        self.alice = self.person("alice1")

    def test_a_key_is_remembered_for_a_day(self):
        first = self.send(self.alice)

        with time_machine.travel(timezone.now() + timedelta(hours=23, minutes=59)):
            again = self.send(self.alice)

        self.assertEqual(again.json()["id"], first.json()["id"])

    def test_after_a_day_it_is_a_new_key(self):
        first = self.send(self.alice)

        with time_machine.travel(timezone.now() + timedelta(hours=24, seconds=1)):
            again = self.send(self.alice, {"content": "Another day"})

        self.assertEqual(again.status_code, 201)
        self.assertNotEqual(again.json()["id"], first.json()["id"])

    def test_a_key_of_yesterday_that_was_never_purged_is_claimed_anew(self):
        old = self.claim()
        IdempotentRequest.objects.filter(id=old.id).update(
            state=State.DONE, object_id=7, created_at=timezone.now() - timedelta(days=2)
        )
        crowd = [
            IdempotentRequest(
                user_id=9, route="x", key_hash=str(n), lease_until=timezone.now(),
                created_at=timezone.now() - timedelta(days=3),
            )
            for n in range(50)
        ]  # fmt: skip
        IdempotentRequest.objects.bulk_create(crowd)

        claim = self.claim(body_hash="b" * 64)

        self.assertEqual((claim.state, claim.object_id), (State.CLAIMED, None))


class InFlightTests(Keyed, CommittedTestCase):
    def setUp(self):
        self.alice = self.person("alice1")

    def tweet(self):
        tweet = Tweet(id=Tweet.objects.count() + 1, user_id=self.alice.id, content="From the work itself")
        tweet.save(force_insert=True)
        return tweet

    def work(self):
        tweet = self.tweet()
        IdempotencyService.complete(object_id=tweet.id)
        return tweet.id

    def crash(self):
        self.work()
        raise RuntimeError("the process dies here")

    def test_while_the_first_is_in_flight_the_second_is_409(self):
        self.send(self.alice)
        IdempotentRequest.objects.update(state=State.CLAIMED, lease_until=timezone.now() + timedelta(seconds=30))

        response = self.send(self.alice)

        self.assertEqual(self.assert_refused(response, 409)["code"], "idempotency_key_in_flight")
        self.assertTrue(1 <= int(response["Retry-After"]) <= 30)
        self.assertEqual(Tweet.objects.count(), 1)

    def test_the_claim_is_there_for_everybody_before_the_work_begins(self):
        claim = self.claim(self.alice.id)

        seen = self.together(lambda: IdempotentRequest.objects.get(id=claim.id).state)

        self.assertEqual(seen, [State.CLAIMED])
        self.assertFalse(connection.in_atomic_block)

    def test_after_a_crash_there_is_neither_a_row_nor_a_note_that_it_is_done(self):
        claim = self.claim(self.alice.id)

        with self.assertRaises(RuntimeError):
            IdempotencyService.carry_out(claim=claim, work=retried_transaction(self.crash))

        self.assertFalse(Tweet.objects.exists())
        self.assertEqual(IdempotentRequest.objects.get().state, State.CLAIMED)

    def test_after_a_crash_the_key_is_held_for_half_a_minute_and_then_free(self):
        claim = self.claim(self.alice.id)
        with self.assertRaises(RuntimeError):
            IdempotencyService.carry_out(claim=claim, work=retried_transaction(self.crash))

        with time_machine.travel(timezone.now() + timedelta(seconds=28)), self.assertRaises(StillInFlight):
            self.claim(self.alice.id)
        with time_machine.travel(timezone.now() + timedelta(seconds=31)):
            IdempotencyService.carry_out(claim=self.claim(self.alice.id), work=retried_transaction(self.work))

        self.assertEqual(Tweet.objects.count(), 1)
        self.assertEqual(IdempotentRequest.objects.get().object_id, Tweet.objects.get().id)

    def test_who_took_too_long_and_lost_the_claim_leaves_nothing_behind(self):
        slow = self.claim(self.alice.id)
        with time_machine.travel(timezone.now() + timedelta(seconds=31)):
            IdempotencyService.carry_out(claim=self.claim(self.alice.id), work=retried_transaction(self.work))

        with self.assertRaises(LeaseLost):
            IdempotencyService.carry_out(claim=slow, work=retried_transaction(self.work))

        self.assertEqual(Tweet.objects.count(), 1)

    def test_a_transaction_that_runs_again_notes_only_what_remains(self):
        tries = []

        def work():
            tries.append(self.work())
            if len(tries) < 3:
                raise IdTaken
            return tries[-1]

        object_id = IdempotencyService.carry_out(claim=self.claim(self.alice.id), work=retried_transaction(work))

        self.assertEqual(len(tries), 3)
        self.assertEqual(IdempotentRequest.objects.get().object_id, object_id)
        self.assertEqual([tweet.id for tweet in Tweet.objects.all()], [object_id])

    def test_work_that_never_says_what_it_made_is_a_mistake_that_shows(self):
        with self.assertRaises(RuntimeError):
            IdempotencyService.carry_out(claim=self.claim(), work=lambda: 1)


class SendingAtOnceTests(Keyed, CommittedTestCase):
    def test_of_eight_at_one_moment_one_tweets_and_the_others_get_it_or_wait(self):
        alice = self.person("alice1")

        responses = self.together(*[lambda: self.send(alice)] * 8)

        statuses = sorted(response.status_code for response in responses)
        self.assertEqual(Tweet.objects.count(), 1)
        self.assertEqual(statuses[0], 201)
        self.assertLessEqual(set(statuses), {201, 409})
        ids = {response.json()["id"] for response in responses if response.status_code == 201}
        self.assertEqual(ids, {Tweet.objects.get().id})
        self.assertEqual(self.send(alice).json()["id"], Tweet.objects.get().id)

    def test_of_six_who_take_over_a_dead_claim_at_one_moment_one_gets_it(self):
        def take_over():
            try:
                return self.claim()
            except StillInFlight:
                return None

        self.claim()
        for _ in range(8):
            IdempotentRequest.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
            claims = self.together(*[take_over] * 6)

            self.assertEqual(len([claim for claim in claims if claim]), 1)

    def test_eight_keys_at_one_moment_are_eight_tweets(self):
        alice = self.person("alice1")

        responses = self.together(*[lambda number=number: self.send(alice, key=f"key-{number}") for number in range(8)])

        self.assertEqual({response.status_code for response in responses}, {201})
        self.assertEqual(Tweet.objects.count(), 8)
        self.assertEqual(alice.get(f"users/{alice.id}/").json()["tweets_count"], 8)


@pytest.mark.stack
class DyingTests(CommittedTestCase):
    def die(self, when):
        alice = self.person("alice1")
        command = [sys.executable, "-m", "utils.tests.dying", str(alice.id), KEY, BODY_HASH, when]
        died = subprocess.run(command, cwd=settings.BASE_DIR, env=environment_of_test(), capture_output=True)
        self.assertEqual(died.returncode, 9, died.stderr.decode())
        return {"user_id": alice.id, "route": "tests.create", "key": KEY, "body_hash": BODY_HASH}

    def test_a_process_that_is_gone_before_its_commit_leaves_its_claim_and_nothing_else(self):
        request = self.die("before")

        self.assertFalse(Tweet.objects.exists() or self.feed_rows() or Message.objects.exists())
        with self.assertRaises(StillInFlight):
            IdempotencyService.claim(**request)
        with time_machine.travel(timezone.now() + timedelta(seconds=31)):
            self.assertEqual(IdempotencyService.claim(**request).state, State.CLAIMED)

    def test_a_process_that_is_gone_after_its_commit_has_said_what_it_made(self):
        request = self.die("after")

        claim = IdempotencyService.claim(**request)

        self.assertEqual((claim.state, claim.object_id), (State.DONE, Tweet.objects.get().id))

"""
Ids that are times: they only grow, whatever the clock does, and say when they were drawn.
"""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone

import time_machine
from django.test import SimpleTestCase
from hypothesis import given
from hypothesis import strategies as st

from testing.testcases import ApiTestCase
from utils.database.time_ids import EPOCH, MAX_ID, MonotoneClock, datetime_to_id, format_time, id_to_datetime

NOON = datetime(2026, 6, 1, 12, 0, 0, 123_457, tzinfo=UTC)
SOME_DAYS = st.timedeltas(timedelta(days=-2000), timedelta(days=9000))


class DrawingIdsTests(SimpleTestCase):
    def test_an_id_is_the_microsecond_at_which_it_was_drawn(self):
        with time_machine.travel(NOON, tick=False):
            drawn = MonotoneClock().next_id()

        self.assertEqual(id_to_datetime(drawn), NOON)

    def test_ids_grow_within_one_microsecond(self):
        clock = MonotoneClock()

        with time_machine.travel(NOON, tick=False):
            drawn = [clock.next_id() for _ in range(1000)]

        self.assertEqual(drawn, list(range(drawn[0], drawn[0] + 1000)))

    def test_ids_grow_while_the_clock_steps_back(self):
        clock, drawn = MonotoneClock(), []

        for step in (0, 10, -3600, 5, -86_400 * 365, 20):
            with time_machine.travel(NOON + timedelta(seconds=step), tick=False):
                drawn += [clock.next_id(), clock.next_id()]

        self.assertEqual(drawn, sorted(set(drawn)))
        self.assertEqual(id_to_datetime(drawn[-2]), NOON + timedelta(seconds=20))

    @given(st.lists(SOME_DAYS, min_size=2, max_size=30))
    def test_ids_grow_whatever_the_clock_does(self, steps):
        clock, drawn = MonotoneClock(), []

        for step in steps:
            with time_machine.travel(NOON + step, tick=False):
                drawn.append(clock.next_id())

        self.assertTrue(all(earlier < later for earlier, later in zip(drawn, drawn[1:], strict=False)))

    def test_threads_never_draw_the_same_and_each_sees_them_grow(self):
        clock = MonotoneClock()

        # The clock stands still, so every thread wants the same next one.
        with time_machine.travel(NOON, tick=False), ThreadPoolExecutor(8) as threads:
            by_thread = list(threads.map(lambda _: [clock.next_id() for _ in range(5000)], range(8)))

        self.assertEqual(len({id for ids in by_thread for id in ids}), 40_000)
        for ids in by_thread:
            self.assertEqual(ids, sorted(ids))


class ReadingIdsTests(SimpleTestCase):
    @given(st.integers(0, MAX_ID))
    def test_every_id_comes_back_from_its_moment(self, id):
        self.assertEqual(datetime_to_id(id_to_datetime(id)), id)

    @given(st.integers(0, MAX_ID), st.integers(0, MAX_ID))
    def test_order_of_ids_is_order_of_written_times(self, one, other):
        written = [format_time(id_to_datetime(id)) for id in (one, other)]

        self.assertEqual(one < other, written[0] < written[1])

    @given(st.datetimes(timezones=st.timezones() | st.just(timezone(timedelta(hours=14)))))
    def test_any_aware_moment_has_an_id_and_equal_moments_the_same(self, moment):
        id = datetime_to_id(moment)

        self.assertEqual(
            id, (moment.replace(tzinfo=None) - moment.utcoffset() - datetime(2020, 1, 1)) // timedelta(microseconds=1)
        )

    def test_times_are_written_with_microseconds_and_z(self):
        india = timezone(timedelta(hours=5, minutes=30))

        self.assertEqual(format_time(EPOCH), "2020-01-01T00:00:00.000000Z")
        self.assertEqual(format_time(datetime(2026, 1, 1, 5, 30, 0, 7, india)), "2026-01-01T00:00:00.000007Z")

    def test_before_the_epoch_ids_are_negative(self):
        self.assertEqual(datetime_to_id(EPOCH - timedelta(microseconds=1)), -1)

    def test_ids_stay_exact_in_javascript_for_centuries(self):
        self.assertEqual(MAX_ID, 2**53 - 1)
        self.assertEqual(id_to_datetime(MAX_ID).year, 2305)


class TimesOfTheApiTests(ApiTestCase):
    def test_a_tweets_time_is_its_ids_and_the_same_in_every_answer(self):
        alice, bob = self.person("alice1"), self.person("bobby1")
        bob.follows(alice)
        tweet = alice.post("tweets/", content="What time is it?").json()
        self.tasks_run()

        responses = [
            alice.get(f"tweets/{tweet['id']}/").json(),
            alice.get("tweets/", user_id=alice.id).json()["results"][0],
            bob.get("newsfeeds/").json()["results"][0],
            bob.get("newsfeeds/").json()["results"][0]["tweet"],
        ]

        time = format_time(id_to_datetime(tweet["id"]))
        self.assertEqual([response["created_at"] for response in (tweet, *responses)], [time] * 5)
        self.assertTrue(isinstance(tweet["id"], int) and tweet["id"] < 2**53)

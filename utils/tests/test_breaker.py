"""
The circuit breaker, by a clock that the test moves.
"""

import threading
from types import SimpleNamespace
from unittest import mock

from django.test import SimpleTestCase

from utils.caching.breaker import CircuitBreaker
from utils.hbase.pool import ConnectionPool, GatewayPools


class CircuitBreakerTests(SimpleTestCase):
    def setUp(self):
        self.now = 1000.0
        clock = SimpleNamespace(monotonic=lambda: self.now)
        self.enterContext(mock.patch("utils.caching.breaker.time", clock))
        self.breaker = CircuitBreaker(failures=3, window=1.0, pause=2.0)

    def failures(self, times=1, every=0.1):
        for _ in range(times):
            self.breaker.record_failure()
            self.now += every

    def test_it_is_closed_while_all_is_well(self):
        self.assertFalse(self.breaker.is_open)

    def test_one_failure_is_remembered_for_those_who_can_do_without(self):
        before = self.breaker.has_failed_within(10)
        self.failures(1, every=9.9)
        during = self.breaker.has_failed_within(10)
        self.now += 0.2

        self.assertEqual((before, during, self.breaker.has_failed_within(10)), (False, True, False))

    def test_three_failures_within_a_second_open_it(self):
        self.failures(2)
        self.assertFalse(self.breaker.is_open)

        self.failures(1)

        self.assertTrue(self.breaker.is_open)

    def test_for_a_thread_that_has_waited_in_vain_it_is_open_at_once_and_for_a_second(self):
        self.breaker.record_timeout()
        of_others = []
        other = threading.Thread(target=lambda: of_others.append(self.breaker.is_open))
        other.start()
        other.join()

        self.assertTrue(self.breaker.is_open)
        self.assertEqual(of_others, [False])
        self.now += 1.1
        self.assertFalse(self.breaker.is_open)

    def test_timeouts_are_failures_too(self):
        for _ in range(3):
            self.breaker.record_timeout()
        self.now += 1.9

        self.assertTrue(self.breaker.is_open)

    def test_failures_now_and_then_do_not(self):
        self.failures(10, every=0.6)

        self.assertFalse(self.breaker.is_open)

    def test_after_the_pause_the_next_call_may_try(self):
        self.failures(3, every=0)

        self.now += 1.9
        self.assertTrue(self.breaker.is_open)
        self.now += 0.2
        self.assertFalse(self.breaker.is_open)

    def test_one_more_failure_right_after_the_pause_opens_it_again(self):
        self.failures(3, every=0)
        for _ in range(5):
            self.now += 2.1
            self.assertFalse(self.breaker.is_open)

            self.failures(1, every=0)

            self.assertTrue(self.breaker.is_open)

    def test_a_failure_long_after_the_trouble_is_the_first_of_three_again(self):
        self.failures(3, every=0)
        self.now += 60

        self.failures(2)
        self.assertFalse(self.breaker.is_open)
        self.failures(1)

        self.assertTrue(self.breaker.is_open)

    def test_threads_that_fail_together_open_it_once_and_break_nothing(self):
        threads = [threading.Thread(target=self.breaker.record_failure) for _ in range(20)]

        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        self.assertTrue(self.breaker.is_open)
        self.now += 2.1
        self.assertFalse(self.breaker.is_open)


class SeveralGatewaysTests(SimpleTestCase):
    def test_they_have_failed_once_each_of_them_has(self):
        pools = [ConnectionPool(host="127.0.0.1", port=1, timeout_ms=1, size=1, wait_seconds=0) for _ in range(2)]
        failed = []
        for pool in pools:
            pool.breaker.record_failure()
            failed.append(GatewayPools(pools).has_failed_within(10))

        self.assertEqual(failed, [False, True])

"""
Which thread of the web server runs which request, and what waits for what.
"""

import logging
import threading

from django.test import SimpleTestCase

from deploy.web_dispatcher import Dispatcher
from testing.testcases import Steps

PATIENCE = 10


class Request:
    """
    What the dispatcher needs of a connection. It runs until the test lets it go.
    """

    def __init__(self, *, is_write, error=None):
        self.is_write, self.error = is_write, error
        self.is_running, self.may_end, self.has_ended = (threading.Event() for _ in range(3))
        self.thread = None
        self.is_cancelled = False

    def service(self):
        self.thread = threading.get_ident()
        self.is_running.set()
        self.may_end.wait(PATIENCE)
        self.has_ended.set()
        if self.error:
            raise self.error

    def cancel(self):
        self.is_cancelled = True

    def end(self):
        self.may_end.set()
        assert self.has_ended.wait(PATIENCE)


class DispatcherTestCase(Steps, SimpleTestCase):
    def setUp(self):
        self.requests = []
        self.addCleanup(lambda: [request.may_end.set() for request in self.requests])

    def request(self, *, is_write, **fields):
        self.requests.append(Request(is_write=is_write, **fields))
        return self.requests[-1]

    def writes(self, dispatcher, count):
        requests = [self.request(is_write=True) for _ in range(count)]
        for request in requests:
            dispatcher.add_task(request)
        return requests

    def assert_running(self, *requests):
        for request in requests:
            self.assertTrue(request.is_running.wait(PATIENCE))

    def assert_served(self, dispatcher):
        """
        Check that a read is run now, by whatever thread is free.
        """
        read = self.request(is_write=False)
        dispatcher.add_task(read)
        self.assert_running(read)
        read.end()


class WritesTests(DispatcherTestCase):
    def test_while_all_writes_wait_reads_are_served(self):
        dispatcher = Dispatcher(threads=3)
        first, second, third = self.writes(dispatcher, 3)

        self.assert_running(first, second)
        self.assert_served(dispatcher)

        self.assertFalse(third.is_running.is_set())

    def test_a_write_that_waits_is_run_when_another_has_ended(self):
        dispatcher = Dispatcher(threads=2)
        first, second = self.writes(dispatcher, 2)
        self.assert_running(first)

        first.end()

        self.assert_running(second)

    def test_they_are_run_in_the_order_in_which_they_came(self):
        dispatcher = Dispatcher(threads=2)
        requests = self.writes(dispatcher, 5)

        for number, request in enumerate(requests):
            self.assert_running(request)
            self.assertFalse(any(later.is_running.is_set() for later in requests[number + 1 :]))
            request.end()

    def test_after_a_rush_as_many_may_run_at_once_as_before(self):
        dispatcher = Dispatcher(threads=3)
        for request in self.writes(dispatcher, 6):
            self.assert_running(request)
            request.end()
        self.until(lambda: not dispatcher.running, "the threads are free")

        first, second, third = self.writes(dispatcher, 3)

        self.assert_running(first, second)
        self.assert_served(dispatcher)
        self.assertFalse(third.is_running.is_set())

    def test_a_single_thread_runs_writes_too(self):
        dispatcher = Dispatcher(threads=1)
        (write,) = self.writes(dispatcher, 1)

        self.assert_running(write)

    def test_one_that_fails_is_cancelled_and_gives_its_place_to_the_next(self):
        dispatcher = Dispatcher(threads=2)
        bad = self.request(is_write=True, error=RuntimeError("nobody foresaw this"))
        good = self.request(is_write=True)

        with self.assertLogs("web", logging.ERROR) as logs:
            dispatcher.add_task(bad)
            dispatcher.add_task(good)
            bad.end()
            self.assert_running(good)

        self.assertTrue(bad.is_cancelled)
        self.assertFalse(good.is_cancelled)
        self.assertIn("nobody foresaw this", logs.output[0])


class ReadsTests(DispatcherTestCase):
    def test_what_the_polling_thread_reads_it_will_run_itself(self):
        dispatcher = Dispatcher(threads=2)
        dispatcher.reader = threading.get_ident()
        read, write = self.request(is_write=False), self.request(is_write=True)

        dispatcher.add_task(read)
        dispatcher.add_task(write)

        self.assert_running(write)
        self.assertFalse(read.is_running.is_set())
        self.assertEqual(list(dispatcher.take_reads()), [read])

    def test_what_another_thread_reads_is_handed_over(self):
        dispatcher = Dispatcher(threads=2)
        dispatcher.reader = threading.get_ident()
        read = self.request(is_write=False)

        with self.assertRaises(StopIteration):
            self.in_another_thread(dispatcher.add_task, read)
            next(dispatcher.take_reads())

        self.assert_running(read)
        self.assertNotEqual(read.thread, threading.get_ident())

    def test_reads_that_were_waiting_can_be_handed_over_when_the_reader_is_late(self):
        dispatcher = Dispatcher(threads=3)
        dispatcher.reader = threading.get_ident()
        reads = [self.request(is_write=False) for _ in range(2)]
        for read in reads:
            dispatcher.add_task(read)

        for read in dispatcher.take_reads():
            dispatcher.hand_over(read)

        self.assert_running(*reads)
        self.assertEqual(list(dispatcher.take_reads()), [])

    def test_two_threads_that_take_reads_take_each_once_in_order(self):
        dispatcher = Dispatcher(threads=1)
        dispatcher.reader = threading.get_ident()
        reads = [self.request(is_write=False) for _ in range(4)]
        for read in reads:
            dispatcher.add_task(read)

        mine, others = dispatcher.take_reads(), dispatcher.take_reads()

        self.assertEqual([next(mine), next(others), next(mine), next(others)], reads)
        self.assertEqual([*mine, *others], [])

    def test_reads_are_run_by_every_thread_at_once(self):
        dispatcher = Dispatcher(threads=3)
        reads = [self.request(is_write=False) for _ in range(3)]
        for read in reads:
            dispatcher.add_task(read)

        self.assert_running(*reads)

        self.assertEqual(len({read.thread for read in reads}), 3)

    def in_another_thread(self, action, *arguments):
        thread = threading.Thread(target=action, args=arguments)
        thread.start()
        thread.join(PATIENCE)


class RunningTests(DispatcherTestCase):
    def test_it_is_known_what_each_busy_thread_runs_and_since_when(self):
        dispatcher = Dispatcher(threads=2)
        (write,) = self.writes(dispatcher, 1)
        self.assert_running(write)

        ((thread, (request, began_at)),) = dispatcher.running.items()

        self.assertEqual((thread, request), (write.thread, write))
        self.assertGreaterEqual(began_at, write.arrived_at)

    def test_a_request_knows_when_it_came_though_it_has_to_wait(self):
        dispatcher = Dispatcher(threads=2)
        first, second = self.writes(dispatcher, 2)
        self.assert_running(first)
        first.end()
        self.assert_running(second)

        began_at = dispatcher.running[second.thread][1]

        self.assertLessEqual(first.arrived_at, second.arrived_at)
        self.assertLess(second.arrived_at, began_at)

    def test_a_thread_that_is_done_is_busy_no_more_even_after_an_error(self):
        dispatcher = Dispatcher(threads=2)
        requests = [
            self.request(is_write=is_write, error=error)
            for is_write in (True, False)
            for error in (None, RuntimeError("no"))
        ]

        logging.disable(logging.CRITICAL)
        self.addCleanup(logging.disable, logging.NOTSET)
        for request in requests:
            dispatcher.add_task(request)
            request.end()

        self.until(lambda: not dispatcher.running, "no thread is busy any more")

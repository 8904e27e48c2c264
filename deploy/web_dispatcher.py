"""
Which thread of the web worker runs which request.
"""

import contextlib
import logging
import queue
import threading
import time
from collections import deque
from collections.abc import Iterator

from deploy.web_channel import Channel

logger = logging.getLogger("web")


class Dispatcher:
    """
    The threads that run requests. One of them never runs writes, so that reads are served
    while all writes wait for a lock.

    Requests that the polling thread will run itself wait in `reads`: handing a request to another thread costs 0.2 ms
    of CPU (measured with an empty view), because two threads then compete for the interpreter's lock.
    """

    # The thread that polls and runs reads; None if there is none.
    reader: int | None = None

    def __init__(self, threads: int) -> None:
        # The request of each busy thread, and when it began.
        self.running: dict[int, tuple[Channel, float]] = {}
        self.reads: deque[Channel] = deque()
        self._tasks: queue.SimpleQueue[Channel] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._free_for_writes = max(1, threads - 1)
        self._waiting_writes: deque[Channel] = deque()
        for number in range(threads):
            threading.Thread(target=self._work, name=f"web-{number}", daemon=True).start()

    def add_task(self, task: Channel) -> None:
        task.arrived_at = time.monotonic()
        if not task.is_write and threading.get_ident() == self.reader:
            self.reads.append(task)
        else:
            self.hand_over(task)

    def hand_over(self, task: Channel) -> None:
        if task.is_write:
            with self._lock:
                if not self._free_for_writes:
                    self._waiting_writes.append(task)
                    return
                self._free_for_writes -= 1
        self._tasks.put(task)

    def take_reads(self) -> Iterator[Channel]:
        """
        Yield the requests of `reads` and remove them, one by one. Two threads may do so at once.
        """
        with contextlib.suppress(IndexError):
            while True:
                yield self.reads.popleft()

    def _work(self) -> None:
        while True:
            self.run(self._tasks.get())

    def run(self, task: Channel) -> None:
        is_write = task.is_write
        self.running[threading.get_ident()] = task, time.monotonic()
        try:
            task.service()
        except Exception:
            logger.exception("a connection failed")
            task.cancel()
        finally:
            del self.running[threading.get_ident()]
            if is_write:
                self._finish_write()

    def _finish_write(self) -> None:
        with self._lock:
            if self._waiting_writes:
                self._tasks.put(self._waiting_writes.popleft())
            else:
                self._free_for_writes += 1

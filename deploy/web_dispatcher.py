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
    The threads that run requests. Writes leave one of them alone: reads are answered while all writes wait for a lock.

    What the polling thread is to run itself waits in `reads`: handing a request to another thread costs
    0.2 ms of CPU (measured with an empty view), for two threads want the interpreter's lock then.
    """

    # Which thread polls and may run reads; None while none may.
    reader: int | None = None

    def __init__(self, threads: int) -> None:
        # What each busy thread does, and since when.
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
        Take what waits in `reads`, one by one; two threads may do so at once.
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

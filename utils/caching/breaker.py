"""
A circuit breaker: stop calling a server that does not respond.

Without it every request of a page would wait for its own timeout while a cache is frozen.
The pattern is Michael Nygard's (Release It!, 2007).
"""

import math
import threading
import time


class CircuitBreaker:
    """
    Opens after `failures` within `window` seconds and stays open for `pause` seconds.

    For a thread that has waited in vain it is open at once, for `window` seconds: a page calls a cache several times, and
    has waited enough.

    While it is open, callers must do without the server. After that the next call tries again.
    It is thread-safe and costs one comparison while the server responds.
    """

    def __init__(self, *, failures: int = 3, window: float = 1.0, pause: float = 2.0) -> None:
        self._failures = failures
        self._window = window
        self._pause = pause
        self._lock = threading.Lock()
        self._recent: list[float] = []
        self._open_until = 0.0
        self._failed_at = -math.inf
        self._of_thread = threading.local()

    @property
    def is_open(self) -> bool:
        if self._failed_at == -math.inf:
            return False
        now = time.monotonic()
        return now < self._open_until or now - getattr(self._of_thread, "waited_at", -math.inf) < self._window

    def has_failed_within(self, seconds: float) -> bool:
        """
        Return whether any call has failed within this time, for callers that can easily do without the server.
        """
        return time.monotonic() - self._failed_at < seconds

    def record_timeout(self) -> None:
        """
        Record a call that has waited in vain.
        """
        self._of_thread.waited_at = time.monotonic()
        self.record_failure()

    def record_failure(self) -> None:
        """
        Record a call that has failed at once.
        """
        now = time.monotonic()
        with self._lock:
            self._failed_at = now
            self._recent = [moment for moment in self._recent if now - moment < self._window] + [now]
            # Half open for a while after each pause: one more failure is then enough to open it again.
            half_open = self._open_until > 0 and now - self._open_until < self._window
            if half_open or len(self._recent) >= self._failures:
                self._open_until = now + self._pause
                self._recent = []

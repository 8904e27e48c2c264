"""
How fast rows are copied to HBase, and what to do while it is unavailable.
"""

import time
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from utils.hbase.exceptions import HBaseUnavailable

# The longest pause between two tries. A restarted server is back within seconds.
FIRST_PAUSE, MAX_PAUSE = 1, 10

P = ParamSpec("P")
R = TypeVar("R")


class RetryPolicy:
    """
    Runs steps that use HBase, and repeats them while it does not respond.

    The whole step is repeated, including what it reads elsewhere and the version that it draws:
    after a long wait the earlier values may be outdated.

    :param seconds: how long HBase may be unavailable before `run` gives up.
    :param say: called with a sentence when a wait begins.
    """

    def __init__(self, seconds: float, say: Callable[[str], object]) -> None:
        self.seconds = seconds
        self._say = say

    def run(self, step: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """
        Return what `step` returns.

        :raises HBaseUnavailable: HBase has not responded for `seconds`.
        """
        deadline = time.monotonic() + self.seconds
        pause = FIRST_PAUSE
        while True:
            try:
                return step(*args, **kwargs)
            except HBaseUnavailable as error:
                if time.monotonic() + pause > deadline:
                    raise
                self._say(f"{error}; trying again in {pause} s")
            time.sleep(pause)
            pause = min(2 * pause, MAX_PAUSE)


class Throttle:
    """
    Keeps a loop to a number of rows a second.

    :param rows_per_second: None is without a limit.
    """

    def __init__(self, rows_per_second: int | None = None) -> None:
        self._rows_per_second = rows_per_second
        self._due = time.monotonic()

    def wait(self, rows: int) -> None:
        """
        Wait until the loop may go on after this number of further rows.

        The loop does not catch up after a pause (while HBase was unavailable, for example),
        because the limit protects the servers from load.
        """
        if self._rows_per_second:
            now = time.monotonic()
            self._due = max(self._due + rows / self._rows_per_second, now)
            time.sleep(self._due - now)

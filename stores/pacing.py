"""
How fast rows are brought to HBase, and what to do while it is away.
"""

import time
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from utils.hbase.exceptions import HBaseUnavailable

# A server that was restarted is back within seconds; from then on, asking more often helps nobody.
FIRST_PAUSE, MAX_PAUSE = 1, 10

P = ParamSpec("P")
R = TypeVar("R")


class RetryPolicy:
    """
    Runs steps that speak to HBase, again and again while it does not answer.

    A step is repeated whole, with everything that it reads elsewhere and the version it draws:
    what was true before a long wait may be true no more.

    :param seconds: how long HBase may be away before it is given up.
    :param say: called with a sentence when a wait begins.
    """

    def __init__(self, seconds: float, say: Callable[[str], object]) -> None:
        self.seconds = seconds
        self._say = say

    def run(self, step: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """
        Return what `step` returns.

        :raises HBaseUnavailable: HBase has not answered for `seconds`.
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

    :param rows_per_second: None is as fast as it goes.
    """

    def __init__(self, rows_per_second: int | None = None) -> None:
        self._rows_per_second = rows_per_second
        self._due = time.monotonic()

    def wait(self, rows: int) -> None:
        """
        Wait until so many rows more may have been moved.

        Time that was lost (HBase was away, say) is not made up for: a throttle is about the load on others.
        """
        if self._rows_per_second:
            now = time.monotonic()
            self._due = max(self._due + rows / self._rows_per_second, now)
            time.sleep(self._due - now)

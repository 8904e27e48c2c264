"""
Reloads of a web server, counted in memory that its processes share.

gunicorn asks the old workers to stop as soon as it has forked the new ones, which load the project for seconds more.
"""

from multiprocessing.sharedctypes import RawValue


class Reloads:
    """
    How many reloads have begun, and which was the last whose workers serve requests.
    """

    def __init__(self) -> None:
        self._begun = RawValue("i", 0)
        self._served = RawValue("i", 0)

    @property
    def number(self) -> int:
        """
        The number of the last reload, 0 before the first: for a worker to keep that is being made.
        """
        return int(self._begun.value)

    @property
    def is_pending(self) -> bool:
        """
        Whether workers are loading the project and nobody of their age serves requests yet.
        """
        return bool(self._served.value < self._begun.value)

    def begin(self) -> None:
        self._begun.value += 1

    def serve(self, number: int) -> None:
        """
        Note that a worker made after reload `number` serves requests.
        """
        self._served.value = max(self._served.value, number)


# Made in gunicorn's main process and inherited by every worker.
reloads = Reloads()

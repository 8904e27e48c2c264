"""
The decoder process, and which requests may use it.

A picture is decoded in a process of its own, because Pillow sometimes blocks the other threads of a process, because
memory and processor time can be limited for a process but not for a thread, and because a process can be killed.
"""

import atexit
import contextlib
import multiprocessing
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from multiprocessing.connection import Connection
from pathlib import Path

from utils.images import limits
from utils.images.cleaning import CleanImage
from utils.images.errors import BrokenFile, DecodersBusy, ImageRefused
from utils.images.formats.container import Container

_PROJECT = Path(__file__).parents[2]


class Decoder:
    """
    Starts a decoder when it is first needed and again when the last one has died. Thread-safe.
    """

    def __init__(self) -> None:
        self._at_work = threading.Lock()
        self._requests = threading.BoundedSemaphore(limits.REQUESTS_AT_ONCE)
        self._process: subprocess.Popen[bytes] | None = None
        self._connection: Connection | None = None

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    @contextlib.contextmanager
    def admitted(self) -> Iterator[None]:
        """
        Admit a request that will have pictures decoded; never waits.

        :raises DecodersBusy: the maximum number of requests is admitted already.
        """
        if not self._requests.acquire(blocking=False):
            raise DecodersBusy
        try:
            yield
        finally:
            self._requests.release()

    def clean(self, container: Container, *, max_pixels: int, written_as: str) -> CleanImage:
        """
        Have a picture cleaned, after the one that is being cleaned now.

        :raises ImageRefused: one of its subclasses says why.
        :raises DecodersBusy: it took too long.
        """
        if not self._at_work.acquire(timeout=limits.MAX_WAIT_SECONDS):
            raise DecodersBusy
        try:
            result = self._ask(limits.DECODE_CPU_SECONDS, container, max_pixels, written_as)
        finally:
            self._at_work.release()
        if isinstance(result, ImageRefused):
            raise result
        return result

    def _ask(self, *task: object) -> CleanImage | ImageRefused:
        connection = self._connect()
        try:
            connection.send(task)
            if connection.poll(limits.MAX_WAIT_SECONDS):
                result: CleanImage | ImageRefused = connection.recv()
                return result
        except (EOFError, OSError):
            # This picture killed the decoder, which decodes one picture at a time.
            self.stop()
            raise BrokenFile
        except BaseException:
            # Otherwise the next picture would get this result.
            self.stop()
            raise
        self.stop()
        raise DecodersBusy

    def _connect(self) -> Connection:
        if self._connection is None or self._process is None or self._process.poll() is not None:
            self.stop()
            self._connection, theirs = multiprocessing.Pipe()
            command = [sys.executable, "-m", "utils.images.decoder_process", str(theirs.fileno())]
            with theirs:
                self._process = subprocess.Popen(  # noqa: S603 (our own module)
                    command, cwd=_PROJECT, stdin=subprocess.DEVNULL, pass_fds=[theirs.fileno()]
                )
        return self._connection

    def stop(self) -> None:
        """
        End the decoder, if there is one; the next picture gets a new one.
        """
        if self._connection:
            self._connection.close()
        if self._process:
            self._process.kill()
            self._process.wait()
        self._process = self._connection = None

    def forget(self) -> None:
        """
        Start without a decoder in a forked process: two processes that share one would read each other's results.
        """
        if self._process:
            # The decoder is a child of the parent process, so this process cannot wait for it.
            self._process.returncode = 0
        self.__init__()  # type: ignore[misc]  # nobody derives from it


decoder = Decoder()
atexit.register(decoder.stop)
os.register_at_fork(after_in_child=decoder.forget)

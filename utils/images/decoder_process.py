"""
A decoder: a process that turns Containers into CleanImages for the process that started it, one at a time.

    python -m utils.images.decoder_process <file descriptor of a connection>

Memory is limited by the kernel, and the process has a lower priority than those that serve requests. It ends when the
connection closes, so it never outlives the process that started it.
"""

import contextlib
import os
import resource
import signal
import sys
from multiprocessing.connection import Connection
from pathlib import Path

from utils.images import limits
from utils.images.cleaning import CleanImage, clean
from utils.images.errors import ImageRefused, TooManyPixels
from utils.images.formats.container import Container


def main(descriptor: int) -> None:
    # Ctrl-C is sent to the whole process group; the process that started this one decides when it ends.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.nice(limits.NICENESS)
    limit_memory(limits.MAX_MEGABYTES)
    with Connection(descriptor) as connection, contextlib.suppress(EOFError, ConnectionError):
        while True:
            connection.send(answer(*connection.recv()))


def answer(cpu_seconds: float, container: Container, max_pixels: int, written_as: str) -> CleanImage | ImageRefused:
    """
    Return what `clean` makes of a picture, or the refusal; one that takes more processor time ends the process.
    """
    # The default action of this signal ends the process, even inside C code of a decoder.
    signal.setitimer(signal.ITIMER_PROF, cpu_seconds)
    try:
        return clean(container, max_pixels, written_as)
    except MemoryError:
        return TooManyPixels()
    except ImageRefused as refused:
        return refused
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def limit_memory(megabytes: int) -> None:
    """
    Let this process grow by at most `megabytes`. Without Linux, its size is unknown and there is no limit.
    """
    size = Path("/proc/self/statm")
    if size.exists():
        pages = int(size.read_text().split()[0])
        limit = pages * resource.getpagesize() + megabytes * 2**20
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


if __name__ == "__main__":
    main(int(sys.argv[1]))

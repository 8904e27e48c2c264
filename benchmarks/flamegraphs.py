"""
Flame graphs: where the time of processes goes, as SVG in docs/flamegraphs (py-spy).
"""

import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings

FOLDER = Path(settings.BASE_DIR, "docs", "flamegraphs")
SAMPLES_PER_SECOND = 100


@contextmanager
def recording(pid: int, name: str) -> Iterator[None]:
    """
    Record a process and its children until the end of the block, into docs/flamegraphs/`name`.svg.

    One frame is a function, not a line: that keeps the file small.
    """
    FOLDER.mkdir(exist_ok=True)
    py_spy = shutil.which("py-spy", path=Path(sys.executable).parent) or "py-spy"
    command = [py_spy, "record", "--pid", str(pid), "--subprocesses", "--function", "--output", f"{FOLDER}/{name}.svg"]
    process = subprocess.Popen(
        [*command, "--rate", str(SAMPLES_PER_SECOND)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        yield
    finally:
        # It writes the file when it is interrupted.
        process.send_signal(signal.SIGINT)
        process.wait(60)

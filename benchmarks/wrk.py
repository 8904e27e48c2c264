"""
The load generator: wrk, which costs a few microseconds a request.
"""

import json
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

SCRIPT = Path(__file__).with_suffix(".lua")


@dataclass(frozen=True, slots=True)
class Load:
    """
    What wrk saw: how many responses in how many seconds, and latencies in milliseconds.
    """

    count: int
    seconds: float
    p50_ms: float
    p99_ms: float

    @property
    def requests_per_second(self) -> float:
        return self.count / self.seconds


def hammer(port: int, requests: Sequence[bytes], *, connections: int, seconds: float, expected: int) -> Load:
    """
    Send `requests` in turn, each connection its next one as soon as it has its response.

    :raises AssertionError: a response was not `expected`: a fast error is no result.
    """
    with tempfile.NamedTemporaryFile() as file:
        file.write(b"\0".join(requests))
        file.flush()
        options = ["-t1", f"-c{connections}", f"-d{max(1, round(seconds))}s", "--timeout=30s", f"-s{SCRIPT}"]
        command = ["wrk", *options, f"http://127.0.0.1:{port}/", "--", file.name, str(expected)]
        output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    said = json.loads(output.strip().splitlines()[-1])
    assert said["count"] and not said["broken"], said
    assert not said["wrong"], f"{said['wrong']} of {said['count']} responses were {said['status']}, not {expected}"
    return Load(said["count"], said["seconds"], said["p50"], said["p99"])

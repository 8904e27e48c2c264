"""
A hostile fuzzer: thousands of requests that no honest client sends, on raw sockets.

    python -m attacks.fuzzer PORT CASES [SEED]     anonymous only, against a server that runs

A case depends only on a seed and a number, so it can be repeated: `play(port, NUMBER, seed="SEED", …)`.
"""

import http.client
import io
import json
import random
import sys
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from email.message import Message

from attacks.client import get_status, send_raw
from attacks.fuzzed_requests import request

THREADS = 6
# Even on a busy machine, a case that takes longer has found a fault.
PATIENCE_SECONDS = 5
ERROR_FIELDS = {"success", "code", "message", "detail", "errors", "request_id"}
DECLARED_503 = {"unavailable", "deletion_unconfirmed"}


@dataclass
class Outcome:
    """
    The result of a run: the number of each status, the seconds of each case, and the faults.
    """

    seed: str
    statuses: Counter[int] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


class Received:
    """
    Received bytes, in a form that http.client reads like a socket.
    """

    def __init__(self, data: bytes) -> None:
        self.data = data

    def makefile(self, _mode: str) -> io.BytesIO:
        return io.BytesIO(self.data)


def parse_answer(received: bytes) -> tuple[int, Message, bytes]:
    """
    Return (status, headers, body) of a response, with its chunks joined.
    """
    # The stubs require a socket, but http.client uses only its `makefile`.
    response = http.client.HTTPResponse(Received(received))  # type: ignore[arg-type]
    response.begin()
    return response.status, response.headers, response.read()


def find_fault(received: bytes, seconds: float) -> str | None:
    """
    Return what is wrong with a response, None if nothing is.
    """
    if seconds > PATIENCE_SECONDS:
        return f"took {seconds:.1f} s"
    if not received:
        return None
    status, headers, body = parse_answer(received)
    kind = headers.get("Content-Type", "")
    if "X-Injected" in headers:
        return "a header was injected"
    if status < 400 or not body:
        return f"{status} without a word" if status >= 500 else None
    if status >= 500 and not kind.startswith("application/json"):
        return f"{status}: {body[:300]!r}"
    if kind.startswith("application/json"):
        error = json.loads(body)
        if status >= 500 and not (error["code"] in DECLARED_503 and "Retry-After" in headers):
            return f"{status}: {body[:300]!r}"
        return None if set(error) == ERROR_FIELDS else f"an error in other words: {body[:300]!r}"
    return None if kind.startswith("text/html") else f"an error of another type: {headers}"


def play(
    port: int, case: int, *, seed: str, tokens: Sequence[str | None], known: Sequence[object]
) -> tuple[int, int, float, str | None, bytes]:
    """
    Send one case and return its number, the status (0: none), the seconds, what is wrong and what was sent.
    """
    rng = random.Random(f"{seed}:{case}")
    sent, is_whole = request(rng, token=rng.choice(tokens), known=known)
    started = time.perf_counter()
    try:
        received = send_raw(port, sent, timeout=2 * PATIENCE_SECONDS, is_whole=is_whole)
        seconds = time.perf_counter() - started
        fault = find_fault(received, seconds)
    except (OSError, ValueError, http.client.HTTPException) as error:
        received, seconds, fault = b"", time.perf_counter() - started, repr(error)
    return case, get_status(received), seconds, fault, sent


def run(
    port: int, cases: int, *, seed: str, tokens: Sequence[str | None] = (None,), known: Sequence[object] = ()
) -> Outcome:
    """
    Send `cases` requests and return the Outcome. Each fault names its case, so that it can be repeated alone.
    """
    outcome = Outcome(seed)
    with ThreadPoolExecutor(THREADS) as pool:
        played = pool.map(lambda case: play(port, case, seed=seed, tokens=tokens, known=known), range(cases))
        for case, status, seconds, fault, sent in played:
            outcome.statuses[status] += 1
            outcome.seconds.append(seconds)
            if fault:
                shown = sent if len(sent) < 2_000 else sent[:2_000] + b"..."
                outcome.faults.append(f"case {seed}:{case}: {fault}\n{shown!r}")
    return outcome


if __name__ == "__main__":
    result = run(int(sys.argv[1]), int(sys.argv[2]), seed=(sys.argv[3:] or [str(random.randrange(10**9))])[0])
    sys.stdout.write(f"seed {result.seed}: {dict(result.statuses)}\n" + "\n".join(result.faults[:20]) + "\n")
    sys.exit(bool(result.faults))

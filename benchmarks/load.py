"""
A load generator of its own: keep-alive connections, requests made before the clock starts.
"""

import multiprocessing
import os
import socket
import statistics
import threading
import time
from dataclasses import dataclass

CLIENT_PROCESSES = 2
THREADS_EACH = 4
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass
class Measured:
    """
    One round: requests a second, milliseconds of server CPU a request, and latencies in milliseconds.
    """

    requests_per_second: float
    cpu_ms: float
    p50_ms: float
    p99_ms: float


def http_request(method, path, *, cookie="", body=b"", headers=()):
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", "Accept: application/json"]
    if cookie:
        lines.append(f"Cookie: {cookie}")
    if body:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, *headers, "", ""]).encode() + body


class Connection:
    """
    One keep-alive connection that asks and reads the whole answer.
    """

    def __init__(self, port):
        self._address = ("127.0.0.1", port)
        self._socket = None

    def ask(self, request):
        """
        Return (status, body).
        """
        if self._socket is None:
            self._socket = socket.create_connection(self._address, timeout=30)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.sendall(request)
        data = self._socket.recv(65536)
        while (end := data.find(b"\r\n\r\n")) < 0:
            data += self._socket.recv(65536)
        head = data[:end].lower()
        body = data[end + 4 :]
        if (at := head.find(b"content-length:")) >= 0:
            length = int(head[at + 15 :].split(b"\r", 1)[0])
            while len(body) < length:
                body += self._socket.recv(65536)
        if b"connection: close" in head:
            self._socket.close()
            self._socket = None
        return int(head[9:12]), body


def cpu_seconds(pids):
    """
    Return the CPU time that these processes have used so far.
    """
    total = 0
    for pid in pids:
        with open(f"/proc/{pid}/stat") as stat:
            fields = stat.read().rpartition(")")[2].split()
        total += int(fields[11]) + int(fields[12])
    return total / TICKS


def hammer(port, requests, seconds, expected, results):
    """
    Ask in several threads until the time is over; put (count, latencies, wrong answers) into `results`.
    """
    latencies, wrong = [], []
    stop_at = time.monotonic() + seconds

    def run(number):
        connection = Connection(port)
        position = number
        while (now := time.monotonic()) < stop_at:
            status, body = connection.ask(requests[position % len(requests)])
            latencies.append(time.monotonic() - now)
            if status != expected:
                wrong.append((status, body[:200]))
            position += THREADS_EACH

    threads = [threading.Thread(target=run, args=(number,)) for number in range(THREADS_EACH)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    results.put((len(latencies), latencies, wrong[:3]))


def measure(port, server_pids, requests, *, seconds, expected=200):
    """
    Hammer the server with `requests` in turn and return what was measured.

    :raises AssertionError: an answer was not `expected`: a fast error is no result.
    """
    results = multiprocessing.Queue()
    halves = [requests[start::CLIENT_PROCESSES] or requests for start in range(CLIENT_PROCESSES)]
    before, started = cpu_seconds(server_pids), time.monotonic()
    clients = [multiprocessing.Process(target=hammer, args=(port, half, seconds, expected, results)) for half in halves]
    for client in clients:
        client.start()
    answers = [results.get() for _ in clients]
    elapsed, used = time.monotonic() - started, cpu_seconds(server_pids) - before
    for client in clients:
        client.join()
    count = sum(answer[0] for answer in answers)
    wrong = [error for answer in answers for error in answer[2]]
    assert not wrong, wrong
    latencies = sorted(latency for answer in answers for latency in answer[1])
    return Measured(
        round(count / elapsed, 1),
        round(used / count * 1000, 3),
        round(statistics.median(latencies) * 1000, 2),
        round(latencies[int(len(latencies) * 0.99)] * 1000, 2),
    )


def interleave(rounds, **runs):
    """
    Run the measurements in turn, several times over, and return the median of each: the machine's drift hits all alike.
    """
    taken = {name: [] for name in runs}
    for _ in range(rounds):
        for name, run in runs.items():
            taken[name].append(run())
    return {
        name: Measured(
            *[statistics.median(getattr(one, field) for one in all_of_it) for field in Measured.__dataclass_fields__]
        )
        for name, all_of_it in taken.items()
    }

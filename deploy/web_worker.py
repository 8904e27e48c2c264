"""
gunicorn's worker of both profiles: waitress inside gunicorn's process management (ADR 9).

One thread speaks with all clients, the others run the project. A request is handed over when it has arrived
whole, chunks put together, and an answer is taken back whole, so that no client, however slow, holds a thread.
"""

import faulthandler
import json
import logging
import os
import queue
import sys
import threading
import time
import uuid
from collections import deque

from gunicorn.workers.base import Worker
from waitress import wasyncore
from waitress.adjustments import Adjustments
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser, ParsingError
from waitress.server import TcpWSGIServer
from waitress.task import ErrorTask, WSGITask

logger = logging.getLogger("web")

# Where the project reads when its request had arrived (utils/waiting.py).
ARRIVED_AT = "twitter.arrived_at"

MAX_HEADER_BYTES = 16 * 1024
# Nine photos and their form, as deploy/nginx.conf says; the project itself has narrower limits for each route.
MAX_BODY_BYTES = 100 * 1024 * 1024
# What has arrived of unfinished requests, all together; beyond it the largest goes. Bodies over 64 KB are in files.
MAX_UNFINISHED_BYTES = 512 * 1024 * 1024
MEMORY_BYTES = 64 * 1024
# Each is a file, and so may be its body; a process has 1,024 of them by default.
MAX_CONNECTIONS = 400
# Who is sending a request or taking an answer may be this slow after so many seconds.
MIN_BYTES_PER_SECOND = 1024
GRACE_SECONDS = 10
# A process with a request that does not end leaves the others so long to end theirs.
LAST_SECONDS = 5
# A stopping process leaves open connections so long, for a request that a client may just be sending.
LINGER_SECONDS = 2
# Pipelined requests are served until so much of their answers is unread.
MAX_UNREAD_BYTES = 1024 * 1024
READ_METHODS = {"GET", "HEAD", "OPTIONS"}


class Parser(HTTPRequestParser):
    """
    Refuses two lengths at once, where proxies disagree about which one counts.
    """

    def parse_header(self, header_plus):
        super().parse_header(header_plus)
        if self.chunked and "CONTENT_LENGTH" in self.headers:
            raise ParsingError("both Content-Length and Transfer-Encoding")


class ContractErrorTask(ErrorTask):
    """
    Answers what never reaches the project, or fails before the project can answer, as the API answers every error.

    waitress' own answer is plain text, and it quotes what was sent.
    """

    def execute(self):
        request_id = uuid.uuid4().hex
        fault = self.request.error
        logger.warning("request %s from %s: %s", request_id, self.channel.addr[0], fault.body)
        if fault.code == 413:
            self.status, code, message = "413 Payload Too Large", "too_large", "The request is too large."
        elif fault.code == 500:
            self.status, code, message = "500 Internal Server Error", "error", "Something went wrong on our side."
        else:
            self.status, code, message = "400 Bad Request", "bad_request", "Bad request."
        error = {"success": False, "code": code, "message": message, "detail": message, "errors": {}}
        body = json.dumps({**error, "request_id": request_id}).encode()
        self.response_headers = [("Content-Type", "application/json"), ("X-Request-ID", request_id)]
        self.set_close_on_finish()
        self.content_length = len(body)
        self.write(body)


class StampedTask(WSGITask):
    """
    Tells the project when the request had arrived, and the client that a stopping process closes the connection.
    """

    def get_environment(self):
        environ = super().get_environment()
        environ[ARRIVED_AT] = self.channel.arrived_at
        return environ

    def build_response_header(self):
        if self.channel.server.is_stopping:
            self.set_close_on_finish()
        # waitress would close the connection after each 204 and 304, which have no length.
        stays = not (self.has_body or self.close_on_finish or self.request.connection_close)
        self.close_on_finish |= stays
        self.channel.head = super().build_response_header()
        self.close_on_finish ^= stays
        # It goes out together with what follows, in one packet.
        return b""

    def finish(self):
        super().finish()
        head, self.channel.head = self.channel.head, b""
        self.channel.write_soon(head)


class Channel(HTTPChannel):
    """
    A connection that knows how many bytes have moved on it, and when its request had arrived.
    """

    parser_class = Parser
    task_class = StampedTask
    error_task_class = ContractErrorTask
    moved = 0
    watched = None
    arrived_at = None
    head = b""

    def recv(self, buffer_size):
        data = super().recv(buffer_size)
        self.moved += len(data)
        return data

    def send(self, data, do_close=True):
        sent = super().send(data, do_close)
        self.moved += sent
        return sent

    def write_soon(self, data):
        if not data:
            return 0
        head, self.head = self.head, b""
        if head and isinstance(data, bytes):
            return super().write_soon(head + data)
        super().write_soon(head)
        return super().write_soon(data)

    @property
    def is_write(self):
        return self.requests[0].error is None and self.requests[0].command not in READ_METHODS

    @property
    def is_busy(self):
        return bool(self.request or self.requests or self.total_outbufs_len)

    @property
    def unfinished_bytes(self):
        return self.request.body_bytes_received if self.request else 0

    def is_too_slow(self, now):
        """
        Say whether its client sends or takes too slowly; asked once a second.
        """
        if not (self.request or self.total_outbufs_len):
            self.watched = None
            return False
        if self.watched is None:
            self.watched = now, self.moved
        seconds, moved = now - self.watched[0], self.moved - self.watched[1]
        return seconds > GRACE_SECONDS and moved < seconds * MIN_BYTES_PER_SECOND

    def service(self):
        if self.total_outbufs_len > MAX_UNREAD_BYTES:
            # It asks on and on without reading the answers.
            self.cancel()
            self.server.pull_trigger()
        super().service()


class Dispatcher:
    """
    The threads that run requests. Writes leave one of them alone: reads are answered while all writes wait for a lock.
    """

    def __init__(self, threads):
        # What each busy thread does, and since when.
        self.running = {}
        self._tasks = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._free_for_writes = max(1, threads - 1)
        self._waiting_writes = deque()
        for number in range(threads):
            threading.Thread(target=self._work, name=f"web-{number}", daemon=True).start()

    def add_task(self, task):
        task.arrived_at = time.monotonic()
        if task.is_write:
            with self._lock:
                if not self._free_for_writes:
                    self._waiting_writes.append(task)
                    return
                self._free_for_writes -= 1
        self._tasks.put(task)

    def _work(self):
        while True:
            self._run(self._tasks.get())

    def _run(self, task):
        is_write = task.is_write
        self.running[threading.get_ident()] = task, time.monotonic()
        try:
            task.service()
        except Exception:
            logger.exception("a connection failed")
            task.cancel()
        finally:
            del self.running[threading.get_ident()]
            if is_write:
                self._finish_write()

    def _finish_write(self):
        with self._lock:
            if self._waiting_writes:
                self._tasks.put(self._waiting_writes.popleft())
            else:
                self._free_for_writes += 1


class Server(TcpWSGIServer):
    channel_class = Channel
    is_stopping = False

    def pull_trigger(self):
        """
        Wake the thread that speaks with the clients, if the request that has just run leaves something for it to do.
        """
        channel, _ = self.task_dispatcher.running.get(threading.get_ident(), (None, None))
        if channel is None or channel.writable():
            super().pull_trigger()

    def stop_accepting(self):
        """
        Leave new connections to the other processes; those that are open get one more answer.
        """
        self.is_stopping = True
        self.del_channel()
        self.socket.close()

    def close_slow_channels(self, now):
        """
        Close connections that are too slow, and the largest unfinished ones when all together have sent too much.
        """
        channels = list(self.active_channels.values())
        for channel in channels:
            if channel.is_too_slow(now):
                logger.info("the client at %s was too slow", channel.addr[0])
                channel.will_close = True
        total = sum(channel.unfinished_bytes for channel in channels)
        for channel in sorted(channels, key=lambda channel: -channel.unfinished_bytes):
            if total <= MAX_UNFINISHED_BYTES:
                return
            logger.warning("too much is being sent at once; the client at %s has sent most", channel.addr[0])
            total -= channel.unfinished_bytes
            channel.will_close = True


class WaitressWorker(Worker):
    """
    Runs until it is asked to stop, or until a request has held a thread for `timeout`, the last seconds included.
    """

    server = None
    next_look_at = 0

    def run(self):
        (listener,) = self.sockets
        options = Adjustments(
            sockets=[listener.sock],
            threads=self.cfg.threads,
            channel_timeout=self.cfg.keepalive,
            cleanup_interval=5,
            connection_limit=MAX_CONNECTIONS,
            max_request_header_size=MAX_HEADER_BYTES,
            max_request_body_size=MAX_BODY_BYTES,
            inbuf_overflow=MEMORY_BYTES,
            # A connection is watched while its request runs, so that nobody has to say when it is over.
            channel_request_lookahead=1,
            # Nothing waits for a client: what it does not take at once lies in memory, beyond a megabyte in a file.
            outbuf_high_watermark=sys.maxsize,
            # The project judges X-Forwarded-* itself: TRUSTED_PROXIES.
            clear_untrusted_proxy_headers=False,
            ident=None,
            log_socket_errors=False,
        )
        sockinfo = (listener.sock.family, listener.sock.type, listener.sock.proto, listener.sock.getsockname())
        self.server = Server(
            self.wsgi,
            {},
            _sock=listener.sock,
            dispatcher=Dispatcher(self.cfg.threads),
            adj=options,
            sockinfo=sockinfo,
            bind_socket=False,
        )
        while self.alive:
            self.turn(timeout=1)
        self.drain(self.cfg.graceful_timeout)

    def turn(self, *, timeout):
        """
        Serve whichever connections are ready; once a second look after slow clients and stuck requests.
        """
        wasyncore.loop(timeout=timeout, use_poll=True, map=self.server._map, count=1)
        now = time.monotonic()
        if now < self.next_look_at:
            return
        self.next_look_at = now + 1
        self.notify()
        self.server.close_slow_channels(now)
        if self.ppid != os.getppid():
            self.alive = False
        started_at = min([start for _, start in list(self.server.task_dispatcher.running.values())], default=now)
        if self.alive and now - started_at > self.cfg.timeout - LAST_SECONDS:
            self.give_up()

    def give_up(self):
        """
        End the process, the only way to end a thread; gunicorn starts another.
        """
        self.alive = False
        logger.critical("a request has not ended in time, so this process ends; what its threads were doing:")
        faulthandler.dump_traceback()
        self.drain(LAST_SECONDS)
        os._exit(1)

    def drain(self, seconds):
        """
        Answer what has been asked, for so many seconds at most, and what arrives meanwhile on open connections.
        """
        self.server.stop_accepting()
        now = time.monotonic()
        end, linger_until = now + seconds, now + LINGER_SECONDS
        self.next_look_at = now
        while (now := time.monotonic()) < end:
            channels = list(self.server.active_channels.values())
            if not channels or now > linger_until and not any(channel.is_busy for channel in channels):
                return
            self.turn(timeout=0.1)

    def handle_exit(self, sig, frame):
        super().handle_exit(sig, frame)
        if self.server:
            self.server.pull_trigger()

"""
gunicorn's worker of both profiles: waitress inside gunicorn's process management (ADR 9).

One thread polls all connections and runs reads; the others run writes, and every request that
arrives while a read takes long. A request runs when it has arrived completely, and its response is
buffered, so that a slow client never occupies a thread.
"""

import faulthandler
import logging
import os
import socket
import sys
import threading
import time
from types import FrameType
from typing import Any

from gunicorn.workers.base import Worker
from waitress import wasyncore
from waitress.adjustments import Adjustments
from waitress.server import TcpWSGIServer

from deploy.web_channel import Channel
from deploy.web_dispatcher import Dispatcher
from deploy.web_reloads import reloads

logger = logging.getLogger("web")

# The default of nginx.
MAX_HEADER_BYTES = 32 * 1024
# For every route; the project sets a narrower limit for each (utils/bodies/environ.py, `bytes_to_receive`).
MAX_BODY_BYTES = 100 * 1024 * 1024
# For the bodies of all unfinished requests together; beyond it, the connection with the largest body is closed.
MAX_BODIES_BYTES = 512 * 1024 * 1024
# A larger body is stored in a file.
MEMORY_BYTES = 64 * 1024
# Each connection is an open file, and so may be its body; the default limit of a process is 1,024 files.
MAX_CONNECTIONS = 400
# When a process ends because of a stuck request, the other requests have this long to finish.
LAST_SECONDS = 5
# A stopping process keeps connections open this long, because a client may just be sending a request.
LINGER_SECONDS = 2


# The longest time until a signal is noticed.
SIGNAL_SECONDS = 0.25
# How long the polling thread may run reads; then another thread polls instead and hands all requests to other threads.
PATIENCE_SECONDS = 0.01


class Server(TcpWSGIServer):
    channel_class = Channel
    is_stopping = False

    def pull_trigger(self) -> None:
        """
        Wake the polling thread if the request that has just run leaves something to send.
        """
        channel, _ = self.task_dispatcher.running.get(threading.get_ident(), (None, None))
        if channel is None or channel.writable():
            super().pull_trigger()

    def stop_accepting(self) -> None:
        """
        Accept no more connections, and close each open one after its next response.
        """
        self.is_stopping = True
        self.del_channel()
        self.socket.close()

    def close_slow_channels(self, now: float) -> None:
        """
        Close connections that are too slow, and those with the largest bodies if all bodies together are too large.
        """
        channels = list(self.active_channels.values())
        for channel in channels:
            if channel.is_too_slow(now):
                logger.info("the client at %s was too slow", channel.addr[0])
                channel.will_close = True
        total = sum(channel.body_bytes for channel in channels)
        for channel in sorted(channels, key=lambda channel: -channel.body_bytes):
            if total <= MAX_BODIES_BYTES:
                break
            logger.warning("too much is being sent at once; the client at %s has sent most", channel.addr[0])
            total -= channel.body_bytes
            channel.will_close = True
        for channel in channels:
            if channel.will_close:
                # waitress closes it when something can be sent, and to a client that reads nothing that is never.
                channel.handle_close()


class WaitressWorker(Worker):
    """
    Runs until it is stopped, or until a request has occupied a thread for `timeout`, including LAST_SECONDS.

    Of a reload it is asked to stop when its successors have been forked, and goes on until one of them serves requests.
    """

    server: Server | None = None
    # The polled sockets, those of the server and of its channels, by file descriptor.
    polled: dict[int, wasyncore.dispatcher]
    next_check_at = 0.0
    # How many times the reader has begun to run reads, and whether it is running some now.
    rounds = 0
    is_reading = False
    is_asked_to_stop = False

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.reload_number = reloads.number

    def get_options(self, listener: socket.socket) -> Adjustments:
        return Adjustments(
            sockets=[listener],
            threads=self.cfg.threads,
            channel_timeout=self.cfg.keepalive,
            cleanup_interval=5,
            connection_limit=MAX_CONNECTIONS,
            max_request_header_size=MAX_HEADER_BYTES,
            max_request_body_size=MAX_BODY_BYTES,
            inbuf_overflow=MEMORY_BYTES,
            # A connection is polled while its request runs, so the poll need not be woken at the end.
            channel_request_lookahead=1,
            # No thread waits for a client: unsent bytes are buffered in memory, and beyond a megabyte in a file.
            outbuf_high_watermark=sys.maxsize,
            # The project checks X-Forwarded-* itself: TRUSTED_PROXIES.
            clear_untrusted_proxy_headers=False,
            ident=None,
            log_socket_errors=False,
        )

    def run(self) -> None:
        (listener,) = self.sockets
        sockinfo = (listener.sock.family, listener.sock.type, listener.sock.proto, listener.sock.getsockname())
        self.polled = {}
        self.server = Server(
            self.wsgi,
            self.polled,
            _sock=listener.sock,
            dispatcher=Dispatcher(self.cfg.threads),
            adj=self.get_options(listener.sock),
            sockinfo=sockinfo,
            bind_socket=False,
        )
        self.polling = threading.Lock()
        self.is_awake = threading.Event()
        threading.Thread(target=self.read, name="web-reader", daemon=True).start()
        reloads.serve(self.reload_number)
        while self.alive:
            self.watch()
            if self.is_asked_to_stop and not reloads.is_pending:
                self.leave()
        with self.polling:
            self.drain(self.cfg.graceful_timeout)

    def read(self) -> None:
        """
        Poll and run reads until the process stops. This is all that the reader thread does.
        """
        dispatcher = self.server.task_dispatcher
        dispatcher.reader = threading.get_ident()
        try:
            while self.alive:
                with self.polling:
                    self.turn(timeout=1)
                if dispatcher.reads:
                    self.rounds += 1
                    self.is_reading = True
                    if not self.is_awake.is_set():
                        self.is_awake.set()
                    for task in dispatcher.take_reads():
                        dispatcher.run(task)
                    self.is_reading = False
                    if self.polling.locked():
                        self.server.pull_trigger()
        finally:
            # Also after an exception: without a reader the process must end.
            self.alive = False
            self.is_awake.set()

    def watch(self) -> None:
        """
        Check once whether the reader has finished its reads in time; if not, poll in its place until it has.

        Sleeps while there are no requests.
        """
        # Not without a timeout: signals do not interrupt the wait, because gunicorn lets system calls restart.
        if not self.is_awake.wait(SIGNAL_SECONDS):
            return
        rounds = self.rounds
        time.sleep(PATIENCE_SECONDS)
        if rounds != self.rounds:
            return
        if self.is_reading:
            self.poll_instead()
        else:
            self.is_awake.clear()
            if rounds != self.rounds or not self.alive:
                self.is_awake.set()

    def poll_instead(self) -> None:
        dispatcher = self.server.task_dispatcher
        with self.polling:
            for task in dispatcher.take_reads():
                dispatcher.hand_over(task)
            while self.is_reading and self.alive:
                self.turn(timeout=1)

    def turn(self, *, timeout: float) -> None:
        """
        Serve the connections that are ready; once a second also check for slow clients and stuck requests.
        """
        wasyncore.loop(timeout=timeout, use_poll=True, map=self.polled, count=1)
        now = time.monotonic()
        if now < self.next_check_at:
            return
        self.next_check_at = now + 1
        self.notify()
        self.server.close_slow_channels(now)
        if self.ppid != os.getppid():
            self.alive = False
        started_at = min([start for _, start in list(self.server.task_dispatcher.running.values())], default=now)
        if self.alive and now - started_at > self.cfg.timeout - LAST_SECONDS:
            self.give_up()

    def give_up(self) -> None:
        """
        End the process, the only way to end a thread; gunicorn starts another.
        """
        self.alive = False
        logger.critical("a request has not ended in time, so this process ends; what its threads were doing:")
        faulthandler.dump_traceback()
        self.drain(LAST_SECONDS)
        os._exit(1)

    def drain(self, seconds: float) -> None:
        """
        Finish the present requests, and those that arrive meanwhile on open connections, within `seconds`.
        """
        dispatcher = self.server.task_dispatcher
        dispatcher.reader = None
        for task in dispatcher.take_reads():
            dispatcher.hand_over(task)
        self.server.stop_accepting()
        now = time.monotonic()
        end, linger_until = now + seconds, now + LINGER_SECONDS
        self.next_check_at = now
        while (now := time.monotonic()) < end:
            channels = list(self.server.active_channels.values())
            if not channels or (now > linger_until and not any(channel.is_busy for channel in channels)):
                return
            self.turn(timeout=0.1)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        # Asked again, it does not wait for its successors: they may never come.
        if self.is_asked_to_stop or not reloads.is_pending:
            self.leave()
        self.is_asked_to_stop = True

    def leave(self) -> None:
        self.alive = False
        if self.server:
            self.server.pull_trigger()

"""
gunicorn's worker of both profiles: waitress inside gunicorn's process management (ADR 9).

One thread speaks with all clients and runs what they read; the others run writes, and whatever arrives while a read
takes long. A request runs when it has arrived whole, chunks put together, and its answer is taken back whole, so that
no client, however slow, holds a thread.
"""

import faulthandler
import logging
import os
import sys
import threading
import time
from types import FrameType

from gunicorn.workers.base import Worker
from waitress import wasyncore
from waitress.adjustments import Adjustments
from waitress.server import TcpWSGIServer

from deploy.web_channel import Channel
from deploy.web_dispatcher import Dispatcher

logger = logging.getLogger("web")

# As much as nginx takes by default.
MAX_HEADER_BYTES = 32 * 1024
# Of any route at most; the project is asked for a narrower limit (utils/bodies/environ.py, `bytes_to_receive`).
MAX_BODY_BYTES = 100 * 1024 * 1024
# What all connections together have sent of bodies that are not answered; beyond it the largest goes.
MAX_BODIES_BYTES = 512 * 1024 * 1024
# A body that is larger lies in a file.
MEMORY_BYTES = 64 * 1024
# Each is a file, and so may be its body; a process has 1,024 of them by default.
MAX_CONNECTIONS = 400
# A process with a request that does not end leaves the others so long to end theirs.
LAST_SECONDS = 5
# A stopping process leaves open connections so long, for a request that a client may just be sending.
LINGER_SECONDS = 2


# A signal is noticed after so long at most.
SIGNAL_SECONDS = 0.25
# The thread that polls may be away for a read so long; then another polls, and hands all requests to other threads.
PATIENCE_SECONDS = 0.01


class Server(TcpWSGIServer):
    channel_class = Channel
    is_stopping = False

    def pull_trigger(self) -> None:
        """
        Wake the thread that speaks with the clients, if the request that has just run leaves something for it to do.
        """
        channel, _ = self.task_dispatcher.running.get(threading.get_ident(), (None, None))
        if channel is None or channel.writable():
            super().pull_trigger()

    def stop_accepting(self) -> None:
        """
        Leave new connections to the other processes; those that are open get one more answer.
        """
        self.is_stopping = True
        self.del_channel()
        self.socket.close()

    def close_slow_channels(self, now: float) -> None:
        """
        Close connections that are too slow, and those with the largest bodies when all together have sent too much.
        """
        channels = list(self.active_channels.values())
        for channel in channels:
            if channel.is_too_slow(now):
                logger.info("the client at %s was too slow", channel.addr[0])
                channel.will_close = True
        total = sum(channel.body_bytes for channel in channels)
        for channel in sorted(channels, key=lambda channel: -channel.body_bytes):
            if total <= MAX_BODIES_BYTES:
                return
            logger.warning("too much is being sent at once; the client at %s has sent most", channel.addr[0])
            total -= channel.body_bytes
            channel.will_close = True


class WaitressWorker(Worker):
    """
    Runs until it is asked to stop, or until a request has held a thread for `timeout`, the last seconds included.
    """

    server: Server | None = None
    # What is polled: the server and its channels, by file number.
    polled: dict[int, wasyncore.dispatcher]
    next_look_at = 0.0
    # Counts how often the reader has begun to run reads, and says whether it is still at it.
    rounds = 0
    is_reading = False

    def run(self) -> None:
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
        self.polled = {}
        self.server = Server(
            self.wsgi,
            self.polled,
            _sock=listener.sock,
            dispatcher=Dispatcher(self.cfg.threads),
            adj=options,
            sockinfo=sockinfo,
            bind_socket=False,
        )
        self.polling = threading.Lock()
        self.is_awake = threading.Event()
        threading.Thread(target=self.read, name="web-reader", daemon=True).start()
        while self.alive:
            self.watch()
        with self.polling:
            self.drain(self.cfg.graceful_timeout)

    def read(self) -> None:
        """
        Poll, and run what is read, until the process stops. The reader's whole life.
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
            # Not alive by a fault either: without a reader the process must end.
            self.alive = False
            self.is_awake.set()

    def watch(self) -> None:
        """
        Look once whether the reader has come back from its reads in time, else poll in its place until it has.

        Sleeps while nobody asks anything, and wakes for nobody who is quick.
        """
        # Not without end: a signal does not interrupt the waiting, for gunicorn wants system calls to go on.
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
        Serve whichever connections are ready; once a second look after slow clients and stuck requests.
        """
        wasyncore.loop(timeout=timeout, use_poll=True, map=self.polled, count=1)
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
        Answer what has been asked, for so many seconds at most, and what arrives meanwhile on open connections.
        """
        dispatcher = self.server.task_dispatcher
        dispatcher.reader = None
        for task in dispatcher.take_reads():
            dispatcher.hand_over(task)
        self.server.stop_accepting()
        now = time.monotonic()
        end, linger_until = now + seconds, now + LINGER_SECONDS
        self.next_look_at = now
        while (now := time.monotonic()) < end:
            channels = list(self.server.active_channels.values())
            if not channels or (now > linger_until and not any(channel.is_busy for channel in channels)):
                return
            self.turn(timeout=0.1)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        super().handle_exit(sig, frame)
        if self.server:
            self.server.pull_trigger()

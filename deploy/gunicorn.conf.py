"""
The web server of both profiles.

https://docs.gunicorn.org/en/stable/settings.html
"""

import gc
import os
import shutil
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from deploy.web_reloads import reloads

if TYPE_CHECKING:
    from gunicorn.arbiter import Arbiter
    from gunicorn.workers.base import Worker

EMBEDDED = os.environ.get("PROFILE", "embedded") == "embedded"
HOST = os.environ.get("HOST", "127.0.0.1")
PORT = os.environ.get("PORT", "8000")

bind = f"{HOST}:{PORT}"
worker_class = "deploy.web_worker.WaitressWorker"
# The embedded profile is one process, which has the caches and the task worker inside.
workers = 1 if EMBEDDED else int(os.environ.get("WEB_WORKERS", "2"))
threads = 8 if EMBEDDED else int(os.environ.get("WEB_THREADS", "4"))
# The worker's heartbeat is a file; in memory it never waits for a disk.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None

# Longer than a proxy keeps its idle connections (nginx: 60 s), so that the proxy closes them first.
keepalive = 75
graceful_timeout = 30
# The longest time that a request may occupy a thread: the worker enforces it, and gunicorn
# checks that the worker is alive.
timeout = 60
# Otherwise it would be a socket in the home directory, shared by all copies of the project.
control_socket_disable = True
# The project logs each request itself, with its id and its user.
accesslog = None
errorlog = "-"
loglevel = "warning"


def on_starting(server: "Arbiter") -> None:
    """
    Let several workers share their metrics through files (utils/observability/metrics.py),
    and delete those of the last run.

    Does nothing if a folder is set already, which workers, relay and beat share.
    """
    if server.cfg.workers > 1 and "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        folder = Path(os.environ.get("DATA_DIR", "var")).absolute() / "metrics" / PORT
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder)


def when_ready(server: "Arbiter") -> None:
    """
    Refuse connections until the first worker has loaded the project, which listens again: a proxy then asks another
    host at once, and waits for none that is only starting.
    """
    # Other systems than Linux cannot. Sockets of somebody else (USR2, systemd) may have others who serve.
    if sys.platform == "linux" and not (server.master_pid or server.systemd):
        for listener in server.LISTENERS:
            listener.sock.shutdown(socket.SHUT_RD)


def on_reload(server: "Arbiter") -> None:
    """
    Let the workers know that others of their kind will follow them (deploy/web_reloads.py).
    """
    reloads.begin()


def post_worker_init(worker: "Worker") -> None:
    """
    Collect garbage less often, and print the address once the project is loaded and can serve requests.
    """
    # Everything loaded so far lives as long as the process, and requests leave few cycles behind: with Python's default
    # threshold of 700, garbage collection took a seventh of a request's time.
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
    if EMBEDDED and worker.age == 1:
        host = "127.0.0.1" if HOST in ("0.0.0.0", "[::]") else HOST
        sys.stdout.write(f"Open http://{host}:{PORT}/api/ (Ctrl-C stops it)\n")
        sys.stdout.flush()

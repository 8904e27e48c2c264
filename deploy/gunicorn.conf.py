"""
The web server of both profiles.

https://docs.gunicorn.org/en/stable/settings.html
"""

import gc
import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gunicorn.arbiter import Arbiter
    from gunicorn.workers.base import Worker

EMBEDDED = os.environ.get("PROFILE", "embedded") == "embedded"
HOST = os.environ.get("HOST", "127.0.0.1")
PORT = os.environ.get("PORT", "8000")

bind = f"{HOST}:{PORT}"
worker_class = "deploy.web_worker.WaitressWorker"
# Embedded is one process: its caches and its task worker live in there.
workers = 1 if EMBEDDED else int(os.environ.get("WEB_WORKERS", "2"))
threads = 8 if EMBEDDED else int(os.environ.get("WEB_THREADS", "4"))
# The worker's heartbeat is a file; in memory it never waits for a disk.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None

# Longer than a proxy keeps its idle connections to us (nginx: 60 s), so that it is the proxy who closes them.
keepalive = 75
graceful_timeout = 30
# No request holds a thread for longer: the worker sees to it, and gunicorn that the worker itself is alive.
timeout = 60
# Would otherwise be a socket in the home directory, shared by all copies.
control_socket_disable = True
# The project writes a line for each request itself, with its id and its user.
accesslog = None
errorlog = "-"
loglevel = "warning"


def on_starting(server: "Arbiter") -> None:
    """
    Let several workers add their counts up through files (utils/observability/metrics.py); those of the last run are
    cleared away.

    Not where there is a folder already, which workers, relay and beat share.
    """
    if server.cfg.workers > 1 and "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        folder = Path(os.environ.get("DATA_DIR", "var")).absolute() / "metrics" / PORT
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder)


def post_worker_init(worker: "Worker") -> None:
    """
    Look for garbage less often, and print the address once the project is loaded and can answer.
    """
    # What is loaded by now lives as long as the process, and requests leave few cycles behind: with
    # Python's own 700 a seventh of a request's time went into looking.
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
    if EMBEDDED and worker.age == 1:
        host = "127.0.0.1" if HOST in ("0.0.0.0", "[::]") else HOST
        sys.stdout.write(f"Open http://{host}:{PORT}/api/ (Ctrl-C stops it)\n")
        sys.stdout.flush()

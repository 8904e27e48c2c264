"""
The web server of both profiles.

https://docs.gunicorn.org/en/stable/settings.html
"""

import gc
import json
import os
import shutil
import sys
import uuid
from pathlib import Path

from gunicorn.http.errors import InvalidResponseHeader, InvalidResponseHeaderName, ParseException
from gunicorn.util import write_nonblock
from gunicorn.workers.gthread import ThreadWorker

EMBEDDED = os.environ.get("PROFILE", "embedded") == "embedded"
HOST = os.environ.get("HOST", "127.0.0.1")
PORT = os.environ.get("PORT", "8000")
# Headers that the project itself got wrong.
BAD_ANSWERS = (InvalidResponseHeader, InvalidResponseHeaderName)


class ContractWorker(ThreadWorker):
    """
    Answers what never reaches the project (it is no HTTP, or a header is too long) as the API answers every error.

    gunicorn's own answer is a page of HTML, and it quotes what was sent.
    """

    def handle_error(self, req, client, addr, exc):
        request_id = uuid.uuid4().hex
        if isinstance(exc, ParseException) and not isinstance(exc, BAD_ANSWERS):
            self.log.warning("request %s from %s is malformed: %s", request_id, addr and addr[0], exc)
            status, code, message = "400 Bad Request", "bad_request", "Bad request."
        else:
            self.log.error("request %s failed outside the project", request_id, exc_info=exc)
            status, code, message = "500 Internal Server Error", "error", "Something went wrong on our side."
        error = {"success": False, "code": code, "message": message, "detail": message, "errors": {}}
        body = json.dumps({**error, "request_id": request_id})
        head = f"HTTP/1.1 {status}\r\nConnection: close\r\nContent-Type: application/json\r\n"
        head += f"X-Request-ID: {request_id}\r\nContent-Length: {len(body)}\r\n\r\n"
        try:
            write_nonblock(client, f"{head}{body}".encode())
        except OSError:
            self.log.debug("who sent it does not wait for the answer")


bind = f"{HOST}:{PORT}"
worker_class = ContractWorker
# Embedded is one process: its caches and its task worker live in there.
workers = 1 if EMBEDDED else int(os.environ.get("WEB_WORKERS", "2"))
threads = 8 if EMBEDDED else int(os.environ.get("WEB_THREADS", "4"))
# The worker's heartbeat is a file; in memory it never waits for a disk.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None

# Longer than a proxy keeps its idle connections to us (nginx: 60 s), so that it is the proxy who closes them.
keepalive = 75
graceful_timeout = 30
timeout = 60
# Would otherwise be a socket in the home directory, shared by all copies.
control_socket_disable = True
# The project writes a line for each request itself, with its id and its user.
accesslog = None
errorlog = "-"
loglevel = "warning"


def on_starting(server):
    """
    Let several workers add their counts up through files (utils/metrics.py); those of the last run are cleared away.
    """
    if server.cfg.workers > 1:
        folder = Path(os.environ.get("DATA_DIR", "var")).absolute() / "metrics" / PORT
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder)


def post_worker_init(worker):
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

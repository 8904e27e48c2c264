"""
Whether the process of a container is working, as an exit code.

    deploy/healthcheck.py web                        its web server answers
    deploy/healthcheck.py relay|fanout|default|beat  it was last seen (utils/observability/metrics.py) within a minute
"""

import http.client
import os
import sys
import time

from prometheus_client import CollectorRegistry
from prometheus_client.multiprocess import MultiProcessCollector

SILENT_SECONDS = 60


def web_answers() -> bool:
    """
    Say whether the web server on this machine responds. A 400 because the site has another name than 127.0.0.1 counts.
    """
    connection = http.client.HTTPConnection("127.0.0.1", int(os.environ.get("PORT", "8000")), timeout=3)
    try:
        connection.request("GET", "/livez")
        return connection.getresponse().status < 500
    except OSError:
        return False


def was_seen(process: str) -> bool:
    """
    Say whether a process of this name has reported itself alive within the last minute.
    """
    families = MultiProcessCollector(CollectorRegistry()).collect()
    seen = [
        sample.value
        for family in families
        if family.name == "last_seen_timestamp_seconds"
        for sample in family.samples
        if sample.labels["process"] == process
    ]
    return bool(seen) and time.time() - max(seen) < SILENT_SECONDS


if __name__ == "__main__":
    name = sys.argv[1]
    sys.exit(0 if (web_answers() if name == "web" else was_seen(name)) else 1)

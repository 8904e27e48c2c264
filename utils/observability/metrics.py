"""
The metrics of the project, for Prometheus.

In one process the counts live in memory. Web, workers, relay and beat share them through files in one folder, where
PROMETHEUS_MULTIPROC_DIR says (deploy/stack-run.sh, deploy/Dockerfile); `exposition`, in a web process, then adds up
what all of them have counted. Counting a request takes two to four microseconds, because the labelled children are
looked up once.
"""

import collections
import os
import socket
from collections.abc import Callable, Iterable, Iterator, Sequence

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics, generate_latest
from prometheus_client import values as prometheus_values
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.multiprocess import MultiProcessCollector

MULTIPROC_DIR = "PROMETHEUS_MULTIPROC_DIR"


def process_identifier() -> str:
    """
    Return the name of this process's files.

    Containers share the folder, and in each of them the first process has the same number.
    """
    return f"{socket.gethostname().replace('_', '-')}-{os.getpid()}"


if MULTIPROC_DIR in os.environ:
    prometheus_values.ValueClass = prometheus_values.MultiProcessValue(process_identifier)

# Prometheus' text format has no use for them.
disable_created_metrics()
registry = CollectorRegistry()

REQUESTS = Counter("http_requests", "Requests answered.", ["method", "route", "status"], registry=registry)
# The contract's promises are in milliseconds, and so are most of the steps.
LATENCY = Histogram(
    "http_request_seconds",
    "Time until the answer was ready to be sent.",
    ["route"],
    registry=registry,
    buckets=(0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
)
REPLICA_READS = Counter(
    "replica_reads",
    "Reads that may be some seconds old, by the database that answered.",
    ["database"],
    registry=registry,
)
CACHE_READS = Counter("cache_reads", "Keys or lists that were asked for.", ["cache", "outcome"], registry=registry)

TASKS = Counter("tasks", "Events handled, and other tasks run.", ["task", "outcome"], registry=registry)
TASK_SECONDS = Histogram(
    "task_seconds",
    "Time that a worker was busy with a batch of events, or with another task.",
    ["task"],
    registry=registry,
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 45),
)
RELAYED = Counter("relayed_messages", "Messages that the relay offered to the broker.", ["outcome"], registry=registry)
PURGED = Counter("purged_rows", "Rows that were deleted because their time was over.", ["table"], registry=registry)
FEEDS_CHECKED = Counter("feeds_checked", "Feeds held against their definition.", registry=registry)
FEED_DIFFERENCES = Counter(
    "feed_differences", "What differed in them for longer than a delivery takes.", ["place", "kind"], registry=registry
)
LAST_SEEN = Gauge(
    "last_seen_timestamp_seconds",
    "When a process of this name last did its round.",
    ["process"],
    registry=registry,
    multiprocess_mode="mostrecent",
)

BEAT_LEADS = Gauge(
    "beat_leads",
    "1 where the beat that sends is, 0 where one stands by.",
    registry=registry,
    multiprocess_mode="mostrecent",
)

HBASE_KEYS = Counter(
    "hbase_keys",
    "Rows of HBase that were read or written, by the first hex digit of their keys; a range counts as its first row.",
    ["table", "call", "digit"],
    registry=registry,
)

# A client may send any word as its method, which must not become a label.
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"}
OTHER, NO_ROUTE = "other", "none"

request_children: dict[tuple[str | None, str | None, int], tuple[Counter, Histogram]] = {}
cache_children: dict[str, tuple[Counter, Counter]] = {}


def count_request(method: str | None, route: str | None, status: int, seconds: float) -> None:
    """
    Count a finished request; `route` is the name of its URL pattern, never the URL itself.
    """
    key = (method, route, status)
    children = request_children.get(key)
    if children is None:
        labels = (method if method in METHODS else OTHER, route or NO_ROUTE, str(status))
        children = REQUESTS.labels(*labels), LATENCY.labels(labels[1])
        if method in METHODS:
            request_children[key] = children
    requests, latency = children
    requests.inc()
    latency.observe(seconds)


def count_reads(cache: str, *, hits: int, misses: int) -> None:
    """
    Count the hits and misses of one cache read.
    """
    children = cache_children.get(cache)
    if children is None:
        children = cache_children[cache] = CACHE_READS.labels(cache, "hit"), CACHE_READS.labels(cache, "miss")
    if hits:
        children[0].inc(hits)
    if misses:
        children[1].inc(misses)


def count_keys(table: str, call: str, keys: Iterable[bytes]) -> None:
    """
    Count the rows that a call (`read`, `write`) of HBase names. Regions are ranges of keys, so a hot one stands out.
    """
    # A range from the beginning of a table has no first key.
    counts = collections.Counter(key[0] >> 4 if key else 0 for key in keys)
    for digit, count in counts.items():
        HBASE_KEYS.labels(table, call, f"{digit:x}").inc(count)


def count_replica_read(database: str) -> None:
    """
    Count a read that a replica could have answered, by the alias of the database that is asked.
    """
    REPLICA_READS.labels(database).inc()


def count_handled(handler: str, outcome: str, count: int, seconds: float) -> None:
    """
    Count the events of one batch: `success`, or `left` for those that will be delivered again.
    """
    TASKS.labels(handler, outcome).inc(count)
    TASK_SECONDS.labels(handler).observe(seconds)


def note_alive(process: str) -> None:
    """
    Record that a process of this name (`relay`, `fanout`, `default`, `beat`) is working.
    """
    LAST_SEEN.labels(process).set_to_current_time()


Gauges = Sequence[Callable[[], Iterable[Metric]]]


class Collected:
    """
    All metrics, as `generate_latest` takes them.

    :param gauges: functions that return metric families; they are asked at each scrape.
    """

    def __init__(self, gauges: Gauges) -> None:
        self._gauges = gauges

    def collect(self) -> Iterator[Metric]:
        counted = list(self.counted())
        yield from counted
        yield hit_ratio(counted)
        for gauge in self._gauges:
            yield from gauge()

    def counted(self) -> Iterable[Metric]:
        if MULTIPROC_DIR not in os.environ:
            return registry.collect()
        metrics: Iterable[Metric] = MultiProcessCollector(CollectorRegistry()).collect()
        return metrics


def hit_ratio(families: Iterable[Metric]) -> Metric:
    """
    Return the hit rate of each cache since the start.
    """
    reads: dict[str, dict[str, float]] = {}
    for family in families:
        for sample in family.samples:
            if sample.name == "cache_reads_total":
                reads.setdefault(sample.labels["cache"], {})[sample.labels["outcome"]] = sample.value
    ratio = GaugeMetricFamily("cache_hit_ratio", "Share of reads that the cache has answered.", labels=["cache"])
    for cache, outcomes in reads.items():
        if total := sum(outcomes.values()):
            ratio.add_metric([cache], outcomes.get("hit", 0) / total)
    return ratio


def exposition(gauges: Gauges) -> str:
    """
    Return Prometheus' text.
    """
    return generate_latest(Collected(gauges)).decode()

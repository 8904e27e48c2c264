"""
What is counted while the project runs, for Prometheus.

In one process the counts live in memory. Several web processes share them through files, where
PROMETHEUS_MULTIPROC_DIR says (deploy/gunicorn.conf.py); `exposition` then adds them up. Counting a
request takes two to four microseconds, because the labelled children are looked up once.
"""

import os

from prometheus_client import CollectorRegistry, Counter, Histogram, disable_created_metrics, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector

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
CACHE_READS = Counter("cache_reads", "Keys or lists that were asked for.", ["cache", "outcome"], registry=registry)

# A client may send any word as its method; a label must not take it.
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"}
OTHER, NO_ROUTE = "other", "none"

request_children = {}
cache_children = {}


def count_request(method, route, status, seconds):
    """
    Count an answered request; `route` is the name of its address, never the address itself.
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


def count_reads(cache, *, hits, misses):
    """
    Count what one look into a cache has found, and what it has not.
    """
    children = cache_children.get(cache)
    if children is None:
        children = cache_children[cache] = CACHE_READS.labels(cache, "hit"), CACHE_READS.labels(cache, "miss")
    if hits:
        children[0].inc(hits)
    if misses:
        children[1].inc(misses)


class Collected:
    """
    Everything there is to show, as `generate_latest` wants it.

    :param gauges: functions that return metric families; they are asked at each scrape.
    """

    def __init__(self, gauges):
        self._gauges = gauges

    def collect(self):
        counted = list(self.counted())
        yield from counted
        yield hit_ratio(counted)
        for gauge in self._gauges:
            yield from gauge()

    def counted(self):
        if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
            return registry.collect()
        return MultiProcessCollector(CollectorRegistry()).collect()


def hit_ratio(families):
    """
    Return the share of reads that each cache has answered since the start.
    """
    reads = {}
    for family in families:
        for sample in family.samples:
            if sample.name == "cache_reads_total":
                reads.setdefault(sample.labels["cache"], {})[sample.labels["outcome"]] = sample.value
    ratio = GaugeMetricFamily("cache_hit_ratio", "Share of reads that the cache has answered.", labels=["cache"])
    for cache, outcomes in reads.items():
        if total := sum(outcomes.values()):
            ratio.add_metric([cache], outcomes.get("hit", 0) / total)
    return ratio


def exposition(gauges):
    """
    Return Prometheus' text.
    """
    return generate_latest(Collected(gauges)).decode()

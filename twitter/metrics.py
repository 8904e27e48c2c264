"""
`/metrics`: all counters, the length of the queues and the backlog of the outbox.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import Error
from django.db.models import Count, Min, Q
from django.http import HttpResponse
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.core import GaugeMetricFamily
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.permissions import BasePermission
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.views import APIView

from accounts.api.authentication import AccountSessionAuthentication, BearerAuthentication
from outbox.models import Message
from utils.api.parameters import presented_token
from utils.api.throttling import is_from_this_machine
from utils.api.views import DependsOnWhoAsks
from utils.hbase.pool import get_gateways
from utils.observability import broker
from utils.observability.metrics import exposition
from utils.observability.probes import listens

# `request.auth` of a request with settings.METRICS_TOKEN; it differs from every user's token.
SCRAPER = "the scraper"
# While one of these waits, some follower has not received a tweet.
FAN_OUT_EVENTS = ("tweet_created", "fan_out_batch_ready")


def outbox_gauges() -> list[GaugeMetricFamily]:
    """
    Return how many messages wait in the outbox and for how long; [] while the database is unavailable. One query.
    """
    waiting = Q(due_at__isnull=False)
    try:
        figures = Message.objects.aggregate(
            waiting=Count("id", filter=waiting),
            given_up=Count("id", filter=~waiting),
            oldest=Min("created_at", filter=waiting),
            oldest_fan_out=Min("created_at", filter=waiting & Q(event__in=FAN_OUT_EVENTS)),
        )
    except Error:
        return []
    return [
        GaugeMetricFamily("outbox_messages", "Tasks that still must run.", figures["waiting"]),
        GaugeMetricFamily("outbox_given_up_messages", "Tasks left for a person to look at.", figures["given_up"]),
        GaugeMetricFamily("outbox_oldest_seconds", "Age of the oldest of them.", age_in_seconds(figures["oldest"])),
        GaugeMetricFamily(
            "fan_out_lag_seconds",
            "Age of the oldest tweet that some follower may still lack.",
            age_in_seconds(figures["oldest_fan_out"]),
        ),
    ]


def age_in_seconds(moment: datetime | None) -> float:
    return (timezone.now() - moment).total_seconds() if moment else 0.0


def queue_gauges() -> list[GaugeMetricFamily]:
    """
    Return how many messages wait in each queue, dead letters included; no figures while the broker is unavailable.
    """
    names = [queue.name for queue in (*settings.CELERY_TASK_QUEUES, *settings.CELERY_DEAD_LETTER_QUEUES)]
    depth = GaugeMetricFamily("queue_messages", "Messages that wait in a queue.", labels=["queue"])
    for name, count in broker.get_depths(names).items():
        depth.add_metric([name], count)
    return [depth]


def broker_gauges() -> list[GaugeMetricFamily]:
    """
    Return which nodes of the broker accept connections.
    """
    nodes = GaugeMetricFamily("broker_node_up", "1 where this node of the broker accepts connections.", labels=["node"])
    for node, is_up in broker.get_node_states().items():
        nodes.add_metric([node], is_up)
    return [nodes]


def gateway_gauges() -> list[GaugeMetricFamily]:
    """
    Return which Thrift servers of HBase accept connections.
    """
    gateways = GaugeMetricFamily(
        "hbase_gateway_up", "1 where something listens at this Thrift server's address.", labels=["gateway"]
    )
    for host, port in get_gateways():
        gateways.add_metric([f"{host}:{port}"], listens((host, port)))
    return [gateways]


def host_gauges() -> list[GaugeMetricFamily]:
    """
    Return the name of this host, so that its other figures can be told from those of others.
    """
    host = GaugeMetricFamily("host_info", "1, with the name of this host.", labels=["host"])
    host.add_metric([settings.HOST_NAME], 1)
    return [host]


# Read at each scrape. All other metrics are counters that processes update themselves.
GAUGES = (outbox_gauges, queue_gauges, broker_gauges, gateway_gauges, host_gauges)


class ScraperAuthentication(BearerAuthentication):
    """
    Tokens of users, and the token of the scraper (settings.METRICS_TOKEN), which belongs to no account.
    """

    # Any: accounts says what a user's token authenticates.
    def authenticate(self, request: Request) -> Any:
        secret = presented_token(request)
        if secret and settings.METRICS_TOKEN and constant_time_compare(secret, settings.METRICS_TOKEN):
            return AnonymousUser(), SCRAPER
        return super().authenticate(request)


class MayScrape(BasePermission):
    """
    The scraper and staff from anywhere, and every process on this machine.
    """

    def has_permission(self, request: Request, view: APIView) -> bool:
        return request.auth == SCRAPER or request.user.is_staff or is_from_this_machine(request)


class WhateverIsAccepted(BaseContentNegotiation):
    """
    Ignores `Accept`: Prometheus sends media types of its own, and errors are JSON anyway.
    """

    def select_parser(self, request: Request, parsers: Iterable[BaseParser]) -> BaseParser:
        return next(iter(parsers))

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        renderer = next(iter(renderers))
        return renderer, renderer.media_type or ""


class MetricsView(DependsOnWhoAsks, APIView):
    """
    The text format of Prometheus.
    """

    cache_control = "no-store"
    authentication_classes = [ScraperAuthentication, AccountSessionAuthentication]
    permission_classes = [MayScrape]
    renderer_classes = [JSONRenderer]
    content_negotiation_class = WhateverIsAccepted
    schema = None

    def get(self, request: Request) -> HttpResponse:
        return HttpResponse(exposition(GAUGES), content_type=CONTENT_TYPE_PLAIN_0_0_4)

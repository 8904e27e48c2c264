"""
`/metrics`: what is counted everywhere, and how much is waiting.
"""

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
from rest_framework.permissions import BasePermission
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.views import APIView

from accounts.api.authentication import AccountSessionAuthentication, BearerAuthentication
from outbox.models import Message
from utils.api.parameters import presented_token
from utils.api.throttling import is_from_this_machine
from utils.api.views import DependsOnWhoAsks
from utils.observability import broker
from utils.observability.metrics import exposition

# Who has shown settings.METRICS_TOKEN; no token of a person's reads like this.
SCRAPER = "the scraper"
# As long as one of these waits, some follower lacks a tweet.
FAN_OUT_EVENTS = ("tweet_created", "tweet_batch_cut")


def outbox_gauges():
    """
    Return how much waits in the outbox and for how long; nothing while the database is away. One query.
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
        GaugeMetricFamily("outbox_oldest_seconds", "Age of the oldest of them.", age_of(figures["oldest"])),
        GaugeMetricFamily(
            "fan_out_lag_seconds",
            "Age of the oldest tweet that some follower may still lack.",
            age_of(figures["oldest_fan_out"]),
        ),
    ]


def age_of(moment):
    return (timezone.now() - moment).total_seconds() if moment else 0.0


def queue_gauges():
    """
    Return how many messages wait in each queue, dead letters too; nothing while the broker is away.
    """
    names = [queue.name for queue in (*settings.CELERY_TASK_QUEUES, *settings.CELERY_DEAD_LETTER_QUEUES)]
    depth = GaugeMetricFamily("queue_messages", "Messages that wait in a queue.", labels=["queue"])
    for name, count in broker.get_depths(names).items():
        depth.add_metric([name], count)
    return [depth]


# What is looked up at each scrape; everything else was counted before.
GAUGES = (outbox_gauges, queue_gauges)


class ScraperAuthentication(BearerAuthentication):
    """
    Tokens of people, and the one of the scraper (settings.METRICS_TOKEN), which is nobody's account.
    """

    def authenticate(self, request: Request) -> tuple[Any, str] | None:
        secret = presented_token(request)
        if secret and settings.METRICS_TOKEN and constant_time_compare(secret, settings.METRICS_TOKEN):
            return AnonymousUser(), SCRAPER
        return super().authenticate(request)


class MayScrape(BasePermission):
    """
    The scraper and staff from anywhere, and everybody on this machine.
    """

    def has_permission(self, request: Request, view: APIView) -> bool:
        return request.auth == SCRAPER or request.user.is_staff or is_from_this_machine(request)


class WhateverIsAccepted(BaseContentNegotiation):
    """
    Prometheus asks for formats of its own; errors are JSON all the same.
    """

    def select_parser(self, request, parsers):
        return parsers[0]

    def select_renderer(self, request, renderers, format_suffix=None):
        return renderers[0], renderers[0].media_type


class MetricsView(DependsOnWhoAsks, APIView):
    """
    Prometheus' text.
    """

    cache_control = "no-store"
    authentication_classes = [ScraperAuthentication, AccountSessionAuthentication]
    permission_classes = [MayScrape]
    renderer_classes = [JSONRenderer]
    content_negotiation_class = WhateverIsAccepted
    schema = None

    def get(self, request):
        return HttpResponse(exposition(GAUGES), content_type=CONTENT_TYPE_PLAIN_0_0_4)

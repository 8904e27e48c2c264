"""
Traces to OpenTelemetry. Imported only where OTEL_EXPORTER_OTLP_ENDPOINT is set (twitter/apps.py).

https://opentelemetry.io/docs/languages/sdk-configuration/otlp-exporter/
"""

from django.conf import settings
from django.http import HttpRequest
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.instrumentation.celery import CeleryInstrumentor
from opentelemetry.instrumentation.django import DjangoInstrumentor
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import Span, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

PROBES = "livez,readyz,metrics"


def without_query(span: Span, request: HttpRequest) -> None:
    """
    Take the query, where people search for people, out of the span of a request.
    """
    span.set_attribute("http.url", request.build_absolute_uri(request.path))
    span.set_attribute("http.target", request.path)


def start() -> None:
    """
    Send a span for each request and each task from now on; the probes' are left out.

    Call it before Django loads its middleware. The endpoint and all else is read from OTEL_* in the environment.
    """
    resource = Resource.create({"service.name": "twitter-newsfeed", "service.version": settings.VERSION})
    provider = TracerProvider(resource=resource)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)
    DjangoInstrumentor().instrument(request_hook=without_query, excluded_urls=PROBES)
    CeleryInstrumentor().instrument()

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
    Remove the query from the span of a request: it contains names that people search for.
    """
    span.set_attribute("http.url", request.build_absolute_uri(request.path))
    span.set_attribute("http.target", request.path)


def start() -> None:
    """
    Start sending a span for each request and each task, except for the probes.

    Call it before Django loads its middleware. The endpoint and all other options are read from OTEL_* variables.
    """
    resource = Resource.create({"service.name": "twitter-newsfeed", "service.version": settings.VERSION})
    provider = TracerProvider(resource=resource)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)
    DjangoInstrumentor().instrument(request_hook=without_query, excluded_urls=PROBES)
    CeleryInstrumentor().instrument()

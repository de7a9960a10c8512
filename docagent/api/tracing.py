"""Traces for OpenTelemetry: a span for each request, each job and each of its stages.

Spans are named for routes, verbs and stages. They hold no address, query, body or text of a
document. Without the extra ``otel``, or without OTEL_EXPORTER_OTLP_ENDPOINT, nothing is traced.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

from docagent.usage import StageRun

if TYPE_CHECKING:
    from opentelemetry.trace import Tracer

ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
SERVICE = "docagent"


class Traces:
    """Writes spans of work that has ended; nothing if no collector is named."""

    def __init__(self, tracer: Tracer | None) -> None:
        self._tracer = tracer

    def add(self, name: str, seconds: float, values: Mapping[str, str | int]) -> None:
        """A span that ends now. values: of attributes; never text of a document."""
        if self._tracer is None:
            return
        end = time.time_ns()
        begin = end - int(seconds * 1e9)
        self._tracer.start_span(name, attributes=dict(values), start_time=begin).end(end)

    def add_stage(self, run: StageRun) -> None:
        """A stage of the library."""
        values: dict[str, str | int] = {"docagent.stage": run.stage}
        if run.count is not None:
            values["docagent.count"] = run.count
        if run.failed:
            values["error.type"] = "failed"
        self.add(f"stage {run.stage}", run.seconds, values)


def start_tracing() -> Traces:
    """Send spans of this process to the collector that the environment names, if it names one."""
    if not any(os.environ.get(name) for name in ENDPOINTS):
        return Traces(None)
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError:
        return Traces(None)
    provider = TracerProvider(resource=Resource.create({"service.name": SERVICE}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return Traces(provider.get_tracer(SERVICE))

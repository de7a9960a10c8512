"""Traces for OpenTelemetry, if its packages are installed and an exporter is configured."""

from __future__ import annotations


def start_tracing() -> None:
    """Send spans to the collector that OTEL_EXPORTER_OTLP_ENDPOINT names; without it, nothing."""

"""Metrics for Prometheus. Labels name routes, verbs, states and codes, never a document.

The server and its workers are processes of their own; each writes to the folder that
PROMETHEUS_MULTIPROC_DIR names, and whoever is asked adds up what is there.
"""

from __future__ import annotations

import os
from collections import defaultdict
from datetime import UTC, datetime
from functools import cache
from threading import Lock

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from docagent.document import Document, Frozen
from docagent.results import Extraction
from docagent.schemas import list_schemas
from docagent.store.types import Job, JobError
from docagent.usage import StageRun, VlmUse

_SECONDS = (0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100, 300)
_TENTHS = tuple(n / 10 for n in range(1, 11))


class Metrics:
    """The metrics of one process, in a registry of their own."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._stage_seconds: defaultdict[str, float] = defaultdict(float)
        self._lock = Lock()
        self.requests = self._histogram(
            "requests_seconds", "Time to the first byte of an answer", "route", "method", "code"
        )
        self.jobs = self._counter("jobs", "Jobs that ended", "state", "kind")
        self.job_seconds = self._histogram(
            "job_seconds", "Time from the start of a job to its end", "kind", "outcome"
        )
        self.pages = self._counter("pages", "Pages read", "source", "engine")
        self.stages = self._histogram(
            "stage_seconds", "Time of a job that a stage of the library took", "stage"
        )
        self.fields = self._counter("fields", "Fields extracted", "schema", "status", "source")
        self.confidence = self._histogram(
            "confidence", "Confidence of the fields found", "schema", buckets=_TENTHS
        )
        self.checks = self._counter("checks_failed", "Checks of extractions that failed", "check")
        self.vlm_calls = self._counter("vlm_calls", "Calls of a model", "model", "outcome")
        self.vlm_tokens = self._counter("vlm_tokens", "Tokens of calls of a model", "kind")
        self.labels = self._counter("review", "Fields that people reviewed", "verdict")
        self.restarts = self._counter("worker_restarts", "Workers started again")
        self.waiting = Gauge(
            "docagent_jobs_waiting",
            "Jobs that wait",
            registry=self._registry,
            multiprocess_mode="mostrecent",
        )

    def text(self) -> bytes:
        """All metrics of all processes in Prometheus' text format."""
        if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
            return generate_latest(self._registry)
        every = CollectorRegistry()
        MultiProcessCollector(every)  # type: ignore[no-untyped-call]
        return generate_latest(every)

    def count_stage(self, run: StageRun) -> None:
        """Add a stage of the library to the job that runs; its end records them, so that nobody
        waits for it meanwhile."""
        with self._lock:
            self._stage_seconds[run.stage] += run.seconds

    def count_end(self, job: Job, end: Frozen) -> float:
        """Record a job that ended, and its result or the error; returns the seconds it took."""
        outcome = "failed" if isinstance(end, JobError) else "done"
        self.jobs.labels(outcome, job.verb).inc()
        begun = job.started or job.created
        seconds = max(0.0, (datetime.now(UTC) - begun).total_seconds())
        self.job_seconds.labels(job.verb, outcome).observe(seconds)
        self._count_result(end)
        with self._lock:
            stages, self._stage_seconds = self._stage_seconds, defaultdict(float)
        for stage, spent in stages.items():
            self.stages.labels(stage).observe(spent)
        return seconds

    def _count_result(self, result: Frozen) -> None:
        if isinstance(result, Document):
            for page in result.pages:
                self.pages.labels(page.source, page.engine or "none").inc()
        if isinstance(result, Extraction):
            self._count_fields(result)
        use = getattr(result, "vlm", None)
        if isinstance(use, VlmUse):
            self._count_use(use)

    def _count_fields(self, extraction: Extraction) -> None:
        known = extraction.schema_name in _known_schemas()
        # What a user calls a schema is theirs, and could make labels without end.
        schema = extraction.schema_name if known else "own"
        for field in extraction.fields:
            self.fields.labels(schema, field.status, field.source).inc()
            if field.status == "found" and field.confidence is not None:
                self.confidence.labels(schema).observe(field.confidence)
        for check in extraction.checks:
            if check.status == "failed":
                self.checks.labels(check.kind).inc()

    def _count_use(self, use: VlmUse) -> None:
        for attempt in use.attempts:
            self.vlm_calls.labels(use.model, attempt.outcome).inc()
        self.vlm_tokens.labels("prompt").inc(use.prompt_tokens)
        self.vlm_tokens.labels("completion").inc(use.completion_tokens)

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(f"docagent_{name}", text, labels, registry=self._registry)

    def _histogram(
        self, name: str, text: str, *labels: str, buckets: tuple[float, ...] = _SECONDS
    ) -> Histogram:
        return Histogram(f"docagent_{name}", text, labels, buckets=buckets, registry=self._registry)


@cache
def _known_schemas() -> frozenset[str]:
    return frozenset(schema.name for schema in list_schemas())

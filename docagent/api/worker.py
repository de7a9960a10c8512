"""The workers of a server: those of ``docagent.jobs``, with logs, metrics, and models that are
loaded before the first job comes."""

from __future__ import annotations

import os
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path

from docagent.agent import DocAgent
from docagent.api.logs import LOG, start_logging
from docagent.api.metrics import Metrics
from docagent.api.tracing import start_tracing
from docagent.document import Frozen
from docagent.errors import DocAgentError
from docagent.jobs import worker
from docagent.settings import Settings
from docagent.store.types import Job
from docagent.usage import StageRun, traced

ENDED = b"e"
"""What a worker says when a job ended, after the byte for any change."""

_SAMPLE = Path(__file__).parents[1] / "samples/receipt.jpg"


def run_worker(
    settings: Settings, name: str, wakes: Connection, says: Connection, delay: float = 0.0
) -> None:
    """Run jobs until the server that started this process closes ``wakes``; see
    ``docagent.jobs.worker.run_worker``. delay: seconds before the models are loaded, so that
    workers which start together do not slow each other down; a job that comes ends it."""
    start_logging(settings.serve.log_level)
    metrics, traces = Metrics(), start_tracing()
    # The server says when a job waits; looks find those of other processes, and those to be tried
    # again.
    poll = max(settings.jobs.poll, settings.serve.poll)

    def listen(run: StageRun) -> None:
        metrics.count_stage(run)
        traces.add_stage(run)

    def ended(job: Job, end: Frozen) -> None:
        with suppress(OSError):  # nobody listens any more
            os.write(says.fileno(), ENDED)
        seconds = metrics.count_end(job, end)
        traces.add(f"job {job.verb}", seconds, {"docagent.verb": job.verb, "docagent.job": job.id})

    with traced(listen):
        if not wakes.poll(delay):  # a job that waits loads the models as well as a sample does
            _load_models(settings)
        worker.run_worker(settings.replace(jobs={"poll": poll}), name, wakes, says, ended)


def _load_models(settings: Settings) -> None:
    """Read a sample, so that nobody waits for the models. Whatever is wrong with them is told to
    whoever submits a job."""
    try:
        own = settings.replace(vlm={"mode": "never"})
        DocAgent(own).extract(_SAMPLE, "receipt")
    except DocAgentError as error:
        LOG.error("models", code=error.code)

"""Engines read a labelled set, each in a process of its own, and take turns page by page.

Turns make what else the machine does, or the machines beside it do, fall on all engines alike: a
processor was seen to take twice the seconds for the same work a minute later. Each page that was
read is a row of a log, so a stopped run goes on where it was.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from subprocess import PIPE, Popen
from typing import Any

from docagent.errors import SettingsError
from eval.log import RunLog
from eval.systems.engines import check_known
from eval.systems.readings import readings_log
from eval.systems.threads import THREAD_LIMITS

Rows = dict[str, dict[str, Any]]
"""Results of pages by their names."""


def run_workers(
    engines: Sequence[str], data: str, split: str, limit: int | None, resume: bool
) -> dict[str, Rows | None]:
    """Read pages with each engine in a child process, taking turns, and return their rows;
    progress and errors go to stderr.

    None for an engine that is not installed or failed; the pages it read are in the log.
    Fingerprints are taken here, once, so that code edited meanwhile does not part the processes.
    Raises SettingsError for an unknown engine.
    """
    logs = _open_logs(engines, data, split)
    workers: dict[str, Popen[str]] = {}
    with ExitStack() as stack:
        for engine, log in logs.items():
            command = [sys.executable, "-m", "eval.worker", "--turns", "--engine", engine]
            command += ["--data", data, "--split", split, "--fingerprint", log.fingerprint]
            command += ["--limit", str(limit)] if limit is not None else []
            command += ["--resume"] if resume else []
            environment = {**os.environ, **THREAD_LIMITS}
            worker = Popen(command, env=environment, stdin=PIPE, stdout=PIPE, text=True)
            workers[engine] = stack.enter_context(worker)
            _has_answered(worker)  # It has loaded; the next one may.
        busy = list(workers.values())
        while busy:
            busy = [worker for worker in busy if _ask_for_page(worker) and _has_answered(worker)]
    read = {engine for engine, worker in workers.items() if worker.returncode == 0}
    return {engine: logs[engine].rows() if engine in read else None for engine in engines}


def _open_logs(engines: Sequence[str], data: str, split: str) -> dict[str, RunLog]:
    """Logs of the engines that are installed; of the others it is said on stderr what to do."""
    logs = {}
    for engine in engines:
        check_known(engine)
        try:
            logs[engine] = readings_log(engine, data, split)
        except SettingsError as error:
            print(f"error: {error}", file=sys.stderr)
    return logs


def run_worker(engine: str, data: str, split: str, limit: int | None, resume: bool) -> Rows | None:
    """``run_workers`` for one engine."""
    return run_workers([engine], data, split, limit, resume)[engine]


def _ask_for_page(worker: Popen[str]) -> bool:
    """Ask a worker for its next page; False if it has ended."""
    assert worker.stdin is not None
    try:
        worker.stdin.write("\n")
        worker.stdin.flush()
    except BrokenPipeError:
        return False
    return True


def _has_answered(worker: Popen[str]) -> bool:
    """Wait until a worker has loaded, or has read a page; False if it has ended."""
    assert worker.stdout is not None
    return bool(worker.stdout.readline())

"""Many clients at once, one worker killed in the middle; every call is accounted for."""

from __future__ import annotations

import os
import signal
import tempfile
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import httpx2
import numpy as np

from eval.performance.server_overhead import SAMPLE, SCHEMA, unique_copy
from eval.performance.server_process import ServerProcess

MOST_GROWTH = 1.3
"""Of the memory in the last third over that in the second one, of all processes together."""
SETTLE_SECONDS = 300.0
"""How long jobs that were accepted may take after the clients have stopped."""


@dataclass
class _Run:
    """What the clients saw. accepted: ids of the jobs that the server took. memory: megabytes of
    all processes, one value a second. idle: the same before the first call."""

    end: float
    numbers: Any = field(default_factory=count)
    seconds: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    accepted: list[str] = field(default_factory=list)
    memory: list[float] = field(default_factory=list)
    idle: float = 0.0


def measure_load(clients: int, seconds: float, waiting: int) -> tuple[dict[str, Any], bool]:
    """Latencies and what became of every call. waiting: jobs that may wait before 429."""
    limits = {"DOCAGENT_JOBS_WAITING": str(waiting), "DOCAGENT_JOBS_LEASE": "5"}
    with (
        tempfile.TemporaryDirectory() as folder,
        ServerProcess(Path(folder), environment=limits) as server,
    ):
        idle = _memory(server)
        run = _Run(time.monotonic() + seconds, idle=idle)
        with ThreadPoolExecutor(clients + 1) as pool:
            pool.submit(_watch, server, run)
            calls = [pool.submit(_call, server.url, run) for _ in range(clients)]
            time.sleep(seconds / 2)
            killed = server.workers()[0]
            os.kill(killed, signal.SIGKILL)
            for call in calls:
                call.result()
        return _figures(server.url, run)


def _call(url: str, run: _Run) -> None:
    data = SAMPLE.read_bytes()
    with httpx2.Client(base_url=url, timeout=120) as client:
        while time.monotonic() < run.end:
            number = next(run.numbers)
            started = time.perf_counter()
            answer = client.post(
                "/v1/extract",
                files={"file": ("receipt.jpg", unique_copy(data, number))},
                data={"schema": SCHEMA},
                headers={"Idempotency-Key": f"call-{number}"},
            )
            run.statuses[answer.status_code] += 1
            if answer.status_code in (200, 202):
                run.seconds.append(time.perf_counter() - started)
                run.accepted.append(f"call-{number}")
            elif answer.status_code == 429:
                time.sleep(float(answer.headers["Retry-After"]))


def _watch(server: ServerProcess, run: _Run) -> None:
    while time.monotonic() < run.end:
        run.memory.append(_memory(server))
        threading.Event().wait(1.0)


def _memory(server: ServerProcess) -> float:
    """Megabytes of the server and its workers."""
    return sum(map(_megabytes, [server.process.pid, *server.workers()]))


def _megabytes(pid: int) -> float:
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except OSError:  # the one that was killed
        return 0.0
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def _figures(url: str, run: _Run) -> tuple[dict[str, Any], bool]:
    with httpx2.Client(base_url=url, timeout=60) as client:
        states = _wait(client, run.accepted)
        results = Counter(result["job_id"] for result in _all(client, "/v1/results"))
    lost = [job for job in run.accepted if states.get(job) != "done" or not results[job]]
    doubled = [job for job, times in results.items() if times > 1]
    third = max(1, len(run.memory) // 3)
    before, after = max(run.memory[third : 2 * third]), max(run.memory[2 * third :])
    odd = sum(n for status, n in run.statuses.items() if status not in (200, 202, 429))
    latencies = np.array(run.seconds or [0.0])
    figures = {
        "calls": sum(run.statuses.values()),
        "answered": run.statuses[200],
        "turned into jobs": run.statuses[202],
        "refused as full (429)": run.statuses[429],
        "other answers": odd,
        "seconds, median": round(float(np.median(latencies)), 2),
        "seconds, 95 %": round(float(np.quantile(latencies, 0.95)), 2),
        "seconds, 99 %": round(float(np.quantile(latencies, 0.99)), 2),
        "seconds, longest": round(float(latencies.max()), 2),
        "lost": len(lost),
        "doubled": len(doubled),
        "memory, before the first call MB": round(run.idle),
        "memory, second third MB": round(before),
        "memory, last third MB": round(after),
    }
    is_flat = after <= before * MOST_GROWTH
    return figures, not (lost or doubled or odd) and is_flat and run.statuses[200] > 0


def _wait(client: httpx2.Client, jobs: list[str]) -> dict[str, str]:
    """The states of the jobs once none waits or runs any more."""
    end = time.monotonic() + SETTLE_SECONDS
    while True:
        states = {job["id"]: job["state"] for job in _all(client, "/v1/jobs")}
        open_jobs = [job for job in jobs if states.get(job) in ("waiting", "running")]
        if not open_jobs or time.monotonic() > end:
            return states
        time.sleep(0.5)


def _all(client: httpx2.Client, path: str) -> list[dict[str, Any]]:
    """All items of a list, however long it is."""
    found: list[dict[str, Any]] = []
    after: str | None = None
    while True:
        params = {"limit": 100} | ({"after": after} if after else {})
        answer = client.get(path, params=params).json()
        found += answer["items"]
        after = answer["next"]
        if after is None:
            return found

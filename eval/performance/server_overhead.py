"""What a call over HTTP takes longer than the same call of the library."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2

import docagent
from docagent import DocAgent
from eval.performance.server_process import ServerProcess

SAMPLE = Path(docagent.__file__).parent / "samples" / "receipt.jpg"
SCHEMA = "receipt"
SAMPLES = {
    "receipt": (SAMPLE, SCHEMA),
    "invoice": (SAMPLE.with_name("invoice.png"), "invoice"),
    "bank_statement": (SAMPLE.with_name("bank_statement.jpg"), "bank_statement"),
}
"""File and schema by name; what the server adds weighs most on the receipt, the quickest one."""
WARM_UP = 4
"""Calls of each side before those that count; each of the server's workers gets some."""
MOST_OVERHEAD = 0.10


def measure_overhead(times: int, sample: str) -> tuple[dict[str, Any], bool]:
    """Median seconds of both sides, and the share that the server adds. sample: of SAMPLES."""
    path, schema = SAMPLES[sample]
    data = path.read_bytes()
    agent = DocAgent()
    with (
        tempfile.TemporaryDirectory() as folder,
        ServerProcess(Path(folder)) as server,
        httpx2.Client(base_url=server.url, timeout=120) as client,
    ):

        def call_library(number: int) -> None:
            agent.extract(unique_copy(data, number), schema)

        def call_server(number: int) -> None:
            files = {"file": (path.name, unique_copy(data, number))}
            answer = client.post("/v1/extract", files=files, data={"schema": schema})
            answer.raise_for_status()

        for number in range(WARM_UP):
            call_library(-1 - number)
            call_server(-1 - number)
        here: list[float] = []
        there: list[float] = []
        pair: list[tuple[Callable[[int], None], list[float]]]
        pair = [(call_library, here), (call_server, there)]
        for number in range(times):
            # Each goes first in every other pair: a busy machine slows both down alike.
            for call, seconds in pair if number % 2 else pair[::-1]:
                seconds.append(_seconds(call, number))
    added = [b - a for a, b in zip(here, there, strict=True)]
    share = statistics.median(added) / statistics.median(here)
    figures = {
        "library, median s": round(statistics.median(here), 4),
        "server, median s": round(statistics.median(there), 4),
        "added, median s": round(statistics.median(added), 4),
        "library, fastest s": round(min(here), 4),
        "server, fastest s": round(min(there), 4),
        "added share of the median": round(share, 3),
        "added share of the fastest": round(min(there) / min(here) - 1, 3),
    }
    return figures, share < MOST_OVERHEAD


def unique_copy(data: bytes, number: int) -> bytes:
    """A file with the same picture and another content."""
    return data + number.to_bytes(8, "big", signed=True)


def _seconds(call: Callable[[int], None], number: int) -> float:
    started = time.perf_counter()
    call(number)
    return time.perf_counter() - started

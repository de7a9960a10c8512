"""The server is killed while a batch runs, and comes back: nothing is lost, nothing done twice."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eval.vllm.documents import draw_page
from eval.vllm.figures import Figure

DOCUMENTS = 12
BEFORE_KILL = 3
"""Results that are there when the server is killed."""
LONGEST = 300.0
"""Seconds the batch may take once the server is gone: it is the embedded readers' time."""


@dataclass(frozen=True)
class Batch:
    """``docagent extract`` over a folder of pictures."""

    folder: Path
    url: str
    model: str

    @property
    def results(self) -> Path:
        """Where results go."""
        return self.folder / "results"

    def draw(self) -> None:
        """Write the pictures."""
        for seed in range(DOCUMENTS):
            (self.folder / f"page{seed:02}.png").write_bytes(draw_page(200 + seed).png)

    def start(self) -> subprocess.Popen[bytes]:
        """Run the command, in the background."""
        command = [sys.executable, "-m", "docagent", "extract", str(self.folder), "--quiet"]
        command += ["--schema", "receipt", "--output", str(self.results), "--json"]
        command += ["--vlm", "always", "--vlm-url", self.url, "--vlm-model", self.model]
        limits = {"TIMEOUT": "20", "SECONDS": "40", "MAX_TOKENS": "64", "CALLS": "3"}
        limits |= {"CHARS": "2500", "IMAGES": "1"}
        environ = {**os.environ, "OMP_NUM_THREADS": "1", "DOCAGENT_THREADS": "1"}
        environ |= {f"DOCAGENT_VLM_{name}": value for name, value in limits.items()}
        return subprocess.Popen(command, env=environ, stdout=subprocess.DEVNULL)

    def read(self) -> dict[str, dict[str, Any]]:
        """Results so far, by name of the file."""
        return {
            path.name: json.loads(path.read_text("utf-8"))
            for path in sorted(self.results.rglob("*.json"))
        }


def measure_outage(
    url: str, model: str, kill: Callable[[], None], restart: Callable[[], None]
) -> list[Figure]:
    """Kill the server in the middle of a batch, let the batch end; start the server again and
    run the same command. kill, restart: end the server at once, and bring it back."""
    with tempfile.TemporaryDirectory() as temporary:
        batch = Batch(Path(temporary), url, model)
        batch.draw()
        run = batch.start()
        _wait(lambda: len(batch.read()) >= BEFORE_KILL or run.poll() is not None)
        kill()
        start = time.monotonic()
        code = run.wait(LONGEST)
        seconds = time.monotonic() - start
        cut = batch.read()
        restart()
        again = batch.start().wait(LONGEST)
        whole = batch.read()
    return [
        _cut_figure(cut, code, seconds),
        _resumed_figure(cut, whole, again),
    ]


def _cut_figure(results: dict[str, dict[str, Any]], code: int, seconds: float) -> Figure:
    flagged = [name for name, result in results.items() if was_cut(result)]
    shapes = {tuple(result) for result in results.values()}
    noted = all(results[name]["vlm"]["notes"] for name in flagged)
    value = (
        f"{len(results)} of {DOCUMENTS} documents have a result, {len(flagged)} of them flagged; "
        f"{len(shapes)} shape, exit code {code}, done {seconds:.0f} s after the kill"
    )
    passed = len(results) == DOCUMENTS and len(shapes) == 1 and code == 0 and noted
    return Figure("server killed in a batch", value, passed and 0 < len(flagged) < DOCUMENTS)


def _resumed_figure(
    cut: dict[str, dict[str, Any]], whole: dict[str, dict[str, Any]], code: int
) -> Figure:
    redone = [name for name in cut if whole[name] != cut[name]]
    left = [name for name in cut if name not in redone]
    good = sum(not was_cut(result) for result in whole.values())
    value = (
        f"run again: {len(redone)} done anew, {len(left)} left as they were, {good} of "
        f"{len(whole)} with the model, exit code {code}"
    )
    as_expected = all(was_cut(cut[name]) for name in redone) and good == len(whole) == DOCUMENTS
    return Figure("batch goes on when the server is back", value, as_expected and code == 0)


def was_cut(result: dict[str, Any]) -> bool:
    """Whether the model could not be reached for some of a result."""
    return bool(result["vlm"]["unreached"])


def _wait(until: Callable[[], bool]) -> None:
    deadline = time.monotonic() + LONGEST
    while not until() and time.monotonic() < deadline:
        time.sleep(0.2)

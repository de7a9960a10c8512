"""How long a person waits: from dropping a scan on the page to the first fields."""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

from docagent.errors import SettingsError
from eval.performance.browser import find_chromium, running_browser
from eval.performance.server_overhead import SAMPLES, unique_copy
from eval.performance.server_process import ServerProcess

MAX_COLD_SECONDS = 5.0
MAX_WARM_SECONDS = 2.0
WAIT_MS = 180_000


def measure_first_fields(times: int, sample: str) -> tuple[dict[str, Any], bool]:
    """Seconds from the drop to the first field, in Chromium.

    cold: the server answers for the first time, and its models load yet. warm: each of ``times``
    further files, which differ in their last bytes. processor: seconds that the server and its
    workers computed meanwhile, which tell more than the clock where others use the machine. Raises
    SettingsError without Chromium.
    """
    program = find_chromium()
    if program is None:
        raise SettingsError("Chromium is not installed; install it (Debian: apt install chromium)")
    with (
        tempfile.TemporaryDirectory() as folder,
        running_browser(program) as browser,
    ):
        page = browser.new_page(viewport={"width": 1280, "height": 860})
        page.set_default_timeout(WAIT_MS)
        started = time.perf_counter()
        with ServerProcess(Path(folder)) as server:
            start = time.perf_counter() - started
            cold, cold_processor = _drop(page, server, sample, 0)
            warm = [_drop(page, server, sample, number) for number in range(1, times + 1)]
    median = statistics.median(seconds for seconds, _ in warm)
    figures = {
        "start of the server, s": round(start, 2),
        "cold: drop to first fields, s": round(cold, 2),
        "cold: processor of the server, s": round(cold_processor, 2),
        "warm: drop to first fields, median s": round(median, 2),
        "warm: fastest s": round(min(seconds for seconds, _ in warm), 2),
        "warm: processor of the server, median s": round(statistics.median(p for _, p in warm), 2),
    }
    return figures, cold <= MAX_COLD_SECONDS and median <= MAX_WARM_SECONDS


def _drop(page: Page, server: ServerProcess, sample: str, number: int) -> tuple[float, float]:
    """Seconds, and seconds of processor, until a file that is new to the server has fields."""
    path = SAMPLES[sample][0]
    page.goto(f"{server.url}/#/")
    page.locator("input[type=file]").wait_for(state="attached")
    file = {
        "name": f"{number} {path.name}",
        "mimeType": "application/octet-stream",
        "buffer": unique_copy(path.read_bytes(), number),
    }
    before, started = _processor_seconds(server), time.perf_counter()
    page.set_input_files("input[type=file]", files=[file])  # type: ignore[list-item]
    page.locator(".field").first.wait_for()
    return time.perf_counter() - started, _processor_seconds(server) - before


def _processor_seconds(server: ServerProcess) -> float:
    ticks = 0
    for pid in (server.process.pid, *server.workers()):
        # The name of the program is in parentheses and may hold spaces.
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")

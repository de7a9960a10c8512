"""Processor seconds and peak memory of this process and the ones it started (POSIX)."""

from __future__ import annotations

import resource
import sys
import time
from dataclasses import dataclass
from pathlib import Path

KB = 1024


@dataclass(frozen=True)
class Cost:
    """cpu_s: processor seconds, user and system, all threads and finished children."""

    cpu_s: float
    wall_s: float


class Stopwatch:
    """Cost since it was made."""

    def __init__(self) -> None:
        self._cpu, self._wall = _cpu_seconds(), time.perf_counter()

    def cost(self) -> Cost:
        """Cost so far."""
        return Cost(_cpu_seconds() - self._cpu, time.perf_counter() - self._wall)


def _cpu_seconds() -> float:
    uses = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(use.ru_utime + use.ru_stime for use in uses)


def peak_mb() -> float:
    """Peak resident memory, 10^6 bytes: the larger of this process and its largest child.

    Linux counts a process's own peak since it was started in VmHWM; ru_maxrss would also
    count what its parent held when it forked.
    """
    return max(_own_peak(), _maxrss(resource.RUSAGE_CHILDREN)) / 1e6


def _own_peak() -> float:
    status = Path("/proc/self/status")
    if status.exists():
        for line in status.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return float(line.split()[1]) * KB
    return _maxrss(resource.RUSAGE_SELF)


def _maxrss(who: int) -> float:
    # macOS gives bytes, Linux kilobytes.
    return resource.getrusage(who).ru_maxrss * (1 if sys.platform == "darwin" else KB)

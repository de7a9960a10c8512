"""Figures of ``docagent serve`` on this machine.

    python -m eval.server overhead --sample all --times 30
    python -m eval.server load --clients 32 --seconds 120
    python -m eval.server uploads --count 1000
    python -m eval.server first-fields --times 5
    python -m eval.server size

``overhead``: ``POST /v1/extract`` beside ``DocAgent.extract`` in this process, the same file, both
warm and in turns. A few bytes at its end make each copy another document, so that neither side
remembers what it read. ``load``: clients that extract all the time, one worker killed in the
middle; every answer is accounted for. ``uploads``: damaged files; each has to give a result or a
problem detail, and no process may die. ``first-fields``: how long a person who drops a scan on the
page waits for its fields, right after the start (cold) and later (warm); needs Chromium. ``size``:
bytes of the page as it is sent, and megabytes of an installation.
"""

from __future__ import annotations

import argparse
import os
import sys
from typing import Any

from docagent.errors import SettingsError
from eval.log import this_command
from eval.paths import RUNS
from eval.performance.server_load import measure_load
from eval.performance.server_overhead import SAMPLES, measure_overhead
from eval.performance.server_size import measure_size
from eval.performance.server_uploads import measure_uploads
from eval.table_output import write_json


def main() -> int:
    """Parse the command line, measure, print; 1 if a figure is not what it must be."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    actions = parser.add_subparsers(dest="action", required=True)
    overhead = actions.add_parser("overhead")
    overhead.add_argument("--times", type=int, default=30, help="pairs of calls")
    overhead.add_argument("--sample", choices=[*SAMPLES, "all"], default="receipt")
    load = actions.add_parser("load")
    load.add_argument("--clients", type=int, default=32)
    load.add_argument("--seconds", type=float, default=120.0)
    load.add_argument("--waiting", type=int, default=24, help="jobs that may wait; then 429")
    uploads = actions.add_parser("uploads")
    uploads.add_argument("--count", type=int, default=1000, help="damaged files")
    uploads.add_argument("--seed", type=int, default=0)
    fields = actions.add_parser("first-fields")
    fields.add_argument("--times", type=int, default=5, help="warm files, after the cold one")
    fields.add_argument("--sample", choices=SAMPLES, default="receipt")
    actions.add_parser("size")
    args = parser.parse_args()
    if args.action == "overhead":
        figures, is_good = _overheads(args.times, args.sample)
    elif args.action == "load":
        figures, is_good = measure_load(args.clients, args.seconds, args.waiting)
    elif args.action == "uploads":
        figures, is_good = measure_uploads(args.count, args.seed)
    elif args.action == "size":
        figures, is_good = measure_size()
    else:
        figures, is_good = _first_fields(args.times, args.sample)
    result = {"cores": os.cpu_count(), "figures": figures, "command": this_command()}
    write_json(RUNS / f"server_{args.action.replace('-', '_')}.json", result)
    for name, value in figures.items():
        print(f"{name}: {value}")
    if not is_good:
        print("error: a figure is not what it must be", file=sys.stderr)
    return 0 if is_good else 1


def _overheads(times: int, sample: str) -> tuple[dict[str, Any], bool]:
    """Of one sample, or of each in turn."""
    if sample != "all":
        return measure_overhead(times, sample)
    found = {name: measure_overhead(times, name) for name in SAMPLES}
    figures = {f"{name}: {key}": v for name, (made, _) in found.items() for key, v in made.items()}
    return figures, all(is_good for _, is_good in found.values())


def _first_fields(times: int, sample: str) -> tuple[dict[str, Any], bool]:
    try:
        from eval.performance.server_page import measure_first_fields
    except ModuleNotFoundError as error:
        raise SettingsError("first-fields needs Playwright; run pip install '.[dev]'") from error
    return measure_first_fields(times, sample)

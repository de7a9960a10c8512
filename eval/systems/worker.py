"""One engine in a process of its own, so that its peak memory is its own.

    python -m eval.worker --engine tesseract --data funsd --limit 5

Writes one row per page to the log: words, processor seconds, wall seconds, peak memory.
``eval.run`` starts it for ``eval.ocr`` and ``eval.extraction``; it can be stopped and run again
with --resume.
"""

from __future__ import annotations

import argparse
import sys

from eval.cost import Stopwatch, peak_mb
from eval.datasets import load_ocr_pages
from eval.systems.engines import load_engine
from eval.systems.readings import lines_to_json, readings_log


def main() -> None:
    """Parse the command line and read."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--engine", required=True)
    parser.add_argument("--data", required=True)
    parser.add_argument("--split", default="dev")
    parser.add_argument("--limit", type=int)
    parser.add_argument("--resume", action="store_true")
    parser.add_argument("--fingerprint", help="of the engine; computed if not given")
    parser.add_argument(
        "--turns",
        action="store_true",
        help="read a page for each line on stdin, and answer each with a line on stdout",
    )
    args = parser.parse_args()
    answers, sys.stdout = sys.stdout, sys.stderr  # engines may print
    pages = load_ocr_pages(args.data, args.split, args.limit)
    log = readings_log(args.engine, args.data, args.split, args.fingerprint)
    done = log.rows() if args.resume else {}
    missing = [page for page in pages if page.name not in done]
    if not missing:
        return
    engine = load_engine(args.engine)
    engine.read(missing[0].path)  # Not timed: models load and warm up.
    for index, page in enumerate(missing, start=1):
        if args.turns:
            print(file=answers, flush=True)
            if not sys.stdin.readline():
                return  # whoever asked is gone
        watch = Stopwatch()
        lines = engine.read(page.path)
        cost = watch.cost()
        log.append(
            page.name,
            lines=lines_to_json(lines),
            cpu_s=round(cost.cpu_s, 4),
            wall_s=round(cost.wall_s, 4),
            peak_mb=round(peak_mb(), 1),
            weights_mb=round(engine.weights_mb, 1),
        )
        progress = f"\r{args.engine}: {index}/{len(missing)} pages, {cost.cpu_s:.2f} s "
        print(progress, end="" if index < len(missing) else "\n", file=sys.stderr, flush=True)

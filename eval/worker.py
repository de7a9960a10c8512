"""One engine in a process of its own, so that its peak memory is its own.

    python -m eval.worker --engine tesseract --data funsd --limit 5

Writes one row per page to the ledger: words, processor seconds, wall seconds, peak memory.
``eval.ocr`` and ``eval.extraction`` start it; it can be stopped and run again with --resume.

Engines that are compared take turns, page by page, so that what else the machine does, or the
machines beside it do, falls on all of them: a processor was seen to take twice the seconds for the
same work a minute later.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from importlib.util import find_spec
from pathlib import Path
from subprocess import PIPE, Popen
from typing import Any

import docagent
from eval.datasets import load_ocr_pages
from eval.engines import THREAD_LIMITS, ReadLine, load_engine, weights_dir
from eval.ledger import RUNS, Ledger, files_fingerprint
from eval.matching import TextBox
from eval.measure import Stopwatch, peak_mb


def engine_fingerprint(name: str) -> str:
    """What identifies an engine's results: its version, or the hash of this project's code
    for reading (``ocr`` and the modules beside it) and weights, with the others' versions where
    they take part."""
    if name.startswith("rapidocr"):
        return f"{name} {importlib.metadata.version('rapidocr')}"
    if name.startswith("tesseract"):
        shown = subprocess.run(["tesseract", "--version"], capture_output=True, text=True)
        return f"{name} {(shown.stdout or shown.stderr).splitlines()[0]}"
    if name in ("fused", "auto"):
        here = {"tesseract": shutil.which("tesseract"), "rapidocr": find_spec("rapidocr")}
        name = "+".join([name, *(engine_fingerprint(n) for n, found in here.items() if found)])
    package = Path(docagent.__file__).parent
    code = [*package.glob("*.py"), *package.glob("ocr/*.py"), *weights_dir().glob("*")]
    return f"{name} {files_fingerprint(path for path in code if path.is_file())}"


def ocr_ledger(engine: str, data: str, split: str, fingerprint: str | None = None) -> Ledger:
    """The ledger of an engine's readings of a set."""
    path = RUNS / "ocr" / f"{data}-{split}-{engine}.jsonl"
    return Ledger(path, fingerprint or engine_fingerprint(engine))


Rows = dict[str, dict[str, Any]]
"""Results of pages by their names."""


def run_workers(
    engines: Sequence[str], data: str, split: str, limit: int | None, resume: bool
) -> dict[str, Rows | None]:
    """Read pages with each engine in a child process, taking turns, and return their rows;
    progress and errors go to stderr.

    None for an engine that failed; the pages it read are in the ledger. Fingerprints are taken
    here, once, so that code edited meanwhile does not part the processes.
    """
    ledgers = {engine: ocr_ledger(engine, data, split) for engine in engines}
    workers: dict[str, Popen[str]] = {}
    with ExitStack() as stack:
        for engine, ledger in ledgers.items():
            command = [sys.executable, "-m", "eval.worker", "--turns", "--engine", engine]
            command += ["--data", data, "--split", split, "--fingerprint", ledger.fingerprint]
            command += ["--limit", str(limit)] if limit is not None else []
            command += ["--resume"] if resume else []
            environment = {**os.environ, **THREAD_LIMITS}
            worker = Popen(command, env=environment, stdin=PIPE, stdout=PIPE, text=True)
            workers[engine] = stack.enter_context(worker)
            _heard(worker)  # It has loaded; the next one may.
        busy = list(workers.values())
        while busy:
            busy = [worker for worker in busy if _told(worker) and _heard(worker)]
    return {e: ledgers[e].rows() if w.returncode == 0 else None for e, w in workers.items()}


def run_worker(engine: str, data: str, split: str, limit: int | None, resume: bool) -> Rows | None:
    """``run_workers`` for one engine."""
    return run_workers([engine], data, split, limit, resume)[engine]


def _told(worker: Popen[str]) -> bool:
    """Whether the worker could be told to read a page."""
    assert worker.stdin is not None
    try:
        worker.stdin.write("\n")
        worker.stdin.flush()
    except BrokenPipeError:
        return False
    return True


def _heard(worker: Popen[str]) -> bool:
    """Whether the worker goes on, said when it has loaded and when it has read a page."""
    assert worker.stdout is not None
    return bool(worker.stdout.readline())


def lines_to_json(lines: list[ReadLine]) -> list[list[Any]]:
    """Lines as lists of [text, [x0, y0, x1, y1], confidence]."""
    return [
        [[w.text, [round(v, 1) for v in w.box], w.confidence] for w in line.words] for line in lines
    ]


def json_to_lines(rows: list[list[Any]]) -> list[ReadLine]:
    """The inverse of ``lines_to_json``."""
    return [
        ReadLine(tuple(TextBox(text, (b[0], b[1], b[2], b[3]), c) for text, b, c in row))
        for row in rows
    ]


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
    ledger = ocr_ledger(args.engine, args.data, args.split, args.fingerprint)
    done = ledger.rows() if args.resume else {}
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
        ledger.append(
            page.name,
            lines=lines_to_json(lines),
            cpu_s=round(cost.cpu_s, 4),
            wall_s=round(cost.wall_s, 4),
            peak_mb=round(peak_mb(), 1),
            weights_mb=round(engine.weights_mb, 1),
        )
        progress = f"\r{args.engine}: {index}/{len(missing)} pages, {cost.cpu_s:.2f} s "
        print(progress, end="" if index < len(missing) else "\n", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()

"""One engine in a process of its own, so that its peak memory is its own.

    python -m eval.worker --engine tesseract --data funsd --limit 5

Writes one row per page to the ledger: words, processor seconds, wall seconds, peak memory.
``eval.ocr`` and ``eval.extraction`` start it; it can be stopped and run again with --resume.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
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


def run_worker(
    engine: str, data: str, split: str, limit: int | None, resume: bool
) -> dict[str, dict[str, Any]] | None:
    """Read pages in a child process and return their rows; progress and errors go to stderr.

    None if it failed, in which case the pages read so far are in the ledger. The fingerprint is
    taken here, once, so that code edited meanwhile does not part the two processes.
    """
    ledger = ocr_ledger(engine, data, split)
    command = [sys.executable, "-m", "eval.worker", "--engine", engine, "--data", data]
    command += ["--split", split, "--fingerprint", ledger.fingerprint]
    command += ["--limit", str(limit)] if limit is not None else []
    command += ["--resume"] if resume else []
    done = subprocess.run(command, env={**os.environ, **THREAD_LIMITS})
    return ledger.rows() if done.returncode == 0 else None


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
    args = parser.parse_args()
    pages = load_ocr_pages(args.data, args.split, args.limit)
    ledger = ocr_ledger(args.engine, args.data, args.split, args.fingerprint)
    done = ledger.rows() if args.resume else {}
    missing = [page for page in pages if page.name not in done]
    if not missing:
        return
    engine = load_engine(args.engine)
    engine.read(missing[0].path)  # Not timed: models load and warm up.
    for index, page in enumerate(missing, start=1):
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

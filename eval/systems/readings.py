"""What engines read, as it is kept in the log of a run: who made it, and lines as JSON."""

from __future__ import annotations

import importlib.metadata
import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import docagent
from eval.log import RunLog, files_fingerprint
from eval.metrics.matching import TextBox
from eval.paths import RUNS
from eval.systems.engines import check_installed
from eval.systems.line_readings import ReadLine
from eval.systems.weights import weights_dir


def engine_fingerprint(name: str) -> str:
    """What identifies an engine's results: its version, or the hash of this project's code and
    weights, with the others' versions where they take part. Raises SettingsError for an engine
    that is not installed."""
    check_installed(name)
    if name.startswith("rapidocr"):
        return f"{name} {importlib.metadata.version('rapidocr')}"
    if name.startswith("tesseract"):
        shown = subprocess.run(["tesseract", "--version"], capture_output=True, text=True)
        return f"{name} {(shown.stdout or shown.stderr).splitlines()[0]}"
    if name in ("fused", "auto"):
        here = {"tesseract": shutil.which("tesseract"), "rapidocr": find_spec("rapidocr")}
        name = "+".join([name, *(engine_fingerprint(n) for n, found in here.items() if found)])
    package = Path(docagent.__file__).parent
    # All of the code, also what does not read pages: which modules a page is read with changes.
    code = [*package.rglob("*.py"), *weights_dir().glob("*")]
    return f"{name} {files_fingerprint(path for path in code if path.is_file())}"


def readings_log(engine: str, data: str, split: str, fingerprint: str | None = None) -> RunLog:
    """The log of an engine's readings of a set."""
    path = RUNS / "ocr" / f"{data}-{split}-{engine}.jsonl"
    return RunLog(path, fingerprint or engine_fingerprint(engine))


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

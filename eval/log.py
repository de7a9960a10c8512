"""An append-only JSONL log under ``runs/``: long runs stop and go on where they were.

A row has a ``key`` (page), a ``fingerprint`` (what produced it) and the result. The last row of
a key counts; rows of another fingerprint are ignored, so changed code never reuses old results.
"""

from __future__ import annotations

import hashlib
import json
import shlex
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from eval.extras import command_name
from eval.paths import RUNS


def run_file(what: str, data: str, split: str, limit: int | None, *more: str) -> Path:
    """Where a runner puts its result: of a part of a set and of the whole set apart."""
    part = [] if limit is None else [str(limit)]
    return RUNS / f"{'-'.join([what, data, split, *more, *part])}.json"


def this_command() -> str:
    """The command that is running, as it may be repeated from the repository's root; of absolute
    paths the last part."""
    shown = [Path(word).name if Path(word).is_absolute() else word for word in sys.argv[1:]]
    return " ".join([command_name(), *map(shlex.quote, shown)])


class RunLog:
    """Rows of one run file; ``path`` need not exist yet."""

    def __init__(self, path: Path, fingerprint: str) -> None:
        self.path = path
        self.fingerprint = fingerprint

    def rows(self) -> dict[str, dict[str, Any]]:
        """The latest row per key. A last line cut short by a stopped run is skipped."""
        found: dict[str, dict[str, Any]] = {}
        lines = self.path.read_text("utf-8").splitlines() if self.path.exists() else []
        for line in lines:
            try:
                row = json.loads(line)
            except json.JSONDecodeError:
                continue
            if row["fingerprint"] == self.fingerprint:
                found[row["key"]] = row
        return found

    def append(self, key: str, **result: Any) -> None:
        """Add a row and flush it to disk. A line that a stopped run cut short is ended first."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        row = {"key": key, "fingerprint": self.fingerprint, **result}
        with self.path.open("a+b") as file:
            start = b"" if _ends_line(self.path) else b"\n"
            file.write(start + json.dumps(row, ensure_ascii=False).encode() + b"\n")


def _ends_line(path: Path) -> bool:
    size = path.stat().st_size
    if not size:
        return True
    with path.open("rb") as file:
        file.seek(size - 1)
        return file.read(1) == b"\n"


def files_fingerprint(paths: Iterable[Path]) -> str:
    """Short hash of names and contents of files."""
    digest = hashlib.sha256()
    for path in sorted(paths):
        digest.update(path.name.encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:12]

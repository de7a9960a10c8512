"""From names of files and folders to the list of documents to process."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from docagent.errors import SourceError

SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".tif", ".tiff", ".webp", ".bmp", ".pdf"})
STDIN = "-"


@dataclass(frozen=True)
class Input:
    """A document to process.

    name: for messages, as it was typed. path: None for one that comes as bytes. relative: where
    its results go below an output folder; for a file found in a folder, its place in that folder.
    read: gives the bytes of an input without a path, the same each time.
    """

    name: str
    path: Path | None
    relative: Path
    read: Callable[[], bytes] | None = None

    def source(self) -> Path | bytes:
        """What DocAgent takes: the path, or the bytes."""
        return self._bytes() if self.path is None else self.path

    def content_hash(self, max_bytes: int) -> str | None:
        """SHA-256 (hex) of the content, as ``Scan.id`` has it; None for what cannot be read or
        is larger than ``max_bytes``, which loading it explains."""
        if self.path is None:
            return hashlib.sha256(self._bytes()).hexdigest()
        try:
            if not self.path.is_file() or self.path.stat().st_size > max_bytes:
                return None
            with self.path.open("rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest()
        except (OSError, ValueError):
            return None

    def _bytes(self) -> bytes:
        return b"" if self.read is None else self.read()


def expand_inputs(
    arguments: Sequence[str],
    exclude: Iterable[Path] = (),
    stdin: Callable[[], bytes] | None = None,
) -> tuple[list[Input], list[SourceError]]:
    """Inputs in the order given, folders searched and sorted, none twice; and what is wrong.

    exclude: folders that are not searched, as they hold results. stdin: gives the document that
    ``-`` stands for; without it ``-`` is a file name. A file that does not exist is passed on:
    loading it raises the error, in its turn.
    """
    inputs: list[Input] = []
    problems: list[SourceError] = []
    excluded = [path.resolve() for path in exclude]
    for argument in dict.fromkeys(arguments):
        path = Path(argument)
        if argument == STDIN and stdin is not None:
            inputs.append(Input("standard input", None, Path("stdin"), cache(stdin)))
        elif path.is_dir():
            found = list(_search(path, excluded))
            inputs.extend(found)
            if not found:
                kinds = ", ".join(sorted(suffix[1:] for suffix in SUFFIXES))
                reason = f"no documents in this folder ({kinds})"
                problems.append(SourceError(argument, reason, "missing"))
        else:
            inputs.append(Input(argument, path, Path(path.name)))
    unique = {item.path.resolve() if item.path else None: item for item in reversed(inputs)}
    return list(reversed(unique.values())), problems


def _search(folder: Path, excluded: Sequence[Path]) -> Iterable[Input]:
    for path in sorted(folder.rglob("*")):
        relative = path.relative_to(folder)
        hidden = any(part.startswith(".") for part in relative.parts)
        if hidden or path.suffix.lower() not in SUFFIXES or not path.is_file():
            continue
        if any(path.resolve().is_relative_to(own) for own in excluded):
            continue
        yield Input(str(path), path, relative)

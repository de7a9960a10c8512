"""From what was typed to the list of documents to process."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from docagent.errors import SourceError

SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".tif", ".tiff", ".webp", ".bmp", ".pdf"})
STDIN = "-"


@dataclass(frozen=True)
class Input:
    """A document to process.

    name: for messages, as it was typed. path: None for standard input. relative: where its
    results go below an output folder; for a file found in a folder, its place in that folder.
    """

    name: str
    path: Path | None
    relative: Path

    def source(self) -> Path | bytes:
        """What DocAgent takes: the path, or the bytes of standard input (read once)."""
        return sys.stdin.buffer.read() if self.path is None else self.path


def expand_inputs(
    arguments: Sequence[str], exclude: Iterable[Path] = ()
) -> tuple[list[Input], list[SourceError]]:
    """Inputs in the order typed, folders searched and sorted, none twice; and what is wrong.

    exclude: folders that are not searched, as they hold our own results. A file that does not
    exist is passed on: reading it gives the error, in its turn.
    """
    inputs: list[Input] = []
    problems: list[SourceError] = []
    excluded = [path.resolve() for path in exclude]
    for argument in dict.fromkeys(arguments):
        path = Path(argument)
        if argument == STDIN:
            inputs.append(Input("standard input", None, Path("stdin")))
        elif path.is_dir():
            found = list(_search(path, excluded))
            inputs.extend(found)
            if not found:
                kinds = ", ".join(sorted(suffix[1:] for suffix in SUFFIXES))
                problems.append(
                    SourceError(argument, f"no documents in this folder ({kinds})", "missing")
                )
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

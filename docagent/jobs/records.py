"""Records of finished work in an output folder, so that a run continues where another stopped.

A record holds the fingerprint of one input's outputs and the hash of each of their files. It is
written after them, atomically, to a file of its own in ``.docagent``. No lock is needed, because
records are compared with the content of the files: if a run is killed between two files, or two
runs write the same names at once, no record matches, and the input is processed again.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from pydantic import ValidationError

from docagent.document import Frozen
from docagent.jobs.fingerprint import Parts, digest
from docagent.jobs.outputs import remove_abandoned, write_file

FOLDER = ".docagent"
SUFFIX = ".record"

NO_RECORD = "there is no record of how these outputs were made"
UNREACHED = "the model's server could not be reached for some of it"

OTHER = {
    "source": "another input",
    "verb": "another verb",
    "options": "other options",
    "schema": "another schema",
    "settings": "other settings",
    "engines": "other OCR engines",
    "weights": "other weights",
    "prompts": "other prompts",
    "version": "another version of docagent",
    "outputs": "other formats",
}
"""Words for a part of a fingerprint that differs."""


class Record(Frozen):
    """How the outputs of one input were made.

    made: the fingerprints they are current for, the run's own first. unreached: whether a model's
    server could not be reached for some of it. files: SHA-256 (hex) by path relative to the output
    folder. input: its absolute path; empty where it has none.
    """

    made: tuple[dict[str, str], ...]
    unreached: bool
    files: dict[str, str]
    input: str = ""

    def problem(self, wanted: Parts, may_ask: bool) -> str:
        """Why the outputs are not current for a fingerprint, as a clause; empty if they are. The
        files are not compared. may_ask: whether a model may be asked; if so, results of a run that
        could not reach it are not current."""
        if wanted not in self.made:
            first = self.made[0] if self.made else {}
            changed = [name for name, value in wanted.items() if first.get(name) != value]
            return f"it was made with {' and '.join(OTHER.get(name, name) for name in changed)}"
        return UNREACHED if self.unreached and may_ask else ""


class Records:
    """The records of an output folder. One that cannot be read counts as missing."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._is_swept = False
        self._by_input: dict[str, set[Path]] | None = None

    def load(self, planned: Sequence[Path]) -> Record | None:
        """The record of the outputs with the planned names, None if there is none."""
        return _read_record(self._path(planned))

    def save(
        self,
        planned: Sequence[Path],
        hashes: Mapping[Path, str],
        made: Iterable[Parts],
        unreached: bool,
        source: Path | None = None,
    ) -> None:
        """Store that all files of an input are written. hashes: SHA-256 (hex) of each. source: the
        input's path. Raises SettingsError if the record cannot be written."""
        files = {self._relative(path): content for path, content in hashes.items()}
        self._remove_leftovers(self.load(planned), files)
        name = "" if source is None else str(source.absolute())
        record = Record(made=tuple(map(dict, made)), unreached=unreached, files=files, input=name)
        path = self._path(planned)
        self._remove_outdated(record, path)
        if not self._is_swept:
            remove_abandoned(path.parent)
            self._is_swept = True
        write_file(path, record.model_dump_json(indent=1).encode())

    def _remove_outdated(self, new: Record, path: Path) -> None:
        """Delete what other runs made of an older content of the same input, in other formats; a
        file that was changed since then stays. Records are looked through once a run."""
        if not new.input:
            return
        if self._by_input is None:
            self._by_input = {}
            for known in sorted(path.parent.glob(f"*{SUFFIX}")):
                record = _read_record(known)
                if record is not None and record.input:
                    self._by_input.setdefault(record.input, set()).add(known)
        others = self._by_input.setdefault(new.input, set())
        for other in others - {path}:
            record = _read_record(other)
            if record is not None and _source_of(record) != _source_of(new):
                self._remove_leftovers(record, new.files)
                other.unlink(missing_ok=True)
        others.add(path)

    def _remove_leftovers(self, before: Record | None, files: Mapping[str, str]) -> None:
        """Delete what the last run wrote and this one did not, such as the picture of a page that
        the input no longer has; a file that was changed since then stays."""
        for name, content in (before.files if before else {}).items():
            path = self._folder / name
            if name not in files and _content_hash(path) == content:
                path.unlink(missing_ok=True)

    def changed_file(self, record: Record) -> Path | None:
        """The first file of a record that is missing or has another content, None if none is."""
        for name, expected in record.files.items():
            path = self._folder / name
            if _content_hash(path) != expected:
                return path
        return None

    def _path(self, planned: Sequence[Path]) -> Path:
        names = digest([self._relative(path) for path in planned])
        return self._folder / FOLDER / (names + SUFFIX)

    def _relative(self, path: Path) -> str:
        """A path as seen from the folder, so that the folder may be moved with its contents."""
        try:
            return Path(os.path.relpath(path, self._folder)).as_posix()
        except ValueError:  # on another drive
            return path.absolute().as_posix()


def _read_record(path: Path) -> Record | None:
    try:
        return Record.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return None


def _source_of(record: Record) -> str:
    """The hash of the input's content."""
    return record.made[0].get("source", "") if record.made else ""


def _content_hash(path: Path) -> str:
    """SHA-256 (hex) of a file; empty if it cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""

"""Where results go, and writing them so that no file is ever half written."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from docagent.errors import SettingsError
from docagent.jobs.inputs import Input
from docagent.schemas import Schema
from docagent.verbs import TABLE_FORMATS

FORMAT_SUFFIXES = {
    "text": ".txt",
    "markdown": ".md",
    "hocr": ".hocr",
    "alto": ".alto.xml",
    "pdf": ".searchable.pdf",
    "json": ".json",
}
ENDINGS = {
    **{suffix: name for name, suffix in FORMAT_SUFFIXES.items()},
    ".pdf": "pdf",
    ".xml": "alto",
    ".html": "hocr",
    ".csv": "csv",
    ".xlsx": "xlsx",
}
"""Format by the ending of a file name."""
IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg", ".webp")

ABANDONED_SECONDS = 3600
"""Age of a temporary file from which a killed run must have left it: a write takes seconds."""
_NOT_IN_FILE_NAMES = r"[^\w.-]"
_TEMPORARY = re.compile(r"\.docagent-[0-9a-f]{16}\.partial")


@dataclass(frozen=True)
class Destination:
    """Where the files of a run go.

    output: a folder, or a file when ``is_file``; None writes no results. infix: between the name
    of an input and the suffix, so that results of different commands do not share a name.
    pictures: the picture of the boxes or, when ``several``, the folder of the pictures; None
    draws none. several: whether there may be more than one input.
    """

    output: Path | None = None
    is_file: bool = False
    infix: str = ""
    pictures: Path | None = None
    several: bool = False

    @property
    def folder(self) -> Path | None:
        """The folder that remembers what is done; None where nothing is remembered."""
        return None if self.is_file else self.output

    def path(self, item: Input, format_name: str) -> Path | None:
        """Where a result of an input goes; None if it is not written."""
        if self.output is None or self.is_file:
            return self.output
        suffix = self.infix + FORMAT_SUFFIXES[format_name]
        return self.output / item.relative.with_name(item.relative.name + suffix)

    def table(self, format_name: str, table: str | None = None) -> Path | None:
        """Where a table of all results goes; None if it is not written. table: its name, if it is
        a file of its own beside the main one."""
        if self.output is None:
            return None
        name = self.infix.strip(".") or "results"
        path = self.output if self.is_file else self.output / f"{name}.{format_name}"
        if table is None:
            return path
        return path.with_name(f"{path.stem}.{re.sub(_NOT_IN_FILE_NAMES, '_', table)}{path.suffix}")

    def picture(self, item: Input, number: int, count: int) -> Path | None:
        """Where the picture of page ``number`` of ``count`` goes; None if none is drawn."""
        base = self.pictures
        if base is None:
            return None
        if self.several:
            base = base / item.relative.with_name(f"{item.relative.name}.annotated.png")
        return base if count == 1 else base.with_stem(f"{base.stem}-{number}")


def choose_destination(
    output: Path | None,
    pictures: Path | None,
    infix: str,
    formats: Sequence[str],
    several: bool,
) -> Destination:
    """Raises SettingsError where ``output`` or ``pictures`` cannot hold what is asked for. formats:
    of the results and of their tables."""
    is_file = output is not None and bool(output.suffix) and not output.is_dir()
    tables = [name for name in formats if name in TABLE_FORMATS]
    if is_file and (len(formats) > 1 or (several and not tables)):
        raise SettingsError(
            f"--output {output} is a file name, but there is more than one result; name a folder"
        )
    if output is not None and not is_file and output.exists() and not output.is_dir():
        raise SettingsError(f"--output {output} is a file; name a folder that may be created")
    _check_pictures(pictures, several)
    return Destination(output, is_file, infix, pictures, several)


def _check_pictures(base: Path | None, several: bool) -> None:
    if base is None:
        return
    if several:
        if base.exists() and not base.is_dir():
            raise SettingsError(f"--annotate {base} is a file; for several inputs name a folder")
    elif base.suffix.lower() not in IMAGE_SUFFIXES:
        kinds = ", ".join(IMAGE_SUFFIXES)
        raise SettingsError(f"--annotate {base}: the name must end in one of {kinds}")


def ending_format(output: Path | None) -> str | None:
    """The format that the ending of a file name says; None if it says none, or for a folder."""
    if output is None or output.is_dir():
        return None
    name = output.name.lower()
    found = [ending for ending in ENDINGS if name.endswith(ending)]
    return ENDINGS[max(found, key=len)] if found else None


def choose_infix(
    engine: str | None, verb: str, options: Mapping[str, Any], is_document: bool
) -> str:
    """Keeps results of different engines, verbs, schemas and questions apart in one folder.

    engine: the one that was asked for by name. options: as ``Verb.prepare`` gives them.
    is_document: whether a document is written rather than the result itself.
    """
    return (f".{engine}" if engine else "") + _verb_infix(verb, options, is_document)


def _verb_infix(verb: str, options: Mapping[str, Any], is_document: bool) -> str:
    if verb == "extract":
        return f".{_to_name(options['schema'])}"
    if verb == "ask":
        return f".answer-{hashlib.sha256(options['question'].encode()).hexdigest()[:8]}"
    if verb == "classify":
        names = [_to_name(schema) for schema in options["schemas"] or ()]
        return f".kind-{'-'.join(names)}" if names else ".kind"
    if verb == "summarise":
        return f".summary-{options['sentences']}"
    if verb == "correct":
        return ".corrected" if is_document else ".edits"
    return ""


def _to_name(schema: Schema) -> str:
    """The name of a schema as a part of a file name; one made from a title may hold anything."""
    return re.sub(r"[/\\\0]", "_", schema.name)


def check_apart(inputs: Sequence[str], own: Sequence[Path]) -> None:
    """Raises SettingsError where results would replace an input or mix with the inputs."""
    for path in own:
        for name in inputs:
            if path.resolve() == Path(name).resolve():
                raise SettingsError(f"{path} is an input; give another name for the results")


def check_names(inputs: Sequence[Input], where: str) -> None:
    """Raises SettingsError where two inputs would be written to the same place."""
    seen: dict[Path, Input] = {}
    for item in inputs:
        other = seen.setdefault(item.relative, item)
        if other is not item:
            raise SettingsError(
                f"{other.name} and {item.name} would both be written to {item.relative} in "
                f"{where}; run them apart, or name the folder they are in"
            )


def write_file(path: Path, data: bytes) -> None:
    """Write all or nothing, making folders as needed. Raises SettingsError if that fails.

    The bytes go to a temporary file in the same folder, which is synced to the disk and then
    renamed. So a reader finds the old file or the new one, even if the process is killed at any
    moment. Of several processes that write the same name, the last one wins.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f".docagent-{secrets.token_hex(8)}.partial")
        try:
            with temporary.open("xb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
    except OSError as error:
        reason = f"{path}: cannot be written ({error.strerror or error})"
        raise SettingsError(reason, "output") from error


def remove_abandoned(folder: Path) -> None:
    """Delete the temporary files that killed runs left in a folder, but not those of runs that are
    still writing. Files that cannot be deleted stay."""
    try:
        entries = [e for e in os.scandir(folder) if _TEMPORARY.fullmatch(e.name)]
    except OSError:
        return
    for entry in entries:
        try:
            if time.time() - entry.stat().st_mtime > ABANDONED_SECONDS:
                Path(entry.path).unlink(missing_ok=True)
        except OSError:
            continue

"""Where results go, and writing them so that a stopped run leaves no half file."""

from __future__ import annotations

import argparse
import hashlib
import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from docagent.cli.inputs import Input
from docagent.errors import SettingsError

FORMAT_SUFFIXES = {
    "text": ".txt",
    "markdown": ".md",
    "hocr": ".hocr",
    "alto": ".alto.xml",
    "pdf": ".searchable.pdf",
    "json": ".json",
}
IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg", ".webp")


@dataclass(frozen=True)
class Destination:
    """Files of one run. output: a folder, or a file when ``single``; None prints instead."""

    output: Path | None
    single: bool
    infix: str

    def path(self, item: Input, format_name: str) -> Path | None:
        """Where a result of an input goes; None when it is printed."""
        if self.output is None or self.single:
            return self.output
        suffix = self.infix + FORMAT_SUFFIXES[format_name]
        return self.output / item.relative.with_name(item.relative.name + suffix)


def choose_destination(args: argparse.Namespace, several: bool, formats: list[str]) -> Destination:
    """Raises SettingsError where --output cannot hold what is asked for."""
    output: Path | None = args.output
    single = output is not None and bool(output.suffix) and not output.is_dir()
    if single and (several or len(formats) > 1):
        raise SettingsError(
            f"--output {output} is a file name, but there is more than one result; name a folder"
        )
    if output is not None and not single and output.exists() and not output.is_dir():
        raise SettingsError(f"--output {output} is a file; name a folder that may be created")
    return Destination(output, single, _infix(args))


def _infix(args: argparse.Namespace) -> str:
    """Keeps results of different engines, verbs, schemas and questions apart in one folder."""
    engine = f".{args.engine}" if args.engine else ""
    return engine + _verb_infix(args)


def _verb_infix(args: argparse.Namespace) -> str:
    if args.verb == "extract":
        return f".{Path(args.schema).stem}"
    if args.verb == "ask":
        return f".answer-{hashlib.sha256(args.question.encode()).hexdigest()[:8]}"
    if args.verb == "classify":
        names = [Path(name).stem for name in args.schemas or ()]
        return f".kind-{'-'.join(names)}" if names else ".kind"
    if args.verb == "summarise":
        return f".summary-{args.sentences}"
    if args.verb == "correct":
        return ".corrected" if args.format else ".edits"
    return ""


def check_apart(inputs: Sequence[str], own: Sequence[Path]) -> None:
    """Raises SettingsError where results would replace an input or mix with the inputs."""
    for path in own:
        for name in inputs:
            if path.resolve() == Path(name).resolve():
                raise SettingsError(f"{path} is an input; give another name for the results")


def check_names(inputs: list[Input], where: str) -> None:
    """Raises SettingsError where two inputs would be written to the same place."""
    seen: dict[Path, Input] = {}
    for item in inputs:
        other = seen.setdefault(item.relative, item)
        if other is not item:
            raise SettingsError(
                f"{other.name} and {item.name} would both be written to {item.relative} in "
                f"{where}; run them apart, or name the folder they are in"
            )


def annotation_path(base: Path, item: Input, several: bool, page: tuple[int, int] = (1, 1)) -> Path:
    """Picture of a page (number, count); a folder holds pictures named after the inputs."""
    if several:
        base = base / item.relative.with_name(f"{item.relative.name}.annotated.png")
    number, count = page
    return base if count == 1 else base.with_stem(f"{base.stem}-{number}")


def check_annotate(base: Path | None, several: bool) -> None:
    """Raises SettingsError for a name that is neither a picture nor, for several, a folder."""
    if base is None:
        return
    if several:
        if base.exists() and not base.is_dir():
            raise SettingsError(f"--annotate {base} is a file; for several inputs name a folder")
    elif base.suffix.lower() not in IMAGE_SUFFIXES:
        kinds = ", ".join(IMAGE_SUFFIXES)
        raise SettingsError(f"--annotate {base}: the name must end in one of {kinds}")


def write_file(path: Path, data: bytes) -> None:
    """Write all or nothing, making folders as needed. Raises SettingsError if that fails."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
            # mkstemp makes files private; results get the rights any new file would get.
            Path(temporary).chmod(0o666 & ~_umask())
            Path(temporary).replace(path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
    except OSError as error:
        reason = f"{path}: cannot be written ({error.strerror or error})"
        raise SettingsError(reason, "output") from error


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask

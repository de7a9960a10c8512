"""The events of a batch, in the order of its inputs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from docagent.document import Document
from docagent.errors import DocAgentError
from docagent.export import Sheet
from docagent.jobs.inputs import Input
from docagent.sources.scan import Scan


@dataclass(frozen=True)
class Outcome:
    """What a verb gave for one input. document: as read, or as corrected. result: of the type
    that the verb names."""

    item: Input
    scan: Scan
    document: Document
    result: Any


@dataclass(frozen=True)
class Started:
    """An input comes next. index: number of inputs before it."""

    item: Input
    index: int


@dataclass(frozen=True)
class Skipped:
    """The outputs of an input exist and are current. files: path by format."""

    item: Input
    files: Mapping[str, Path]


@dataclass(frozen=True)
class Redone:
    """The outputs of an input exist but are not current, so it is processed again. reason: a
    clause, such as "it was made with other settings"."""

    item: Input
    reason: str


@dataclass(frozen=True)
class Read:
    """An input has been read; the verb runs next."""

    item: Input
    document: Document


@dataclass(frozen=True)
class Finished:
    """An input is done. files: the results written, by format. pictures: the page pictures."""

    outcome: Outcome
    files: Mapping[str, Path]
    pictures: tuple[Path, ...]


@dataclass(frozen=True)
class Failed:
    """An input gave no result; the others go on. error: a DocAgentError for a wrong input or
    argument, anything else for a fault in docagent."""

    item: Input
    error: Exception

    @property
    def is_fault(self) -> bool:
        """Whether it is a fault in docagent rather than a wrong input."""
        return not isinstance(self.error, DocAgentError)


@dataclass(frozen=True)
class Tabled:
    """The tables of all results, the last event of a job that makes them. files: those written."""

    tables: tuple[Sheet, ...]
    files: tuple[Path, ...]


Event = Started | Skipped | Redone | Read | Finished | Failed | Tabled

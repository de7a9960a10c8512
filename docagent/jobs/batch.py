"""Runs one verb over many inputs: skips what is current, processes, writes and records the rest."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from docagent.agent import DocAgent
from docagent.export import SheetBuilder
from docagent.forking import cached_property
from docagent.jobs.events import (
    Event,
    Failed,
    Finished,
    Outcome,
    Read,
    Redone,
    Skipped,
    Started,
    Tabled,
)
from docagent.jobs.exporting import draw_page, export, export_tables
from docagent.jobs.fingerprint import Parts, fingerprint
from docagent.jobs.inputs import Input
from docagent.jobs.outputs import Destination, remove_abandoned, write_file
from docagent.jobs.read_ahead import ReadAhead
from docagent.jobs.records import NO_RECORD, Records
from docagent.results import Correction
from docagent.settings import Settings
from docagent.sources.scan import Scan
from docagent.usage import VlmUse
from docagent.verbs import Verb

PageProgress = Callable[[Input, int, int], None]
"""Called with the input being read, the number of its pages that are done, and of all."""


@dataclass(frozen=True)
class Job:
    """What is done to every input.

    options: as ``Verb.prepare`` gives them. formats: of the files to write, each once. redo:
    whether also outputs that are current are made again. opening: how inputs are opened, as
    ``prepare_opening`` gives it. tables: formats of a table of all results; in a folder it is made
    of the results there, so that ``formats`` must have ``json``.
    """

    verb: Verb
    options: Mapping[str, Any]
    formats: tuple[str, ...] = ("json",)
    destination: Destination = field(default_factory=Destination)
    redo: bool = False
    opening: Mapping[str, Any] = field(default_factory=dict)
    tables: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Check:
    """The state of an input's outputs. is_current: whether they can stay. reason: why not; empty
    if there are none yet."""

    is_current: bool
    reason: str = ""


class Batch:
    """Runs a job over inputs. Several batches, in one process or many, may write to one folder:
    each finishes, and files are always whole."""

    def __init__(self, agent: DocAgent, job: Job) -> None:
        self._agent = agent
        self._job = job
        folder = job.destination.folder
        self._records = None if folder is None else Records(folder)
        self._checked: dict[Input, _Check] = {}
        self._swept: set[Path] = set()

    def run(
        self, inputs: Sequence[Input], progress: PageProgress | None = None
    ) -> Generator[Event]:
        """The events of each input, in the order of the inputs: Started; then Skipped, or Read and
        Finished, the first after Redone if there were outputs; or Failed, at any point. Then
        Tabled, if the job makes tables.

        progress: called while pages are read. An input that fails does not stop the others.
        """
        show = progress or _silent
        self._checked.clear()
        rows = SheetBuilder()
        opening = partial(self._agent.load, **self._job.opening)
        with ReadAhead(self._agent, inputs, self._is_current, opening) as ahead:
            for index, item in enumerate(inputs):
                yield Started(item, index)
                try:
                    for event in self._process(item, ahead, show):
                        self._add_row(rows, event)
                        yield event
                except (
                    Exception
                ) as error:  # the other inputs are processed whatever one of them does
                    rows.add_error(item.name, str(error) or type(error).__name__)
                    yield Failed(item, error)
        if self._job.tables:
            yield self._write_tables(rows)

    def _add_row(self, rows: SheetBuilder, event: Event) -> None:
        if not self._job.tables:
            return
        if isinstance(event, Finished):
            rows.add(event.outcome.item.name, event.outcome.result)
        elif isinstance(event, Skipped):
            stored = event.files["json"].read_bytes()
            rows.add(event.item.name, self._job.verb.result_type.model_validate_json(stored))

    def _write_tables(self, rows: SheetBuilder) -> Tabled:
        tables, files = rows.sheets(), list[Path]()
        for name in self._job.tables:
            if self._job.destination.table(name) is not None:
                for table, data in export_tables(tables, name).items():
                    path = self._job.destination.table(name, table)
                    assert path is not None
                    self._write_one(path, data)
                    files.append(path)
        return Tabled(tables, tuple(files))

    def _process(self, item: Input, ahead: ReadAhead, progress: PageProgress) -> Iterator[Event]:
        check = self._check(item)
        if check.is_current:
            yield Skipped(item, self._files(item))
            return
        if check.reason:
            yield Redone(item, check.reason)
        scan = ahead.scan(item)
        document = self._agent.read(scan, lambda done, total: progress(item, done, total))
        yield Read(item, document)
        result = self._job.verb.run(self._agent, scan, self._job.options)
        if isinstance(result, Correction):
            document = result.apply(document)
        outcome = Outcome(item, scan, document, result)
        yield self._write(outcome)

    def _write(self, outcome: Outcome) -> Finished:
        files = self._files(outcome.item)
        hashes = {p: self._write_one(p, export(outcome, name)) for name, p in files.items()}
        drawn = dict(self._draw(outcome))
        if self._records is not None:
            use = getattr(outcome.result, "vlm", None)
            made = self._made(outcome.scan, use)
            unreached = use is not None and use.unreached
            planned = self._planned(outcome.item)
            source = outcome.item.path
            self._records.save(planned, hashes | drawn, made, unreached, source)
        return Finished(outcome, files, tuple(drawn))

    def _draw(self, outcome: Outcome) -> Iterator[tuple[Path, str]]:
        pages = outcome.document.pages
        for page in pages:
            path = self._job.destination.picture(outcome.item, page.number, len(pages))
            if path is not None and not page.error:
                yield path, self._write_one(path, draw_page(outcome, page, path.suffix))

    def _write_one(self, path: Path, data: bytes) -> str:
        """Writes a file; returns the SHA-256 (hex) of its content."""
        if path.parent not in self._swept:
            self._swept.add(path.parent)
            remove_abandoned(path.parent)
        write_file(path, data)
        return hashlib.sha256(data).hexdigest()

    def _files(self, item: Input) -> dict[str, Path]:
        """Path by format of the results that are written for an input."""
        named = {name: self._job.destination.path(item, name) for name in self._job.formats}
        return {name: path for name, path in named.items() if path is not None}

    def _planned(self, item: Input) -> list[Path]:
        """The output names that are known before an input is read; they identify its record. The
        number of pages is not known yet, so the name of a single picture stands for all."""
        picture = self._job.destination.picture(item, 1, 1)
        return [*sorted(self._files(item).values()), *([] if picture is None else [picture])]

    def _is_current(self, item: Input) -> bool:
        return self._check(item).is_current

    def _check(self, item: Input) -> _Check:
        """The state of an input, looked up once a run: hashing a large input takes time."""
        if item not in self._checked:
            self._checked[item] = self._look_up(item)
        return self._checked[item]

    def _look_up(self, item: Input) -> _Check:
        if self._records is None or self._job.redo:
            return _Check(False)
        record = self._records.load(self._planned(item))
        if record is None:
            is_there = any(path.exists() for path in self._files(item).values())
            return _Check(False, NO_RECORD if is_there else "")
        source = item.content_hash(self._agent.settings.limits.max_bytes)
        if source is None:
            return _Check(False)
        problem = record.problem({"source": source, **self._parts}, self._may_ask)
        if not problem and (path := self._records.changed_file(record)):
            problem = f"{path} is missing or has changed"
        return _Check(not problem, problem)

    @property
    def _may_ask(self) -> bool:
        return self._job.verb.asks_model and self._agent.settings.vlm.effective_mode != "never"

    @cached_property
    def _parts(self) -> Parts:
        return self._fingerprint(self._agent.settings)

    @cached_property
    def _parts_without_model(self) -> Parts:
        return self._fingerprint(self._agent.settings.replace(vlm={"mode": "never"}))

    def _fingerprint(self, settings: Settings) -> Parts:
        job = self._job
        is_drawn = job.destination.pictures is not None
        # Without a choice of pages nothing is added, so that earlier results stay current.
        pages = job.opening.get("pages")
        options = {**job.options, **({"pages": pages} if pages else {})}
        return fingerprint(settings, job.verb, options, job.formats, is_drawn)

    def _made(self, scan: Scan, use: VlmUse | None) -> list[Parts]:
        """The fingerprints that a result is current for: the run's own and, if no model had a part
        in the result, that of a run without a model."""
        made: list[Parts] = [{"source": scan.id, **self._parts}]
        if use is not None and use.status in ("not_needed", "failed"):
            made.append({"source": scan.id, **self._parts_without_model})
        return made


def _silent(item: Input, done: int, total: int) -> None:
    """Progress without a listener."""

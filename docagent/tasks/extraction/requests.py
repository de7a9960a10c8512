"""Asking a model for fields: split, answered, held to the page, and re-asked where it fails."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from docagent.cascade.answer_format import (
    MOST_ROWS,
    Unit,
    begun,
    fields_schema,
    is_object,
    members,
    pack,
    problem,
    to_claim,
)
from docagent.cascade.document_view import Look, Part, Place
from docagent.cascade.request_loop import ask_in_halves, halves
from docagent.cascade.verification import Held, hold
from docagent.evidence.field_parser import FieldParser
from docagent.layout.numbered_lines import defuse
from docagent.schemas import Schema, SchemaField
from docagent.tasks.extraction.row_merging import Cells, distinct_rows, join_columns
from docagent.tasks.extraction.table_splitting import halve
from docagent.vlm.calls import Asker, Reply, Request

MOST_FIELDS = 40
"""Leaves asked for in one call; models fail on wider schemas."""
REPAIRS = 2
"""Times that what does not hold is asked again."""
HALVINGS = 4
"""Times that a part is halved for a table that is too long for one answer."""


@dataclass(frozen=True)
class Said:
    """What a model said of a unit: of a single field one item a part, of an array its rows.
    parts: of how many parts it was asked. unread: of how many of them there is no usable answer,
    or not a whole one."""

    held: tuple[Held, ...] = ()
    rows: tuple[Cells, ...] = ()
    parts: int = 1
    unread: int = 0


@dataclass(eq=False)
class _Job:
    """A group of units asked of a part of the document: what is still open, what was said.

    cut: arrays of which there is a beginning only. halved: those that are asked of smaller pieces
    of the part instead. asks_left, halvings_left: how often that may still be done.
    """

    part: Part
    units: tuple[Unit, ...]
    open: dict[str, Unit]
    schema: dict[str, Any]
    complaints: list[str] = field(default_factory=list)
    said: dict[str, Said] = field(default_factory=dict)
    cut: set[str] = field(default_factory=set)
    halved: set[str] = field(default_factory=set)
    asks_left: int = REPAIRS + 1
    halvings_left: int = HALVINGS

    def is_unread(self, key: str) -> bool:
        """Whether there is no usable answer for a unit, or not a whole one."""
        return key in self.open and (key in self.cut or key not in self.said)


@dataclass(frozen=True)
class FieldAsker:
    """Asks for units of one schema on one document."""

    look: Look
    schema: Schema
    readers: Mapping[str, FieldParser]
    asker: Asker

    def ask(
        self,
        units: Sequence[Unit],
        *,
        complaints: Sequence[str] = (),
        places: Iterable[Place] = (),
    ) -> dict[str, Said]:
        """What was said by key of the unit; units without a usable answer are not in it."""
        places = list(places)
        jobs = [
            self._job(part, group, complaints)
            for group in pack(units, MOST_FIELDS)
            for part in self.look.parts
        ]
        while waiting := [job for job in jobs if job.open and job.asks_left]:
            asked = ask_in_halves(
                self.asker, waiting, lambda job: self._request(job, places), self._shorter
            )
            # Halves take the place of a job that was too long.
            jobs = [job for job in jobs if job not in waiting] + [job for job, _ in asked]
            for job, reply in asked:
                jobs += self._hear(job, reply)
        return _together(jobs)

    def _job(self, part: Part, units: tuple[Unit, ...], complaints: Sequence[str] = ()) -> _Job:
        schema = fields_schema(units, [line.id for line in part])
        return _Job(part, units, {u.key: u for u in units}, schema, list(complaints))

    def _shorter(self, job: _Job) -> list[_Job]:
        """A job that is too long for the model, for both halves of its part."""
        units = tuple(job.open.values())
        return [self._job(half, units, job.complaints) for half in halves(self.look, job.part)]

    def _request(self, job: _Job, places: Sequence[Place]) -> Request:
        wanted = list(job.open)
        properties = {key: job.schema["properties"][key] for key in wanted}
        values = {
            "title": defuse(self.schema.title),
            "fields": [_described(leaf) for unit in job.units for leaf in unit.leaves],
            "wanted": ", ".join(wanted),
            "complaints": job.complaints,
        }
        return self.look.request(
            "extract",
            values,
            job.part,
            wanted,
            json_schema={**job.schema, "properties": properties, "required": wanted},
            is_usable=is_object,
            is_begun=lambda text: any(k in job.open for k in (*members(text), *begun(text))),
            places=places,
        )

    def _hear(self, job: _Job, reply: Reply) -> list[_Job]:
        """Take what holds from an answer, as far as it got; the rest stays open. What is to be
        asked of smaller pieces of the part instead is given back as jobs."""
        broken = {} if reply.ok else begun(reply.text)
        found = members(reply.text) | broken
        was_open = list(job.open.items())
        job.complaints = []
        job.asks_left -= 1
        for key, unit in was_open:
            complaint = self._take(job, unit, found[key]) if key in found else "it is missing"
            if key in broken or _is_full(found.get(key)):
                job.cut.add(key)
                continue
            job.cut.discard(key)
            if complaint:
                job.complaints.append(f"{key}: {complaint}")
            else:
                del job.open[key]
        cut = [key for key, _ in was_open if key in job.cut]
        halves = [made for key in cut for made in self._halved(job, key)]
        # The ladder has been climbed already, unless there was something to go on from.
        if not reply.ok and len(job.open) == len(was_open):
            job.asks_left = 0
        return halves

    def _halved(self, job: _Job, key: str) -> list[_Job]:
        """An array that breaks off, asked of smaller pieces of the part; none if they are small
        enough already. Its rows so far count, and are in the answers to these once more."""
        rows = job.said.get(key, Said()).rows
        pieces, times = halve(self.look, job.part, rows, job.halvings_left)
        made = [self._job(piece, (job.open[key],)) for piece in pieces]
        for piece in made:
            piece.halvings_left = job.halvings_left - times
        if made:
            del job.open[key]
            job.cut.discard(key)
            job.halved.add(key)
        return made

    def _take(self, job: _Job, unit: Unit, value: Any) -> str:
        """Hold a member to its form and to the page; why it does not hold, if so."""
        wrong = problem(job.schema, unit.key, value)
        if unit.is_array and isinstance(value, list):
            return self._take_rows(job, unit, value, fits=not wrong)
        if wrong:
            return wrong
        leaf = unit.leaves[0]
        held = hold(self.look, self.readers[leaf.path], to_claim(value), leaf.path)
        if not held.complaint:
            job.said[unit.key] = Said(held=(held,))
        return held.complaint

    def _take_rows(self, job: _Job, unit: Unit, value: Sequence[Any], fits: bool) -> str:
        """Hold the rows of an array; fits: whether all of them have the form asked for. One that
        has not does not cost the others."""
        rows: list[Cells] = []
        wrong = []
        for number, row in enumerate(value, start=1):
            misfit = "" if fits else problem(job.schema, unit.key, [row])
            if misfit:
                wrong.append(f"row {number}: {misfit}")
                continue
            cells, complaints = self._hold_row(unit, row)
            wrong += [f"row {number}, {complaint}" for complaint in complaints]
            if cells:
                rows.append(cells)
        before = job.said.get(unit.key, Said())
        if sum(map(len, rows)) >= sum(map(len, before.rows)) and (rows or not wrong):
            job.said[unit.key] = Said(rows=tuple(rows))
        return "; ".join(wrong[:5])

    def _hold_row(self, unit: Unit, row: Any) -> tuple[Cells, list[str]]:
        """The cells of a row that are found on the page, and why others are not."""
        cells: Cells = {}
        wrong = []
        for leaf in unit.leaves:
            column = unit.column(leaf)
            claim = to_claim(row[column] if column else row)
            held = hold(self.look, self.readers[leaf.path], claim, leaf.path)
            if held.complaint:
                wrong.append(f"{column or 'value'}: {held.complaint}")
            elif held.field is not None and held.field.status == "found":
                cells[leaf.path] = held.field
        return cells, wrong


def _is_full(value: Any) -> bool:
    """Whether an array ends where its form says that it has to, and so may not be whole."""
    return isinstance(value, list) and len(value) >= MOST_ROWS


def _together(jobs: Sequence[_Job]) -> dict[str, Said]:
    """What was said of each unit over all parts of the document."""
    rows: dict[str, dict[Unit, list[Cells]]] = {}
    held: dict[str, list[Held]] = {}
    asked: dict[str, list[bool]] = {}
    for job in jobs:
        for unit in job.units:
            said = job.said.get(unit.key, Said())
            rows.setdefault(unit.key, {}).setdefault(unit, []).extend(said.rows)
            held.setdefault(unit.key, []).extend(said.held)
            if unit.key not in job.halved:
                asked.setdefault(unit.key, []).append(job.is_unread(unit.key))
    return {
        key: Said(
            tuple(held[key]),
            tuple(join_columns([distinct_rows(some) for some in rows[key].values()])),
            len(unread),
            sum(unread),
        )
        for key, unread in asked.items()
        if not all(unread) or any(rows[key].values())
    }


def _described(leaf: SchemaField) -> dict[str, str]:
    return {
        "path": leaf.path,
        "kind": leaf.normaliser,
        "meaning": defuse(leaf.description or leaf.title),
        "labels": defuse(", ".join(leaf.labels)),
        "choices": defuse(", ".join(map(str, leaf.choices))),
    }

"""Asking a model for fields: split, answered, held to the page, and re-asked where it fails."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from docagent.candidates import FieldReader
from docagent.cascade.cells import (
    Unit,
    fields_schema,
    is_object,
    members,
    pack,
    problem,
    to_claim,
)
from docagent.cascade.holding import Held, hold
from docagent.cascade.look import Look, Part, Place
from docagent.cascade.rows import Cells
from docagent.cascade.too_long import ask_in_halves, halves
from docagent.prompts.layout import defuse
from docagent.schemas import Schema, SchemaField
from docagent.vlm.asking import Asker, Reply, Request

MOST_FIELDS = 40
"""Leaves asked for in one call; models fail on wider schemas."""
REPAIRS = 2
"""Times that what does not hold is asked again."""


@dataclass(frozen=True)
class Said:
    """What a model said of a unit: of a single field one item a part, of an array its rows."""

    held: tuple[Held, ...] = ()
    rows: tuple[Cells, ...] = ()


@dataclass(eq=False)
class _Job:
    """A group of units asked of a part of the document: what is still open, what was said."""

    part: Part
    units: tuple[Unit, ...]
    open: dict[str, Unit]
    schema: dict[str, Any]
    complaints: list[str]
    said: dict[str, Said] = field(default_factory=dict)
    failed: bool = False


@dataclass(frozen=True)
class FieldAsker:
    """Asks for units of one schema on one document."""

    look: Look
    schema: Schema
    readers: Mapping[str, FieldReader]
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
        for _ in range(REPAIRS + 1):
            waiting = [job for job in jobs if job.open and not job.failed]
            if not waiting:
                break
            asked = ask_in_halves(
                self.asker, waiting, lambda job: self._request(job, places), self._shorter
            )
            # Halves take the place of a job that was too long.
            jobs = [job for job in jobs if job not in waiting] + [job for job, _ in asked]
            for job, reply in asked:
                self._hear(job, reply)
        return _together(jobs)

    def _job(self, part: Part, units: tuple[Unit, ...], complaints: Sequence[str]) -> _Job:
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
            places=places,
        )

    def _hear(self, job: _Job, reply: Reply) -> None:
        """Take what holds from an answer, as far as it got; the rest stays open."""
        found = members(reply.text)
        job.complaints = []
        # The ladder has been climbed already; what is whole of a broken answer is taken.
        job.failed = not reply.ok
        for key, unit in list(job.open.items()):
            complaint = "it is missing"
            if key in found:
                complaint = problem(job.schema, key, found[key]) or self._take(
                    job, unit, found[key]
                )
            if complaint:
                job.complaints.append(f"{key}: {complaint}")
            else:
                del job.open[key]

    def _take(self, job: _Job, unit: Unit, value: Any) -> str:
        """Hold a member that fits its form to the page; why it does not hold, if so."""
        if unit.is_array:
            return self._take_rows(job, unit, value)
        leaf = unit.leaves[0]
        held = hold(self.look, self.readers[leaf.path], to_claim(value), leaf.path)
        if not held.complaint:
            job.said[unit.key] = Said(held=(held,))
        return held.complaint

    def _take_rows(self, job: _Job, unit: Unit, value: Sequence[Any]) -> str:
        rows: list[Cells] = []
        wrong = []
        for number, row in enumerate(value, start=1):
            cells: Cells = {}
            for leaf in unit.leaves:
                column = unit.column(leaf)
                claim = to_claim(row[column] if column else row)
                held = hold(self.look, self.readers[leaf.path], claim, leaf.path)
                if held.complaint:
                    wrong.append(f"row {number}, {column or 'value'}: {held.complaint}")
                elif held.field is not None and held.field.status == "found":
                    cells[leaf.path] = held.field
            if cells:
                rows.append(cells)
        before = job.said.get(unit.key, Said())
        if sum(map(len, rows)) >= sum(map(len, before.rows)) and (rows or not wrong):
            job.said[unit.key] = Said(rows=tuple(rows))
        return "; ".join(wrong[:5])


def _together(jobs: Sequence[_Job]) -> dict[str, Said]:
    """What was said of each unit over all parts of the document."""
    said: dict[str, Said] = {}
    for job in jobs:
        for key, new in job.said.items():
            old = said.get(key, Said())
            said[key] = Said(old.held + new.held, old.rows + new.rows)
    return said


def _described(leaf: SchemaField) -> dict[str, str]:
    return {
        "path": leaf.path,
        "kind": leaf.normaliser,
        "meaning": defuse(leaf.description or leaf.title),
        "labels": defuse(", ".join(leaf.labels)),
        "choices": defuse(", ".join(map(str, leaf.choices))),
    }

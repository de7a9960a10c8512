"""Fields asked of a model: in groups and parts, verified on the page, repaired where they fail."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from docagent.cascade.answer_format import (
    MAX_ROWS,
    Unit,
    begun,
    fields_schema,
    is_object,
    members,
    pack,
    problem,
    to_claim,
)
from docagent.cascade.document_view import DocumentView, Part, Place
from docagent.cascade.part_splitting import halve_part, split_at_rows
from docagent.cascade.request_loop import Inquiry, ModelTask, ask_model
from docagent.cascade.verification import Verified, verify
from docagent.evidence.field_parser import FieldParser
from docagent.layout.lines_with_ids import defuse
from docagent.schemas import Schema, SchemaField
from docagent.tasks.extraction.merge_model_rows import (
    Cells,
    distinct_rows,
    join_columns,
    row_starts,
)
from docagent.vlm.calls import Asker, Reply, Request

MAX_FIELDS = 40
"""Leaves asked for in one call; models fail on wider schemas."""
MAX_ASKS = 3
"""Times that a field is asked for: once, and what does not hold again."""
MAX_TABLE_HALVINGS = 4
"""Times that a part is halved for a table that is too long for one answer."""
MAX_ROW_COMPLAINTS = 5


@dataclass(frozen=True)
class UnitAnswer:
    """What a model answered for a unit: of a single field one item a part, of an array its rows.
    parts: of how many parts it was asked. unread: of how many of them there is no usable answer,
    or not a whole one."""

    verified: tuple[Verified, ...] = ()
    rows: tuple[Cells, ...] = ()
    parts: int = 1
    unread: int = 0


@dataclass(eq=False, kw_only=True)
class FieldInquiry(Inquiry):
    """A group of units asked of a part of the document.

    open: those without a whole answer, by key. schema: JSON Schema of an answer with all of them.
    places: what to show enlarged. answers: what holds so far, by key. cut: arrays of which there
    is a beginning only. split: those that are asked of smaller pieces of the part instead.
    halvings_left: how often the part may still be halved for them.
    """

    units: tuple[Unit, ...]
    open: dict[str, Unit]
    schema: dict[str, Any]
    places: Sequence[Place] = ()
    answers: dict[str, UnitAnswer] = field(default_factory=dict)
    cut: set[str] = field(default_factory=set)
    split: set[str] = field(default_factory=set)
    asks_left: int = MAX_ASKS
    halvings_left: int = MAX_TABLE_HALVINGS

    @property
    def is_open(self) -> bool:
        return bool(self.open)

    def is_unread(self, key: str) -> bool:
        """Whether there is no usable answer for a unit, or not a whole one."""
        return key in self.open and (key in self.cut or key not in self.answers)


@dataclass
class FieldsTask(ModelTask[FieldInquiry]):
    """Units of one schema asked about one document. readers: of the leaves, by path."""

    view: DocumentView
    schema: Schema
    readers: Mapping[str, FieldParser]

    def inquire(
        self, units: Sequence[Unit], *, complaints: Sequence[str] = (), places: Iterable[Place] = ()
    ) -> list[FieldInquiry]:
        """Groups of units, each asked of every part. places: what to show enlarged."""
        shown = list(places)
        return [
            self._inquiry(part, group, complaints, shown)
            for group in pack(units, MAX_FIELDS)
            for part in self.view.parts
        ]

    def request(self, inquiry: FieldInquiry) -> Request:
        wanted = list(inquiry.open)
        properties = {key: inquiry.schema["properties"][key] for key in wanted}
        values = {
            "title": defuse(self.schema.title),
            "fields": [_described(leaf) for unit in inquiry.units for leaf in unit.leaves],
            "wanted": ", ".join(wanted),
            "complaints": list(inquiry.complaints),
        }
        return self.view.request(
            "extract",
            values,
            inquiry.part,
            wanted,
            json_schema={**inquiry.schema, "properties": properties, "required": wanted},
            is_usable=is_object,
            is_begun=lambda text: any(k in inquiry.open for k in (*members(text), *begun(text))),
            places=inquiry.places,
        )

    def apply(self, inquiry: FieldInquiry, reply: Reply) -> Sequence[FieldInquiry]:
        """What holds of an answer is taken, as far as it got; the rest stays open."""
        broken = {} if reply.ok else begun(reply.text)
        found = members(reply.text) | broken
        was_open = list(inquiry.open.items())
        complaints = []
        for key, unit in was_open:
            complaint = self._take(inquiry, unit, found[key]) if key in found else "it is missing"
            if key in broken or _is_full(found.get(key)):
                inquiry.cut.add(key)
                continue
            inquiry.cut.discard(key)
            if complaint:
                complaints.append(f"{key}: {complaint}")
            else:
                del inquiry.open[key]
        inquiry.complaints = tuple(complaints)
        cut = [key for key, _ in was_open if key in inquiry.cut]
        pieces = [piece for key in cut for piece in self._split_table(inquiry, key)]
        # Other ways of decoding have been tried already, unless the answer had a beginning.
        if not reply.ok and len(inquiry.open) == len(was_open):
            inquiry.asks_left = 0
        return pieces

    def halve(self, inquiry: FieldInquiry) -> Sequence[FieldInquiry]:
        units = tuple(inquiry.open.values())
        return [
            self._inquiry(half, units, inquiry.complaints, inquiry.places)
            for half in halve_part(self.view, inquiry.part)
        ]

    def _inquiry(
        self,
        part: Part,
        units: tuple[Unit, ...],
        complaints: Sequence[str],
        places: Sequence[Place],
    ) -> FieldInquiry:
        return FieldInquiry(
            part=part,
            complaints=tuple(complaints),
            units=units,
            open={unit.key: unit for unit in units},
            schema=fields_schema(units, [line.id for line in part]),
            places=places,
        )

    def _split_table(self, inquiry: FieldInquiry, key: str) -> list[FieldInquiry]:
        """An array that breaks off, asked of smaller pieces of the part; none if they are small
        enough already. Its rows so far count, and are in the answers to these once more."""
        rows = inquiry.answers.get(key, UnitAnswer()).rows
        pieces, halvings = split_at_rows(
            self.view, inquiry.part, row_starts(rows), inquiry.halvings_left
        )
        made = [self._inquiry(piece, (inquiry.open[key],), (), inquiry.places) for piece in pieces]
        for smaller in made:
            smaller.halvings_left = inquiry.halvings_left - halvings
        if made:
            del inquiry.open[key]
            inquiry.cut.discard(key)
            inquiry.split.add(key)
        return made

    def _take(self, inquiry: FieldInquiry, unit: Unit, value: Any) -> str:
        """Check the form of a member, verify it on the page and keep it; why it does not hold,
        if so."""
        wrong = problem(inquiry.schema, unit.key, value)
        if unit.is_array and isinstance(value, list):
            return self._take_rows(inquiry, unit, value, fits=not wrong)
        if wrong:
            return wrong
        leaf = unit.leaves[0]
        verified = verify(self.view, self.readers[leaf.path], to_claim(value), leaf.path)
        if not verified.complaint:
            inquiry.answers[unit.key] = UnitAnswer(verified=(verified,))
        return verified.complaint

    def _take_rows(
        self, inquiry: FieldInquiry, unit: Unit, value: Sequence[Any], fits: bool
    ) -> str:
        """Keep the rows of an array that hold. fits: whether all of them have the form asked
        for. One that has not does not cost the others."""
        rows: list[Cells] = []
        wrong = []
        for number, row in enumerate(value, start=1):
            misfit = "" if fits else problem(inquiry.schema, unit.key, [row])
            if misfit:
                wrong.append(f"row {number}: {misfit}")
                continue
            cells, complaints = self._verify_row(unit, row)
            wrong += [f"row {number}, {complaint}" for complaint in complaints]
            if cells:
                rows.append(cells)
        before = inquiry.answers.get(unit.key, UnitAnswer())
        if sum(map(len, rows)) >= sum(map(len, before.rows)) and (rows or not wrong):
            inquiry.answers[unit.key] = UnitAnswer(rows=tuple(rows))
        return "; ".join(wrong[:MAX_ROW_COMPLAINTS])

    def _verify_row(self, unit: Unit, row: Any) -> tuple[Cells, list[str]]:
        """The cells of a row that are found on the page, and why others are not."""
        cells: Cells = {}
        wrong = []
        for leaf in unit.leaves:
            column = unit.column(leaf)
            claim = to_claim(row[column] if column else row)
            verified = verify(self.view, self.readers[leaf.path], claim, leaf.path)
            if verified.complaint:
                wrong.append(f"{column or 'value'}: {verified.complaint}")
            elif verified.field is not None and verified.field.status == "found":
                cells[leaf.path] = verified.field
        return cells, wrong


def ask_units(
    task: FieldsTask,
    asker: Asker,
    units: Sequence[Unit],
    *,
    complaints: Sequence[str] = (),
    places: Iterable[Place] = (),
) -> dict[str, UnitAnswer]:
    """What a model answers, by key of the unit; units without a usable answer are not in it."""
    inquiries = task.inquire(units, complaints=complaints, places=places)
    return join_answers(ask_model(task, inquiries, asker))


def join_answers(inquiries: Sequence[FieldInquiry]) -> dict[str, UnitAnswer]:
    """What was answered for each unit over all parts of the document."""
    rows: dict[str, dict[Unit, list[Cells]]] = {}
    verified: dict[str, list[Verified]] = {}
    unread: dict[str, list[bool]] = {}
    for inquiry in inquiries:
        for unit in inquiry.units:
            answer = inquiry.answers.get(unit.key, UnitAnswer())
            rows.setdefault(unit.key, {}).setdefault(unit, []).extend(answer.rows)
            verified.setdefault(unit.key, []).extend(answer.verified)
            if unit.key not in inquiry.split:
                unread.setdefault(unit.key, []).append(inquiry.is_unread(unit.key))
    return {
        key: UnitAnswer(
            tuple(verified[key]),
            tuple(join_columns([distinct_rows(some) for some in rows[key].values()])),
            len(parts),
            sum(parts),
        )
        for key, parts in unread.items()
        if not all(parts) or any(rows[key].values())
    }


def _is_full(value: Any) -> bool:
    """Whether an array ends where its form says that it has to, and so may not be whole."""
    return isinstance(value, list) and len(value) >= MAX_ROWS


def _described(leaf: SchemaField) -> dict[str, str]:
    return {
        "path": leaf.path,
        "kind": leaf.normaliser,
        "meaning": defuse(leaf.description or leaf.title),
        "labels": defuse(", ".join(leaf.labels)),
        "choices": defuse(", ".join(map(str, leaf.choices))),
    }

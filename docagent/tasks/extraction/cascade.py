"""Extraction by the cascade: which fields are unsure, what the model reads, what both give."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

from docagent.cascade.answer_format import Unit, units_of
from docagent.cascade.combined_confidence import contradict, same_value, says_the_same, weigh
from docagent.cascade.document_view import DocumentView, Place
from docagent.cascade.request_loop import CascadeTask, run_cascade
from docagent.cascade.usage_report import Tally
from docagent.cascade.verification import Verified
from docagent.evidence.checks import suspect_paths
from docagent.evidence.field_parser import FieldParser
from docagent.results import Check, Extraction, Field
from docagent.schemas import Schema, SchemaField
from docagent.tasks.extraction.embedded import doubt_failed, to_extraction
from docagent.tasks.extraction.failed_checks import (
    WeighedFields,
    admit_rivals,
    failing,
    places_of,
    reread,
)
from docagent.tasks.extraction.merge_model_rows import merge_rows, rows_of
from docagent.tasks.extraction.requests import (
    FieldInquiry,
    FieldsTask,
    UnitAnswer,
    ask_units,
    join_answers,
)
from docagent.vlm.calls import Asker


@dataclass
class ExtractionTask(FieldsTask, CascadeTask[FieldInquiry, Extraction]):
    """The fields of a schema. asker: asked again for the fields of failed checks."""

    embedded: Extraction
    asker: Asker

    @cached_property
    def units(self) -> tuple[Unit, ...]:
        """The units of the schema that a model may be asked for, in order."""
        return units_of([leaf for leaf in self.schema.leaves if leaf.path not in self.unasked])

    @cached_property
    def unasked(self) -> frozenset[str]:
        """Fields that only the embedded reader reads: arrays with arrays in them, whose rows a
        model's rows cannot be matched with, and what is either a value or an array of values."""
        leaves = self.schema.leaves
        nested = {_outermost(leaf) for leaf in leaves if leaf.depth > 1}
        left_out = nested | ({leaf.path for leaf in leaves} & {leaf.array for leaf in leaves})
        return frozenset(
            leaf.path for leaf in leaves if leaf.path in left_out or _outermost(leaf) in left_out
        )

    @cached_property
    def unsure(self) -> tuple[Unit, ...]:
        """The units to ask for."""
        vlm = self.view.settings.vlm
        if not self.view.lines:
            return ()
        always = vlm.effective_mode == "always"
        return tuple(u for u in self.units if always or is_unsure(u, self.embedded, vlm.unsure))

    def inquiries(self) -> list[FieldInquiry]:
        return self.inquire(self.unsure, places=self._places())

    def weigh(self, inquiries: Sequence[FieldInquiry]) -> tuple[Extraction, Tally]:
        answers = join_answers(inquiries)
        weighed = WeighedFields({u.key: _of_unit(self.embedded.fields, u) for u in self.units})
        if self.unasked:
            fields = self.embedded.fields
            kept = (f for f in fields if self.schema.field(f.path).path in self.unasked)
            weighed.fields[""] = tuple(kept)
        trust = self.view.settings.vlm.trust
        for unit in self.unsure:
            _merge(weighed, unit, answers.get(unit.key), trust)
        weighed.notes += _partly_read(weighed)
        checks = admit_rivals(self.schema, weighed)
        if failing(checks):
            ask = partial(ask_units, self, self.asker)
            checks = reread(self.schema, weighed, self.units, ask, checks)
        tally = Tally(
            asked=len(self.unsure),
            unanswered=len(weighed.unanswered),
            is_partial=bool(weighed.partly),
            notes=tuple(weighed.notes),
        )
        return _result(self.embedded, self.schema, weighed, checks), tally

    def _places(self) -> list[Place]:
        """Where the unsure fields stand, to be shown enlarged: single ones, then cells of
        arrays."""
        below = self.view.settings.vlm.unsure
        suspected = set(suspect_paths(self.embedded.checks))
        fields = self.embedded.fields
        single = [f for u in self.unsure if not u.is_array for f in _of_unit(fields, u)]
        cells = [f for u in self.unsure if u.is_array for f in _of_unit(fields, u)]
        return places_of([*single, *(f for f in cells if _is_doubtful(f, suspected, below))])


def extract_unsure(
    view: DocumentView, schema: Schema, embedded: Extraction, asker: Asker
) -> Extraction:
    """The embedded result, with what it is unsure of (or all, in the mode ``always``) asked of
    a model. Never raises for what the model does; ``vlm`` of the result tells."""
    locale = view.settings.locale or None
    readers = {
        leaf.path: FieldParser(view.document, leaf, locale, embedded.conventions)
        for leaf in schema.leaves
    }
    return run_cascade(ExtractionTask(view, schema, readers, embedded, asker), asker)


def is_unsure(unit: Unit, embedded: Extraction, below: float) -> bool:
    """Whether the embedded reader is unsure of a unit: with a confidence below the one given, not
    settled, in a failed check, or an array of which it found no row."""
    fields = _of_unit(embedded.fields, unit)
    suspected = set(suspect_paths(embedded.checks))
    return not fields or any(_is_doubtful(f, suspected, below) for f in fields)


def _is_doubtful(field: Field, suspected: Set[str], below: float) -> bool:
    return (
        field.certainty is None
        or field.certainty < below
        or field.status not in ("found", "not_present")
        or field.path in suspected
    )


def _outermost(leaf: SchemaField) -> str | None:
    """The path of the outermost array that a field is in."""
    return leaf.path.partition("[]")[0] if leaf.multiple else None


def _of_unit(fields: Iterable[Field], unit: Unit) -> tuple[Field, ...]:
    prefix = f"{unit.key}["
    return tuple(
        f for f in fields if f.path == unit.key or (unit.is_array and f.path.startswith(prefix))
    )


def _merge(weighed: WeighedFields, unit: Unit, answer: UnitAnswer | None, trust: float) -> None:
    if answer is None:
        weighed.unanswered.append(unit.key)
    elif answer.unread:
        weighed.partly[unit.key] = _unread(answer)
    merge = _merge_array if unit.is_array else _merge_single
    merge(weighed, unit, answer, trust)


def _partly_read(weighed: WeighedFields) -> list[str]:
    """What was not read of some parts, one note for the units with which it was the same."""
    keys: dict[str, list[str]] = {}
    for key, unread in weighed.partly.items():
        keys.setdefault(unread, []).append(key)
    return [f"{unread}: {', '.join(some)}" for unread, some in keys.items()]


def _unread(answer: UnitAnswer) -> str:
    return f"{answer.unread} of {answer.parts} parts could not be read whole by the model"


def _merge_single(
    weighed: WeighedFields, unit: Unit, answer: UnitAnswer | None, trust: float
) -> None:
    embedded = weighed.fields[unit.key][0]
    verified, other = _best(answer, embedded) if answer else (None, None)
    merged, rival = weigh(embedded, verified, trust)
    if other is not None:
        merged, rival = contradict(embedded, merged, other, rival)
    weighed.fields[unit.key] = (merged,)
    if rival is not None:
        weighed.rivals[unit.key] = rival.replace(path=unit.key)


def _merge_array(
    weighed: WeighedFields, unit: Unit, answer: UnitAnswer | None, trust: float
) -> None:
    if answer is None:
        weighed.notes.append(f"{unit.key}: no usable answer; the rows are the embedded reader's")
        return
    embedded = rows_of(weighed.fields[unit.key], unit)
    merged = merge_rows(unit, embedded, answer.rows, trust, whole=not answer.unread)
    weighed.fields[unit.key] = merged.fields
    weighed.rivals.update(merged.rivals)
    weighed.notes.append(merged.note)


def _best(answer: UnitAnswer, embedded: Field) -> tuple[Verified | None, Field | None]:
    """Of the verified claims about a field in the parts of a document, the one to believe, and
    the best one that says something else."""
    proven = [v for v in answer.verified if v.field is not None and v.field.status == "found"]
    proven.sort(key=lambda v: -_confidence(v))
    proven.sort(key=lambda v: not same_value(_value(v), embedded.value))
    valued = [v for v in answer.verified if _value(v) is not None]
    best = next(iter((*proven, *valued, *answer.verified)), None)
    if best is not None and best.how == "absent" and answer.unread:
        # It may stand in a part that was not read.
        return Verified("derived", complaint=f"the model does not find it; {_unread(answer)}"), None
    others = [v for v in proven[1:] if not says_the_same(_value(v), _value(proven[0]))]
    return best, max(others, key=_confidence).field if others else None


def _value(verified: Verified) -> Any:
    return verified.field.value if verified.field else None


def _confidence(verified: Verified) -> float:
    return (verified.field.confidence if verified.field else None) or 0.0


def _result(
    embedded: Extraction, schema: Schema, weighed: WeighedFields, checks: Sequence[Check]
) -> Extraction:
    """The extraction with doubts about failed checks said once."""
    before = {f.path: f for f in embedded.fields}
    doubted = {path for check in failing(checks) for path in check.paths}
    fields = []
    for now in weighed.all:
        then = before.get(now.path)
        if now.status == "conflicting" and then is not None and then.status == "conflicting":
            # It was doubted for a check; that is over, or it has been doubted already.
            settled = now.replace(status="found")
            fields.append(now if now.path in doubted else settled)
        else:
            fields.append(*doubt_failed([now], checks))
    order = {leaf.path: index for index, leaf in enumerate(schema.leaves)}
    result = to_extraction(embedded.document_id, schema, _in_order(fields, order), checks)
    return result.replace(conventions=embedded.conventions)


def _in_order(fields: Sequence[Field], order: Mapping[str, int]) -> list[Field]:
    """Single fields first and then the rows, as the embedded extraction has them."""
    single = [f for f in fields if f.path in order]
    return single + [f for f in fields if f.path not in order]

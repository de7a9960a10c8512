"""Extraction by the cascade: which fields are unsure, what the model says of them, the sum."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from docagent.candidates import FieldReader
from docagent.cascade.agreement import same_value, weigh
from docagent.cascade.asking_fields import FieldAsker, Said
from docagent.cascade.cells import Unit, units_of
from docagent.cascade.holding import Held
from docagent.cascade.look import Look, Place
from docagent.cascade.rows import Merged, distinct_rows, merge_rows, rows_of
from docagent.cascade.use import to_use
from docagent.checks import READABLE, run_checks, suspects
from docagent.extraction import doubt_failed, to_extraction
from docagent.results import Check, Extraction, Field
from docagent.schemas import Schema
from docagent.vlm.asking import Asker


@dataclass
class _State:
    """Fields by unit while they are settled, and the readings that lost, by path."""

    fields: dict[str, tuple[Field, ...]]
    rivals: dict[str, Field] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    unanswered: list[str] = field(default_factory=list)

    @property
    def all(self) -> tuple[Field, ...]:
        return tuple(f for fields in self.fields.values() for f in fields)


def extract_unsure(
    look: Look, schema: Schema, fast: Extraction, asker: Asker, *, locale_hint: str | None = None
) -> Extraction:
    """The embedded result, with what it is unsure of (or all, in the mode ``always``) asked of
    a model. Never raises for what the model does; ``vlm`` of the result tells."""
    mode = look.settings.vlm_mode
    units = units_of(schema.leaves)
    below = look.settings.vlm_unsure
    unsure = [u for u in units if mode == "always" or is_unsure(u, fast, below)]
    asked = unsure if look.lines else []
    if not asked:
        return fast.model_copy(update={"vlm": to_use(mode, asker, 0, 0)})
    readers = {leaf.path: FieldReader(look.document, leaf, locale_hint) for leaf in schema.leaves}
    fields = FieldAsker(look, schema, readers, asker)
    state = _State({unit.key: _of_unit(fast.fields, unit) for unit in units})
    said = fields.ask(asked, places=_places(state, asked))
    for unit in asked:
        _merge(state, unit, said.get(unit.key), look.settings.vlm_trust)
    checks = _settled(schema, state)
    if _failing(checks):
        checks = _read_again(schema, state, units, fields, checks)
    result = _result(fast, schema, state, checks)
    use = to_use(mode, asker, len(asked), len(state.unanswered), state.notes)
    return result.model_copy(update={"vlm": use})


def is_unsure(unit: Unit, fast: Extraction, below: float) -> bool:
    """Whether the embedded reader is unsure of a unit: with a confidence below the one given, not
    settled, in a failed check, or an array of which it found no row."""
    fields = _of_unit(fast.fields, unit)
    suspected = set(suspects(fast.checks))
    return not fields or any(
        f.confidence is None
        or f.confidence < below
        or f.status not in ("found", "not_present")
        or f.path in suspected
        for f in fields
    )


def _of_unit(fields: Iterable[Field], unit: Unit) -> tuple[Field, ...]:
    prefix = f"{unit.key}["
    return tuple(
        f for f in fields if f.path == unit.key or (unit.is_array and f.path.startswith(prefix))
    )


def _places(state: _State, units: Sequence[Unit]) -> list[Place]:
    """Where the unsure single fields stand, to be shown enlarged."""
    found = [f for unit in units if not unit.is_array for f in state.fields[unit.key]]
    return [(e.page, polygon) for f in found for e in f.evidence for polygon in e.polygons]


def _merge(state: _State, unit: Unit, said: Said | None, trust: float) -> None:
    if said is None:
        state.unanswered.append(unit.key)
    if unit.is_array:
        _merge_array(state, unit, said, trust)
        return
    fast = state.fields[unit.key][0]
    held = _best(said.held, fast) if said else None
    merged, rival = weigh(fast, held, trust)
    state.fields[unit.key] = (merged,)
    if rival is not None:
        state.rivals[unit.key] = rival.model_copy(update={"path": unit.key})


def _merge_array(state: _State, unit: Unit, said: Said | None, trust: float) -> None:
    if said is None:
        state.notes.append(f"{unit.key}: no usable answer; the rows are the embedded reader's")
        return
    fast = rows_of(state.fields[unit.key], unit)
    merged: Merged = merge_rows(unit, fast, distinct_rows(said.rows), trust)
    state.fields[unit.key] = merged.fields
    state.rivals.update(merged.rivals)
    state.notes.append(merged.note)


def _best(held: Sequence[Held], fast: Field) -> Held | None:
    """Of what was held of a field in the parts of a document, the one to believe."""
    grounded = [h for h in held if h.field is not None and h.field.value is not None]
    proven = [h for h in grounded if h.field and h.field.status == "found"]
    same = [h for h in proven if h.field and same_value(h.field.value, fast.value)]
    ranked = sorted(proven, key=lambda h: -((h.field and h.field.confidence) or 0.0))
    return next(iter((*same, *ranked, *grounded, *held)), None)


def _failing(checks: Iterable[Check]) -> list[Check]:
    return [c for c in checks if c.status == "failed" and c.name != READABLE]


def _settled(schema: Schema, state: _State) -> tuple[Check, ...]:
    """Checks after those rivals were let in with which fewer fail: arithmetic is a witness."""
    checks = run_checks(schema, state.all)
    for path in suspects(_failing(checks)):
        rival = state.rivals.get(path)
        now = next((f for f in state.all if f.path == path), None)
        if rival is None or now is None:
            continue
        trial = _State(dict(state.fields))
        _swap(trial, _preferred(rival, now))
        tried = run_checks(schema, trial.all)
        if _weight(tried) > _weight(checks):
            state.fields, checks = trial.fields, tried
    return checks


def _preferred(rival: Field, now: Field) -> Field:
    """A reading that wins because more checks pass with it."""
    update = {
        "confidence": max(rival.confidence or 0.0, now.confidence or 0.0),
        "message": f"more checks pass with it than with the other reading, {now.raw_text!r}",
        "status": "found",
    }
    return rival.model_copy(update=update)


def _swap(state: _State, new: Field) -> None:
    """Put a field in place of the one with its path."""
    for key, fields in state.fields.items():
        state.fields[key] = tuple(new if f.path == new.path else f for f in fields)


def _weight(checks: Sequence[Check]) -> int:
    return sum(c.status == "passed" for c in checks) - sum(c.status == "failed" for c in checks)


def _read_again(
    schema: Schema,
    state: _State,
    units: Sequence[Unit],
    fields: FieldAsker,
    checks: tuple[Check, ...],
) -> tuple[Check, ...]:
    """Ask once more for the cells in failed checks, shown enlarged; what is read otherwise now
    counts only if fewer checks fail with it."""
    cells = set(suspects(_failing(checks)))
    suspected = [u for u in units if any(f.path in cells for f in state.fields[u.key])]
    why = [f"these may be misread, as a check fails: {c.name}" for c in _failing(checks)]
    said = fields.ask(suspected, complaints=why, places=_cell_places(state, cells))
    for unit in suspected:
        if unit.key in said:
            now = state.fields[unit.key]
            trust = fields.look.settings.vlm_trust
            state.rivals.update(_read_otherwise(unit, now, said[unit.key], trust))
    state.notes.append(f"read again for failed checks: {', '.join(u.key for u in suspected)}")
    return _settled(schema, state)


def _read_otherwise(unit: Unit, now: Sequence[Field], said: Said, trust: float) -> dict[str, Field]:
    """What the model reads otherwise than the fields say, by path."""
    read: list[Field] = [h.field for h in said.held if h.field is not None]
    if unit.is_array:
        merged = merge_rows(unit, rows_of(now, unit), distinct_rows(said.rows), trust)
        # With more or fewer rows the numbers of the rows would mean others.
        same_rows = {f.path for f in merged.fields} == {f.path for f in now}
        read = [*merged.fields, *merged.rivals.values()] if same_rows else []
    values = {f.path: f.value for f in now}
    return {
        f.path: f
        for f in read
        if f.source == "vlm" and f.status == "found" and f.path in values
        if not same_value(f.value, values[f.path])
    }


def _cell_places(state: _State, cells: set[str]) -> list[Place]:
    found = [f for f in state.all if f.path in cells]
    return [(e.page, polygon) for f in found for e in f.evidence for polygon in e.polygons]


def _result(fast: Extraction, schema: Schema, state: _State, checks: Sequence[Check]) -> Extraction:
    """The extraction with doubts about failed checks said once."""
    before = {f.path: f for f in fast.fields}
    failing = {path for check in _failing(checks) for path in check.paths}
    fields = []
    for now in state.all:
        then = before.get(now.path)
        if now.status == "conflicting" and then is not None and then.status == "conflicting":
            # It was doubted for a check; that is over, or it has been doubted already.
            settled = now.model_copy(update={"status": "found"})
            fields.append(now if now.path in failing else settled)
        else:
            fields.append(*doubt_failed([now], checks))
    order = {leaf.path: index for index, leaf in enumerate(schema.leaves)}
    return to_extraction(fast.document_id, schema, _in_order(fields, order), checks)


def _in_order(fields: Sequence[Field], order: Mapping[str, int]) -> list[Field]:
    """Single fields first and then the rows, as the embedded extraction has them."""
    single = [f for f in fields if f.path in order]
    return single + [f for f in fields if f.path not in order]

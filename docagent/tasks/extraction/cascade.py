"""Extraction by the cascade: which fields are unsure, what the model says of them, the sum."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from typing import Any

from docagent.cascade.answer_format import Unit, units_of
from docagent.cascade.document_view import Look, Place
from docagent.cascade.usage_report import to_use
from docagent.cascade.verification import Held
from docagent.cascade.weighing import contradict, same_value, says_the_same, weigh
from docagent.evidence.checks import suspect_paths
from docagent.evidence.field_parser import FieldParser
from docagent.results import Check, Extraction, Field
from docagent.schemas import Schema
from docagent.tasks.extraction.embedded import doubt_failed, to_extraction
from docagent.tasks.extraction.failed_checks import State, failing, places_of, read_again, settle
from docagent.tasks.extraction.requests import FieldAsker, Said
from docagent.tasks.extraction.row_merging import merge_rows, rows_of
from docagent.vlm.calls import Asker


def extract_unsure(look: Look, schema: Schema, fast: Extraction, asker: Asker) -> Extraction:
    """The embedded result, with what it is unsure of (or all, in the mode ``always``) asked of
    a model. Never raises for what the model does; ``vlm`` of the result tells."""
    mode = look.settings.vlm.effective_mode
    units = units_of(schema.leaves)
    below = look.settings.vlm.unsure
    unsure = [u for u in units if mode == "always" or is_unsure(u, fast, below)]
    asked = unsure if look.lines else []
    if not asked:
        return fast.replace(vlm=to_use(mode, asker, 0, 0))
    locale = look.settings.locale or None
    readers = {leaf.path: FieldParser(look.document, leaf, locale) for leaf in schema.leaves}
    fields = FieldAsker(look, schema, readers, asker)
    state = State({unit.key: _of_unit(fast.fields, unit) for unit in units})
    said = fields.ask(asked, places=_places(state, asked, fast, below))
    for unit in asked:
        _merge(state, unit, said.get(unit.key), look.settings.vlm.trust)
    state.notes += _partly_read(state)
    checks = settle(schema, state)
    if failing(checks):
        checks = read_again(schema, state, units, fields, checks)
    result = _result(fast, schema, state, checks)
    use = to_use(mode, asker, len(asked), len(state.unanswered), state.notes)
    if state.partly and use.status == "used":
        use = use.replace(status="partial")
    return result.replace(vlm=use)


def is_unsure(unit: Unit, fast: Extraction, below: float) -> bool:
    """Whether the embedded reader is unsure of a unit: with a confidence below the one given, not
    settled, in a failed check, or an array of which it found no row."""
    fields = _of_unit(fast.fields, unit)
    suspected = set(suspect_paths(fast.checks))
    return not fields or any(_is_doubtful(f, suspected, below) for f in fields)


def _is_doubtful(field: Field, suspected: Set[str], below: float) -> bool:
    return (
        field.certainty is None
        or field.certainty < below
        or field.status not in ("found", "not_present")
        or field.path in suspected
    )


def _of_unit(fields: Iterable[Field], unit: Unit) -> tuple[Field, ...]:
    prefix = f"{unit.key}["
    return tuple(
        f for f in fields if f.path == unit.key or (unit.is_array and f.path.startswith(prefix))
    )


def _places(state: State, units: Sequence[Unit], fast: Extraction, below: float) -> list[Place]:
    """Where the unsure fields stand, to be shown enlarged: single ones, then cells of arrays."""
    suspected = set(suspect_paths(fast.checks))
    single = [f for u in units if not u.is_array for f in state.fields[u.key]]
    cells = [f for u in units if u.is_array for f in state.fields[u.key]]
    return places_of([*single, *(f for f in cells if _is_doubtful(f, suspected, below))])


def _merge(state: State, unit: Unit, said: Said | None, trust: float) -> None:
    if said is None:
        state.unanswered.append(unit.key)
    elif said.unread:
        state.partly[unit.key] = _unread(said)
    merge = _merge_array if unit.is_array else _merge_single
    merge(state, unit, said, trust)


def _partly_read(state: State) -> list[str]:
    """What was not read of some parts, one note for the units with which it was the same."""
    keys: dict[str, list[str]] = {}
    for key, unread in state.partly.items():
        keys.setdefault(unread, []).append(key)
    return [f"{unread}: {', '.join(some)}" for unread, some in keys.items()]


def _unread(said: Said) -> str:
    return f"{said.unread} of {said.parts} parts could not be read whole by the model"


def _merge_single(state: State, unit: Unit, said: Said | None, trust: float) -> None:
    fast = state.fields[unit.key][0]
    held, other = _best(said, fast) if said else (None, None)
    merged, rival = weigh(fast, held, trust)
    if other is not None:
        merged, rival = contradict(fast, merged, other, rival)
    state.fields[unit.key] = (merged,)
    if rival is not None:
        state.rivals[unit.key] = rival.replace(path=unit.key)


def _merge_array(state: State, unit: Unit, said: Said | None, trust: float) -> None:
    if said is None:
        state.notes.append(f"{unit.key}: no usable answer; the rows are the embedded reader's")
        return
    fast = rows_of(state.fields[unit.key], unit)
    merged = merge_rows(unit, fast, said.rows, trust, whole=not said.unread)
    state.fields[unit.key] = merged.fields
    state.rivals.update(merged.rivals)
    state.notes.append(merged.note)


def _best(said: Said, fast: Field) -> tuple[Held | None, Field | None]:
    """Of what was held of a field in the parts of a document, the one to believe, and the best
    one that says something else."""
    proven = [h for h in said.held if h.field is not None and h.field.status == "found"]
    proven.sort(key=lambda h: -_confidence(h))
    proven.sort(key=lambda h: not same_value(_value(h), fast.value))
    valued = [h for h in said.held if _value(h) is not None]
    best = next(iter((*proven, *valued, *said.held)), None)
    if best is not None and best.how == "absent" and said.unread:
        # It may stand in a part that was not read.
        return Held("derived", complaint=f"the model does not find it; {_unread(said)}"), None
    others = [h for h in proven[1:] if not says_the_same(_value(h), _value(proven[0]))]
    return best, max(others, key=_confidence).field if others else None


def _value(held: Held) -> Any:
    return held.field.value if held.field else None


def _confidence(held: Held) -> float:
    return (held.field.confidence if held.field else None) or 0.0


def _result(fast: Extraction, schema: Schema, state: State, checks: Sequence[Check]) -> Extraction:
    """The extraction with doubts about failed checks said once."""
    before = {f.path: f for f in fast.fields}
    doubted = {path for check in failing(checks) for path in check.paths}
    fields = []
    for now in state.all:
        then = before.get(now.path)
        if now.status == "conflicting" and then is not None and then.status == "conflicting":
            # It was doubted for a check; that is over, or it has been doubted already.
            settled = now.replace(status="found")
            fields.append(now if now.path in doubted else settled)
        else:
            fields.append(*doubt_failed([now], checks))
    order = {leaf.path: index for index, leaf in enumerate(schema.leaves)}
    return to_extraction(fast.document_id, schema, _in_order(fields, order), checks)


def _in_order(fields: Sequence[Field], order: Mapping[str, int]) -> list[Field]:
    """Single fields first and then the rows, as the embedded extraction has them."""
    single = [f for f in fields if f.path in order]
    return single + [f for f in fields if f.path not in order]

"""Failed checks settled: by the reading that lost, by asking again, or by blaming the document."""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass, field

from docagent.cascade.answer_format import Unit
from docagent.cascade.document_view import Place
from docagent.cascade.weighing import same_value
from docagent.evidence.checks import run_checks, suspect_paths
from docagent.results import Check, Field
from docagent.schemas import Schema
from docagent.tasks.extraction.requests import FieldAsker, Said
from docagent.tasks.extraction.row_merging import beside, rows_of

CONFIRMED = "read again, every value is the same: the document itself is inconsistent"
MISREAD = "may be misread: read again, the model does not confirm"


@dataclass
class State:
    """Fields by unit while they are settled, and the readings that lost, by path.

    unanswered: units of which the model gave no usable answer. partly: those of which it gave
    none for a part of the document, with how much that is.
    """

    fields: dict[str, tuple[Field, ...]]
    rivals: dict[str, Field] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    unanswered: list[str] = field(default_factory=list)
    partly: dict[str, str] = field(default_factory=dict)

    @property
    def all(self) -> tuple[Field, ...]:
        return tuple(f for fields in self.fields.values() for f in fields)


def failing(checks: Iterable[Check]) -> list[Check]:
    """The checks that fail on what values say, not on whether they could be read."""
    return [c for c in checks if c.status == "failed" and c.kind != "readable"]


def settle(schema: Schema, state: State) -> tuple[Check, ...]:
    """Checks after those rivals were let in with which fewer fail: arithmetic is a witness."""
    checks = run_checks(schema, state.all)
    for path in suspect_paths(failing(checks)):
        rival = state.rivals.get(path)
        now = next((f for f in state.all if f.path == path), None)
        if rival is None or now is None:
            continue
        trial = State(dict(state.fields))
        _swap(trial, _preferred(rival, now))
        tried = run_checks(schema, trial.all)
        if _weight(tried) > _weight(checks):
            state.fields, checks = trial.fields, tried
    return checks


def read_again(
    schema: Schema,
    state: State,
    units: Sequence[Unit],
    fields: FieldAsker,
    checks: Sequence[Check],
) -> tuple[Check, ...]:
    """Ask once more for the cells in failed checks, shown enlarged; what is read otherwise now
    counts only if fewer checks fail with it. A check that fails still says whose fault it is."""
    cells = set(suspect_paths(failing(checks)))
    suspected = [u for u in units if any(f.path in cells for f in state.fields[u.key])]
    why = [f"these may be misread, as a check fails: {c.name}" for c in failing(checks)]
    places = places_of(f for f in state.all if f.path in cells)
    said = fields.ask(suspected, complaints=why, places=places)
    answered = [u for u in suspected if u.key in said]
    read = [f for u in answered for f in _read(u, state.fields[u.key], said[u.key])]
    before = {f.path: f.value for f in state.all}
    otherwise = {f.path: f for f in read if not same_value(f.value, before[f.path])}
    state.rivals.update(otherwise)
    state.notes.append(f"read again for failed checks: {', '.join(u.key for u in suspected)}")
    settled = settle(schema, state)
    return _explained(settled, {f.path for f in read} - otherwise.keys()) if answered else settled


def places_of(fields: Iterable[Field]) -> list[Place]:
    """Where fields stand."""
    return [(e.page, polygon) for f in fields for e in f.evidence for polygon in e.polygons]


def _read(unit: Unit, now: Sequence[Field], said: Said) -> list[Field]:
    """What the model reads now of the fields there are."""
    read = [h.field for h in said.held if h.field is not None]
    if unit.is_array:
        read = beside(unit, rows_of(now, unit), said.rows)
    paths = {f.path for f in now}
    return [f for f in read if f.status == "found" and f.path in paths]


def _explained(checks: Sequence[Check], same: Set[str]) -> tuple[Check, ...]:
    """Checks of which those that fail say whether their cells were read the same again."""
    told = []
    for check in checks:
        if failing([check]):
            unsure = [path for path in check.paths if path not in same]
            why = f"{MISREAD} {', '.join(unsure)}" if unsure else CONFIRMED
            check = check.replace(message=f"{check.message}; {why}")
        told.append(check)
    return tuple(told)


def _preferred(rival: Field, now: Field) -> Field:
    """A reading that wins because more checks pass with it."""
    return rival.replace(
        confidence=max(rival.confidence or 0.0, now.confidence or 0.0),
        message=f"more checks pass with it than with the other reading, {now.raw_text!r}",
        status="found",
    )


def _swap(state: State, new: Field) -> None:
    """Put a field in place of the one with its path."""
    for key, fields in state.fields.items():
        state.fields[key] = tuple(new if f.path == new.path else f for f in fields)


def _weight(checks: Sequence[Check]) -> int:
    return sum(c.status == "passed" for c in checks) - sum(c.status == "failed" for c in checks)

"""Failed checks: the reading that lost is tried, the model asked again, or the document blamed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence, Set
from dataclasses import dataclass, field

from docagent.cascade.answer_format import Unit
from docagent.cascade.combined_confidence import same_value
from docagent.cascade.document_view import Place
from docagent.evidence.checks import run_checks, suspect_paths
from docagent.results import Check, Field
from docagent.schemas import Schema
from docagent.tasks.extraction.merge_model_rows import match_rows, rows_of
from docagent.tasks.extraction.requests import UnitAnswer

CONFIRMED = "read again, every value is the same: the document itself is inconsistent"
MISREAD = "may be misread: read again, the model does not confirm"


@dataclass
class WeighedFields:
    """Fields by unit as weighed so far, and the readings that lost, by path.

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
        """The fields of all units, in order."""
        return tuple(f for fields in self.fields.values() for f in fields)


def failing(checks: Iterable[Check]) -> list[Check]:
    """The checks that fail on what values say, not on whether they could be read."""
    return [c for c in checks if c.status == "failed" and c.kind != "readable"]


def admit_rivals(schema: Schema, weighed: WeighedFields) -> tuple[Check, ...]:
    """The checks once every rival with which fewer of them fail has taken the place of its field:
    arithmetic is a witness."""
    checks = run_checks(schema, weighed.all)
    for path in suspect_paths(failing(checks)):
        rival = weighed.rivals.get(path)
        now = next((f for f in weighed.all if f.path == path), None)
        if rival is None or now is None:
            continue
        trial = WeighedFields(dict(weighed.fields))
        _swap(trial, _preferred(rival, now))
        tried = run_checks(schema, trial.all)
        if _weight(tried) > _weight(checks):
            weighed.fields, checks = trial.fields, tried
    return checks


def reread(
    schema: Schema,
    weighed: WeighedFields,
    units: Sequence[Unit],
    ask: Callable[..., dict[str, UnitAnswer]],
    checks: Sequence[Check],
) -> tuple[Check, ...]:
    """Ask once more for the cells in failed checks, shown enlarged. Another value counts only if
    fewer checks fail with it. A check that still fails says whose fault it is.

    ask: as ``ask_units``, with its task and asker.
    """
    cells = set(suspect_paths(failing(checks)))
    suspected = [u for u in units if any(f.path in cells for f in weighed.fields[u.key])]
    why = [f"these may be misread, as a check fails: {c.name}" for c in failing(checks)]
    places = places_of(f for f in weighed.all if f.path in cells)
    answers = ask(suspected, complaints=why, places=places)
    answered = [u for u in suspected if u.key in answers]
    read = [f for u in answered for f in _read(u, weighed.fields[u.key], answers[u.key])]
    before = {f.path: f.value for f in weighed.all}
    otherwise = {f.path: f for f in read if not same_value(f.value, before[f.path])}
    weighed.rivals.update(otherwise)
    weighed.notes.append(f"read again for failed checks: {', '.join(u.key for u in suspected)}")
    settled = admit_rivals(schema, weighed)
    same = {f.path for f in read} - otherwise.keys()
    return _explained(settled, same) if answered else settled


def places_of(fields: Iterable[Field]) -> list[Place]:
    """Where fields stand."""
    return [(e.page, polygon) for f in fields for e in f.evidence for polygon in e.polygons]


def _read(unit: Unit, now: Sequence[Field], answer: UnitAnswer) -> list[Field]:
    """What the model reads now of the fields there are."""
    read = [v.field for v in answer.verified if v.field is not None]
    if unit.is_array:
        read = match_rows(unit, rows_of(now, unit), answer.rows)
    paths = {f.path for f in now}
    return [f for f in read if f.status == "found" and f.path in paths]


def _explained(checks: Sequence[Check], same: Set[str]) -> tuple[Check, ...]:
    """The checks; a message of one that fails says whether its cells were read the same again."""
    explained = []
    for check in checks:
        if failing([check]):
            unsure = [path for path in check.paths if path not in same]
            why = f"{MISREAD} {', '.join(unsure)}" if unsure else CONFIRMED
            check = check.replace(message=f"{check.message}; {why}")
        explained.append(check)
    return tuple(explained)


def _preferred(rival: Field, now: Field) -> Field:
    """A reading that wins because more checks pass with it."""
    return rival.replace(
        confidence=max(rival.confidence or 0.0, now.confidence or 0.0),
        message=f"more checks pass with it than with the other reading, {now.raw_text!r}",
        status="found",
    )


def _swap(weighed: WeighedFields, new: Field) -> None:
    """Replace the field that has the path of the new one."""
    for key, fields in weighed.fields.items():
        weighed.fields[key] = tuple(new if f.path == new.path else f for f in fields)


def _weight(checks: Sequence[Check]) -> int:
    return sum(c.status == "passed" for c in checks) - sum(c.status == "failed" for c in checks)

"""Checks between fields: sums, products, running balances, order of dates, plausible ranges.

Arithmetic is decimal. A check with missing values is skipped, never passed. The message of a failed
check shows the numbers, and its paths name the cells, so that a caller can read them again
(``suspect_paths``) before the document is called inconsistent.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import combinations
from typing import Any

from docagent.results import Check, CheckStatus, Field
from docagent.schemas import Rule, Schema
from docagent.usage import stage

_READABLE = "every value that was found could be read"
_MAX_SHOWN = 3
Values = Mapping[str, Any]
"""Value by path; missing values are left out."""


@dataclass(frozen=True)
class _Term:
    """One term of a rule: its path, its amount (a sum over a column; None if missing), its
    cells."""

    path: str
    amount: Decimal | None
    cells: tuple[str, ...]


@dataclass(frozen=True)
class _RuleOutcome:
    """Result of a rule for one row, or for the whole document."""

    status: CheckStatus
    message: str
    cells: tuple[str, ...] = ()


@stage("checks", len)
def run_checks(schema: Schema, fields: Iterable[Field]) -> tuple[Check, ...]:
    """Apply the rules of a schema to extracted fields.

    The first check needs no schema: every text that was found could be parsed. A rule on the rows
    of an array gives one check for the rows that fail and one for those that pass, so that a wrong
    cell stands out from cells that their row confirms.
    """
    fields = tuple(fields)
    values = {f.path: f.value for f in fields if f.value is not None}
    checks = [_readable(fields)] if any(f.raw_text for f in fields) else []
    for rule in schema.rules:
        checks.extend(_merge(rule, tuple(_OUTCOMES[rule.rule](rule, values))))
    return tuple(checks)


def suspect_paths(checks: Iterable[Check]) -> tuple[str, ...]:
    """Paths of the cells in failed checks, most suspect first.

    Cells that no passed check confirms come first, then those with the most failures. Reading them
    again may resolve the failure.
    """
    checks = tuple(checks)
    failures = Counter(p for c in checks if c.status == "failed" for p in c.paths)
    passes = Counter(p for c in checks if c.status == "passed" for p in c.paths)
    return tuple(sorted(failures, key=lambda p: (passes[p] > 0, -failures[p], passes[p])))


def _readable(fields: Sequence[Field]) -> Check:
    unread = [f for f in fields if f.raw_text and f.value is None]
    if not unread:
        message = "all could be read"
        return Check(kind="readable", name=_READABLE, status="passed", message=message)
    message = "; ".join(f"{f.path}: {f.message or repr(f.raw_text)}" for f in unread)
    paths = tuple(f.path for f in unread)
    return Check(kind="readable", name=_READABLE, status="failed", message=message, paths=paths)


def _merge(rule: Rule, outcomes: Sequence[_RuleOutcome]) -> Iterator[Check]:
    """Merge the outcomes of a rule: one check for failures, one for passes, or one skipped
    check."""
    for status in ("failed", "passed"):
        same = [o for o in outcomes if o.status == status]
        if not same:
            continue
        message = "; ".join(o.message for o in same[:_MAX_SHOWN])
        if len(same) > _MAX_SHOWN:
            message += f"; and {len(same) - _MAX_SHOWN} more"
        cells = tuple(dict.fromkeys(cell for o in same for cell in o.cells))
        yield _check(rule, same[0].status, message, cells)
    if all(o.status == "skipped" for o in outcomes):
        message = outcomes[0].message if outcomes else "there are no rows"
        yield _check(rule, "skipped", message, rule.paths)


def _check(rule: Rule, status: CheckStatus, message: str, paths: tuple[str, ...]) -> Check:
    return Check(kind=rule.rule, name=rule.name, status=status, message=message, paths=paths)


def _sum_outcomes(rule: Rule, values: Values) -> Iterator[_RuleOutcome]:
    for row in _rows(rule, values):
        of = [_term(path, values, row) for path in rule.of]
        optional = [_term(path, values, row) for path in rule.optional]
        wanted = [_term(path, values, row) for path in rule.equals]
        yield _sum_outcome(rule, of, optional, wanted)


def _sum_outcome(
    rule: Rule, of: Sequence[_Term], optional: Sequence[_Term], wanted: Sequence[_Term]
) -> _RuleOutcome:
    """Check that the terms add up to one of the wanted values, with or without each optional
    term."""
    there = [t for t in wanted if t.amount is not None]
    missing = [t.path for t in of if t.amount is None] or ([] if there else [wanted[0].path])
    if missing:
        return _RuleOutcome("skipped", f"{_names(missing)} not found")
    extra = [t for t in optional if t.amount is not None]
    for count in range(len(extra), -1, -1):
        for chosen in combinations(extra, count):
            terms = (*of, *chosen)
            for target in there:
                if _close(_total(terms), _amount(target), rule):
                    text = f"{_shown(terms)} = {target.path} {_money(_amount(target))}"
                    return _RuleOutcome("passed", text, _cells((*terms, target)))
    absent = [t.path for t in optional if t.amount is None]
    note = f" ({_names(absent)} not found)" if absent else ""
    says = " and ".join(f"{t.path} says {_money(_amount(t))}" for t in there)
    text = f"{_shown((*of, *extra))} but {says}{note}"
    return _RuleOutcome("failed", text, _cells((*of, *extra, *there)))


def _product_outcomes(rule: Rule, values: Values) -> Iterator[_RuleOutcome]:
    for row in _rows(rule, values):
        terms = [_term(path, values, row) for path in rule.of]
        target = _term(rule.equals[0], values, row)
        missing = [t.path for t in (*terms, target) if t.amount is None]
        if missing:
            yield _RuleOutcome("skipped", f"{_names(missing)} not found")
            continue
        product = Decimal(str(rule.scale))
        for term in terms:
            product *= _amount(term)
        scale = f" x {rule.scale:g}" if rule.scale != 1 else ""
        text = " x ".join(f"{t.path} {_plain(_amount(t))}" for t in terms) + f"{scale} = "
        text += _money(product)
        cells = _cells((*terms, target))
        if _close(product, _amount(target), rule):
            yield _RuleOutcome("passed", f"{text} = {target.path}", cells)
        else:
            yield _RuleOutcome(
                "failed", f"{text} but {target.path} says {_money(_amount(target))}", cells
            )


def _running_outcomes(rule: Rule, values: Values) -> Iterator[_RuleOutcome]:
    """Check that each balance equals the previous one plus the movement.

    Statements with the newest entry first are checked in reverse order.
    """
    rows = [row for row in _rows(rule, values) if row is not None]
    start = _term(rule.start or "", values, None)
    forward = _follow(rule, values, rows, start)
    backward = _follow(rule, values, rows[::-1], start)
    wrong = [sum(o.status == "failed" for o in outcomes) for outcomes in (forward, backward)]
    yield from backward if wrong[1] < wrong[0] else forward


def _follow(rule: Rule, values: Values, rows: Sequence[int], start: _Term) -> list[_RuleOutcome]:
    outcomes = []
    before = start
    for row in rows:
        target = _term(rule.equals[0], values, row)
        terms = [_term(path, values, row) for path in (*rule.of, *rule.optional)]
        moved = [t for t in terms if t.amount is not None]
        if before.amount is None or target.amount is None or not moved:
            outcomes.append(_RuleOutcome("skipped", f"row {row + 1} is not complete"))
        else:
            optional = {_at(path, row) for path in rule.optional}
            must = [t for t in moved if t.path not in optional]
            may = [t for t in moved if t.path in optional]
            outcomes.append(_sum_outcome(rule, (before, *must), may, (target,)))
        before = target
    return outcomes


def _order_outcomes(rule: Rule, values: Values) -> Iterator[_RuleOutcome]:
    for row in _rows(rule, values):
        before, after = _at(rule.before or "", row), _at(rule.after or "", row)
        missing = [path for path in (before, after) if path not in values]
        if missing or not _comparable(values[before], values[after]):
            yield _RuleOutcome("skipped", f"{_names(missing or [before, after])} not found")
            continue
        fits = values[before] <= values[after]
        text = f"{before} {values[before]} is {'not ' if fits else ''}after {after} {values[after]}"
        yield _RuleOutcome("passed" if fits else "failed", text, (before, after))


def _range_outcomes(rule: Rule, values: Values) -> Iterator[_RuleOutcome]:
    low, high = rule.minimum, rule.maximum
    bounds = " to ".join(str(b) if b is not None else "any" for b in (low, high))
    for path in rule.of:
        cells = _matching(path, values)
        if not cells:
            yield _RuleOutcome("skipped", f"{path} not found")
        for cell in cells:
            value = values[cell]
            if not all(_comparable(value, b) for b in (low, high) if b is not None):
                yield _RuleOutcome("skipped", f"{cell} {value} cannot be compared with {bounds}")
                continue
            fits = (low is None or low <= value) and (high is None or value <= high)
            text = f"{cell} {value} is {'' if fits else 'not '}within {bounds}"
            yield _RuleOutcome("passed" if fits else "failed", text, (cell,))


_OUTCOMES: dict[str, Callable[[Rule, Values], Iterator[_RuleOutcome]]] = {
    "sum": _sum_outcomes,
    "product": _product_outcomes,
    "running": _running_outcomes,
    "order": _order_outcomes,
    "range": _range_outcomes,
}


def _rows(rule: Rule, values: Values) -> Sequence[int | None]:
    """Row numbers a rule applies to; [None] if it concerns the whole document."""
    paths = rule.equals if rule.rule in ("sum", "product", "running") else rule.paths
    columns = [path for path in paths if "[]" in path]
    if not columns:
        return [None]
    found = (_row_pattern(path).fullmatch(key) for path in rule.paths for key in values)
    return sorted({int(match[1]) for match in found if match and match.lastindex})


def _row_pattern(path: str) -> re.Pattern[str]:
    return re.compile(re.escape(path).replace(r"\[\]", r"\[(\d+)\]"))


def _matching(path: str, values: Values) -> list[str]:
    """Paths of the cells of a column that have a value, in row order."""
    pattern = _row_pattern(path)
    matches = [m for m in map(pattern.fullmatch, values) if m]
    return [m.string for m in sorted(matches, key=lambda m: int(m[1]) if m.lastindex else 0)]


def _at(path: str, row: int | None) -> str:
    return path if row is None else path.replace("[]", f"[{row}]")


def _term(path: str, values: Values, row: int | None) -> _Term:
    """The term of a signed path: one cell of a row, or the sum of a column."""
    sign, bare = (-1, path[1:]) if path.startswith("-") else (1, path)
    cells = _matching(bare, values) if row is None else [_at(bare, row)]
    cells = [cell for cell in cells if _number(values.get(cell)) is not None]
    shown = _at(path, row)
    if not cells:
        return _Term(shown, None, ())
    column = sum((Decimal(str(values[cell])) for cell in cells), Decimal(0))
    return _Term(shown, sign * column, tuple(cells))


def _number(value: Any) -> Any:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _comparable(a: Any, b: Any) -> bool:
    both_text = isinstance(a, str) and isinstance(b, str)
    return both_text or (_number(a) is not None and _number(b) is not None)


def _amount(term: _Term) -> Decimal:
    return term.amount if term.amount is not None else Decimal(0)


def _total(terms: Iterable[_Term]) -> Decimal:
    return sum((_amount(t) for t in terms), Decimal(0))


def _close(a: Decimal, b: Decimal, rule: Rule) -> bool:
    return abs(a - b) <= Decimal(str(rule.tolerance))


def _cells(terms: Iterable[_Term]) -> tuple[str, ...]:
    return tuple(cell for term in terms for cell in term.cells)


def _shown(terms: Sequence[_Term]) -> str:
    """Text of a sum: ``subtotal 10.00 + tax 0.60 = 10.60``, or ``line_items[].amount sum to
    41.00``."""
    if len(terms) == 1:
        verb = "sum to" if "[]" in terms[0].path else "is"
        return f"{terms[0].path} {verb} {_money(_amount(terms[0]))}"
    text = ""
    for term in terms:
        amount = _amount(term)
        minus = term.path.startswith("-")
        sign = "- " if minus else "+ " if text else ""
        text += f"{sign}{term.path.removeprefix('-')} {_money(-amount if minus else amount)} "
    return f"{text}= {_money(_total(terms))}"


def _money(value: Decimal) -> str:
    """The amount with at least two and at most six decimals."""
    exponent = value.normalize().as_tuple().exponent
    decimals = max(2, -exponent) if isinstance(exponent, int) else 2
    return f"{value:.{min(decimals, 6)}f}"


def _plain(value: Decimal) -> str:
    return f"{value.normalize():f}"


def _names(paths: Sequence[str]) -> str:
    return ", ".join(path.removeprefix("-") for path in paths)

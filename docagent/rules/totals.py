"""Net total, tax and gross total of a bill, which have to add up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import product

from docagent.evidence.candidates import ValueCandidate
from docagent.evidence.field_parser import FieldParser
from docagent.rules.role_labels import RoleLabels
from docagent.rules.role_values import find_amount, values_at

Ranges = tuple[tuple[int, int], ...]
AMOUNT_ROLES = ("net_total", "tax_total", "gross_total", "amount_due", "amount_paid")
MAX_TRIED = 6
"""Candidates of each role that are tried together."""
TOLERANCE = 0.021
CONFIRMED, UNCONFIRMED = 0.97, 0.75
"""Score of amounts that add up, and factor for the others where some do."""
MAX_TAX_RATIO = 0.4
"""Of the net total, at most."""
MAX_LATE_BONUS = 0.02
"""Added in proportion to the position: totals stand at the end."""


def total_candidates(
    labels: RoleLabels, parsers: Mapping[str, FieldParser]
) -> dict[str, list[ValueCandidate]]:
    """Candidates by role. parsers: of fields with these roles; a role without a field is read with
    the parser of another one, so that the others can be checked against it."""
    if not parsers:
        return {}
    any_parser = next(iter(parsers.values()))
    words = max(1, len(labels.texts))
    found: dict[str, list[ValueCandidate]] = {}
    for role in AMOUNT_ROLES:
        parser = parsers.get(role, any_parser)
        values = values_at(labels, role, parser, find_amount)
        found[role] = [
            replace(v, score=v.score + MAX_LATE_BONUS * (v.ranges[0][0] / words - 1))
            for v in values
        ]
    return _confirmed(found)


def _confirmed(found: Mapping[str, list[ValueCandidate]]) -> dict[str, list[ValueCandidate]]:
    """The candidates, raised where a net total and a tax give a gross total."""
    numbers = {role: [c for c in some if _is_number(c)] for role, some in found.items()}
    nets, taxes, grosses = (
        _best(numbers[role]) for role in ("net_total", "tax_total", "gross_total")
    )
    grosses = [*grosses, *_best(numbers["amount_due"])]
    sums = [
        (abs(float(gross.parsed.value)), {net.ranges, tax.ranges, gross.ranges})
        for net, tax, gross in product(nets, taxes, grosses)
        if _adds_up(net, tax, gross)
    ]
    if not sums:
        return dict(found)
    # Rows of single rates add up too; the sum of them all is the largest.
    largest = max(total for total, _ in sums)
    fitting = set[Ranges]().union(*(p for total, p in sums if total >= largest - TOLERANCE))
    return {
        role: [_judged(c, c.ranges in fitting, role) for c in candidates]
        for role, candidates in found.items()
    }


def _is_number(candidate: ValueCandidate) -> bool:
    """Whether a value can be added up; a field of text has the amount as it is printed."""
    return isinstance(candidate.parsed.value, int | float)


def _adds_up(net: ValueCandidate, tax: ValueCandidate, gross: ValueCandidate) -> bool:
    n, t, g = (float(candidate.parsed.value) for candidate in (net, tax, gross))
    is_tax = n * t >= 0 and abs(t) <= MAX_TAX_RATIO * abs(n)
    return (
        is_tax and abs(n + t - g) <= TOLERANCE and len({net.ranges, tax.ranges, gross.ranges}) == 3
    )


def _judged(candidate: ValueCandidate, fits: bool, role: str) -> ValueCandidate:
    if fits:
        return replace(candidate, score=max(candidate.score, CONFIRMED))
    is_open = role in ("amount_due", "amount_paid")
    return candidate if is_open else replace(candidate, score=candidate.score * UNCONFIRMED)


def _best(candidates: Sequence[ValueCandidate]) -> list[ValueCandidate]:
    return sorted(candidates, key=lambda c: -c.score)[:MAX_TRIED]

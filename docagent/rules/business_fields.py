"""Numbers, dates and amounts of bills at the printed labels of the lexicon, for any schema.

A field's role is known by its name, labels or description; labels of other roles are known too, so
that an order date is not taken for the date of the bill.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from docagent.document import Document
from docagent.evidence.candidates import ValueCandidate
from docagent.evidence.field_parser import FieldParser
from docagent.rules.fallbacks import usual_currency
from docagent.rules.field_roles import field_role
from docagent.rules.identifiers import is_number_mark, number_at
from docagent.rules.lexicon import fold_label, role_kinds, role_words
from docagent.rules.page_cells import Cell
from docagent.rules.role_labels import RoleLabel, RoleLabels
from docagent.rules.role_values import (
    behind_label,
    find_currency,
    find_date,
    find_number,
    right_of_label,
    values_at,
)
from docagent.rules.totals import AMOUNT_ROLES, total_candidates
from docagent.schemas import Schema

TITLE_SCORE = 0.9
"""Score of the number behind a title ("Rechnung Nr. 123"), and of the date behind it."""
UNDER_TITLE_SCORE = 0.55
LETTER_DATE_SCORE = 0.7
"""Score of a date behind the name of a place ("Berlin, den 1. Mai 2024")."""
MAX_EARLY_BONUS = 0.02
"""Added in proportion to the position: numbers and dates of a bill stand at its top."""
MAX_TITLE_WORDS = 9
MARK_SCORE = 0.85
"""Score of the currency whose mark is printed most often."""
_FINDERS = {"date": find_date, "number": find_number, "currency": find_currency}


def role_candidates(
    document: Document, schema: Schema, parsers: Sequence[FieldParser]
) -> dict[str, list[ValueCandidate]]:
    """Candidates of numbers, dates and amounts with a role of business documents, by path."""
    roles = {p.leaf.path: role.role for p in parsers if (role := field_role(p.leaf))}
    wanted = [p for p in parsers if roles.get(p.leaf.path) in _roles_with_values()]
    if not wanted:
        return {}
    labels = RoleLabels(document)
    amounts = {roles[p.leaf.path]: p for p in wanted if roles[p.leaf.path] in AMOUNT_ROLES}
    totals = total_candidates(labels, amounts)
    found: dict[str, list[ValueCandidate]] = {}
    for parser in wanted:
        name = roles[parser.leaf.path]
        values = totals[name] if name in totals else list(_early(labels, name, parser))
        if values:
            found[parser.leaf.path] = values
    return found


def _roles_with_values() -> frozenset[str]:
    kinds = role_kinds()
    return frozenset(r for r, kind in kinds.items() if kind in _FINDERS) | {*AMOUNT_ROLES}


def _early(labels: RoleLabels, role: str, parser: FieldParser) -> Iterator[ValueCandidate]:
    """Numbers and dates; of equal ones the first is best."""
    found = list(values_at(labels, role, parser, _FINDERS[role_kinds()[role]]))
    if role in ("document_number", "issue_date"):
        found += _in_titles(labels, role, parser)
    if role == "issue_date":
        found += _letter_dates(labels, parser)
    if role == "currency":
        found += (replace(c, score=MARK_SCORE) for c in usual_currency(parser))
    words = max(1, len(labels.texts))
    for value in found:
        early = MAX_EARLY_BONUS * (1 - value.ranges[0][0] / words)
        yield replace(value, score=min(1.0, value.score + early))


def _in_titles(labels: RoleLabels, role: str, parser: FieldParser) -> Iterator[ValueCandidate]:
    """The number or date in the title of the document: "Rechnung RE1001 vom 3. Mai 2025"."""
    titles = (
        label
        for name in ("title", "document_number")
        for label, phrase in labels.of(name)
        if label.start == 0 and not phrase.is_weak
    )
    for label in titles:
        words = _title_words(labels, label)
        number = number_at(parser, words)
        if role == "document_number":
            if number and label.of("title"):
                yield parser.candidate(*number, TITLE_SCORE, "rule")
            elif not words and label.of("title"):
                yield from _under_title(labels, label, parser)
            continue
        rest = [index for index in words if number is None or index >= number[1]]
        has_word = bool(rest) and fold_label(labels.texts[rest[0]]) in role_words("dated")
        found = find_date(parser, rest) if has_word else None
        if found:
            yield replace(found, score=TITLE_SCORE)


def _title_words(labels: RoleLabels, label: RoleLabel) -> list[int]:
    """What stands behind a title on its row, up to the next label."""
    words = list(behind_label(labels, label))
    words += right_of_label(labels, label, many=True)
    marked = (k for k, i in enumerate(words[:MAX_TITLE_WORDS]) if is_number_mark(labels.texts[i]))
    start = next(marked, 0)
    return words[start : start + MAX_TITLE_WORDS]


def _under_title(
    labels: RoleLabels, label: RoleLabel, parser: FieldParser
) -> Iterator[ValueCandidate]:
    under = labels.cells.below(label.cell, label.cell.box, 2.0)
    number = number_at(parser, under.words) if under and len(under.words) <= 3 else None
    if number:
        yield parser.candidate(*number, UNDER_TITLE_SCORE, "rule")


def _letter_dates(labels: RoleLabels, parser: FieldParser) -> Iterator[ValueCandidate]:
    """Dates behind the name of a place, as letters begin."""
    for cell in labels.cells:
        words = _behind_place(labels, cell)
        found = find_date(parser, words) if words else None
        if found and found.ranges[-1][1] > cell.words[-1]:
            yield replace(found, score=LETTER_DATE_SCORE)


def _behind_place(labels: RoleLabels, cell: Cell) -> tuple[int, ...]:
    """The words behind "Berlin, den" in a cell, or in the next one where it ends there."""
    texts = [labels.texts[index] for index in cell.words[:4]]
    comma = next((k for k, text in enumerate(texts) if text.endswith(",")), None)
    if (
        comma is None
        or not texts[0][:1].isupper()
        or any(c.isdigit() for c in "".join(texts[: comma + 1]))
    ):
        return ()
    rest = cell.words[comma + 1 :]
    if rest and fold_label(labels.texts[rest[0]]) in role_words("dated"):
        rest = rest[1:]
    beside = labels.cells.right_of(cell)
    return rest or (beside.words if beside else ())

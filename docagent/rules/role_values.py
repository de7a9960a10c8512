"""What stands at the labels of the lexicon: dates, amounts and numbers of the kind that is wanted.

A value stands behind its label, in the next cell of the row, or in the cell below; in a column of
amounts under a label, the last one sums up the others.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from docagent.evidence.candidates import ValueCandidate, looks_like_money
from docagent.evidence.field_parser import FieldParser
from docagent.rules.identifiers import number_at
from docagent.rules.labels import first_value
from docagent.rules.role_labels import RoleLabel, RoleLabels
from docagent.text.normalise.currencies import currencies_in

BEHIND_SCORE, RIGHT_SCORE, BELOW_SCORE = 0.92, 0.9, 0.82
"""Scores of values by their place, of a label that names one thing only."""
WEAK_FACTOR = 0.75
"""Factor for labels that name other things too, such as "Date"."""
INNER_FACTOR = 0.6
"""Factor for labels within a line that no colon marks."""
LOWER_FACTOR = 0.95
"""Factor for each row that an amount stands lower in the column below its label."""
BELOW_REACH = 2.2
"""Heights of a word below a label within which its value begins."""
MAX_COLUMN_ROWS = 8
"""Rows of amounts under one label, at most."""
MAX_SKIPPED = 2
"""Words before a date or number that belong to neither: "vom", "(EUR)"."""
MAX_WHOLE_DIGITS = 8
"""Digits of the largest amount that is printed without a mark between them."""
_RATE = re.compile(r"\d ?%")


@dataclass(frozen=True)
class Place:
    """Words at a label's place, and the score that a value there has."""

    words: tuple[int, ...]
    score: float


Finder = Callable[[FieldParser, Sequence[int]], ValueCandidate | None]
"""The value of a field at the start of some words."""


def find_date(parser: FieldParser, words: Sequence[int]) -> ValueCandidate | None:
    """A date that the words begin with."""
    for skipped in range(min(MAX_SKIPPED + 1, len(words))):
        if any(c.isdigit() for i in words[:skipped] for c in parser.text(i, i + 1)):
            return None
        found = next(first_value(parser, words[skipped : skipped + 5]), None)
        if found and found.parsed.ok and found.ranges[0][0] <= words[skipped]:
            return replace(found, score=1.0)
    return None


def find_number(parser: FieldParser, words: Sequence[int]) -> ValueCandidate | None:
    """A number or code that the words begin with: no date, amount, phone or account number."""
    run = number_at(parser, words)
    if run is None:
        return None
    candidate = parser.candidate(*run, 1.0, "rule")
    return candidate if candidate.parsed.ok else None


def find_amount(parser: FieldParser, words: Sequence[int]) -> ValueCandidate | None:
    """The amount of some words: the last one, as rates and bases stand before it."""
    for position in range(len(words) - 1, -1, -1):
        text = parser.text(words[position], words[position] + 1)
        if not re.search(r"\d", text) or _RATE.search(text) or text.endswith("%"):
            continue
        letters = re.sub(r"[^A-Za-z]", "", text)
        if letters and not currencies_in(letters):
            continue
        run = _amount_run(parser, words, position)
        candidate = parser.candidate(*run, 1.0, "rule")
        is_money = looks_like_money(candidate.raw_text, parser.conventions)
        is_short = len(words) <= 3 and not re.search(rf"\d{{{MAX_WHOLE_DIGITS + 1}}}", text)
        if candidate.parsed.ok and (is_money or is_short):
            return replace(candidate, score=1.0 if len(words) <= 4 else 0.9)
    return None


def find_currency(parser: FieldParser, words: Sequence[int]) -> ValueCandidate | None:
    """A currency among the first words."""
    for index in words[:3]:
        candidate = parser.candidate(index, index + 1, 1.0, "rule")
        if candidate.parsed.ok:
            return candidate
    return None


def _amount_run(parser: FieldParser, words: Sequence[int], position: int) -> tuple[int, int]:
    """The words of an amount that ends at a position, with blanks between its thousands."""
    start = position
    while start and words[start - 1] == words[start] - 1:
        before, first = words[start - 1], words[start]
        is_group = re.match(r"\d{3}(?!\d)", parser.text(first, first + 1))
        if not is_group or not re.fullmatch(r"[-−]?\d{1,3}", parser.text(before, before + 1)):
            break
        start -= 1
    return words[start], words[position] + 1


def values_at(
    labels: RoleLabels, role: str, parser: FieldParser, find: Finder
) -> Iterator[ValueCandidate]:
    """The values at all labels of a role, scored by their places."""
    for label, phrase in labels.of(role):
        factor = WEAK_FACTOR if phrase.is_weak else 1.0
        if label.start and not label.is_marked:
            factor *= INNER_FACTOR
        for place in places_of(labels, label, is_amount=find is find_amount):
            found = find(parser, place.words)
            if found:
                yield replace(found, score=found.score * place.score * factor)
                if find is not find_amount:
                    break


def places_of(labels: RoleLabels, label: RoleLabel, *, is_amount: bool = False) -> Iterator[Place]:
    """Places where the value of a label may stand, the likeliest first."""
    behind = behind_label(labels, label)
    if behind:
        yield Place(behind, BEHIND_SCORE)
        if not is_amount:
            return
    right = right_of_label(labels, label, many=is_amount)
    if right:
        yield Place(right, RIGHT_SCORE)
    if not behind:
        column = list(_column_below(labels, label, MAX_COLUMN_ROWS if is_amount else 1))
        for number, words in enumerate(column):
            is_end = number in (0, len(column) - 1)
            yield Place(
                words, BELOW_SCORE * (1.0 if is_end else INNER_FACTOR) * LOWER_FACTOR**number
            )


def behind_label(labels: RoleLabels, label: RoleLabel) -> tuple[int, ...]:
    """The words of its cell behind a label, up to the next label."""
    cell = label.cell
    same = labels.by_cell[cell.row, cell.position]
    end = min((other.start for other in same if other.start >= label.end), default=len(cell.words))
    return cell.words[label.end - label.glued : end]


def right_of_label(labels: RoleLabels, label: RoleLabel, *, many: bool) -> tuple[int, ...]:
    """The words of the next cell, or of all cells, to the right up to one that begins with a
    label."""
    words: list[int] = []
    row = labels.cells.rows[label.cell.row]
    if labels.by_cell[label.cell.row, label.cell.position][-1] is not label:
        return ()
    for cell in row[label.cell.position + 1 :]:
        text = labels.text(cell.words)
        first = labels.first_in(cell)
        if first and not all(phrase.is_weak for phrase in first.phrases):
            break
        if any(char.isalnum() for char in text):
            words += cell.words
            if not many:
                break
    return tuple(words)


def _column_below(labels: RoleLabels, label: RoleLabel, rows: int) -> Iterator[tuple[int, ...]]:
    """The words below a label that stand in its column, row by row."""
    cells = labels.cells
    words = label.cell.words[label.start : label.end]
    box = cells.box(words)
    above, left, right = label.cell, *_column(labels, label)
    lower = box
    for _ in range(rows):
        under = cells.below(above, (left, lower[1], right, lower[3]), BELOW_REACH)
        if under and not any(c.isalnum() for c in labels.text(under.words)):
            under = cells.below(under, (left, lower[1], right, under.box[3]), BELOW_REACH)
        if under is None or labels.first_in(under):
            return
        inside = tuple(
            i for i in under.words if left <= (cells.boxes[i][0] + cells.boxes[i][2]) / 2 <= right
        )
        if not inside or (rows > 1 and not any(c.isdigit() for c in labels.text(inside))):
            return
        yield inside
        above, lower = under, under.box


def _column(labels: RoleLabels, label: RoleLabel) -> tuple[float, float]:
    """Left and right edge of the column of a label: half way to what stands beside it."""
    cells = labels.cells
    row = sorted(index for cell in cells.rows[label.cell.row] for index in cell.words)
    words = label.cell.words[label.start : label.end]
    box = cells.box(words)
    others = [cells.boxes[index] for index in row if index not in words]
    before = max((other[2] for other in others if other[2] <= box[0] + 1e-6), default=None)
    after = min((other[0] for other in others if other[0] >= box[2] - 1e-6), default=None)
    wide = 12 * cells.widths[cells.pages[label.cell.row]]
    left = box[0] - wide if before is None else (before + box[0]) / 2
    right = box[2] + wide if after is None else (after + box[2]) / 2
    return min(left, box[0]), max(right, box[2])

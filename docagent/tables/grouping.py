"""Rows of a table from its lines of text: which lines are one row.

A line with numbers begins a row, or any line with a text in the first column where there are no
numbers. Other lines belong to the row above or below them, or are a section of their own.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import median

from docagent.tables.columns import Placed

MIN_NUMBER_RATIO = 0.5
"""Share of numbers from which a column is one of numbers."""
CLOSER_RATIO = 0.85
"""A line this much nearer to one neighbour than to the other belongs to it."""
MAX_REST_GAP_RATIO = 0.4
"""Space above a line with the rest of a row's numbers, in heights of the line."""
MAX_TITLE_WORDS = 7
"""Longest title of a section, in words."""
USUAL_PITCH_RATIO = 1.5
"""Distance of two rows of one line, in heights of a line, where no two follow each other."""
MIN_HEADS = 2
"""Texts over numbers that make a line a header, which is a row of its own."""
MAX_TITLE_DIGITS = 4
"""More digits are a code or a date."""
_GOES_ON = re.compile(
    r"(?:[,(&/–-]|\b(?:and|or|of|the|in|for|to|from|und|oder|der|die|das|von|für|"
    r"mit|et|ou|de|du|la|le|des|les|pour|y|o|del|per|di))$",
    re.I,
)
_BULLET = re.compile(r"[•·*–-]\s")


@dataclass(frozen=True)
class TableLine:
    """A line of text in a table. rule_above: whether a line is drawn above it."""

    cells: tuple[Placed, ...]
    rule_above: bool = False

    @cached_property
    def top(self) -> float:
        """Upper edge of the highest piece."""
        return min(cell.piece.box[1] for cell in self.cells)

    @cached_property
    def bottom(self) -> float:
        """Lower edge of the lowest piece."""
        return max(cell.piece.box[3] for cell in self.cells)

    @property
    def center(self) -> float:
        """Height of the middle."""
        return (self.top + self.bottom) / 2

    @property
    def columns(self) -> frozenset[int]:
        """The columns that have text, by the first one of each piece."""
        return frozenset(cell.first for cell in self.cells)

    @property
    def text(self) -> str:
        """All pieces joined."""
        return " ".join(cell.piece.text for cell in self.cells)


def number_columns(lines: Sequence[TableLine], columns: int) -> frozenset[int]:
    """The columns most of whose texts are numbers, the first two lines (a header) left out if
    there are enough others."""
    body = lines[2:] if len(lines) > 4 else lines[1:]
    found = set()
    for column in range(columns):
        pieces = [c.piece for line in body for c in line.cells if c.first == column == c.last]
        numbers = sum(piece.is_value for piece in pieces)
        if numbers and numbers >= MIN_NUMBER_RATIO * len(pieces):
            found.add(column)
    return frozenset(found)


def group_lines(lines: Sequence[TableLine], numbers: frozenset[int]) -> list[list[int]]:
    """Indices of the lines of each row. numbers: the columns of numbers."""
    anchors = [n for n, line in enumerate(lines) if _is_anchor(line, numbers)]
    groups: list[list[int]] = []
    below: list[int] = []
    for n, line in enumerate(lines):
        if n in anchors:
            if groups and not below and _is_rest(lines, groups[-1], line, numbers):
                groups[-1].append(n)
            else:
                groups.append([*below, n])
            below = []
            continue
        side = _side(lines, n, set(anchors), numbers)
        if side == "below":
            below.append(n)
        elif side == "above" and groups and not below:
            groups[-1].append(n)
        else:
            groups += [[m] for m in below]
            below = []
            groups.append([n])
    return groups + [[m] for m in below]


def _is_anchor(line: TableLine, numbers: frozenset[int]) -> bool:
    if numbers - {0}:
        return any(
            c.first in numbers and c.first > 0 and (c.piece.is_value or c.piece.is_year)
            for c in line.cells
        )
    return 0 in line.columns


def _is_rest(
    lines: Sequence[TableLine], group: Sequence[int], line: TableLine, numbers: frozenset[int]
) -> bool:
    """Whether a line has the rest of a row's numbers, which stand lower than the others."""
    above = lines[group[-1]]
    taken = frozenset().union(*(lines[n].columns for n in group))
    return (
        not line.rule_above
        and line.top - above.bottom <= MAX_REST_GAP_RATIO * (line.bottom - line.top)
        and 0 in taken
        and not (taken | {0}) & line.columns
        and bool(taken & numbers)
    )


def _side(
    lines: Sequence[TableLine], n: int, anchors: set[int], numbers: frozenset[int]
) -> str | None:
    """The side on which the row of a line without numbers is; None for a row of its own."""
    line = lines[n]
    above = lines[n - 1] if n and not line.rule_above else None
    under = lines[n + 1] if n + 1 < len(lines) and not lines[n + 1].rule_above else None
    usual = anchor_pitch(lines, anchors)
    up = line.center - above.center if above else usual
    down = under.center - line.center if under else usual
    heads = len(line.columns & numbers)
    if heads >= MIN_HEADS or (heads and n < min(anchors)):
        return None
    is_anchor_below = under is not None and n + 1 in anchors
    lacking = is_anchor_below and under is not None and not (under.columns - numbers)
    if lacking and down <= up / CLOSER_RATIO:
        return "below"
    if above and up < CLOSER_RATIO * down:
        return "above"
    if line.text.endswith(":") and _is_title(lines, n, anchors):
        return None
    if is_anchor_below and down < CLOSER_RATIO * up:
        return "below"
    if above and _continues(above.cells[0].piece.text, line.text):
        return "above"
    if is_anchor_below and under is not None and _continues(line.text, under.cells[0].piece.text):
        return "below"
    if above and not _is_title(lines, n, anchors):
        return "above"
    return None


def anchor_pitch(lines: Sequence[TableLine], anchors: set[int]) -> float:
    """Median distance of lines with numbers that follow each other; infinite without any."""
    steps = [lines[n].center - lines[n - 1].center for n in anchors if n - 1 in anchors]
    return median(steps) if steps else float("inf")


def _is_title(lines: Sequence[TableLine], n: int, anchors: set[int]) -> bool:
    """Whether a line may head the rows below it: one short text in the first column, with nothing
    but other titles between it and a row with numbers, and below a row with numbers or a title."""
    line = lines[n]
    text = line.text
    if len(line.cells) > 1 or line.cells[0].first > 0 or _BULLET.match(text):
        return False
    if text.endswith(":"):
        return True
    if len(text.split()) > MAX_TITLE_WORDS or sum(c.isdigit() for c in text) > MAX_TITLE_DIGITS:
        return False
    after = next((m for m in range(n + 1, len(lines)) if len(lines[m].cells) > 1), None)
    return after in anchors and (
        n - 1 in anchors or n < min(anchors) or line.rule_above or lines[n - 1].text.endswith(":")
    )


def _continues(first: str, then: str) -> bool:
    """Whether a text goes on with another one: in small letters, or after a comma or an "and"."""
    return then[:1].islower() or bool(_GOES_ON.search(first))


def row_pitch(lines: Sequence[TableLine], numbers: frozenset[int]) -> float:
    """Median distance of rows of one line; if there are none, that of lines of running text."""
    anchors = {n for n, line in enumerate(lines) if _is_anchor(line, numbers)}
    pitch = anchor_pitch(lines, anchors)
    height = median(line.bottom - line.top for line in lines)
    return pitch if pitch < float("inf") else USUAL_PITCH_RATIO * height

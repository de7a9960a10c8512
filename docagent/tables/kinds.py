"""Kinds of rows: header, item, section, carried amount, total."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from statistics import median

from docagent.document import RowKind
from docagent.tables.grouping import TableLine, number_columns
from docagent.text.accents import strip_accents
from docagent.text.lexicon import table_row_words

MAX_HEADER_ROWS = 4
MAX_LABEL_WORDS = 6
"""Words at the start of a row in which the name of a total is looked for."""
MAX_FILLED_RATIO = 0.67
"""A total fills at most this share of the columns that items fill, in tables of many columns."""
MIN_MANY = 3
"""Columns that items of such a table fill."""
_NOT_LETTERS = re.compile(r"[^a-z/ -]+")

Rows = Sequence[Sequence[TableLine]]
"""Rows of a table, each of one or more lines."""


def count_header_rows(rows: Rows, numbers: frozenset[int], ruled_after: int | None) -> int:
    """How many rows at the top name the columns.

    numbers: columns of numbers. ruled_after: rows above the first drawn line, if that is known.
    """
    if len(rows) < 2:
        return 0
    count = 0
    for n, row in enumerate(rows[: min(MAX_HEADER_ROWS, len(rows) - 1)]):
        if not _is_header(row, numbers, is_first=n == 0):
            break
        count = n + 1
    # A title of the first section is not the last row of the header.
    while count > 1 and _is_title(rows[count - 1]):
        count -= 1
    if ruled_after and not count and not _has_numbers(rows[0], numbers):
        return min(ruled_after, MAX_HEADER_ROWS)
    return count


def _is_header(row: Sequence[TableLine], numbers: frozenset[int], is_first: bool) -> bool:
    pieces = [cell for line in row for cell in line.cells]
    if not numbers:
        # Two columns of text are names and their values.
        return is_first and len(pieces) > 2 and not pieces[0].piece.text.endswith(":")
    values = [c for c in pieces if c.piece.is_value and not c.piece.is_year]
    if any(c.first in numbers for c in values):
        return False
    return is_first or any(c.last in numbers or c.first > 0 for c in pieces) or len(pieces) > 1


def _is_title(row: Sequence[TableLine]) -> bool:
    cells = [cell for line in row for cell in line.cells]
    return len(cells) == 1 and cells[0].first == 0


def _has_numbers(row: Sequence[TableLine], numbers: frozenset[int]) -> bool:
    return any(c.first in numbers and c.piece.is_value for line in row for c in line.cells)


def row_kinds(rows: Rows, columns: int, header_rows: int) -> tuple[RowKind, ...]:
    """The kind of each row below the header, and of the header's."""
    body = rows[header_rows:]
    lines = [line for row in body for line in row]
    numbers = number_columns([*lines[:1], *lines], columns)
    filled = [len(_filled(row)) for row in body if _has_numbers(row, numbers)]
    usual = median(filled) if filled else 1
    kinds: list[RowKind] = ["header"] * header_rows
    for row in body:
        kinds.append(_kind(row, numbers, usual))
    return tuple(kinds)


def _filled(row: Sequence[TableLine]) -> set[int]:
    return {cell.first for line in row for cell in line.cells}


def _kind(row: Sequence[TableLine], numbers: frozenset[int], usual: float) -> RowKind:
    filled = _filled(row)
    is_short = usual < MIN_MANY or len(filled) <= MAX_FILLED_RATIO * usual
    label = next((c.piece.text for line in row for c in line.cells if not c.piece.is_value), "")
    if is_short and _has_numbers(row, numbers | filled):
        for kind in ("carried", "total"):
            if is_named(label, kind):
                return "carried" if kind == "carried" else "total"
    if numbers and not _has_numbers(row, numbers) and len(filled) == 1 and usual > 1:
        return "section"
    return "item"


@cache
def is_named(label: str, kind: str) -> bool:
    """Whether a text begins or ends with a name of a row of that kind (``total``, ``carried``)."""
    plain = _NOT_LETTERS.sub(" ", strip_accents(label).casefold()).split()
    names = table_row_words()[kind]
    head = plain[:MAX_LABEL_WORDS]
    starts = {" ".join(head[:n]) for n in range(1, len(head) + 1)}
    ends = (
        {" ".join(head[n:]) for n in range(len(head))} if len(plain) <= MAX_LABEL_WORDS else set()
    )
    suffixes = tuple(name[1:] for name in names if name.startswith("*"))
    return bool((starts | ends) & names) or (bool(head) and head[0].endswith(suffixes))

"""Runs of rows that may be a table without a frame."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from statistics import median

from docagent.tables.pieces import Piece, VisualRow
from docagent.text.lexicon import column_meanings

MAX_GAP_RATIO = 2.5
"""Space between two rows of a table, in text heights."""
MAX_ALIGNED_GAP_RATIO = 5.0
"""The same for rows whose pieces stand exactly below each other."""
MAX_LOWERED_GAP_RATIO = 0.4
"""Space between a row and a number of it that stands lower, in text heights."""
MAX_SHIFT_RATIO = 0.6
"""Distance of aligned edges, in text heights."""
MAX_SINGLES = 6
"""Most rows of one piece (sections, lines of a description) between two rows with several."""
MAX_AHEAD = 12
"""Rows that are looked at for one that has as many pieces as the table."""
MIN_PROSE_WORDS = 9
"""A row of one piece with so many words is running text, unless the table goes on below it."""
MIN_VALUE_RATIO = 0.1
"""Share of numbers among the pieces from which rows are no running text."""
MIN_NAMED_COLUMNS = 3
"""Usual names of columns that make a row a header."""
MAX_PROSE_WORDS = 4.5
"""Words of the usual piece from which a column is one of running text."""


def find_blocks(rows: Sequence[VisualRow], height: float) -> list[list[VisualRow]]:
    """Runs of rows, each of which may be one table. height: of the text. Each begins and ends with
    a row of several pieces."""
    blocks: list[list[VisualRow]] = []
    current: list[VisualRow] = []
    waiting: list[VisualRow] = []
    for n, row in enumerate(rows):
        if row.is_single:
            if current and not waiting and _is_lowered(current, row, height):
                current.append(row)
            elif current:
                waiting.append(row)
            continue
        if current and _goes_on(current, waiting, row, rows[n + 1 : n + 1 + MAX_AHEAD], height):
            current += [*waiting, row]
        else:
            if current:
                blocks.append(current)
            current = [row]
        waiting = []
    if current:
        blocks.append(current)
    return [block for block in blocks if is_tabular(block)]


def _goes_on(
    block: Sequence[VisualRow],
    waiting: Sequence[VisualRow],
    row: VisualRow,
    ahead: Sequence[VisualRow],
    height: float,
) -> bool:
    """Whether a row of several pieces belongs to the table of the rows above it."""
    near = [r for r in block[-8:] if not r.is_single]
    aligned = sum(
        any(_is_aligned(p, q, height) for r in near for q in r.pieces) for p in row.pieces
    )
    steps = [*block[-1:], *waiting, row]
    gap = max(b.box[1] - a.box[3] for a, b in pairwise(steps))
    exact = aligned == len(row.pieces)
    if gap > (MAX_ALIGNED_GAP_RATIO if exact else MAX_GAP_RATIO) * height:
        return False
    if len(waiting) > MAX_SINGLES:
        return False
    most = max(len(r.pieces) for r in block)
    if _is_header_over_numbers(block, row) or (most == 2 and len(row.pieces) >= 4):
        return False
    if names_columns(row) and not names_columns(block[-1]):
        return False
    is_aside = waiting and (2 * len(row.pieces) <= most or _is_prose(waiting))
    if is_aside or 2 * aligned < len(row.pieces):
        return _comes_back(block, ahead, most, height)
    return True


def _is_lowered(block: Sequence[VisualRow], row: VisualRow, height: float) -> bool:
    """Whether a single number stands close below a row that has none at its place."""
    piece, above = row.pieces[0], block[-1]
    return (
        piece.is_number
        and row.box[1] - above.box[3] <= MAX_LOWERED_GAP_RATIO * height
        and not any(p.box[0] < piece.box[2] and p.box[2] > piece.box[0] for p in above.pieces)
        and any(_is_aligned(piece, p, height) for r in block[-8:] for p in r.pieces)
    )


def _is_prose(rows: Sequence[VisualRow]) -> bool:
    return sum(len(row.pieces[0].words) >= MIN_PROSE_WORDS for row in rows) >= 2


def _comes_back(
    block: Sequence[VisualRow], ahead: Sequence[VisualRow], most: int, height: float
) -> bool:
    """Whether a row with about as many pieces as the table's follows, before another header."""
    for row in ahead:
        if _is_header_over_numbers(block, row):
            return False
        if len(row.pieces) >= max(2, 0.7 * most):
            full = [r for r in block if len(r.pieces) >= max(2, 0.7 * most)]
            hits = [
                any(_is_aligned(p, q, height) for r in full for q in r.pieces) for p in row.pieces
            ]
            return 2 * sum(hits) >= len(hits)
    return False


def _is_aligned(a: Piece, b: Piece, height: float) -> bool:
    (ax0, _, ax1, _), (bx0, _, bx1, _) = a.box, b.box
    reach = MAX_SHIFT_RATIO * height
    if abs(ax0 - bx0) <= reach or abs(ax1 - bx1) <= reach:
        return True
    if abs(ax0 + ax1 - bx0 - bx1) / 2 <= reach:
        return True
    shared = min(ax1, bx1) - max(ax0, bx0)
    return shared >= 0.8 * min(ax1 - ax0, bx1 - bx0)


def _is_header_over_numbers(block: Sequence[VisualRow], row: VisualRow) -> bool:
    """Whether a row without numbers stands where the rows above it have numbers."""
    if len(row.pieces) < 3 or any(p.is_value and not p.is_year for p in row.pieces):
        return False
    above = [p for r in block for p in r.pieces if p.is_number]
    under = [
        p for p in row.pieces if any(p.box[0] < q.box[2] and p.box[2] > q.box[0] for q in above)
    ]
    return len(under) >= 2


def names_columns(row: VisualRow) -> bool:
    """Whether a row has the names of several usual columns (quantity, price, amount)."""
    if any(piece.is_number and not piece.is_year for piece in row.pieces):
        return False
    texts = [text for p in row.pieces for text in (p.text, *(word.text for word in p.words))]
    return len(frozenset().union(*map(column_meanings, texts))) >= MIN_NAMED_COLUMNS


def is_tabular(block: Sequence[VisualRow]) -> bool:
    """Whether rows are a table rather than columns of running text or a few pairs."""
    several = [row for row in block if not row.is_single]
    if len(several) < 2:
        return False
    pieces = [piece for row in several for piece in row.pieces]
    values = sum(piece.is_value for piece in pieces)
    is_text = values < MIN_VALUE_RATIO * len(pieces)
    if is_text and median(len(piece.words) for piece in pieces) >= MAX_PROSE_WORDS:
        return False
    widest = median(len(row.pieces) for row in several)
    return widest >= 3 or len(several) >= 3 or (widest >= 2 and values >= 2)

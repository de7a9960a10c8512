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
FULL_RATIO = 0.7
"""Share of the most pieces that a row with all columns has."""
MIN_FULL, MIN_RESUMED_RATIO = 4, 0.7
"""Pieces of such rows, and the share of them that are aligned, where a table is resumed."""
MAX_HEAD_WORDS, MAX_HEAD_GAP_RATIO = 8, 1.2
"""Words of a text over several columns, and the space below it in text heights, at most."""
MIN_NAMED_COLUMNS = 3
"""Usual names of columns that make a row a header."""
MAX_PROSE_WORDS = 4.5
"""Words of the usual piece from which a column is one of running text."""


def find_blocks(rows: Sequence[VisualRow], height: float) -> list[list[VisualRow]]:
    """Runs of rows, each of which may be one table. height: of the text. Each begins and ends with
    a row of several pieces, or with a number below one."""
    blocks: list[list[VisualRow]] = []
    between: list[list[VisualRow]] = []
    waiting: list[VisualRow] = []
    for n, row in enumerate(rows):
        if row.is_single:
            if blocks and not waiting and _is_lowered(blocks[-1], row, height):
                blocks[-1].append(row)
            else:
                waiting.append(row)
            continue
        ahead = rows[n + 1 : n + 1 + MAX_AHEAD]
        if blocks and _goes_on(blocks[-1], waiting, row, ahead, height):
            blocks[-1] += [*waiting, row]
        else:
            blocks.append([row])
            between.append(waiting)
        waiting = []
    whole: list[list[VisualRow]] = []
    for gap, block in zip(between, blocks, strict=True):
        if whole and len(gap) <= MAX_SINGLES and _resumes(whole[-1], gap, block, height):
            whole[-1] += [*gap, *block]
        else:
            whole.append(block)
    tables = [block for block in whole if is_tabular(block)]
    return [[*_heads(rows, block, height), *block] for block in tables]


def _heads(rows: Sequence[VisualRow], block: Sequence[VisualRow], height: float) -> list[VisualRow]:
    """Rows of one piece above a table's header that head several of its columns."""
    first = block[0]
    if any(piece.is_value and not piece.is_year for piece in first.pieces):
        return []
    left, right = min(r.box[0] for r in block), max(r.box[2] for r in block)
    seconds = [r.pieces[1].box[0] for r in block if len(r.pieces) > 1]
    found: list[VisualRow] = []
    for row in reversed(rows[: rows.index(first)]):
        below = (found or [first])[0]
        piece = row.pieces[0]
        if (
            not row.is_single
            or len(piece.words) > MAX_HEAD_WORDS
            or below.box[1] - row.box[3] > MAX_HEAD_GAP_RATIO * height
            or piece.box[0] < left + 2 * height
            or piece.box[2] < min(seconds)
            or piece.box[2] > right + height
        ):
            break
        found.insert(0, row)
    return found


def _resumes(
    block: Sequence[VisualRow],
    gap: Sequence[VisualRow],
    after: Sequence[VisualRow],
    height: float,
) -> bool:
    """Whether rows go on with a table after a few lines that do not keep to its columns: the rows
    with most pieces stand below each other, and no other header is between."""
    full, other = _fullest(block), _fullest(after)
    if names_columns(after[0]):
        return False
    if after[0] in other and _is_header_over_numbers(block, after[0]):
        return False
    if _widest_gap([block[-1], *gap, after[0]]) > MAX_GAP_RATIO * height:
        return False
    if min(len(full[0].pieces), len(other[0].pieces)) < MIN_FULL:
        return False
    pieces = [p for row in other for p in row.pieces]
    hits = sum(any(_is_aligned(p, q, height) for r in full for q in r.pieces) for p in pieces)
    values = sum(p.is_value for p in pieces)
    return values >= len(other) and hits >= MIN_RESUMED_RATIO * len(pieces)


def _fullest(rows: Sequence[VisualRow]) -> list[VisualRow]:
    most = max(len(row.pieces) for row in rows)
    return [row for row in rows if len(row.pieces) >= max(2, FULL_RATIO * most)]


def _widest_gap(rows: Sequence[VisualRow]) -> float:
    return max(b.box[1] - a.box[3] for a, b in pairwise(rows))


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
    gap = _widest_gap([block[-1], *waiting, row])
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
        if len(row.pieces) >= max(2, FULL_RATIO * most):
            hits = [
                any(_is_aligned(p, q, height) for r in _fullest(block) for q in r.pieces)
                for p in row.pieces
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
    above = [p for r in block for p in r.pieces if p.is_number and not p.is_year]
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

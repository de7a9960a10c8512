"""Columns of rows of pieces: gutters that few pieces cross, and the pieces between them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from docagent.tables.pieces import Piece, VisualRow

MIN_SUPPORT = 2
"""Rows with text on both sides of a gutter that some pieces cross, or that is narrow."""
CROSSING_COST = 2.0
"""Rows on both sides that outweigh one piece across a gutter."""
MIN_CLEAR_RATIO = 0.8
"""Width of a gutter, in text heights, that needs only one row on both sides."""
MAX_COLUMNS = 40


def find_gutters(rows: Sequence[VisualRow], height: float) -> list[float]:
    """Positions between the columns of rows, from the left. height: of the text.

    The best gutter is the one with the most rows on both sides of it and the fewest pieces across
    it; the parts on both sides are divided in the same way, until no row has two pieces in one
    column. Rows of one piece, such as titles, do not count.
    """
    several = [row for row in rows if not row.is_single]
    boxes = [(n, p.box[0], p.box[2]) for n, row in enumerate(several) for p in row.pieces]
    if not boxes:
        return []
    table = np.array(boxes)
    found: list[float] = []
    _divide(table, -np.inf, np.inf, height, found)
    return sorted(found)


def _divide(
    table: NDArray[np.float64], low: float, high: float, height: float, found: list[float]
) -> None:
    """Append the gutters between ``low`` and ``high``. table: row number, left and right."""
    middle = (table[:, 1] + table[:, 2]) / 2
    inside = table[(middle > low) & (middle < high)]
    if len(inside) < 2 or len(found) >= MAX_COLUMNS:
        return
    numbers, lefts, rights = inside[:, 0], inside[:, 1], inside[:, 2]
    same = numbers[1:] == numbers[:-1]
    gaps = np.stack([rights[:-1][same], lefts[1:][same]], axis=1)
    if not len(gaps):
        return
    places = np.concatenate([gaps.mean(axis=1), gaps[:, 0] + 1e-6, gaps[:, 1] - 1e-6])
    x = np.unique(places)[:, None]
    crossing = ((lefts < x) & (rights > x)).sum(axis=1)
    rows = np.flatnonzero(np.concatenate([[True], ~same]))
    row_rights = np.minimum.reduceat(rights, rows)
    row_lefts = np.maximum.reduceat(lefts, rows)
    support = ((row_rights <= x) & (row_lefts >= x)).sum(axis=1)
    left = np.where(rights <= x, rights, low).max(axis=1)
    right = np.where(lefts >= x, lefts, high).min(axis=1)
    clear = (right - left) / height
    score = support - CROSSING_COST * crossing
    fits = ((support >= MIN_SUPPORT) | (clear >= MIN_CLEAR_RATIO)) & (score > 0)
    if not fits.any():
        return
    best = max(np.flatnonzero(fits), key=lambda n: (score[n], clear[n]))
    place = float((left[best] + right[best]) / 2 if crossing[best] == 0 else x[best, 0])
    found.append(place)
    _divide(table, low, place, height, found)
    _divide(table, place, high, height, found)


@dataclass(frozen=True)
class Placed:
    """A piece in the columns ``first`` to ``last``."""

    piece: Piece
    first: int
    last: int


def place_pieces(
    rows: Sequence[VisualRow], gutters: Sequence[float], height: float
) -> list[list[Placed]]:
    """The pieces of each row with their columns.

    A piece is in the column of its middle. It covers further columns if it reaches over the usual
    pieces of theirs, which are those on one side of each gutter.
    """
    cuts = np.array(gutters)
    count = len(gutters) + 1
    usual: list[list[Piece]] = [[] for _ in range(count)]
    for row in rows:
        for piece in row.pieces:
            first = int(np.searchsorted(cuts, piece.box[0]))
            if first == int(np.searchsorted(cuts, piece.box[2])):
                usual[first].append(piece)
    hulls = [
        (min(p.box[0] for p in pieces), max(p.box[2] for p in pieces)) if pieces else None
        for pieces in usual
    ]
    placed = []
    for row in rows:
        made: list[Placed] = []
        for piece in row.pieces:
            left, right = piece.box[0], piece.box[2]
            home = int(np.searchsorted(cuts, (left + right) / 2))
            covered = [
                n
                for n, hull in enumerate(hulls)
                if hull
                and min(right, hull[1]) - max(left, hull[0])
                > min(0.5 * (hull[1] - hull[0]), 2 * height)
            ]
            first, last = min([home, *covered]), max([home, *covered])
            made.append(Placed(piece, first, last))
        placed.append(_apart(made))
    return placed


def _apart(row: list[Placed]) -> list[Placed]:
    """Pieces of one row, none of which covers the column of another one; those between which there
    is no gutter share a column."""
    made: list[Placed] = []
    for n, placed in enumerate(row):
        first, last = placed.first, placed.last
        if made and first <= made[-1].last:
            first = min(made[-1].last + 1, last)
        if n + 1 < len(row):
            last = max(first, min(last, row[n + 1].first - 1))
        made.append(Placed(placed.piece, first, last))
    return made

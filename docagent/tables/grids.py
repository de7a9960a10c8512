"""Tables with a frame: cells between ruling lines.

Lines that touch are one frame. Its lines give columns and bands; neighbouring places with no line
between them are one cell.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from docagent.geometry import BBox
from docagent.tables.pieces import Piece

MIN_BAND_RATIO = 0.6
"""Narrowest space between two lines that can hold text, in text heights."""
REACH_RATIO = 0.8
"""Lines whose ends are this close touch, in text heights."""
MIN_COVER = 0.6
"""Share of an edge of a cell that a line covers."""
MAX_INSET = 0.1
"""Share of a text's width that may stand beyond a line at each end."""
MIN_SAME = 0.5
"""Share of their inner lines that two bands of one table have in common."""
MAX_LINES = 600
"""A page with more lines is a drawing."""


@dataclass(frozen=True)
class GridCell:
    """Bands ``top`` to ``bottom`` and columns ``left`` to ``right`` (exclusive) of a grid."""

    top: int
    left: int
    bottom: int
    right: int


@dataclass(frozen=True)
class Grid:
    """xs, ys: positions of the lines between columns and bands. cells: they cover every place."""

    xs: tuple[float, ...]
    ys: tuple[float, ...]
    cells: tuple[GridCell, ...]

    @property
    def box(self) -> BBox:
        """Around all cells."""
        return (self.xs[0], self.ys[0], self.xs[-1], self.ys[-1])

    @cached_property
    def _by_place(self) -> dict[tuple[int, int], GridCell]:
        return {
            (band, column): cell
            for cell in self.cells
            for band in range(cell.top, cell.bottom)
            for column in range(cell.left, cell.right)
        }

    def cell_at(self, x: float, y: float) -> GridCell | None:
        """The cell around a point; None outside."""
        place = bisect_right(self.ys, y) - 1, bisect_right(self.xs, x) - 1
        return self._by_place.get(place)

    def column_of(self, piece: Piece) -> int:
        """The column of a piece: that of its middle, or of its left end if it reaches into several
        columns."""
        left, right = piece.box[0], piece.box[2]
        inset = MAX_INSET * (right - left)
        several = any(left + inset < x < right - inset for x in self.xs[1:-1])
        place = left + inset if several else (left + right) / 2
        return min(max(bisect_right(self.xs, place) - 1, 0), len(self.xs) - 2)


def find_grids(rulings: Sequence[BBox], height: float) -> list[Grid]:
    """Grids of at least two columns and two bands. height: of the text."""
    if len(rulings) > MAX_LINES:
        return []
    grids = []
    for lines in _frames(rulings, REACH_RATIO * height):
        level = [line for line in lines if line[1] == line[3]]
        upright = [line for line in lines if line[0] == line[2]]
        if len(level) < 2 or not upright:
            continue
        left, right = min(r[0] for r in level), max(r[2] for r in level)
        xs = _apart([left, *(r[0] for r in upright), right], MIN_BAND_RATIO * height)
        ys = _apart([r[1] for r in level], MIN_BAND_RATIO * height)
        if len(xs) >= 3 and len(ys) >= 2:
            grids += _tables(xs, ys, level, upright, height)
    return grids


def header_frames(rulings: Sequence[BBox], height: float) -> list[tuple[float, ...]]:
    """Frames of one band with inner lines, as around a header alone: top, bottom and the positions
    of all their upright lines. height: of the text."""
    found = []
    if len(rulings) > MAX_LINES:
        return []
    for lines in _frames(rulings, REACH_RATIO * height):
        ys = _apart([r[1] for r in lines if r[1] == r[3]], MIN_BAND_RATIO * height)
        xs = _apart([r[0] for r in lines if r[0] == r[2]], MIN_BAND_RATIO * height)
        if len(ys) == 2 and len(xs) >= 4:
            found.append((ys[0], ys[1], *xs))
    return found


def _frames(rulings: Sequence[BBox], reach: float) -> list[list[BBox]]:
    """Groups of lines that touch."""
    owner = list(range(len(rulings)))

    def root(n: int) -> int:
        while owner[n] != n:
            owner[n] = owner[owner[n]]
            n = owner[n]
        return n

    level = [n for n, r in enumerate(rulings) if r[1] == r[3]]
    upright = [n for n, r in enumerate(rulings) if r[0] == r[2]]
    for n in level:
        x0, y, x1, _ = rulings[n]
        for m in upright:
            x, y0, _, y1 = rulings[m]
            if x0 - reach <= x <= x1 + reach and y0 - reach <= y <= y1 + reach:
                owner[root(n)] = root(m)
    groups: dict[int, list[BBox]] = {}
    for n in (*level, *upright):
        groups.setdefault(root(n), []).append(rulings[n])
    return list(groups.values())


def _apart(places: Sequence[float], least: float) -> list[float]:
    """Places in order, those closer than ``least`` counted as one."""
    kept: list[list[float]] = []
    for place in sorted(places):
        if kept and place - kept[-1][0] < least:
            kept[-1].append(place)
        else:
            kept.append([place])
    return [sum(group) / len(group) for group in kept]


def _tables(
    xs: Sequence[float],
    ys: Sequence[float],
    level: Sequence[BBox],
    upright: Sequence[BBox],
    height: float,
) -> list[Grid]:
    """The tables of one frame: bands below each other with much the same lines."""
    reach = MIN_BAND_RATIO * height
    sides = [
        frozenset(
            n
            for n in range(1, len(xs) - 1)
            if _covers([r[1::2] for r in upright if abs(r[0] - xs[n]) <= reach], top, bottom)
        )
        for top, bottom in pairwise(ys)
    ]
    grids = []
    for first, last in _alike(sides):
        inner = sorted(frozenset().union(*sides[first:last]))
        if not inner or last - first < 2:
            continue
        own_ys = list(ys[first : last + 1])
        own_level = [r for r in level if own_ys[0] - reach <= r[1] <= own_ys[-1] + reach]
        kept = [xs[0], *(xs[n] for n in inner), xs[-1]]
        grids.append(_grid(kept, own_ys, own_level, upright, reach))
    return grids


def _alike(sides: Sequence[frozenset[int]]) -> list[tuple[int, int]]:
    """Runs of bands with common inner lines. A band without any (a title, a total) joins the run
    above it."""
    runs: list[tuple[int, int]] = []
    last: frozenset[int] = frozenset()
    for n, side in enumerate(sides):
        joined = runs and (not side or not last or _same(side, last))
        if joined:
            runs[-1] = (runs[-1][0], n + 1)
        else:
            runs.append((n, n + 1))
        last = side or (last if joined else side)
    return runs


def _same(a: frozenset[int], b: frozenset[int]) -> bool:
    return len(a & b) >= MIN_SAME * min(len(a), len(b))


def _grid(
    xs: Sequence[float],
    ys: Sequence[float],
    level: Sequence[BBox],
    upright: Sequence[BBox],
    reach: float,
) -> Grid:
    """The cells of a grid: places joined where no line is between them, as rectangles."""
    bands, columns = len(ys) - 1, len(xs) - 1
    taken = [[False] * columns for _ in range(bands)]
    right_of = [
        [
            _covers([r[1::2] for r in upright if abs(r[0] - xs[c + 1]) <= reach], ys[b], ys[b + 1])
            for c in range(columns)
        ]
        for b in range(bands)
    ]
    below = [
        [
            _covers([r[0::2] for r in level if abs(r[1] - ys[b + 1]) <= reach], xs[c], xs[c + 1])
            for c in range(columns)
        ]
        for b in range(bands)
    ]
    cells = []
    for band in range(bands):
        for column in range(columns):
            if taken[band][column]:
                continue
            right = column + 1
            while right < columns and not right_of[band][right - 1] and not taken[band][right]:
                right += 1
            bottom = band + 1
            while bottom < bands and _is_open(
                bottom, column, right, below, right_of, taken, columns
            ):
                bottom += 1
            for b in range(band, bottom):
                for c in range(column, right):
                    taken[b][c] = True
            cells.append(GridCell(band, column, bottom, right))
    return Grid(tuple(xs), tuple(ys), tuple(cells))


def _is_open(
    band: int,
    left: int,
    right: int,
    below: Sequence[Sequence[bool]],
    right_of: Sequence[Sequence[bool]],
    taken: Sequence[Sequence[bool]],
    columns: int,
) -> bool:
    """Whether a band goes on with a cell above it: no line between, and the same sides."""
    if any(below[band - 1][c] or taken[band][c] for c in range(left, right)):
        return False
    if any(right_of[band][c] for c in range(left, right - 1)):
        return False
    return right == columns or right_of[band][right - 1]


def _covers(pieces: Sequence[Sequence[float]], start: float, end: float) -> bool:
    """Whether parallel lines (start, end) cover enough of an interval."""
    shared = [(max(a, start), min(b, end)) for a, b in pieces]
    total = 0.0
    reached = start
    for a, b in sorted(shared):
        total += max(0.0, b - max(a, reached))
        reached = max(reached, b)
    return total >= MIN_COVER * (end - start)

"""Reading order of text on a page, and grouping of words into lines.

Boxes are (x0, y0, x1, y1) in any unit with square pixels, y pointing down. The method is an XY-cut
(Nagy and Seth, 1984) that cuts only at gutters with running text on both sides, so that rows of a
table, an invoice or a receipt (label left, amount right) stay together.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from docagent.geometry import BBox

MIN_GUTTER_RATIO = 0.7
"""Narrowest gap between columns, in text heights. Word spaces are about 0.25-0.5."""
MIN_COLUMN_ROWS = 3
"""Fewest lines of running text on each side of a gutter."""
MIN_PROSE_WIDTH_RATIO = 8.0
"""Shortest typical line of running text, in text heights (about 16 letters)."""
MIN_FILL_RATIO = 0.62
"""Share of a column's width that a typical line of running text covers."""
MIN_SPLIT_GAP_RATIO = 2.5
"""Gap between two words, in text heights, from which they are on different lines."""
MIN_ALIGNED_ROWS = 6
"""Number of successive rows that must share a narrow gap for it to end a line (a gutter)."""
MAX_PARAGRAPH_GAP_RATIO = 1.2
"""Largest vertical gap between lines of one column, in text heights."""

Rows = list[list[int]]


def order_lines(boxes: Sequence[BBox]) -> list[int]:
    """Indices of the boxes in reading order; each index occurs once.

    Columns of running text are read one after the other, anything else row by row from the left.
    The result does not depend on the order of the input.
    """
    if not boxes:
        return []
    height = _text_height(boxes)
    # Sorting first makes ties independent of the input order.
    start = sorted(range(len(boxes)), key=lambda i: (boxes[i], i))
    return _order(boxes, start, height)


def group_words_into_lines(boxes: Sequence[BBox]) -> Rows:
    """Group word boxes into lines: words from left to right, lines in reading order.

    Words of one row are one line unless they are separated by a gap of MIN_SPLIT_GAP_RATIO text
    heights, or by a narrower gap that lies at the same place in MIN_ALIGNED_ROWS rows (a gutter).
    """
    if not boxes:
        return []
    height = _text_height(boxes)
    start = sorted(range(len(boxes)), key=lambda i: (boxes[i], i))
    rows = _rows(boxes, start)
    gaps = [_row_gaps(boxes, row, MIN_GUTTER_RATIO * height) for row in rows]
    lines = [
        line
        for at, row in enumerate(rows)
        for line in _split_row(boxes, row, _line_breaks(gaps, at, height))
    ]
    return [lines[i] for i in order_lines([_around(boxes, line) for line in lines])]


def _text_height(boxes: Sequence[BBox]) -> float:
    """Median height of the boxes (short side of vertical lines); never 0."""
    sides = [min(b[3] - b[1], b[2] - b[0]) if _is_vertical(b) else b[3] - b[1] for b in boxes]
    return max(median(sides), 1e-9)


def _is_vertical(box: BBox) -> bool:
    return box[3] - box[1] > 3 * (box[2] - box[0])


def _around(boxes: Sequence[BBox], indices: Sequence[int]) -> BBox:
    return (
        min(boxes[i][0] for i in indices),
        min(boxes[i][1] for i in indices),
        max(boxes[i][2] for i in indices),
        max(boxes[i][3] for i in indices),
    )


def _rows(boxes: Sequence[BBox], indices: Sequence[int]) -> Rows:
    """Group indices into rows from the top, each row from the left.

    A box belongs to the row whose first member it overlaps by half the lower of the two heights.
    """
    rows: Rows = []
    for i in sorted(indices, key=lambda i: (boxes[i][1] + boxes[i][3], boxes[i])):
        top, bottom = boxes[i][1], boxes[i][3]
        for row in reversed(rows[-3:]):
            first = boxes[row[0]]
            overlap = min(bottom, first[3]) - max(top, first[1])
            if overlap >= 0.5 * min(bottom - top, first[3] - first[1]) and overlap >= 0:
                row.append(i)
                break
        else:
            rows.append([i])
    return [sorted(row, key=lambda i: (boxes[i][0], boxes[i])) for row in rows]


def _row_gaps(boxes: Sequence[BBox], row: Sequence[int], least: float) -> list[tuple[float, float]]:
    """Empty x-intervals between the boxes of a row that are at least ``least`` wide."""
    gaps = []
    reached = boxes[row[0]][2]
    for i in row[1:]:
        if boxes[i][0] - reached >= least:
            gaps.append((reached, boxes[i][0]))
        reached = max(reached, boxes[i][2])
    return gaps


def _line_breaks(gaps: list[list[tuple[float, float]]], at: int, height: float) -> set[float]:
    """Left ends of the gaps of row ``at`` that end a line."""
    return {
        gap[0]
        for gap in gaps[at]
        if gap[1] - gap[0] >= MIN_SPLIT_GAP_RATIO * height
        or 1 + _shared(gaps, at, gap, -1, height) + _shared(gaps, at, gap, 1, height)
        >= MIN_ALIGNED_ROWS
    }


def _shared(
    gaps: list[list[tuple[float, float]]],
    at: int,
    gap: tuple[float, float],
    step: int,
    height: float,
) -> int:
    """Number of successive rows before or after a row that have a gap at the same place."""
    count = 0
    row = at + step
    while 0 <= row < len(gaps) and count < MIN_ALIGNED_ROWS:
        common = [(max(gap[0], g[0]), min(gap[1], g[1])) for g in gaps[row]]
        common = [g for g in common if g[1] - g[0] >= MIN_GUTTER_RATIO * height]
        if not common:
            return count
        gap = common[0]
        count += 1
        row += step
    return count


def _split_row(boxes: Sequence[BBox], row: Sequence[int], breaks: set[float]) -> Rows:
    lines: Rows = [[row[0]]]
    reached = boxes[row[0]][2]
    for i in row[1:]:
        if reached in breaks and boxes[i][0] > reached:
            lines.append([])
        lines[-1].append(i)
        reached = max(reached, boxes[i][2])
    return lines


def _order(boxes: Sequence[BBox], indices: list[int], height: float) -> list[int]:
    """Cut at the gutter with the most text beside it, then order the four parts recursively."""
    rows = _rows(boxes, indices)
    best: tuple[int, float, int, int] | None = None
    for x in _gutter_candidates(boxes, indices, height):
        for first, last in _runs_beside(boxes, rows, x, height):
            inside = [i for row in rows[first:last] for i in row]
            if _is_gutter(boxes, rows[first:last], x, height):
                best = max(best or (0, 0.0, 0, 0), (len(inside), x, first, last))
    if best is None:
        return [i for row in rows for i in row]
    _, x, first, last = best
    inside = [i for row in rows[first:last] for i in row]
    parts = (
        [i for row in rows[:first] for i in row],
        [i for i in inside if boxes[i][0] < x],
        [i for i in inside if boxes[i][0] >= x],
        [i for row in rows[last:] for i in row],
    )
    return [i for part in parts if part for i in _order(boxes, part, height)]


def _gutter_candidates(boxes: Sequence[BBox], indices: Sequence[int], height: float) -> list[float]:
    """Possible x positions of gutters, beside the edges of boxes, at least a quarter gutter
    apart."""
    half = MIN_GUTTER_RATIO * height / 2
    edges = sorted({boxes[i][2] + half for i in indices} | {boxes[i][0] - half for i in indices})
    kept: list[float] = []
    for x in edges:
        if not kept or x - kept[-1] >= half / 2:
            kept.append(x)
    return kept


def _runs_beside(
    boxes: Sequence[BBox], rows: Rows, x: float, height: float
) -> list[tuple[int, int]]:
    """Longest runs of rows (first, end) that leave the gutter at ``x`` free.

    Each run is trimmed to start and end with rows that belong to text on both sides.
    """
    half = MIN_GUTTER_RATIO * height / 2 * 0.98
    runs: list[tuple[int, int]] = []
    first = 0
    for at in range(len(rows) + 1):
        free = at < len(rows) and not any(
            boxes[i][0] < x + half and boxes[i][2] > x - half for i in rows[at]
        )
        if free:
            continue
        if at - first >= MIN_COLUMN_ROWS:
            trimmed = _trim(boxes, rows[first:at], x, height)
            runs.append((first + trimmed[0], first + trimmed[1]))
        first = at + 1
    return runs


def _trim(boxes: Sequence[BBox], rows: Rows, x: float, height: float) -> tuple[int, int]:
    """Drop rows at either end that stand on one side only and apart from their column."""
    first, end = 0, len(rows)
    while end - first > 1 and _is_apart(boxes, rows[first:end], x, height):
        first += 1
    while end - first > 1 and _is_apart(boxes, rows[first:end][::-1], x, height):
        end -= 1
    return first, end


def _is_apart(boxes: Sequence[BBox], rows: Rows, x: float, height: float) -> bool:
    """Whether the first row is on one side of ``x`` and far from the next row on that side."""
    sides = {boxes[i][0] < x for i in rows[0]}
    if len(sides) == 2:
        return False
    here = _around(boxes, rows[0])
    for row in rows[1:]:
        same = [i for i in row if (boxes[i][0] < x) in sides]
        if same:
            other = _around(boxes, same)
            return (
                max(here[1], other[1]) - min(here[3], other[3]) > MAX_PARAGRAPH_GAP_RATIO * height
            )
    return True


def _is_gutter(boxes: Sequence[BBox], rows: Rows, x: float, height: float) -> bool:
    """Whether both sides of ``x`` look like running text."""
    left = [[i for i in row if boxes[i][0] < x] for row in rows]
    right = [[i for i in row if boxes[i][0] >= x] for row in rows]
    return all(_is_column(boxes, [r for r in side if r], height) for side in (left, right))


def _is_column(boxes: Sequence[BBox], rows: Rows, height: float) -> bool:
    if len(rows) < MIN_COLUMN_ROWS:
        return False
    x0, _, x1, _ = _around(boxes, [i for row in rows for i in row])
    if (
        median(boxes[i][2] - boxes[i][0] for row in rows for i in row)
        < MIN_PROSE_WIDTH_RATIO * height
    ):
        return False
    fills = [sum(boxes[i][2] - boxes[i][0] for i in row) / (x1 - x0) for row in rows]
    return median(fills) >= MIN_FILL_RATIO

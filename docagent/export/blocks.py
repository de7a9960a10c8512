"""Grouping of a page's lines into blocks, and of lines side by side into rows of cells.

A Document stores lines only; blocks are derived from geometry for formats that need them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from docagent.document import Line, Page, Word
from docagent.geometry import BBox, polygon_to_bbox, union_bbox

# Gaps below are in line heights.
MAX_BLOCK_GAP_RATIO = 0.9
MIN_CELL_GAP_RATIO = 1.5


@dataclass(frozen=True)
class Cell:
    """Words without a wide gap between them; bbox in pixels."""

    text: str
    bbox: BBox


Row = tuple[Cell, ...]


def words_to_bbox(words: Sequence[Word], page: Page) -> BBox:
    """Pixel box around words. Raises ValueError if there are none."""
    x0, y0, x1, y1 = union_bbox(polygon_to_bbox(word.polygon) for word in words)
    return (x0 * page.width, y0 * page.height, x1 * page.width, y1 * page.height)


def page_to_blocks(page: Page) -> tuple[tuple[Line, ...], ...]:
    """Group lines that closely follow below one another; empty lines are dropped.

    Order is kept, so reading the blocks in order is reading the page in order.
    """
    blocks: list[list[Line]] = []
    row: list[BBox] = []
    for line in page.lines:
        if not line.words:
            continue
        box = words_to_bbox(line.words, page)
        if row and same_row(row[-1], box) and box[0] >= row[-1][0]:
            row.append(box)
            blocks[-1].append(line)
            continue
        if row and _is_below(row, box):
            blocks[-1].append(line)
        else:
            blocks.append([line])
        row = [box]
    return tuple(tuple(block) for block in blocks)


def _is_below(row: Sequence[BBox], box: BBox) -> bool:
    """Whether a line begins a row close below another row, under any of its lines."""
    above = union_bbox(row)
    height = min(*(b[3] - b[1] for b in row), box[3] - box[1])
    overlaps = min(above[2], box[2]) > max(above[0], box[0])
    return overlaps and box[3] >= above[3] and box[1] - above[3] <= MAX_BLOCK_GAP_RATIO * height


def same_row(a: BBox, b: BBox) -> bool:
    """Whether the vertical centre of each box lies within the other."""
    return a[1] < (b[1] + b[3]) / 2 < a[3] and b[1] < (a[1] + a[3]) / 2 < b[3]


def block_to_rows(block: Sequence[Line], page: Page) -> tuple[Row, ...]:
    """Rows of a block from top to bottom, cells from left to right."""
    rows: list[list[Cell]] = []
    previous: BBox | None = None
    for line in block:
        box = words_to_bbox(line.words, page)
        cells = line_to_cells(line, page)
        if previous is not None and same_row(previous, box):
            rows[-1].extend(cells)
        else:
            rows.append(list(cells))
        previous = box
    return tuple(tuple(sorted(row, key=lambda cell: cell.bbox[0])) for row in rows)


def line_to_cells(line: Line, page: Page) -> Row:
    """Split a line at gaps wider than ``MIN_CELL_GAP_RATIO`` line heights."""
    height = median(_word_height(word, page) for word in line.words)
    groups: list[list[Word]] = [[line.words[0]]]
    for word in line.words[1:]:
        left = words_to_bbox([word], page)[0]
        right = words_to_bbox(groups[-1][-1:], page)[2]
        if left - right > MIN_CELL_GAP_RATIO * height:
            groups.append([word])
        else:
            groups[-1].append(word)
    return tuple(
        Cell(" ".join(word.text for word in group), words_to_bbox(group, page)) for group in groups
    )


def _word_height(word: Word, page: Page) -> float:
    (ax, ay), _, _, (dx, dy) = word.polygon
    across = (dx - ax) * page.width
    down = (dy - ay) * page.height
    return float((across * across + down * down) ** 0.5)

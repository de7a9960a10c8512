"""Grouping of the cells of several columns into rows (line items, transactions, test results).

Numbers determine the rows: cells of number-like columns whose heights overlap are one row. Text
cells join the row they overlap. Text cells between rows continue a description that wraps, or are a
description printed above its numbers, as on receipts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median

from docagent.evidence.candidates import TIGHT_KINDS, ValueCandidate
from docagent.evidence.field_parser import FieldParser
from docagent.geometry import BBox, union_bbox

Row = dict[str, ValueCandidate]
"""Cell by path of its column (``line_items[].amount``)."""

_MIN_OVERLAP_RATIO = 0.5
"""Vertical overlap of two cells of one row, as a share of the lower cell's height."""


@dataclass
class _Cell:
    parser: FieldParser
    candidate: ValueCandidate
    page: int
    box: BBox

    @property
    def path(self) -> str:
        return self.parser.leaf.path

    @property
    def is_text(self) -> bool:
        return self.parser.leaf.normaliser not in TIGHT_KINDS

    @property
    def place(self) -> tuple[int, float]:
        return self.page, (self.box[1] + self.box[3]) / 2


@dataclass
class _RowGroup:
    """Cells of one row while it is built. Its height is that of its first cell."""

    page: int
    box: BBox
    cells: list[_Cell] = field(default_factory=list)

    @property
    def place(self) -> tuple[int, float]:
        return self.page, (self.box[1] + self.box[3]) / 2

    def has(self, path: str) -> bool:
        return any(cell.path == path for cell in self.cells)


def group_rows(
    parsers: Mapping[str, FieldParser], columns: Mapping[str, Sequence[ValueCandidate]]
) -> list[Row]:
    """Group cells into rows from top to bottom, page after page.

    parsers, columns: by path of the column. Of two numbers in one cell the one with the better
    score is kept; texts of one cell are joined in reading order. A row of one cell is dropped where
    rows usually have three or more: it is a total below the table.
    """
    cells = [_cell(parsers[path], c) for path, found in columns.items() for c in found]
    if not cells:
        return []
    seeds = [cell for cell in cells if not cell.is_text] or cells
    groups = _group_by_height(seeds)
    _attach_texts(groups, [cell for cell in cells if all(cell is not seed for seed in seeds)])
    rows = [_row(group) for group in groups]
    usual = median(len(row) for row in rows)
    return [row for row in rows if len(row) > 1 or usual < 3]


def pair_by_position(columns: Mapping[str, Sequence[ValueCandidate]]) -> list[Row]:
    """Rows made without geometry: the n-th cells of all columns, in printed order, are row n."""
    ordered = {path: sorted(cells, key=lambda cell: cell.ranges) for path, cells in columns.items()}
    count = max(map(len, ordered.values()), default=0)
    return [
        {path: cells[index] for path, cells in ordered.items() if index < len(cells)}
        for index in range(count)
    ]


def _cell(parser: FieldParser, candidate: ValueCandidate) -> _Cell:
    words = parser.document.words
    indices = [i for start, end in candidate.ranges for i in range(start, end)]
    line = (words[indices[0]].page, words[indices[0]].line)
    first = [i for i in indices if (words[i].page, words[i].line) == line]
    box = union_bbox(parser.document.level_boxes[i] for i in first)
    return _Cell(parser, candidate, line[0], box)


def _group_by_height(cells: Iterable[_Cell]) -> list[_RowGroup]:
    groups: list[_RowGroup] = []
    for cell in sorted(cells, key=lambda c: c.place):
        if groups and _same_height(groups[-1], cell):
            groups[-1].cells.append(cell)
        else:
            groups.append(_RowGroup(cell.page, cell.box, [cell]))
    return groups


def _attach_texts(groups: list[_RowGroup], texts: Sequence[_Cell]) -> None:
    """Add text cells to the row they overlap; then add those between rows to a neighbour."""
    between = []
    for cell in texts:
        level = next((group for group in groups if _same_height(group, cell)), None)
        if level:
            level.cells.append(cell)
        else:
            between.append(cell)
    level_paths = {id(group): {cell.path for cell in group.cells} for group in groups}
    for cell in sorted(between, key=lambda c: c.place):
        above = [group for group in groups if group.place <= cell.place]
        below = [group for group in groups if group.place > cell.place]
        # A row without text of its own takes the text printed above it.
        lacking = below and cell.path not in level_paths[id(below[0])]
        nearest = below[0] if below and (lacking or not above) else above[-1] if above else None
        if nearest and nearest.page == cell.page:
            nearest.cells.append(cell)


def _same_height(group: _RowGroup, cell: _Cell) -> bool:
    if group.page != cell.page:
        return False
    (_, top, _, bottom), (_, upper, _, lower) = group.box, cell.box
    shared = min(bottom, lower) - max(top, upper)
    return shared >= _MIN_OVERLAP_RATIO * min(bottom - top, lower - upper)


def _row(group: _RowGroup) -> Row:
    row: Row = {}
    for path in dict.fromkeys(cell.path for cell in group.cells):
        cells = [cell for cell in group.cells if cell.path == path]
        if cells[0].is_text and len(cells) > 1:
            row[path] = cells[0].parser.merged([cell.candidate for cell in cells])
        else:
            row[path] = max((cell.candidate for cell in cells), key=lambda c: c.score)
    return row

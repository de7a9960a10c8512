"""Cells of columns, found one by one, become rows (line items, transactions, test results).

Numbers make the rows: cells of number-like columns whose heights overlap belong together. Text
cells join the row they overlap; those between rows are the rest of a description that wraps,
or a description printed above its numbers, as receipts do.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median

from docagent.evidence.candidates import TIGHT_KINDS, Candidate, FieldReader
from docagent.geometry import BBox, union_bbox

Row = dict[str, Candidate]
"""Cell by path of its column (``line_items[].amount``)."""

_OVERLAP = 0.5


@dataclass
class _Cell:
    reader: FieldReader
    candidate: Candidate
    page: int
    box: BBox

    @property
    def path(self) -> str:
        return self.reader.leaf.path

    @property
    def is_text(self) -> bool:
        return self.reader.leaf.normaliser not in TIGHT_KINDS

    @property
    def place(self) -> tuple[int, float]:
        return self.page, (self.box[1] + self.box[3]) / 2


@dataclass
class _Group:
    """Cells of one row while it is put together; its height is that of its first cells."""

    page: int
    box: BBox
    cells: list[_Cell] = field(default_factory=list)

    @property
    def place(self) -> tuple[int, float]:
        return self.page, (self.box[1] + self.box[3]) / 2

    def has(self, path: str) -> bool:
        return any(cell.path == path for cell in self.cells)


def group_rows(
    readers: Mapping[str, FieldReader], columns: Mapping[str, Sequence[Candidate]]
) -> list[Row]:
    """Rows from top to bottom, page after page.

    readers and columns: by path of the column. Of two numbers in one cell the better score
    stays; texts of one cell are joined in reading order. A lone cell is dropped where rows
    usually have three or more: it is a total below the table.
    """
    cells = [_cell(readers[path], c) for path, found in columns.items() for c in found]
    if not cells:
        return []
    seeds = [cell for cell in cells if not cell.is_text] or cells
    groups = _seeded(seeds)
    _attach(groups, [cell for cell in cells if all(cell is not seed for seed in seeds)])
    rows = [_row(group) for group in groups]
    usual = median(len(row) for row in rows)
    return [row for row in rows if len(row) > 1 or usual < 3]


def _cell(reader: FieldReader, candidate: Candidate) -> _Cell:
    words = reader.document.words
    indices = [i for start, end in candidate.ranges for i in range(start, end)]
    line = (words[indices[0]].page, words[indices[0]].line)
    first = [i for i in indices if (words[i].page, words[i].line) == line]
    box = union_bbox(reader.document.level_boxes[i] for i in first)
    return _Cell(reader, candidate, line[0], box)


def _seeded(cells: Iterable[_Cell]) -> list[_Group]:
    groups: list[_Group] = []
    for cell in sorted(cells, key=lambda c: c.place):
        if groups and _same_height(groups[-1], cell):
            groups[-1].cells.append(cell)
        else:
            groups.append(_Group(cell.page, cell.box, [cell]))
    return groups


def _attach(groups: list[_Group], texts: Sequence[_Cell]) -> None:
    """Text cells to the row they overlap, then those between rows to a neighbour."""
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
        # A row whose own text is missing takes the text printed above it.
        lacking = below and cell.path not in level_paths[id(below[0])]
        nearest = below[0] if below and (lacking or not above) else above[-1] if above else None
        if nearest and nearest.page == cell.page:
            nearest.cells.append(cell)


def _same_height(group: _Group, cell: _Cell) -> bool:
    if group.page != cell.page:
        return False
    (_, top, _, bottom), (_, upper, _, lower) = group.box, cell.box
    shared = min(bottom, lower) - max(top, upper)
    return shared >= _OVERLAP * min(bottom - top, lower - upper)


def _row(group: _Group) -> Row:
    row: Row = {}
    for path in dict.fromkeys(cell.path for cell in group.cells):
        cells = [cell for cell in group.cells if cell.path == path]
        if cells[0].is_text and len(cells) > 1:
            row[path] = cells[0].reader.joined([cell.candidate for cell in cells])
        else:
            row[path] = max((cell.candidate for cell in cells), key=lambda c: c.score)
    return row

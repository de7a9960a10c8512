"""Rows of a page and their cells: runs of words without a wide gap, by geometry alone.

Forms and letterheads print a label and its value as neighbouring cells. Lines of the reading order
are not used, because it may join or split what stands at one height.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import median

from docagent.document import Document
from docagent.geometry import BBox

MIN_GAP_RATIO = 1.0
"""Space between two cells of a row, in heights of a word."""
MIN_LEVEL_RATIO = 0.5
"""Distance of the centres of two words of one row, in heights of the taller one, at most."""


@dataclass(frozen=True)
class Cell:
    """Words beside each other. words: indices into ``Document.words``, from left to right. row:
    number of its row in the document, position: its place in the row. box: page-relative."""

    words: tuple[int, ...]
    row: int
    position: int
    box: BBox


@dataclass
class PageCells:
    """The cells of a document by row, and how high and wide its characters are.

    unit: (page-relative) height of a usual word of each page, and its height as a width.
    """

    document: Document
    rows: list[list[Cell]] = field(default_factory=list)
    pages: list[int] = field(default_factory=list)
    heights: dict[int, float] = field(default_factory=dict)
    widths: dict[int, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.boxes = self.document.level_boxes
        on_page: dict[int, list[int]] = {}
        for index, word in enumerate(self.document.words):
            on_page.setdefault(word.page, []).append(index)
        for page in self.document.pages:
            indices = on_page.get(page.number)
            if not indices:
                continue
            height = median(self.boxes[i][3] - self.boxes[i][1] for i in indices) or 1e-6
            self.heights[page.number] = height
            self.widths[page.number] = height * max(1, page.height) / max(1, page.width)
            for row in self._rows(indices):
                self.pages.append(page.number)
                self.rows.append(self._cells(row, page.number))

    def __iter__(self) -> Iterator[Cell]:
        return (cell for row in self.rows for cell in row)

    def text(self, words: Sequence[int]) -> str:
        """Words joined by one space."""
        return " ".join(self.document.words[index].word.text for index in words)

    def right_of(self, cell: Cell) -> Cell | None:
        """The next cell of its row."""
        row = self.rows[cell.row]
        return row[cell.position + 1] if cell.position + 1 < len(row) else None

    def below(self, cell: Cell, box: BBox, reach: float) -> Cell | None:
        """The nearest cell of the rows below that overlaps ``box`` horizontally and begins within
        ``reach`` heights of its lower edge."""
        page = self.pages[cell.row]
        limit = box[3] + reach * self.heights[page]
        for row in range(cell.row + 1, len(self.rows)):
            if self.pages[row] != page or min(c.box[1] for c in self.rows[row]) > limit:
                return None
            under = [
                c
                for c in self.rows[row]
                if c.box[0] <= box[2] and c.box[2] >= box[0] and c.box[1] <= limit
            ]
            if under:
                return min(under, key=lambda c: abs(c.box[0] - box[0]))
        return None

    def _rows(self, indices: Sequence[int]) -> Iterator[list[int]]:
        """Words of one page by height, from the top; each row from left to right."""
        row: list[int] = []
        for index in sorted(indices, key=lambda i: self.boxes[i][1] + self.boxes[i][3]):
            if row and not self._is_level(row[-1], index):
                yield sorted(row, key=lambda i: self.boxes[i][0])
                row = []
            row.append(index)
        if row:
            yield sorted(row, key=lambda i: self.boxes[i][0])

    def _is_level(self, a: int, b: int) -> bool:
        one, other = self.boxes[a], self.boxes[b]
        taller = max(one[3] - one[1], other[3] - other[1])
        apart = abs(one[1] + one[3] - other[1] - other[3]) / 2
        return apart <= MIN_LEVEL_RATIO * taller

    def _cells(self, row: Sequence[int], page: int) -> list[Cell]:
        gap = MIN_GAP_RATIO * self.widths[page]
        starts = [
            k
            for k, (a, b) in enumerate(pairwise(row), start=1)
            if self.boxes[b][0] - self.boxes[a][2] > gap
        ]
        runs = [row[a:b] for a, b in pairwise([0, *starts, len(row)])]
        number = len(self.rows)
        return [Cell(tuple(run), number, k, self.box(run)) for k, run in enumerate(runs)]

    def box(self, words: Sequence[int]) -> BBox:
        """Around all words of one page."""
        boxes = [self.boxes[index] for index in words]
        return (
            min(b[0] for b in boxes),
            min(b[1] for b in boxes),
            max(b[2] for b in boxes),
            max(b[3] for b in boxes),
        )

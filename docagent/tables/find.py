"""Tables of a document, page by page.

Frames come first: cells between ruling lines. Rows of the words that are left, whose pieces stand
below each other, are tables too. A table whose columns stand where those of the last table of the
page before do goes on with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from docagent.document import Document, Page, Span, Table, TableCell
from docagent.geometry import BBox, Polygon, bbox_to_polygon, polygon_to_bbox, union_bbox
from docagent.tables.blocks import find_blocks
from docagent.tables.drafts import Draft, DraftCell, grid_draft, open_draft
from docagent.tables.grids import find_grids, header_frames
from docagent.tables.pieces import PageWord, text_height, words_to_rows
from docagent.usage import stage

MAX_COLUMN_SHIFT = 0.02
"""Distance of the edges of two tables that go on with each other, page-relative."""
MAX_TOP, MIN_BOTTOM = 0.45, 0.45
"""A table that goes on begins above the first, and the one before ends below the second."""


def with_tables(document: Document) -> Document:
    """The document with its tables."""
    return document.replace(tables=find_tables(document))


def tables_of(document: Document) -> tuple[Table, ...]:
    """The tables of a document, found now if they were not looked for when it was read."""
    return find_tables(document) if document.tables is None else document.tables


@stage("find_tables", len)
def find_tables(document: Document) -> tuple[Table, ...]:
    """The tables of a document, page after page, each page from the top."""
    tables: list[Table] = []
    starts: dict[int, list[PageWord]] = {}
    aspects = {page.number: _aspect(page) for page in document.pages}
    for index, word in enumerate(document.words):
        if not _is_upright(word.word.polygon):
            continue
        x0, y0, x1, y1 = document.level_boxes[index]
        aspect = aspects[word.page]
        box = (x0 * aspect, y0, x1 * aspect, y1)
        starts.setdefault(word.page, []).append(PageWord(index, word.word.text, box))
    last: Table | None = None
    for page in document.pages:
        found = [
            _table(document, page, draft)
            for draft in page_drafts(page, starts.get(page.number, []))
        ]
        if found and last and _continues(last, found[0]):
            found[0] = found[0].replace(continues=True)
        tables += found
        last = found[-1] if found else None
    return tuple(tables)


def _is_upright(polygon: Polygon) -> bool:
    """Whether a word runs from left to right, unlike a note along the margin."""
    (ax, ay), (bx, by) = polygon[:2]
    return bx > ax and abs(by - ay) < bx - ax


def _aspect(page: Page) -> float:
    return page.width / page.height if page.width and page.height else 1.0


def page_drafts(page: Page, words: Sequence[PageWord]) -> list[Draft]:
    """The tables of one page from the top."""
    if not words:
        return []
    aspect = _aspect(page)
    rulings = [(x0 * aspect, y0, x1 * aspect, y1) for x0, y0, x1, y1 in page.rulings]
    height = text_height(words)
    drafts = []
    left = list(words)
    for grid in sorted(find_grids(rulings, height), key=lambda g: g.box[1]):
        draft = grid_draft(grid, left)
        if draft:
            drafts.append(draft)
            used = {w.index for c in draft.cells for p in c.pieces for w in p.words}
            left = [word for word in left if word.index not in used]
    upright = [r for r in rulings if r[0] == r[2]]
    level = [r for r in rulings if r[1] == r[3]]
    frames = header_frames(rulings, height)
    for block in find_blocks(words_to_rows(left, upright), height):
        draft = open_draft(block, level, frames, height)
        if draft:
            drafts.append(draft)
    return sorted(drafts, key=lambda draft: draft.box[1])


def _table(document: Document, page: Page, draft: Draft) -> Table:
    cells = tuple(_cell(document, cell) for cell in draft.cells)
    return Table(
        page=page.number,
        polygon=_hull(polygon for cell in cells for polygon in (cell.polygon,)),
        rows=draft.kinds,
        columns=draft.columns,
        cells=cells,
        is_ruled=draft.is_ruled,
    )


def _cell(document: Document, cell: DraftCell) -> TableCell:
    indices = [word.index for piece in cell.pieces for word in piece.words]
    words = [document.words[index] for index in indices]
    runs: list[list[int]] = []
    for index in indices:
        if runs and runs[-1][-1] == index - 1:
            runs[-1].append(index)
        else:
            runs.append([index])
    spans = tuple(
        Span(start=document.words[run[0]].span.start, end=document.words[run[-1]].span.end)
        for run in runs
    )
    return TableCell(
        row=cell.top,
        column=cell.left,
        row_span=cell.bottom - cell.top,
        column_span=cell.right - cell.left,
        text=" ".join(word.word.text for word in words),
        spans=spans,
        polygon=_hull(word.word.polygon for word in words),
    )


def _hull(polygons: Iterable[Polygon]) -> Polygon:
    return bbox_to_polygon(union_bbox(polygon_to_bbox(polygon) for polygon in polygons))


def _continues(before: Table, table: Table) -> bool:
    """Whether a table at the top of a page goes on with the last one of the page before."""
    if before.page + 1 != table.page or before.columns != table.columns:
        return False
    above, below = polygon_to_bbox(before.polygon), polygon_to_bbox(table.polygon)
    if below[1] > MAX_TOP or above[3] < MIN_BOTTOM:
        return False
    same = [_edges(before, n) for n in range(table.columns)]
    other = [_edges(table, n) for n in range(table.columns)]
    near = sum(
        a is None or b is None or min(abs(a[0] - b[0]), abs(a[1] - b[1])) <= MAX_COLUMN_SHIFT
        for a, b in zip(same, other, strict=True)
    )
    return near == table.columns


def _edges(table: Table, column: int) -> tuple[float, float] | None:
    boxes: list[BBox] = [
        polygon_to_bbox(cell.polygon)
        for cell in table.cells
        if cell.column == column and cell.column_span == 1
    ]
    return (min(b[0] for b in boxes), max(b[2] for b in boxes)) if boxes else None

"""Tables while they are built: lines of text in columns, with or without a frame."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from docagent.document import RowKind
from docagent.geometry import BBox
from docagent.tables.columns import Placed, find_gutters, place_pieces
from docagent.tables.grids import Grid, GridCell
from docagent.tables.grouping import TableLine, group_lines, number_columns, row_pitch
from docagent.tables.kinds import count_header_rows, row_kinds
from docagent.tables.pieces import PageWord, Piece, VisualRow, piece_of, words_to_rows

MIN_RULE_COVER = 0.4
"""Share of a table's width that a drawn line covers to part its rows."""
MIN_SPLIT_COLUMNS = 2
"""Columns with several numbers below each other from which a band holds several rows."""
MAX_CROSSING_RATIO = 0.1
"""Share of pieces that cross the lines of a header's frame, up to which these part columns."""
MAX_PITCH_RATIO = 0.85
"""Lines of a header this much closer than rows are one row."""


@dataclass(frozen=True)
class DraftCell:
    """Pieces of one cell from the top, and the rows and columns it covers (ends exclusive)."""

    top: int
    left: int
    bottom: int
    right: int
    pieces: tuple[Piece, ...]


@dataclass(frozen=True)
class Draft:
    """A table of one page. box: in heights of the page."""

    kinds: tuple[RowKind, ...]
    columns: int
    cells: tuple[DraftCell, ...]
    is_ruled: bool
    box: BBox


def open_draft(
    rows: Sequence[VisualRow],
    rules: Sequence[BBox],
    frames: Sequence[Sequence[float]],
    height: float,
) -> Draft | None:
    """The table of rows without a frame; None if they have fewer than two columns. rules: level
    lines. frames: those around a header (``header_frames``). height: of the text."""
    gutters = _framed_gutters(rows, frames) or find_gutters(rows, height)
    if not gutters:
        return None
    placed = place_pieces(rows, gutters, height)
    left, right = min(r.box[0] for r in rows), max(r.box[2] for r in rows)
    ys = sorted(
        y
        for x0, y, x1, _ in rules
        if min(x1, right) - max(x0, left) >= MIN_RULE_COVER * (right - left)
    )
    lines = _lines(placed, ys)
    return _from_lines(lines, len(gutters) + 1, is_ruled=False)


def _framed_gutters(rows: Sequence[VisualRow], frames: Sequence[Sequence[float]]) -> list[float]:
    """The lines between the headers of columns, if the texts below keep to them."""
    pieces = [piece for row in rows if not row.is_single for piece in row.pieces]
    for top, bottom, *xs in frames:
        inner = xs[1:-1]
        if not top < rows[0].center < bottom:
            continue
        crossing = sum(any(p.box[0] < x < p.box[2] for x in inner) for p in pieces)
        if crossing <= MAX_CROSSING_RATIO * len(pieces):
            return inner
    return []


def _lines(placed: Sequence[Sequence[Placed]], ys: Sequence[float]) -> list[TableLine]:
    lines: list[TableLine] = []
    for row in placed:
        line = TableLine(tuple(row))
        ruled = bool(lines) and any(lines[-1].center < y < line.center for y in ys)
        lines.append(TableLine(tuple(row), rule_above=ruled))
    return lines


def _from_lines(lines: Sequence[TableLine], columns: int, is_ruled: bool) -> Draft | None:
    numbers = number_columns(lines, columns)
    groups = group_lines(lines, numbers)
    rows = [[lines[n] for n in group] for group in groups]
    rules = [n for n, row in enumerate(rows) if n and row[0].rule_above]
    header = count_header_rows(rows, numbers, rules[0] if rules else None)
    rows, header = _merged_header(rows, header, row_pitch(lines, numbers))
    if len(rows) < 2:
        return None
    cells = [cell for n, row in enumerate(rows) for cell in _row_cells(n, row)]
    kinds = row_kinds(rows, columns, header)
    return Draft(kinds, columns, tuple(cells), is_ruled, _around(cells))


def _merged_header(
    rows: Sequence[Sequence[TableLine]], header: int, pitch: float
) -> tuple[list[list[TableLine]], int]:
    """Rows with the lines of a header joined that are closer than rows are."""
    made = [list(row) for row in rows]
    n = 1
    while n < header:
        upper, lower = made[n - 1], made[n]
        spans = any(cell.last > cell.first for line in upper for cell in line.cells)
        close = lower[0].center - upper[-1].center < MAX_PITCH_RATIO * pitch
        if close and not spans and not lower[0].rule_above:
            made[n - 1 : n + 1] = [[*upper, *lower]]
            header -= 1
        else:
            n += 1
    return made, header


def _row_cells(number: int, row: Sequence[TableLine]) -> Iterable[DraftCell]:
    """The cells of a row of open columns: pieces that begin in one column are one cell."""
    by_column: dict[int, list[Placed]] = {}
    for placed in (cell for line in row for cell in line.cells):
        by_column.setdefault(placed.first, []).append(placed)
    taken = sorted(by_column)
    for column in taken:
        found = by_column[column]
        last = max(p.last for p in found)
        after = next((c for c in taken if c > column), last + 1)
        right = min(last + 1, after)
        pieces = tuple(p.piece for p in found)
        yield DraftCell(number, column, number + 1, max(right, column + 1), pieces)


def grid_draft(grid: Grid, words: Sequence[PageWord]) -> Draft | None:
    """The table of a frame; None if it has text in fewer than two columns or rows."""
    inside: dict[GridCell, list[PageWord]] = {}
    for word in words:
        x, y = (word.box[0] + word.box[2]) / 2, (word.box[1] + word.box[3]) / 2
        cell = grid.cell_at(x, y)
        if cell is not None:
            inside.setdefault(cell, []).append(word)
    lines: dict[GridCell, list[Piece]] = {}
    for cell, found in inside.items():
        lines.update(_parted(grid, cell, words_to_rows(found)))
    if len({cell.left for cell in lines}) < 2 or len({cell.top for cell in lines}) < 2:
        return None
    bands = sorted({cell.top for cell in grid.cells} | {cell.bottom for cell in grid.cells})
    parts = [_band_parts(grid, lines, band) for band in range(bands[-1])]
    starts = [0]
    for part in parts:
        starts.append(starts[-1] + len(part))
    cells = []
    for cell, pieces in lines.items():
        part = parts[cell.top]
        if cell.bottom - cell.top == 1 and len(part) > 1:
            for n, (top, bottom) in enumerate(part):
                own = tuple(p for p in pieces if top <= (p.box[1] + p.box[3]) / 2 < bottom)
                row = starts[cell.top] + n
                if own:
                    cells.append(DraftCell(row, cell.left, row + 1, cell.right, own))
        else:
            top, bottom = starts[cell.top], starts[cell.bottom]
            cells.append(DraftCell(top, cell.left, bottom, cell.right, tuple(pieces)))
    return _finished(cells, len(grid.xs) - 1)


def _parted(
    grid: Grid, cell: GridCell, rows: Sequence[VisualRow]
) -> Iterable[tuple[GridCell, list[Piece]]]:
    """A wide cell as one cell for each column, if its texts stand in several columns: frames are
    often drawn around the header alone."""
    columns = [[grid.column_of(piece) for piece in row.pieces] for row in rows]
    shared = [set(found) for found in columns if len(found) > 1]
    if cell.right - cell.left < 2 or not any(len(found) > 1 for found in shared):
        yield cell, [_line_piece(row) for row in rows]
        return
    by_column: dict[int, list[Piece]] = {}
    for row, found in zip(rows, columns, strict=True):
        together: dict[int, list[PageWord]] = {}
        for piece, column in zip(row.pieces, found, strict=True):
            together.setdefault(column, []).extend(piece.words)
        for column, words in together.items():
            by_column.setdefault(column, []).append(piece_of(words))
    for column, pieces in sorted(by_column.items()):
        yield GridCell(cell.top, column, cell.bottom, column + 1), pieces


def _line_piece(row: VisualRow) -> Piece:
    return piece_of([word for piece in row.pieces for word in piece.words])


def _band_parts(
    grid: Grid, lines: dict[GridCell, list[Piece]], band: int
) -> list[tuple[float, float]]:
    """Heights of the rows in a band: one, unless several columns have several numbers in it."""
    whole = [(grid.ys[band], grid.ys[band + 1])]
    own = {c: p for c, p in lines.items() if c.top == band and c.bottom == band + 1}
    columns = sorted({c.left for c in own})
    placed: list[Placed] = [
        Placed(piece, columns.index(c.left), columns.index(c.left))
        for c, pieces in own.items()
        for piece in pieces
    ]
    several = [
        c
        for c, pieces in own.items()
        if sum(p.is_number for p in pieces) > 1
        and 2 * sum(p.is_value for p in pieces) > len(pieces)
    ]
    if len(several) < MIN_SPLIT_COLUMNS:
        return whole
    rows: list[list[Placed]] = []
    for cell in sorted(placed, key=lambda p: p.piece.box[1] + p.piece.box[3]):
        if rows and _level(rows[-1][0].piece, cell.piece):
            rows[-1].append(cell)
        else:
            rows.append([cell])
    made = [TableLine(tuple(sorted(row, key=lambda p: p.first))) for row in rows]
    groups = group_lines(made, number_columns([*made[:1], *made], len(columns)))
    tops = [min(made[n].top for n in group) for group in groups[1:]]
    edges = [grid.ys[band], *tops, grid.ys[band + 1]]
    return list(pairwise(edges))


def _level(a: Piece, b: Piece) -> bool:
    shared = min(a.box[3], b.box[3]) - max(a.box[1], b.box[1])
    return shared >= 0.5 * min(a.box[3] - a.box[1], b.box[3] - b.box[1])


def _finished(cells: Sequence[DraftCell], columns: int) -> Draft | None:
    """A framed table without its empty rows and columns, with the kinds of its rows."""
    rows_used = sorted({r for c in cells for r in (c.top,)})
    columns_used = sorted({c.left for c in cells})
    if len(rows_used) < 2 or len(columns_used) < 2:
        return None

    def squeezed(used: Sequence[int], value: int) -> int:
        return sum(u < value for u in used)

    kept = [
        DraftCell(
            squeezed(rows_used, c.top),
            squeezed(columns_used, c.left),
            squeezed(rows_used, c.bottom),
            squeezed(columns_used, c.right),
            c.pieces,
        )
        for c in sorted(cells, key=lambda c: (c.top, c.left))
    ]
    count = len(columns_used)
    rows: list[list[TableLine]] = []
    for n in range(len(rows_used)):
        own = [c for c in kept if c.top == n]
        placed = tuple(
            Placed(piece_of([w for p in c.pieces for w in p.words]), c.left, c.right - 1)
            for c in own
        )
        rows.append([TableLine(placed)])
    lines = [row[0] for row in rows]
    numbers = number_columns(lines, count)
    header = count_header_rows(rows, numbers, None)
    if header:
        header = min(max(header, *(c.bottom for c in kept if c.top == 0)), len(rows) - 1)
    kinds = row_kinds(rows, count, header)
    return Draft(kinds, count, tuple(kept), True, _around(kept))


def _around(cells: Sequence[DraftCell]) -> BBox:
    boxes = [p.box for c in cells for p in c.pieces]
    return (
        min(b[0] for b in boxes),
        min(b[1] for b in boxes),
        max(b[2] for b in boxes),
        max(b[3] for b in boxes),
    )

"""Rows of an array from the tables of a document.

Of all tables the one is taken whose columns match the fields best. Its rows are those that are
items, over all pages it goes on to; titles of sections, carried amounts and totals are left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import median

from docagent.document import Document, Table
from docagent.evidence.candidates import TIGHT_KINDS, ValueCandidate
from docagent.evidence.field_parser import FieldParser
from docagent.geometry import polygon_to_bbox
from docagent.rules.column_matching import (
    ColumnMatch,
    PrintedColumn,
    cell_candidate,
    is_product,
    leaf_meanings,
    match_columns,
)
from docagent.rules.table_rows import Row
from docagent.tables import cell_words, tables_of

MIN_NAMED = 2
"""Columns named by a header from which a table is that of an array; all of them for smaller
ones."""
ITEM_SCORE, PRODUCT_SCORE = 0.55, 0.85
"""Score of a cell, and of one in a row whose quantity times price is the amount."""
MAX_COLUMN_SHIFT = 0.02
"""Distance of the edges of columns of one table that was found in two parts, page-relative."""
MIN_FILLED_RATIO = 0.6
"""Share of the usual columns that a row fills in a part without a header."""
SUM_TOLERANCE = 0.02


@dataclass(frozen=True)
class _Chain:
    """A table with those that go on with it."""

    tables: tuple[Table, ...]

    @property
    def first(self) -> Table:
        return self.tables[0]


@dataclass(frozen=True)
class _Item:
    """A row of a table: words by column."""

    table: Table
    cells: Mapping[int, tuple[int, ...]]


def rows_of_tables(
    parsers: Mapping[str, FieldParser], pointed: Mapping[str, Sequence[ValueCandidate]]
) -> list[Row] | None:
    """The rows of an array from the table that fits best; None if none does.

    parsers: by path of the array's fields. pointed: the embedded reader's candidates, which add
    their scores to those of the same words.
    """
    document = next(iter(parsers.values())).document
    tables = tables_of(document)
    best: tuple[float, _Chain, ColumnMatch] | None = None
    for chain in _chains(tables):
        items = [item for table in chain.tables for item in _items(document, table)]
        if not items:
            continue
        match = match_columns(_columns(document, chain, items), parsers)
        if _is_clear(match, parsers) and (best is None or match.score > best[0]):
            best = match.score, chain, match
    if best is None:
        return None
    _, chain, match = best
    whole = _Chain((*chain.tables, *_further(tables, chain, match, parsers)))
    items = [item for table in whole.tables for item in _items(document, table)]
    rows = [row for item in items if (row := _row(item, match, parsers))]
    return [_supported(row, pointed) for row in _entries(rows, parsers)]


def _is_clear(match: ColumnMatch, parsers: Mapping[str, FieldParser]) -> bool:
    wanted = min(MIN_NAMED, len(parsers))
    return match.named >= wanted or (match.is_product and match.named > 0)


def _chains(tables: Sequence[Table]) -> list[_Chain]:
    """Tables, each with those that go on with it: their columns stand at the same places, or their
    headers are the same."""
    chains: list[_Chain] = []
    for table in tables:
        header = _header_texts(table)
        for n, chain in enumerate(chains):
            is_next = table.continues and chain.tables[-1].page + 1 == table.page
            is_last = is_next and not any(
                other.page == chain.tables[-1].page for c in chains[n + 1 :] for other in c.tables
            )
            if is_last or (header and header == _header_texts(chain.first)):
                chains[n] = _Chain((*chain.tables, table))
                break
        else:
            chains.append(_Chain((table,)))
    return chains


def _header_texts(table: Table) -> tuple[tuple[str, ...], ...]:
    return tuple(
        texts for texts, kind in zip(table.texts, table.rows, strict=True) if kind == "header"
    )


def _items(document: Document, table: Table) -> Iterator[_Item]:
    cells: dict[int, dict[int, tuple[int, ...]]] = {}
    for cell in table.cells:
        if table.rows[cell.row] == "item":
            cells.setdefault(cell.row, {})[cell.column] = tuple(cell_words(document, cell))
    for row in sorted(cells):
        yield _Item(table, cells[row])


def _columns(document: Document, chain: _Chain, items: Sequence[_Item]) -> list[PrintedColumn]:
    headers: dict[int, list[str]] = {}
    for cell in chain.first.cells:
        if chain.first.rows[cell.row] == "header":
            for column in range(cell.column, cell.column + cell.column_span):
                headers.setdefault(column, []).append(cell.text)
    return [
        PrintedColumn(
            number,
            tuple(headers.get(number, ())),
            tuple(item.cells.get(number, ()) for item in items),
        )
        for number in range(chain.first.columns)
    ]


def _further(
    tables: Sequence[Table],
    chain: _Chain,
    match: ColumnMatch,
    parsers: Mapping[str, FieldParser],
) -> list[Table]:
    """Parts of the same table that were found as tables of their own, without a header: the columns
    that matter stand at the same places."""
    edges = {c.number: _edges(chain.first, c.number) for c in match.columns.values()}
    tight = {
        column.number
        for path, column in match.columns.items()
        if parsers[path].leaf.normaliser in TIGHT_KINDS
    }
    found = []
    start = tables.index(chain.tables[-1]) + 1
    for table in tables[start:]:
        if "header" in table.rows or table.page > chain.tables[-1].page + 1:
            break
        renumbered = _renumbered(table, chain.first, edges)
        if renumbered is None or not tight <= {cell.column for cell in renumbered.cells}:
            break
        found.append(renumbered)
    return found


def _renumbered(
    table: Table, first: Table, edges: Mapping[int, tuple[float, float] | None]
) -> Table | None:
    """A table with the numbers of the columns of another one that stand at the same places; None if
    too few do."""
    numbers: dict[int, int] = {}
    for column in range(table.columns):
        own = _edges(table, column)
        if own is None:
            continue
        for number, other in edges.items():
            if other and number not in numbers.values() and _are_near(own, other):
                numbers[column] = number
    if len(numbers) < max(2, MIN_FILLED_RATIO * len(edges)):
        return None
    cells = tuple(
        cell.replace(column=numbers[cell.column], column_span=1)
        for cell in table.cells
        if cell.column in numbers
    )
    return table.replace(columns=first.columns, cells=cells)


def _are_near(a: tuple[float, float], b: tuple[float, float]) -> bool:
    return min(abs(a[0] - b[0]), abs(a[1] - b[1])) <= MAX_COLUMN_SHIFT


def _edges(table: Table, column: int) -> tuple[float, float] | None:
    """Left and right end of a column's items; None without any."""
    boxes = [
        polygon_to_bbox(cell.polygon)
        for cell in table.cells
        if cell.column == column and cell.column_span == 1 and table.rows[cell.row] == "item"
    ]
    return (min(b[0] for b in boxes), max(b[2] for b in boxes)) if boxes else None


def _row(item: _Item, match: ColumnMatch, parsers: Mapping[str, FieldParser]) -> Row:
    """The cells of an item that can be parsed."""
    row: Row = {}
    for path, column in match.columns.items():
        words = item.cells.get(column.number)
        if words:
            candidate = cell_candidate(parsers[path], words, ITEM_SCORE)
            if candidate.parsed.ok:
                row[path] = candidate
    return _checked(row, parsers)


def _checked(row: Row, parsers: Mapping[str, FieldParser]) -> Row:
    """The row with a higher score for the three numbers of a product that holds."""
    roles = [_path_of(parsers, m) for m in ("quantity", "unit_price", "amount")]
    values = [row[p].parsed.value for p in roles if p in row]
    numbers = [float(v) for v in values if isinstance(v, int | float)]
    if len(numbers) < 3 or not is_product(*numbers):
        return row
    return {
        path: replace(c, score=PRODUCT_SCORE) if path in roles else c for path, c in row.items()
    }


def _path_of(parsers: Mapping[str, FieldParser], meaning: str) -> str | None:
    found = (path for path, p in parsers.items() if meaning in leaf_meanings(p.leaf))
    return next(found, None)


def _entries(rows: Sequence[Row], parsers: Mapping[str, FieldParser]) -> list[Row]:
    """The rows that are entries.

    One whose only number is the sum of the amounts above it is a total, and the table ends. One
    without a number, where others have some, belongs to the description above it and is left out.
    """
    numbers = {path for path, p in parsers.items() if p.leaf.normaliser in TIGHT_KINDS}
    counts = [len(numbers & row.keys()) for row in rows]
    usual = median(counts) if counts else 0
    amount = _path_of(parsers, "amount")
    total = 0.0
    kept: list[Row] = []
    for row, count in zip(rows, counts, strict=True):
        if usual and not count:
            continue
        value = row[amount].parsed.value if amount in row else None
        if isinstance(value, int | float):
            is_sum = len(kept) > 1 and abs(float(value) - total) <= SUM_TOLERANCE
            if is_sum and count < usual:
                break
            total += float(value)
        kept.append(row)
    return kept


def _supported(row: Row, pointed: Mapping[str, Sequence[ValueCandidate]]) -> Row:
    """The row with the reader's score added where it points at the same words."""
    made = {}
    for path, cell in row.items():
        words = {i for start, end in cell.ranges for i in range(start, end)}
        shared = (
            c.score
            for c in pointed.get(path, ())
            if words & {i for start, end in c.ranges for i in range(start, end)}
        )
        made[path] = replace(cell, score=min(1.0, cell.score + max(shared, default=0.0)))
    return made

"""Cells of a table from its printed header.

The header is the row of the page that contains the most labels of the array's columns. Words below
it belong to the label they stand under, until a total or a wide gap ends the table.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from docagent.document import Document
from docagent.evidence.candidates import TIGHT_KINDS, ValueCandidate
from docagent.evidence.field_parser import FieldParser
from docagent.evidence.grounding import OneEditIndex
from docagent.evidence.label_phrases import label_phrases
from docagent.geometry import BBox, union_bbox
from docagent.rules.labels import MAX_LABEL_WORDS, RULE_SCORE, label_key

MIN_HEADER_COLUMNS = 2
"""Fewest labels of columns that make a row a header."""
MIN_CLEAR_COLUMNS = 3
"""Fewest columns with cells from which the header overrides the embedded reader."""
MAX_ROW_GAP_RATIO = 4.0
"""Gap between rows, in heights of the header, that ends the table."""
MIN_MISREAD_LETTERS = 5
"""Letters from which a label is recognised with one of them misread."""
MIN_ROW_OVERLAP_RATIO = 0.5
"""Vertical overlap of two words of one row, as a share of the lower word's height."""
_TOTAL_LABELS = frozenset(
    label_key(text)
    for text in (
        "total", "sub total", "grand total", "net total", "Nettobetrag", "Bruttobetrag",
        "Gesamtbetrag", "Gesamtsumme", "Zwischensumme", "Rechnungsbetrag", "Endbetrag",
        "sous-total", "subtotaal", "totaal", "subtotale", "totale", "imponibile", "delsumma",
        "summa", "razem", "celkem", "összesen", "yhteensä", "ukupno", "skupaj",
    )
)  # fmt: skip


@dataclass(frozen=True)
class _HeaderColumn:
    """A label of a header: path of its column (None if the schema has no such column) and its
    box."""

    path: str | None
    box: BBox


@dataclass(frozen=True)
class _LabelKeys:
    """Paths of columns by the keys of their labels; misread: the keys."""

    by_key: Mapping[str, list[str]]
    misread: OneEditIndex

    @classmethod
    def of(cls, parsers: Mapping[str, FieldParser]) -> _LabelKeys:
        keys: dict[str, list[str]] = {}
        for path, parser in parsers.items():
            for phrase in label_phrases(parser.leaf):
                keys.setdefault(label_key(phrase), []).append(path)
        return cls(keys, OneEditIndex(keys))

    def paths(self, key: str) -> list[str]:
        """The paths of a label; of a longer one also those of the labels one letter away, if all
        of them agree."""
        if key in self.by_key or len(key) < MIN_MISREAD_LETTERS:
            return self.by_key.get(key, [])
        near = {
            tuple(self.by_key[label])
            for label in self.misread.near(key)
            if label[0] == key[0] or label[-2:] == key[-2:]
        }
        return list(near.pop()) if len(near) == 1 else []


def cells_under_headers(
    document: Document, parsers: Mapping[str, FieldParser]
) -> dict[str, list[ValueCandidate]]:
    """Cells under the header of each page, by path of the column.

    Cells that cannot be parsed as the column's kind are left out. A page without a header continues
    the columns of the page before it.
    """
    found: dict[str, list[ValueCandidate]] = {path: [] for path in parsers}
    columns: list[_HeaderColumn] = []
    keys = _LabelKeys.of(parsers)
    for number in dict.fromkeys(word.page for word in document.words):
        rows = _visual_rows(document, number)
        headers = [_header(document, row, parsers, keys) for row in rows]
        known = [len({c.path for c in header if c.path}) for header in headers]
        best = max(range(len(rows)), key=known.__getitem__)
        if known[best] >= MIN_HEADER_COLUMNS:
            columns, rows = headers[best], rows[best + 1 :]
        if columns:
            for path, candidate in _cells(document, rows, columns, parsers):
                found[path].append(candidate)
    return found


def merge_header_cells(
    parsers: Mapping[str, FieldParser], pointed: Mapping[str, list[ValueCandidate]]
) -> dict[str, list[ValueCandidate]]:
    """Merge cells under a clear printed header with the embedded reader's cells, by path.

    Cells under the header take precedence; a cell that the reader points at too gets the higher
    score. The reader's cells are kept for columns and pages without a header, and all of them if
    there is no clear header of the same table.
    """
    document = next(iter(parsers.values())).document
    headed = cells_under_headers(document, parsers)
    known = sum(bool(cells) for cells in headed.values())
    if not any(pointed.values()):
        return headed
    if known < MIN_CLEAR_COLUMNS or not _same_table(document, headed, pointed):
        return dict(pointed)
    pages = {_page(document, cell) for cells in headed.values() for cell in cells}
    claimed = {i for cells in headed.values() for cell in cells for i in _words(cell)}
    merged = {}
    for path, own in pointed.items():
        cells = [_add_support(cell, own) for cell in headed[path]]
        kept = own if not cells else [c for c in own if _page(document, c) not in pages]
        # What stands under the header of one column is not a value of another.
        merged[path] = [*cells, *(c for c in kept if not claimed & _words(c))]
    return merged


def _same_table(
    document: Document,
    headed: Mapping[str, Sequence[ValueCandidate]],
    pointed: Mapping[str, Sequence[ValueCandidate]],
) -> bool:
    """Whether most cells of the embedded reader stand at the height of the cells under the header.

    A bill may have a table of taxes below the table of its items.
    """
    extents: dict[int, tuple[float, float]] = {}
    for cell in (c for cells in headed.values() for c in cells):
        page, top, bottom = _extent(document, cell)
        upper, lower = extents.get(page, (top, bottom))
        extents[page] = min(upper, top), max(lower, bottom)
    places = [_extent(document, c) for cells in pointed.values() for c in cells]
    inside = sum(
        page in extents and extents[page][0] <= (top + bottom) / 2 <= extents[page][1]
        for page, top, bottom in places
    )
    return 2 * inside >= len(places)


def _extent(document: Document, cell: ValueCandidate) -> tuple[int, float, float]:
    """Page, top and bottom of a cell."""
    box = _box(document, range(*cell.ranges[0]))
    return _page(document, cell), box[1], box[3]


def _add_support(cell: ValueCandidate, pointed: Sequence[ValueCandidate]) -> ValueCandidate:
    """The cell with the score of the best pointed candidate that shares words with it added."""
    words = _words(cell)
    shared = (c.score for c in pointed if words & _words(c))
    return replace(cell, score=min(1.0, cell.score + max(shared, default=0.0)))


def _words(cell: ValueCandidate) -> set[int]:
    return {i for start, end in cell.ranges for i in range(start, end)}


def _page(document: Document, cell: ValueCandidate) -> int:
    return document.words[cell.ranges[0][0]].page


def _visual_rows(document: Document, page: int) -> list[list[int]]:
    """Words of a page grouped in rows from the top, each row from left to right.

    Each word is chained to its nearest neighbour on the right, so a row may be skewed or bent.
    """
    boxes = document.level_boxes
    words = sorted(
        (i for i, word in enumerate(document.words) if word.page == page), key=lambda i: boxes[i][0]
    )
    row_of: dict[int, list[int]] = {}
    ends: list[int] = []  # the last word of each row
    for index in words:
        level = [end for end in ends if _continues_row(boxes[end], boxes[index])]
        before = max(level, key=lambda end: boxes[end][2], default=None)
        if before is None:
            row_of[index] = [index]
        else:
            row_of[index] = row_of[before]
            row_of[index].append(index)
            ends.remove(before)
        ends.append(index)
    rows = [row_of[end] for end in ends]
    return sorted(rows, key=lambda row: min(boxes[i][1] + boxes[i][3] for i in row))


def _continues_row(left: BBox, right: BBox) -> bool:
    """Whether a word continues the row of a word to its left."""
    shared = min(left[3], right[3]) - max(left[1], right[1])
    return shared >= MIN_ROW_OVERLAP_RATIO * min(left[3] - left[1], right[3] - right[1])


def _header(
    document: Document,
    row: Sequence[int],
    parsers: Mapping[str, FieldParser],
    keys: _LabelKeys,
) -> list[_HeaderColumn]:
    """The columns of a row that is read as a header; each path occurs once.

    A label may belong to several columns ("Item" to the code and to the description). Labels with
    the fewest columns are assigned first.
    """
    found: list[tuple[list[str], BBox]] = []
    position = 0
    while position < len(row):
        length, paths = _leading_label(document, row[position : position + MAX_LABEL_WORDS], keys)
        found.append((paths, _box(document, row[position : position + length])))
        position += length
    chosen: dict[int, str] = {}
    for index in sorted(range(len(found)), key=lambda i: len(found[i][0])):
        free = [path for path in found[index][0] if path not in chosen.values()]
        if free:
            chosen[index] = free[0]
    columns = [_HeaderColumn(chosen.get(i), box) for i, (_, box) in enumerate(found)]
    return _assign_last_amount(columns, parsers)


def _assign_last_amount(
    columns: list[_HeaderColumn], parsers: Mapping[str, FieldParser]
) -> list[_HeaderColumn]:
    """Assign the row's amount to an unknown rightmost column, if no other column has it.

    In the table of a bill, a statement or a quote the last column is the amount of the row.
    """
    amounts = [path for path, r in parsers.items() if r.leaf.normaliser == "amount"]
    paths = {column.path for column in columns}
    last = max(range(len(columns)), key=lambda i: columns[i].box[2], default=None)
    known = len(paths - {None})
    if last is None or known < MIN_HEADER_COLUMNS or not amounts or amounts[-1] in paths:
        return columns
    if columns[last].path is None:
        columns[last] = _HeaderColumn(amounts[-1], columns[last].box)
    return columns


def _leading_label(
    document: Document, row: Sequence[int], keys: _LabelKeys
) -> tuple[int, list[str]]:
    """Number of words at the start of a row that are a label, and its paths; (1, []) if none."""
    for length in range(len(row), 0, -1):
        key = label_key("".join(document.words[i].word.text for i in row[:length]))
        paths = keys.paths(key)
        if paths:
            return length, paths
    return 1, []


def _cells(
    document: Document,
    rows: Sequence[Sequence[int]],
    columns: Sequence[_HeaderColumn],
    parsers: Mapping[str, FieldParser],
) -> Iterator[tuple[str, ValueCandidate]]:
    height = columns[0].box[3] - columns[0].box[1]
    bottom = None
    for row in rows:
        box = _box(document, row)
        is_end = any(label_key(document.words[i].word.text) in _TOTAL_LABELS for i in row)
        if is_end or (bottom is not None and box[1] - bottom > MAX_ROW_GAP_RATIO * height):
            return
        bottom = box[3]
        for column in columns:
            words = [i for i in row if _column_of(_box(document, [i]), columns, parsers) is column]
            if column.path and words:
                cell = _cell(parsers[column.path], words)
                if cell.parsed.ok:
                    yield column.path, cell


def _column_of(
    box: BBox, columns: Sequence[_HeaderColumn], parsers: Mapping[str, FieldParser]
) -> _HeaderColumn:
    """The column a word stands under.

    A word between two headers belongs to a text column on its left, or else to the nearest column.
    """
    under = [c for c in columns if box[0] < c.box[2] and box[2] > c.box[0]]
    if under:
        return max(under, key=lambda c: min(box[2], c.box[2]) - max(box[0], c.box[0]))
    left = [c for c in columns if c.box[0] <= box[0]]
    before = max(left, key=lambda c: c.box[0], default=None)
    if before and before.path and parsers[before.path].leaf.normaliser not in TIGHT_KINDS:
        return before
    return min(columns, key=lambda c: max(c.box[0] - box[2], box[0] - c.box[2]))


def _cell(parser: FieldParser, words: Sequence[int]) -> ValueCandidate:
    """One candidate of words that need not be consecutive in the document."""
    runs: list[list[int]] = []
    for index in sorted(words):
        if runs and runs[-1][1] == index:
            runs[-1][1] = index + 1
        else:
            runs.append([index, index + 1])
    parts = [parser.candidate(start, end, RULE_SCORE, "rule") for start, end in runs]
    return parser.merged(parts) if len(parts) > 1 else parts[0]


def _box(document: Document, words: Sequence[int]) -> BBox:
    return union_bbox(document.level_boxes[i] for i in words)

"""Rows of a table from its printed header, for when the reader points at no cells.

The header is the row of the page with the most labels of the array's columns. Words below it
belong to the header they stand under, until a total or a wide gap ends the table.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from docagent.candidates import TIGHT_KINDS, Candidate, FieldReader, label_phrases
from docagent.document import Document
from docagent.geometry import BBox, polygon_to_bbox, union_bbox
from docagent.label_rules import LONGEST_LABEL, RULE_SCORE, label_key

LEAST_COLUMNS = 2
WIDEST_GAP = 4.0
"""In heights of the header: a wider gap between rows ends the table."""
_ENDS = frozenset(label_key(text) for text in ("total", "sub total", "grand total", "net total"))


@dataclass(frozen=True)
class _Column:
    """A header: its path (None for one the schema does not know) and its box."""

    path: str | None
    box: BBox


def headed_columns(
    document: Document, readers: Mapping[str, FieldReader]
) -> dict[str, list[Candidate]]:
    """Cells under the header of each page, by path of the column; what cannot be read as the
    column's kind is left out. A page without a header goes on with the columns before it."""
    found: dict[str, list[Candidate]] = {path: [] for path in readers}
    columns: list[_Column] = []
    for number in dict.fromkeys(word.page for word in document.words):
        rows = _visual_rows(document, number)
        headers = [_header(document, row, readers) for row in rows]
        known = [len({c.path for c in header if c.path}) for header in headers]
        best = max(range(len(rows)), key=known.__getitem__)
        if known[best] >= LEAST_COLUMNS:
            columns, rows = headers[best], rows[best + 1 :]
        if columns:
            for path, candidate in _cells(document, rows, columns, readers):
                found[path].append(candidate)
    return found


def _visual_rows(document: Document, page: int) -> list[list[int]]:
    """Words of a page by height, each row from left to right."""
    boxes = {
        i: polygon_to_bbox(word.word.polygon)
        for i, word in enumerate(document.words)
        if word.page == page
    }
    rows: list[list[int]] = []
    for index in sorted(boxes, key=lambda i: boxes[i][1] + boxes[i][3]):
        middle = (boxes[index][1] + boxes[index][3]) / 2
        first = boxes[rows[-1][0]] if rows else None
        if first and first[1] <= middle <= first[3]:
            rows[-1].append(index)
        else:
            rows.append([index])
    return [sorted(row, key=lambda i: boxes[i][0]) for row in rows]


def _header(
    document: Document, row: Sequence[int], readers: Mapping[str, FieldReader]
) -> list[_Column]:
    """The columns of a row read as a header, each path once."""
    keys = {label_key(p): path for path, r in readers.items() for p in label_phrases(r.leaf)}
    columns: list[_Column] = []
    position = 0
    while position < len(row):
        length, path = _label(document, row[position : position + LONGEST_LABEL], keys)
        words = row[position : position + length]
        fresh = path if all(column.path != path for column in columns) else None
        columns.append(_Column(fresh, _box(document, words)))
        position += length
    return columns


def _label(
    document: Document, row: Sequence[int], keys: Mapping[str, str]
) -> tuple[int, str | None]:
    """How many words at the start of a row are a label, and whose; one unknown word if none."""
    for length in range(len(row), 0, -1):
        path = keys.get(label_key("".join(document.words[i].word.text for i in row[:length])))
        if path:
            return length, path
    return 1, None


def _cells(
    document: Document,
    rows: Sequence[Sequence[int]],
    columns: Sequence[_Column],
    readers: Mapping[str, FieldReader],
) -> Iterator[tuple[str, Candidate]]:
    height = columns[0].box[3] - columns[0].box[1]
    bottom = None
    for row in rows:
        box = _box(document, row)
        is_end = any(label_key(document.words[i].word.text) in _ENDS for i in row)
        if is_end or (bottom is not None and box[1] - bottom > WIDEST_GAP * height):
            return
        bottom = box[3]
        for column in columns:
            words = [i for i in row if _column_of(_box(document, [i]), columns, readers) is column]
            if column.path and words:
                cell = _cell(readers[column.path], words)
                if cell.reading.ok:
                    yield column.path, cell


def _column_of(
    box: BBox, columns: Sequence[_Column], readers: Mapping[str, FieldReader]
) -> _Column:
    """The header a word stands under; between headers, a text column on its left or else the
    nearest one."""
    under = [c for c in columns if box[0] < c.box[2] and box[2] > c.box[0]]
    if under:
        return max(under, key=lambda c: min(box[2], c.box[2]) - max(box[0], c.box[0]))
    left = [c for c in columns if c.box[0] <= box[0]]
    before = max(left, key=lambda c: c.box[0], default=None)
    if before and before.path and readers[before.path].leaf.normaliser not in TIGHT_KINDS:
        return before
    return min(columns, key=lambda c: max(c.box[0] - box[2], box[0] - c.box[2]))


def _cell(reader: FieldReader, words: Sequence[int]) -> Candidate:
    """One candidate of words that need not follow each other in the document."""
    runs: list[list[int]] = []
    for index in sorted(words):
        if runs and runs[-1][1] == index:
            runs[-1][1] = index + 1
        else:
            runs.append([index, index + 1])
    parts = [reader.candidate(start, end, RULE_SCORE, "rule") for start, end in runs]
    return reader.joined(parts) if len(parts) > 1 else parts[0]


def _box(document: Document, words: Sequence[int]) -> BBox:
    return union_bbox(polygon_to_bbox(document.words[i].word.polygon) for i in words)

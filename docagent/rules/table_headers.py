"""Cells of a table from its printed header, which say more than cells pointed at one by one.

The header is the row of the page with the most labels of the array's columns. Words below it
belong to the header they stand under, until a total or a wide gap ends the table.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from docagent.document import Document
from docagent.evidence.candidates import TIGHT_KINDS, Candidate, FieldReader, label_phrases
from docagent.evidence.grounding import is_one_edit
from docagent.geometry import BBox, union_bbox
from docagent.rules.labels import LONGEST_LABEL, RULE_SCORE, label_key

LEAST_COLUMNS = 2
CLEAR_COLUMNS = 3
"""Columns with cells from which a header settles what the cells are."""
WIDEST_GAP = 4.0
"""In heights of the header: a wider gap between rows ends the table."""
MISREAD_LENGTH = 5
ON_LEVEL = 0.5
"""Share of the lower of two words' heights that words of one row have in common."""
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


def with_header(
    readers: Mapping[str, FieldReader], pointed: Mapping[str, list[Candidate]]
) -> dict[str, list[Candidate]]:
    """Cells by path: those under a clear printed header, surer where the reader points at them
    too, and the reader's for columns or pages that have none; the reader's own otherwise."""
    document = next(iter(readers.values())).document
    headed = headed_columns(document, readers)
    known = sum(bool(cells) for cells in headed.values())
    if not any(pointed.values()):
        return headed
    if known < CLEAR_COLUMNS or not _same_table(document, headed, pointed):
        return dict(pointed)
    pages = {_page(document, cell) for cells in headed.values() for cell in cells}
    merged = {}
    for path, own in pointed.items():
        cells = [_backed(cell, own) for cell in headed[path]]
        kept = own if not cells else [c for c in own if _page(document, c) not in pages]
        merged[path] = [*cells, *kept]
    return merged


def _same_table(
    document: Document,
    headed: Mapping[str, Sequence[Candidate]],
    pointed: Mapping[str, Sequence[Candidate]],
) -> bool:
    """Whether most of what the reader points at is as high as the cells under the header: a
    bill may have a table of taxes below that of its items."""
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


def _extent(document: Document, cell: Candidate) -> tuple[int, float, float]:
    """Page, top and bottom of a cell."""
    box = _box(document, range(*cell.ranges[0]))
    return _page(document, cell), box[1], box[3]


def _backed(cell: Candidate, pointed: Sequence[Candidate]) -> Candidate:
    """A cell with the score of the best candidate that shares words with it added."""
    words = {i for start, end in cell.ranges for i in range(start, end)}
    shared = (c.score for c in pointed if any(words & set(range(*r)) for r in c.ranges))
    return replace(cell, score=min(1.0, cell.score + max(shared, default=0.0)))


def _page(document: Document, cell: Candidate) -> int:
    return document.words[cell.ranges[0][0]].page


def _visual_rows(document: Document, page: int) -> list[list[int]]:
    """Words of a page by height, each row from left to right.

    Words are chained to their nearest neighbour at the right, so a row may lean or bend.
    """
    boxes = document.level_boxes
    words = sorted(
        (i for i, word in enumerate(document.words) if word.page == page), key=lambda i: boxes[i][0]
    )
    row_of: dict[int, list[int]] = {}
    ends: list[int] = []  # last word of each row so far
    for index in words:
        level = [end for end in ends if _on_level(boxes[end], boxes[index])]
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


def _on_level(left: BBox, right: BBox) -> bool:
    """Whether a word continues the row of another one before it."""
    shared = min(left[3], right[3]) - max(left[1], right[1])
    return shared >= ON_LEVEL * min(left[3] - left[1], right[3] - right[1])


def _header(
    document: Document, row: Sequence[int], readers: Mapping[str, FieldReader]
) -> list[_Column]:
    """The columns of a row read as a header, each path once.

    A label may be that of several columns ("Item" of the code and of the description): those
    with one meaning choose first.
    """
    keys: dict[str, list[str]] = {}
    for path, reader in readers.items():
        for phrase in label_phrases(reader.leaf):
            keys.setdefault(label_key(phrase), []).append(path)
    found: list[tuple[list[str], BBox]] = []
    position = 0
    while position < len(row):
        length, paths = _label(document, row[position : position + LONGEST_LABEL], keys)
        found.append((paths, _box(document, row[position : position + length])))
        position += length
    chosen: dict[int, str] = {}
    for index in sorted(range(len(found)), key=lambda i: len(found[i][0])):
        free = [path for path in found[index][0] if path not in chosen.values()]
        if free:
            chosen[index] = free[0]
    columns = [_Column(chosen.get(i), box) for i, (_, box) in enumerate(found)]
    return _with_last_amount(columns, readers)


def _with_last_amount(columns: list[_Column], readers: Mapping[str, FieldReader]) -> list[_Column]:
    """An unknown column at the right end is the amount of the row, if nothing else is: in the
    table of a bill, a statement or a quote the last column is what the row comes to."""
    amounts = [path for path, r in readers.items() if r.leaf.normaliser == "amount"]
    paths = {column.path for column in columns}
    last = max(range(len(columns)), key=lambda i: columns[i].box[2], default=None)
    known = len(paths - {None})
    if last is None or known < LEAST_COLUMNS or not amounts or amounts[-1] in paths:
        return columns
    if columns[last].path is None:
        columns[last] = _Column(amounts[-1], columns[last].box)
    return columns


def _label(
    document: Document, row: Sequence[int], keys: Mapping[str, list[str]]
) -> tuple[int, list[str]]:
    """How many words at the start of a row are a label, and whose; one unknown word if none."""
    for length in range(len(row), 0, -1):
        key = label_key("".join(document.words[i].word.text for i in row[:length]))
        paths = keys.get(key) or _misread(key, keys)
        if paths:
            return length, paths
    return 1, []


def _misread(key: str, keys: Mapping[str, list[str]]) -> list[str]:
    """The paths of a label one letter away, if the labels one letter away agree."""
    if len(key) < MISREAD_LENGTH:
        return []
    near = {
        tuple(paths)
        for label, paths in keys.items()
        if abs(len(label) - len(key)) <= 1 and (label[0] == key[0] or label[-2:] == key[-2:])
        if is_one_edit(label, key)
    }
    return list(near.pop()) if len(near) == 1 else []


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
    return union_bbox(document.level_boxes[i] for i in words)

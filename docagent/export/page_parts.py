"""Parts of a page in reading order: tables, and blocks of the lines between them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from docagent.document import Document, Line, Page, Table, TableCell
from docagent.export.blocks import page_to_blocks
from docagent.tables import cell_words, tables_of

Part = Table | tuple[Line, ...]
"""A table, or lines that closely follow below one another."""


def page_parts(document: Document) -> list[tuple[Page, list[Part]]]:
    """The pages of a document with their parts in reading order. A line that is in a table only in
    part is left with its other words."""
    tables = tables_of(document)
    owner = {
        index: number
        for number, table in enumerate(tables)
        for cell in table.cells
        for index in cell_words(document, cell)
    }
    parts, first = [], 0
    for page in document.pages:
        count = sum(len(line.words) for line in page.lines)
        owners = [owner.get(index) for index in range(first, first + count)]
        parts.append((page, _parts(page, owners, tables)))
        first += count
    return parts


def cell_lines(document: Document, cell: TableCell) -> list[Line]:
    """The words of a cell, grouped by the line of the page they are on."""
    located = [document.words[index] for index in cell_words(document, cell)]
    return [
        Line(words=tuple(word.word for word in words))
        for _, words in groupby(located, key=lambda word: word.line)
    ]


def _parts(page: Page, owners: Sequence[int | None], tables: Sequence[Table]) -> list[Part]:
    parts: list[Part] = []
    lines: list[Line] = []
    shown: set[int] = set()
    first = 0

    def finish() -> None:
        parts.extend(page_to_blocks(page.replace(lines=tuple(lines))))
        lines.clear()

    for line in page.lines:
        own = owners[first : first + len(line.words)]
        first += len(line.words)
        for number in sorted({n for n in own if n is not None and n not in shown}):
            finish()
            parts.append(tables[number])
            shown.add(number)
        left = tuple(word for word, n in zip(line.words, own, strict=True) if n is None)
        if left:
            lines.append(line if len(left) == len(own) else line.replace(words=left))
    finish()
    return parts

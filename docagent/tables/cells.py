"""Words of a table's cells."""

from __future__ import annotations

from bisect import bisect_left

from docagent.document import Document, TableCell


def cell_words(document: Document, cell: TableCell) -> list[int]:
    """Indices in ``Document.words`` of the words of a cell, in the order of its text."""
    words = document.words
    found: list[int] = []
    for span in cell.spans:
        index = bisect_left(words, span.start, key=lambda word: word.span.start)
        while index < len(words) and words[index].span.start < span.end:
            found.append(index)
            index += 1
    return found

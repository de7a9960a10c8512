"""Numbers of rows where arrays stand in arrays: a row belongs to the outer row it stands under."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence

from docagent.document import Document
from docagent.rules.table_rows import Row

Numbers = tuple[int, ...]
"""Row numbers from 0, of the outermost array first."""


class RowNesting:
    """Numbers the rows of the arrays of a document, outer arrays before inner ones."""

    def __init__(self) -> None:
        self._starts: dict[str, list[tuple[int, Numbers]]] = {}

    def numbered(
        self, document: Document, array: str, depth: int, rows: Sequence[Row]
    ) -> Iterator[tuple[Numbers, Row]]:
        """The rows of an array with their numbers. depth: how many arrays its fields are in.

        An inner row belongs to the last row of the enclosing array that starts at or before it in
        the text. If that array has no rows of its own, all belong to its first row; the values of
        a grid (``grid[][]``) to a row for each line they stand on.
        """
        starts = self._starts.setdefault(array, [])
        outer = self._starts.get(_enclosing(array), []) if depth > 1 else []
        begins = [start for start, _ in outer]
        counts: dict[Numbers, int] = {}
        lines: dict[tuple[int, int], int] = {}
        for row in rows:
            start = min(first for cell in row.values() for first, _ in cell.ranges)
            owner = (0,) * (depth - 1)
            if not outer and array.endswith("[]"):
                place = (document.words[start].page, document.words[start].line)
                owner = (*owner[1:], lines.setdefault(place, len(lines)))
            elif outer:
                owner = outer[max(0, bisect_right(begins, start) - 1)][1]
            numbers = (*owner, counts.get(owner, 0))
            counts[owner] = numbers[-1] + 1
            starts.append((start, numbers))
            yield numbers, row
        starts.sort()


def _enclosing(array: str) -> str:
    """The array around an array: ``orders`` of ``orders[].items``."""
    return array.rpartition("[]")[0]

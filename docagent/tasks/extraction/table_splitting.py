"""Parts of a document cut smaller, for a table that is too long for one answer."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from docagent.cascade.document_view import Look, Part
from docagent.layout.numbered_lines import NumberedLine, rows_of_lines
from docagent.tasks.extraction.row_merging import Cells


def halve(
    look: Look, part: Part, found: Sequence[Cells], most: int
) -> tuple[tuple[Part, ...], int]:
    """A part halved between the rows of the page as often as its table needs, at most ``most``
    times, and how often it was; no parts if that cannot be done.

    found: rows of the table that fit into an answer, which tell how large a piece may be; without
    any there is nothing to show that smaller pieces would help. The row of the page above the
    first of them, which names the columns, goes with every piece.
    """
    rows = rows_of_lines(look.document, part)
    held = _held(look, rows, found)
    if not held or not most:
        return (), 0
    first, fitted = held[0], held[-1] + 1 - held[0]
    head, body = rows[max(0, first - 1) : first], rows[first:]
    times = next((t for t in range(1, most) if len(body) <= fitted << t), most)
    size = max(1, -(-len(body) >> times))
    if size >= len(body):
        return (), 0
    starts = range(size, len(body), size)
    return (
        _part(rows[: first + size]),
        *(_part([*head, *body[at : at + size]]) for at in starts),
    ), times


def _held(look: Look, rows: Sequence[Part], found: Iterable[Cells]) -> list[int]:
    """Numbers of the rows of the page that rows of the table begin on, rising."""
    starts = [
        min(e.span.start for field in row.values() for e in field.evidence)
        for row in found
        if any(field.evidence for field in row.values())
    ]
    words = look.document.words
    ends = [words[row[-1].end - 1].span.end for row in rows]
    numbers = {next((n for n, end in enumerate(ends) if end > at), None) for at in starts}
    return sorted(number for number in numbers if number is not None)


def _part(rows: Iterable[Sequence[NumberedLine]]) -> Part:
    return tuple(line for row in rows for line in row)

"""Parts of a document cut smaller, where a request or an answer is too long for the model."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from docagent.cascade.document_view import DocumentView, Part
from docagent.layout.lines_with_ids import NumberedLine, line_text, rows_of_lines, split_lines


def halve_part(view: DocumentView, part: Part) -> tuple[Part, ...]:
    """A part cut about its middle, between pages or rows where that is possible; empty if it is
    one line."""
    if len(part) < 2:
        return ()
    lengths = [len(line_text(view.document, line, 0.0)) + len(line.id) for line in part]
    first = split_lines(view.document, part, max(sum(lengths) // 2, 1))[0]
    # Beyond the middle lies whatever did not fit, with a row or page that was begun.
    at = len(first) if len(first) < len(part) else len(part) // 2
    return part[:at], part[at:]


def split_at_rows(
    view: DocumentView, part: Part, starts: Sequence[int], max_halvings: int
) -> tuple[tuple[Part, ...], int]:
    """A part halved between the rows of the page as often as its table needs, at most
    ``max_halvings`` times, and how often it was; no parts if that cannot be done.

    starts: where in the document's text the table rows that fitted into an answer begin. They
    tell how large a piece may be; without any, nothing shows that smaller pieces would help. The
    row of the page above the first of them, which names the columns, goes with every piece.
    """
    rows = rows_of_lines(view.document, part)
    read = _row_numbers(view, rows, starts)
    if not read or not max_halvings:
        return (), 0
    first, fitted = read[0], read[-1] + 1 - read[0]
    head, body = rows[max(0, first - 1) : first], rows[first:]
    halvings = next((n for n in range(1, max_halvings) if len(body) <= fitted << n), max_halvings)
    size = max(1, -(-len(body) >> halvings))
    if size >= len(body):
        return (), 0
    rest = (_join([*head, *body[at : at + size]]) for at in range(size, len(body), size))
    return (_join(rows[: first + size]), *rest), halvings


def _row_numbers(view: DocumentView, rows: Sequence[Part], starts: Iterable[int]) -> list[int]:
    """Numbers of the rows of the page that these places are on, rising."""
    words = view.document.words
    ends = [words[row[-1].end - 1].span.end for row in rows]
    numbers = {next((n for n, end in enumerate(ends) if end > at), None) for at in starts}
    return sorted(number for number in numbers if number is not None)


def _join(rows: Iterable[Sequence[NumberedLine]]) -> Part:
    return tuple(line for row in rows for line in row)

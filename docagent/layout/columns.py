"""Spans that wrap inside a column.

Reading order goes row by row, so words of a neighbouring block stand between the lines of an
address. Such a span is given by its first and last word; its words are those between the two that
lie in the same column.
"""

from __future__ import annotations

from collections.abc import Sequence

from docagent.geometry import BBox

MIN_OVERLAP_RATIO = 0.3
"""Horizontal overlap of a line with the column, as a share of the narrower one, from which the line
belongs to it."""


def column_words(start: int, end: int, lines: Sequence[int], boxes: Sequence[BBox]) -> list[int]:
    """Indices from ``start`` to ``end`` (exclusive) of the words in the column of both ends.

    lines, boxes: of each word, in reading order. The column is as wide as the words of the span on
    its first and on its last line. Lines that do not overlap it are left out.
    """
    on_line: dict[int, list[int]] = {}
    for index in range(start, end):
        on_line.setdefault(lines[index], []).append(index)
    extents = {
        line: (min(boxes[i][0] for i in words), max(boxes[i][2] for i in words))
        for line, words in on_line.items()
    }
    if len(extents) < 3:
        return list(range(start, end))
    ends = [extents[lines[start]], extents[lines[end - 1]]]
    left, right = min(x for x, _ in ends), max(x for _, x in ends)
    kept = []
    for line, words in on_line.items():
        x0, x1 = extents[line]
        shared = min(x1, right) - max(x0, left)
        if shared >= MIN_OVERLAP_RATIO * min(x1 - x0, right - left):
            kept.extend(words)
    return sorted(kept)


def words_to_ranges(words: Sequence[int]) -> tuple[tuple[int, int], ...]:
    """Group sorted indices into ranges of consecutive ones, ends exclusive."""
    ranges: list[tuple[int, int]] = []
    for word in words:
        if ranges and ranges[-1][1] == word:
            ranges[-1] = (ranges[-1][0], word + 1)
        else:
            ranges.append((word, word + 1))
    return tuple(ranges)

"""Alignment of several engines' words: by boxes on the page, and by edit distance in the text."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from docagent.geometry import BBox

MIN_SHARED_RATIO = 0.5
"""Share of the smaller box's height, and of its width, that two boxes of one word have in
common."""

MAX_HEIGHT_RATIO = 2.5
"""Ratio of two heights above which the taller box holds several lines instead of the same word."""

MIN_ROW_OVERLAP_RATIO = 0.3
"""Vertical overlap, in the smaller height, below which two words are on different rows."""


def same_place(a: Sequence[BBox], b: Sequence[BBox]) -> NDArray[np.bool_]:
    """Which boxes of ``a`` cover the same ink as which boxes of ``b``; shape (len a, len b).

    Overlap is measured against the smaller box, so that a word matches each of the pieces that
    another engine cut it into.
    """
    p = np.asarray(a, np.float64).reshape(-1, 1, 4)
    q = np.asarray(b, np.float64).reshape(1, -1, 4)
    shared = np.minimum(p[..., 2:], q[..., 2:]) - np.maximum(p[..., :2], q[..., :2])
    smaller = np.minimum(p[..., 2:] - p[..., :2], q[..., 2:] - q[..., :2])
    larger = np.maximum(p[..., 2:] - p[..., :2], q[..., 2:] - q[..., :2])
    meets = (shared > 0).all(axis=-1) & (shared >= MIN_SHARED_RATIO * smaller).all(axis=-1)
    return np.asarray(meets & (larger[..., 1] <= MAX_HEIGHT_RATIO * smaller[..., 1]))


def group_boxes(pages: Sequence[Sequence[BBox]]) -> list[list[tuple[int, int]]]:
    """Group the words of several engines by the ink they cover.

    pages: the boxes of each engine. Returns groups of (engine index, word index); each word is in
    exactly one group. A group holds a word found by one engine, a word found by several, or a word
    together with the pieces that others cut it into.
    """
    owner = {(page, i): (page, i) for page, boxes in enumerate(pages) for i in range(len(boxes))}

    def root(item: tuple[int, int]) -> tuple[int, int]:
        while owner[item] != item:
            owner[item] = owner[owner[item]]
            item = owner[item]
        return item

    for first in range(len(pages)):
        for second in range(first + 1, len(pages)):
            for i, j in np.argwhere(same_place(pages[first], pages[second])).tolist():
                owner[root((second, j))] = root((first, i))
    groups: dict[tuple[int, int], list[tuple[int, int]]] = {}
    for item in owner:
        groups.setdefault(root(item), []).append(item)
    return list(groups.values())


def on_one_row(boxes: Sequence[BBox]) -> bool:
    """Whether words, ordered from the left, stand on one row."""
    for a, b in pairwise(boxes):
        shared = min(a[3], b[3]) - max(a[1], b[1])
        if shared < MIN_ROW_OVERLAP_RATIO * min(a[3] - a[1], b[3] - b[1]):
            return False
    return True


Columns = list[list[str]]
"""Alignment columns: one character per text in each column, "" where a text has none."""


def align_texts(texts: Sequence[str]) -> Columns:
    """Align texts character by character, adding one at a time (ROVER; Fiscus, 1997).

    Reading one text down the columns gives that text back.
    """
    columns: Columns = []
    for count, text in enumerate(texts):
        columns = _add_text(columns, text, count)
    return columns


def _add_text(columns: Columns, text: str, count: int) -> Columns:
    """Add a text to the columns of ``count`` texts at the least edit distance."""
    rows, width = len(columns), len(text)
    cost = np.zeros((rows + 1, width + 1))
    cost[1:, 0] = np.cumsum([float("" not in column) for column in columns])
    cost[0, 1:] = np.arange(1, width + 1)
    for i, column in enumerate(columns, start=1):
        left_out = float("" not in column)
        for j, char in enumerate(text, start=1):
            cost[i, j] = min(
                cost[i - 1, j - 1] + float(char not in column),
                cost[i - 1, j] + left_out,
                cost[i, j - 1] + 1,
            )
    aligned: Columns = []
    i, j = rows, width
    while i or j:
        if i and j and cost[i, j] == cost[i - 1, j - 1] + float(text[j - 1] not in columns[i - 1]):
            i, j = i - 1, j - 1
            aligned.append([*columns[i], text[j]])
        elif i and cost[i, j] == cost[i - 1, j] + float("" not in columns[i - 1]):
            i -= 1
            aligned.append([*columns[i], ""])
        else:
            j -= 1
            aligned.append([""] * count + [text[j]])
    return aligned[::-1]

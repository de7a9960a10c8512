"""Segmentation of a recognised line into words, with their horizontal extents on the crop.

CTC steps locate a character only roughly, so word edges are placed at the gaps of ink nearest to
the spaces of the alignment.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from docagent.ocr.recognition.ctc import AlignedChar

MAX_LETTER_OVERHANG_PX = 16
"""Columns of a crop that a letter may extend beyond the steps it was read at."""

INK_ROWS = slice(5, 25)
"""Rows of a 32-pixel crop that hold x-height and capitals but seldom an underline."""


def ink_columns(crop: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Which columns of a contrast-stretched crop (32, w; paper +1, ink -1) have ink."""
    rows = crop[INK_ROWS]
    some = crop[2::6, ::4].ravel()
    paper = float(np.partition(some, some.size // 2)[some.size // 2])
    # On a dark background the text is lighter than the median.
    ink = rows > paper + 0.8 if paper < -0.2 else rows < paper - 0.55
    # A rule through every column is not ink of a letter.
    ink = ink & (ink.mean(axis=1) < 0.9)[:, None]
    return np.asarray(ink.any(axis=0))


def _longest_gap(ink: Sequence[bool], start: int, end: int) -> tuple[int, int] | None:
    """The longest run without ink within [start, end), or None."""
    best: tuple[int, int] | None = None
    run = start
    for x in range(start, end + 1):
        if x == end or ink[x]:
            if x > run and (best is None or x - run > best[1] - best[0]):
                best = (run, x)
            run = x + 1
    return best


def split_words(
    chars: list[AlignedChar], crop: NDArray[np.float32], steps: int
) -> list[tuple[list[AlignedChar], float, float]]:
    """Split aligned characters at spaces; each word with its left and right edge as fractions (0-1)
    of the crop's width.

    steps: CTC steps of the crop.
    """
    groups: list[list[AlignedChar]] = [[]]
    for char in chars:
        if char.text == " ":
            groups.append([])
        else:
            groups[-1].append(char)
    groups = [group for group in groups if group]
    if not groups:
        return []
    width = crop.shape[1]
    unit = width / steps
    ink = ink_columns(crop)
    columns = ink.tolist()
    first = max(0, int(groups[0][0].start * unit) - MAX_LETTER_OVERHANG_PX)
    last = min(width, int(groups[-1][-1].end * unit) + MAX_LETTER_OVERHANG_PX)
    edges = [_first_ink(ink, first, int(groups[0][0].end * unit))]
    for left, right in pairwise(groups):
        begin = int(left[-1].start * unit)
        stop = max(begin + 1, min(width, int(right[0].end * unit)))
        gap = _longest_gap(columns, begin, stop)
        middle = (left[-1].end + right[0].start) / 2 * unit
        edges += list(gap) if gap else [middle - 1, middle + 1]
    edges.append(_last_ink(ink, int(groups[-1][-1].start * unit), last))
    words = []
    for index, group in enumerate(groups):
        start, end = float(edges[2 * index]), float(edges[2 * index + 1])
        end = max(end, start + 2)
        words.append((group, min(start, width - 2) / width, min(end, width) / width))
    return words


def _first_ink(ink: NDArray[np.bool_], start: int, end: int) -> int:
    """First column with ink in [start, end), or ``start`` if there is none."""
    found = np.flatnonzero(ink[start : max(start + 1, end)])
    return start + int(found[0]) if found.size else start


def _last_ink(ink: NDArray[np.bool_], start: int, end: int) -> int:
    """Column after the last one with ink in [start, end), or ``end`` if there is none."""
    found = np.flatnonzero(ink[start : max(start + 1, end)])
    return start + int(found[-1]) + 1 if found.size else end

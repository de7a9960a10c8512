"""Which windows of a long document the queries of a wide schema are pointed at in: those whose
words are most like theirs.

Pointing costs a millisecond for each query and window, so that hundreds of fields on dozens of
pages would take minutes. The likeness is that of late interaction (ColBERT, Khattab and Zaharia
2020): each piece of the query counts as much as the word of the window that is most like it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

MAX_POINTED = 5000
"""Queries for one value times windows up to which each query is pointed at in each window: 50
fields on 45 pages."""
MIN_WINDOWS = 32
"""Windows in which every query is pointed at, about 14 pages of a contract."""
PRINTED = 0.1
"""Weight of how much of a query is printed in a window as one run of words."""

Floats = NDArray[np.float32]


def window_count(windows: int, multiple: Sequence[bool]) -> int:
    """In how many windows each query for one value is pointed at. multiple: of each query."""
    singles = len(multiple) - sum(multiple)
    return min(windows, max(MIN_WINDOWS, MAX_POINTED // max(1, singles)))


def likenesses(words: Floats, queries: Sequence[Floats], printed: Floats) -> Floats:
    """How like (q,) a window is to each query: units of its words (n, width), and of each query's
    pieces (t, width); printed: (q,) how much of each is printed as one run of words, 0-2."""
    most = (words @ np.concatenate(queries).T).max(axis=0)
    counts = np.array([len(pieces) for pieces in queries])
    sums = np.add.reduceat(most, np.cumsum(counts) - counts)
    found: Floats = (sums / counts + PRINTED * printed).astype(np.float32)
    return found


def units(pieces: Floats) -> Floats:
    """(t, width) of a query, its first and last piece being marks -> units (t - 2, width), or the
    marks' if it has no other."""
    inner = pieces[1:-1] if len(pieces) > 2 else pieces
    lengths = np.linalg.norm(inner, axis=1, keepdims=True)
    found: Floats = (inner / np.maximum(lengths, 1e-12)).astype(np.float32)
    return found


def chosen_windows(likenesses: Floats, multiple: Sequence[bool], count: int) -> list[list[int]]:
    """Places of the queries to point at in each window. likenesses: (windows, queries). multiple:
    of each query; one for many values is pointed at everywhere, since they may stand on any page.
    count: windows of a query for one value."""
    order = np.argsort(-likenesses, axis=0, kind="stable")
    is_chosen = np.zeros(likenesses.shape, bool)
    np.put_along_axis(is_chosen, order[:count], True, axis=0)
    is_chosen |= np.array(multiple, bool)
    return [np.flatnonzero(row).tolist() for row in is_chosen]

"""Spans that wrap inside a column leave out the block beside it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from docagent.layout.columns import column_words, words_to_ranges

# An address at the left, labels and values at the right, read row by row.
ROWS = (
    (("22", 0.0, 0.05), ("Canal", 0.06, 0.15)),
    (("Due", 0.6, 0.66), ("date", 0.67, 0.74)),
    (("Manchester", 0.0, 0.12),),
    (("PO", 0.6, 0.64), ("88312", 0.65, 0.75)),
    (("England", 0.0, 0.1),),
)
LINES = [row for row, words in enumerate(ROWS) for _ in words]
BOXES = [
    (x0, 0.1 * row, x1, 0.1 * row + 0.05) for row, words in enumerate(ROWS) for _, x0, x1 in words
]


@pytest.mark.parametrize(
    ("start", "end", "words"),
    [
        (0, 8, [0, 1, 4, 7]),  # the address
        (2, 7, [2, 3, 5, 6]),  # the block at the right
        (0, 2, [0, 1]),
        (1, 4, [1, 2, 3]),  # two lines are taken as they are
    ],
)
def test_words_between_the_ends_that_share_their_column(
    start: int, end: int, words: list[int]
) -> None:
    assert column_words(start, end, LINES, BOXES) == words


@given(st.data())
def test_both_ends_always_stay_and_nothing_is_added(data: st.DataObject) -> None:
    count = data.draw(st.integers(1, 30))
    lines = sorted(data.draw(st.lists(st.integers(0, 8), min_size=count, max_size=count)))
    lefts = data.draw(st.lists(st.floats(0, 0.8), min_size=count, max_size=count))
    boxes = [
        (x, 0.1 * line, x + 0.15, 0.1 * line + 0.05) for x, line in zip(lefts, lines, strict=True)
    ]
    start = data.draw(st.integers(0, count - 1))
    end = data.draw(st.integers(start + 1, count))
    kept = column_words(start, end, lines, boxes)
    assert kept[0] == start and kept[-1] == end - 1
    assert kept == sorted(set(kept)) and set(kept) <= set(range(start, end))
    assert [i for a, b in words_to_ranges(kept) for i in range(a, b)] == kept

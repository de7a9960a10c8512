"""Detection of an answer that repeats itself, while it streams."""

from __future__ import annotations

LONG_WINDOW, LONG_PERIOD = 640, 160
"""The last 640 characters repeat something of at most 160: at least four times over."""
SHORT_WINDOW, SHORT_PERIOD = 160, 8
"""The last 160 characters repeat something of at most 8, such as white space: 20 times over."""
ROW_TIMES, ROW_PERIOD = 3, 640
"""The end of the text is something of at most 640 characters, a row of a table, three times over.
Rows that are printed alike differ in the ids of their lines."""
CHECK_EVERY_CHARS = 64
"""Characters between two checks."""
_ENDING = 48
"""Characters by which a longer period is found: they must occur a period earlier too."""


def is_repeating(text: str) -> bool:
    """Whether the end of a text is one short thing again and again."""
    return (
        _repeats(text, SHORT_WINDOW, SHORT_PERIOD)
        or _repeats(text, LONG_WINDOW, LONG_PERIOD)
        or _repeats_row(text)
    )


def _repeats(text: str, window: int, most: int) -> bool:
    tail = text[-window:]
    periods = range(1, most + 1)
    return len(tail) == window and any(tail.startswith(tail[period:]) for period in periods)


def _repeats_row(text: str) -> bool:
    """Whether a text ends with the same thing ROW_TIMES; only periods after which its last
    characters come back are tried, which are few."""
    tail = text[-ROW_TIMES * ROW_PERIOD :]
    ending, last = tail[-_ENDING:], len(tail) - _ENDING
    lowest, highest = max(0, last - ROW_PERIOD), last - LONG_PERIOD
    while highest >= lowest:
        at = tail.rfind(ending, lowest, highest + _ENDING)
        if at < 0:
            return False
        period = last - at
        if len(tail) >= ROW_TIMES * period:
            once_more = tail[-ROW_TIMES * period : -period]
            if tail.endswith(once_more):
                return True
        highest = at - 1
    return False

"""Telling, while a model speaks, that it has begun to go round in circles."""

from __future__ import annotations

LONG_WINDOW, LONG_PERIOD = 640, 160
"""The last 640 characters repeat something of at most 160: at least four times over."""
SHORT_WINDOW, SHORT_PERIOD = 160, 8
"""The last 160 characters repeat something of at most 8, such as white space: 20 times over."""
LOOK_EVERY = 64
"""Characters between two looks."""


def is_repeating(text: str) -> bool:
    """Whether the end of a text is one short thing again and again."""
    return _repeats(text, SHORT_WINDOW, SHORT_PERIOD) or _repeats(text, LONG_WINDOW, LONG_PERIOD)


def _repeats(text: str, window: int, most: int) -> bool:
    tail = text[-window:]
    periods = range(1, most + 1)
    return len(tail) == window and any(tail.startswith(tail[period:]) for period in periods)

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
    return len(tail) == window and _period(tail) <= most


def _period(text: str) -> int:
    """The shortest period of a text, by its longest border (Knuth, Morris and Pratt, 1977)."""
    border = [0] * len(text)
    length = 0
    for index in range(1, len(text)):
        while length and text[index] != text[length]:
            length = border[length - 1]
        length += text[index] == text[length]
        border[index] = length
    return len(text) - border[-1]

"""What several readings say together: how sure they are, and which of them stands."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from docagent.ocr.types import LineReading, WordReading

HOPELESS = 0.35
"""Readings with less confidence are no text, on any page."""

_INITIAL = re.compile(r"[cjkopsuvwxz]\.,?")


def agreed(readings: Sequence[LineReading]) -> LineReading:
    """Of readings of one crop the surest of those whose letters came up most often."""
    letters = [reading.text.replace(" ", "").casefold() for reading in readings]
    best = max(
        range(len(readings)), key=lambda n: (letters.count(letters[n]), readings[n].confidence)
    )
    return readings[best]


def without_noise(reading: LineReading) -> LineReading:
    """The reading, without words if it was read out of paper or specks."""
    return reading if reading.confidence >= HOPELESS else LineReading((), reading.confidence)


def as_word(reading: LineReading) -> LineReading:
    """The reading of a crop that is a word rather than a line.

    Marks alone are no words beside one ("Date :", "( 49)"). A letter before a full stop is an
    initial: how large it is, the crop does not tell, and some capitals have the shape of their
    small letters.
    """
    words: list[WordReading] = []
    for word in reading.words:
        if words and not (_spelt(word) and _spelt(words[-1])):
            words[-1] = WordReading(words[-1].chars + word.chars)
        else:
            words.append(word)
    if len(words) == 1 and _INITIAL.fullmatch(words[0].text):
        first, *others = words[0].chars
        capital = replace(first, text=first.text.upper())
        words = [replace(words[0], chars=(capital, *others), alternatives=())]
    return LineReading(tuple(words), reading.confidence)


def _spelt(word: WordReading) -> bool:
    return any(char.text.isalnum() for char in word.chars)


def mean_confidence(readings: Sequence[LineReading]) -> float:
    """Weighted by characters; 0 if nothing was read."""
    weights = [sum(len(word.chars) for word in reading.words) for reading in readings]
    total = sum(r.confidence * w for r, w in zip(readings, weights, strict=True))
    return total / sum(weights) if sum(weights) else 0.0


def usual_confidence(readings: Sequence[LineReading]) -> float:
    """Median of the lines' confidences, weighted by characters; 0 without any."""
    order = sorted(readings, key=lambda reading: reading.confidence)
    lengths = np.cumsum([sum(len(word.chars) for word in r.words) for r in order])
    if not order or not lengths[-1]:
        return 0.0
    return order[int(np.searchsorted(lengths, lengths[-1] / 2))].confidence

"""Postprocessing of line readings: majority vote, noise, crops of one word, mean confidences."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from docagent.ocr.types import LineReading, WordReading

MIN_TEXT_CONFIDENCE = 0.35
"""Confidence below which a reading is not text, on any page."""

_INITIAL = re.compile(r"[cjkopsuvwxz]\.,?")


def majority_reading(readings: Sequence[LineReading]) -> LineReading:
    """From several readings of one crop, the most confident of those with the most frequent text.

    Spaces and case do not count in the comparison.
    """
    letters = [reading.text.replace(" ", "").casefold() for reading in readings]
    best = max(
        range(len(readings)), key=lambda n: (letters.count(letters[n]), readings[n].confidence)
    )
    return readings[best]


def drop_noise(reading: LineReading) -> LineReading:
    """Drop the words of a reading that comes from paper texture or specks; keep its confidence."""
    return (
        reading
        if reading.confidence >= MIN_TEXT_CONFIDENCE
        else LineReading((), reading.confidence)
    )


def merge_to_word(reading: LineReading) -> LineReading:
    """Postprocess the reading of a crop that holds a word rather than a line.

    Punctuation that was read as a word of its own is joined to the word beside it ("Date :", "(
    49)"). A single letter before a full stop is an initial and becomes a capital: a crop does not
    show its size, and some capitals have the shape of their small letters.
    """
    words: list[WordReading] = []
    for word in reading.words:
        if words and not (_is_alphanumeric(word) and _is_alphanumeric(words[-1])):
            words[-1] = WordReading(words[-1].chars + word.chars)
        else:
            words.append(word)
    if len(words) == 1 and _INITIAL.fullmatch(words[0].text):
        first, *others = words[0].chars
        capital = replace(first, text=first.text.upper())
        words = [replace(words[0], chars=(capital, *others), alternatives=())]
    return LineReading(tuple(words), reading.confidence)


def _is_alphanumeric(word: WordReading) -> bool:
    return any(char.text.isalnum() for char in word.chars)


def mean_confidence(readings: Sequence[LineReading]) -> float:
    """Mean confidence (0-1) weighted by characters; 0 if nothing was read."""
    weights = [sum(len(word.chars) for word in reading.words) for reading in readings]
    total = sum(r.confidence * w for r, w in zip(readings, weights, strict=True))
    return total / sum(weights) if sum(weights) else 0.0


def median_confidence(readings: Sequence[LineReading]) -> float:
    """Median of the lines' confidences (0-1) weighted by characters; 0 if nothing was read."""
    order = sorted(readings, key=lambda reading: reading.confidence)
    lengths = np.cumsum([sum(len(word.chars) for word in r.words) for r in order])
    if not order or not lengths[-1]:
        return 0.0
    return order[int(np.searchsorted(lengths, lengths[-1] / 2))].confidence

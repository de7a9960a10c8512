"""What several readings say together: how sure they are, and which of them stands."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from docagent.ocr.types import LineReading

HOPELESS = 0.35
"""Readings with less confidence are no text, on any page."""


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

"""From the reading of a detected line to words with places on the page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from math import dist
from statistics import median

import numpy as np
from numpy.typing import NDArray

from docagent.confidence import WordConfidence
from docagent.document import Alternative, Word
from docagent.geometry import Polygon, clip_polygon, interpolate_polygon, scale_polygon
from docagent.ocr.recognition.crops import quad_size
from docagent.ocr.types import LineReading, WordReading

AIR = 0.08
"""Widening of a word's box at both ends, in line heights."""

LIFT = 0.085
"""By how much boxes are raised, in line heights. A detected line goes from ascender to descender;
people draw boxes around what is there, which is seldom below the base line (measured on the
adaptation receipts: 0.075 at the top, 0.10 at the bottom)."""

MARGIN = 0.06
"""Widening of a line's quad before it is cut, in line heights, so that no ink is lost."""

SPACED = 5
"""Words of one or two characters in a row from which a line may be letter-spaced."""

WORD_GAP = 1.6
"""Between letter-spaced words the gap is this many times that between their letters."""


def widen(
    quad: NDArray[np.float32], across: float = MARGIN, along: float = 0.1
) -> NDArray[np.float32]:
    """Move a line's edges out by shares of its height: across it and along it."""
    a, b, c, d = quad
    down = (d - a) * across
    right = (b - a) / max(dist(a, b), 1e-3) * dist(a, d) * along
    return np.stack([a - down - right, b - down + right, c + down + right, d + down - right])


def line_words(
    quad: NDArray[np.float32],
    reading: LineReading,
    shape: tuple[int, ...],
    confidence: WordConfidence,
) -> list[Word]:
    """The words of a detected line with their places; none if only fill-in rules were read."""
    placed = widen(quad, across=0.0)
    placed = placed - LIFT * (placed[3] - placed[0])
    corners = [(float(x), float(y)) for x, y in placed]
    polygon = (corners[0], corners[1], corners[2], corners[3])
    relative = scale_polygon(polygon, 1 / shape[1], 1 / shape[0])
    width, height = quad_size(widen(quad, across=0.0))
    words = join_spaced_letters(_trim_rules(reading.words))
    places = _spread_edges([(w.chars[0].start, w.chars[-1].end) for w in words], height / width)
    return [
        _word(word, interpolate_polygon(relative, *place), confidence)
        for word, place in zip(words, places, strict=True)
    ]


def join_spaced_letters(words: Sequence[WordReading]) -> list[WordReading]:
    """Words of letter-spaced type put together: "H E A D" is one word, told from the next by a
    wider gap. Other lines are returned as they are."""
    short = sum(len(word.chars) <= 2 for word in words)
    if short < SPACED or short < 0.7 * len(words):
        return list(words)
    gaps = [b.chars[0].start - a.chars[-1].end for a, b in pairwise(words)]
    widest = WORD_GAP * max(median(gaps), 1e-6)
    # Letters are as far apart as they are wide, numbers of a table much farther.
    letter = median(c.end - c.start for word in words for c in word.chars)
    if median(gaps) > 2 * letter:
        return list(words)
    joined = [words[0]]
    for word, gap in zip(words[1:], gaps, strict=True):
        if gap < widest:
            joined[-1] = WordReading(joined[-1].chars + word.chars)
        else:
            joined.append(word)
    return joined


def _trim_rules(words: Sequence[WordReading]) -> list[WordReading]:
    """Words without the underscores at their ends: the rule of a blank to fill in is no text."""
    kept = []
    for word in words:
        text = word.text
        start = len(text) - len(text.lstrip("_"))
        end = len(text.rstrip("_"))
        if start < end:
            whole = start == 0 and end == len(text)
            kept.append(
                word if whole else replace(word, chars=word.chars[start:end], alternatives=())
            )
    return kept


def _spread_edges(places: list[tuple[float, float]], height: float) -> list[tuple[float, float]]:
    """Words' extents with a little air, never past the middle of a gap.

    The edges come from ink of a thresholded crop, which is narrower than the eye draws a box.
    height: of the line, in line widths.
    """
    spread = []
    for index, (start, end) in enumerate(places):
        left = places[index - 1][1] if index else -1.0
        right = places[index + 1][0] if index + 1 < len(places) else 2.0
        spread.append(
            (
                start - min(AIR * height, max(0.0, start - left) / 2),
                end + min(AIR * height, max(0.0, right - end) / 2),
            )
        )
    return spread


def _word(word: WordReading, place: Polygon, confidence: WordConfidence) -> Word:
    confidences = tuple(round(value, 4) for value in word.confidences)
    return Word(
        text=word.text,
        polygon=clip_polygon(place),
        confidence=round(confidence(confidences), 4),
        char_confidences=confidences,
        alternatives=tuple(
            Alternative(text=t, confidence=round(p, 4)) for t, p in word.alternatives
        ),
    )

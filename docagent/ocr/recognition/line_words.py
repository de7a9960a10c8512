"""Conversion of a recognised line to words with polygons on the page."""

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

BOX_PADDING_RATIO = 0.08
"""Padding of a word's box at both ends, in line heights."""

BOX_LIFT_RATIO = 0.085
"""Upward shift of word boxes, in line heights. A detected line reaches from ascender to descender;
people draw boxes around the visible ink, which seldom goes below the baseline (measured on the
adaptation receipts: 0.075 at the top, 0.10 at the bottom)."""

CROP_MARGIN_RATIO = 0.06
"""Margin added across a line's quad before it is cut, in line heights, so that no ink is lost."""

MIN_SPACED_WORDS = 5
"""Words of one or two characters from which a line may be letter-spaced."""

MIN_WORD_GAP_RATIO = 1.6
"""Gap between letter-spaced words, as a multiple of the gap between their letters."""


def widen(
    quad: NDArray[np.float32], across: float = CROP_MARGIN_RATIO, along: float = 0.1
) -> NDArray[np.float32]:
    """Move the edges of a line's quad (4, 2) outwards, by shares of its height across and along
    it."""
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
    """Words of a detected line with page-relative polygons; empty if only fill-in rules were read.

    quad: the line (4, 2) in pixels. shape: (height, width) of the page image.
    """
    placed = widen(quad, across=0.0)
    placed = placed - BOX_LIFT_RATIO * (placed[3] - placed[0])
    corners = [(float(x), float(y)) for x, y in placed]
    polygon = (corners[0], corners[1], corners[2], corners[3])
    relative = scale_polygon(polygon, 1 / shape[1], 1 / shape[0])
    width, height = quad_size(widen(quad, across=0.0))
    words = join_spaced_letters(_strip_underscores(reading.words))
    places = _pad_extents([(w.chars[0].start, w.chars[-1].end) for w in words], height / width)
    return [
        _word(word, interpolate_polygon(relative, *place), confidence)
        for word, place in zip(words, places, strict=True)
    ]


def join_spaced_letters(words: Sequence[WordReading]) -> list[WordReading]:
    """Join the letters of letter-spaced type: "H E A D" is one word.

    A wider gap separates it from the next word. Other lines are returned unchanged.
    """
    short = sum(len(word.chars) <= 2 for word in words)
    if short < MIN_SPACED_WORDS or short < 0.7 * len(words):
        return list(words)
    gaps = [b.chars[0].start - a.chars[-1].end for a, b in pairwise(words)]
    widest = MIN_WORD_GAP_RATIO * max(median(gaps), 1e-6)
    # Spaced letters are as far apart as they are wide; numbers of a table stand much farther apart.
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


def _strip_underscores(words: Sequence[WordReading]) -> list[WordReading]:
    """Strip underscores from the ends of words: the rule of a blank to fill in is not text."""
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


def _pad_extents(places: list[tuple[float, float]], height: float) -> list[tuple[float, float]]:
    """Pad the horizontal extents of words, never past the middle of a gap.

    The edges come from the ink of a thresholded crop, which is narrower than the box a person
    draws. height: of the line, in line widths.
    """
    spread = []
    for index, (start, end) in enumerate(places):
        left = places[index - 1][1] if index else -1.0
        right = places[index + 1][0] if index + 1 < len(places) else 2.0
        spread.append(
            (
                start - min(BOX_PADDING_RATIO * height, max(0.0, start - left) / 2),
                end + min(BOX_PADDING_RATIO * height, max(0.0, right - end) / 2),
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

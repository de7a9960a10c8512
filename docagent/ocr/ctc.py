"""CTC decoding: best path with an alignment, and prefix beam search for n-best readings.

Scores are log-probabilities, shape (steps, classes), class 0 the blank, class i + 1 the
character i of the charset. Beam search after Hannun et al. 2014 (prefix search).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from docagent.ocr.charset import CHARSET

LanguageScore = Callable[[str], float]
"""Log-probability of the last character of a text given the ones before it."""

NEVER = -math.inf


@dataclass(frozen=True)
class AlignedChar:
    """A decoded character; start and end are steps (end exclusive), confidence 0-1."""

    text: str
    confidence: float
    start: int
    end: int


def decode_greedy(scores: NDArray[np.float32]) -> list[AlignedChar]:
    """Best path: the likeliest class of each step, repeats merged, blanks dropped."""
    path = scores.argmax(axis=1)
    edges = np.flatnonzero(np.diff(path)) + 1
    starts, ends = [0, *edges.tolist()], [*edges.tolist(), len(path)]
    chars = []
    for start, end in zip(starts, ends, strict=True):
        label = int(path[start]) if len(path) else 0
        if label:
            confidence = math.exp(float(scores[start:end, label].max()))
            chars.append(AlignedChar(CHARSET[label - 1], min(1.0, confidence), start, end))
    return chars


def decode_beam(
    scores: NDArray[np.float32],
    width: int = 8,
    language: LanguageScore | None = None,
    weight: float = 0.3,
    count: int = 5,
) -> list[tuple[str, float]]:
    """Best ``count`` texts with their share (0-1) of the beam's probability, best first.

    width: prefixes kept a step. language: optional score added, times ``weight``, whenever a
    character is appended.
    """
    if width < 1 or count < 1:
        raise ValueError(f"width {width} and count {count} must be at least 1")
    beams: dict[str, tuple[float, float]] = {"": (0.0, NEVER)}
    bonus: dict[str, float] = {"": 0.0}
    for row in scores:
        likely = [int(c) for c in np.flatnonzero(row > -7.0)] or [int(row.argmax())]
        beams = _extend(beams, row, likely, language, weight, bonus)
        ranked = sorted(beams, key=lambda t: _total(beams[t]) + bonus[t], reverse=True)
        beams = {text: beams[text] for text in ranked[:width]}
    totals = {text: _total(pair) + bonus[text] for text, pair in beams.items()}
    top = max(totals.values())
    mass = sum(math.exp(v - top) for v in totals.values())
    ranked = sorted(totals, key=totals.__getitem__, reverse=True)[:count]
    return [(text, math.exp(totals[text] - top) / mass) for text in ranked]


def _total(pair: tuple[float, float]) -> float:
    return float(np.logaddexp(*pair))


def _extend(
    beams: dict[str, tuple[float, float]],
    row: NDArray[np.float32],
    likely: list[int],
    language: LanguageScore | None,
    weight: float,
    bonus: dict[str, float],
) -> dict[str, tuple[float, float]]:
    """One step of prefix search: (ends in blank, ends in character) log-probabilities."""
    grown: dict[str, tuple[float, float]] = {}

    def add(text: str, blank: float, char: float) -> None:
        old = grown.get(text, (NEVER, NEVER))
        grown[text] = (float(np.logaddexp(old[0], blank)), float(np.logaddexp(old[1], char)))

    for text, (blank, char) in beams.items():
        total = float(np.logaddexp(blank, char))
        for label in likely:
            score = float(row[label])
            if label == 0:
                add(text, total + score, NEVER)
                continue
            letter = CHARSET[label - 1]
            longer = text + letter
            if longer not in bonus:
                extra = weight * language(longer) if language else 0.0
                bonus[longer] = bonus[text] + extra
            if text.endswith(letter):
                add(text, NEVER, char + score)
                add(longer, NEVER, blank + score)
            else:
                add(longer, NEVER, total + score)
    return grown

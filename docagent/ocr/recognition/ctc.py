"""CTC decoding: best path with alignment, forced alignment and prefix beam search.

Scores are log-probabilities of shape (steps, classes); class 0 is the blank and class i + 1 is
character i of the charset. Beam search follows Hannun et al., 2014 (prefix search).
"""

from __future__ import annotations

import math
from bisect import bisect
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from docagent.ocr.recognition.charset import CHARSET
from docagent.usage import stage

MIN_SKIPPED_BLANK = 0.995
"""Blank probability above which a step cannot add a character."""

LOG_MIN_SURE = math.log(0.95)
"""Log-probability of a step's best class below which the step may hide a character that was
missed."""

SPACE = CHARSET.index(" ") + 1

LOG_MIN_CHARACTER = math.log(0.003)
"""Log-probability below which beam search does not try a character at a step."""

MIN_PREFIX_RATIO = 1e-5
"""Probability relative to the best prefix below which beam search drops an extension."""


@dataclass(frozen=True)
class AlignedChar:
    """A decoded character with its steps (``start`` to ``end``, end exclusive) and confidence
    0-1."""

    text: str
    confidence: float
    start: int
    end: int


def decode_greedy(scores: NDArray[np.float32]) -> list[AlignedChar]:
    """Decode the best path: the likeliest class of each step, repeats merged, blanks dropped."""
    if not len(scores):
        return []
    path = scores.argmax(axis=1)
    starts = np.flatnonzero(np.diff(path, prepend=-1))
    best = np.maximum.reduceat(scores[np.arange(len(path)), path], starts).tolist()
    edges = [*starts.tolist(), len(path)]
    labels = path[starts].tolist()
    return [
        AlignedChar(CHARSET[label - 1], min(1.0, math.exp(score)), start, end)
        for label, score, (start, end) in zip(labels, best, pairwise(edges), strict=True)
        if label
    ]


def cap_by_missed_characters(
    chars: Sequence[AlignedChar], scores: NDArray[np.float32]
) -> list[AlignedChar]:
    """Cap the confidences of a best path by the probability that a character was missed.

    At each unsure step, the likeliest class that the path does not hold nearby may be a missed
    character; the nearest decoded character gets at most one minus its probability.
    """
    if not chars:
        return []
    lowered, starts = list(chars), [char.start for char in chars]
    for step in np.flatnonzero(scores.max(axis=1) < LOG_MIN_SURE).tolist():
        nearest = max(0, bisect(starts, step) - 1)
        # A neighbour whose probability spreads past its steps is not a missed character.
        known = {CHARSET.index(c.text) + 1 for c in chars[max(0, nearest - 1) : nearest + 2]}
        row = scores[step].copy()
        row[[0, SPACE, *known]] = -np.inf
        missing = math.exp(float(row.max()))
        doubted = lowered[nearest]
        if doubted.text != " " and 1 - missing < doubted.confidence:
            lowered[nearest] = replace(doubted, confidence=1 - missing)
    return lowered


def align(scores: NDArray[np.float32], text: str) -> list[AlignedChar]:
    """Find the likeliest steps of each character of a given text (forced alignment, Viterbi).

    Empty if the text is empty, has a character outside the charset, or needs more steps than there
    are.
    """
    classes = [CHARSET.find(char) + 1 for char in text]
    states = [0, *(c for label in classes for c in (label, 0))]
    if not classes or 0 in classes or len(scores) < len(classes):
        return []
    best = np.full(len(states), -np.inf)
    best[:2] = scores[0, states[:2]]
    back = np.zeros((len(scores), len(states)), np.int8)
    # The blank between two different characters may be skipped.
    skips = [i > 1 and states[i] != 0 and states[i] != states[i - 2] for i in range(len(states))]
    for step in range(1, len(scores)):
        reach = np.full((3, len(states)), -np.inf)
        reach[0] = best
        reach[1, 1:] = best[:-1]
        reach[2, 2:] = np.where(skips[2:], best[:-2], -np.inf)
        back[step] = reach.argmax(axis=0)
        best = reach.max(axis=0) + scores[step, states]
    state = len(states) - 1 if best[-1] >= best[-2] else len(states) - 2
    if not np.isfinite(best[state]):
        return []
    path = [state]
    for step in range(len(scores) - 1, 0, -1):
        state -= int(back[step, state])
        path.append(state)
    return _aligned(scores, classes, path[::-1])


def _aligned(
    scores: NDArray[np.float32], classes: Sequence[int], path: Sequence[int]
) -> list[AlignedChar]:
    """Characters of a state path; state 2i + 1 is character i, even states are blanks."""
    chars = []
    for index, label in enumerate(classes):
        steps = [step for step, state in enumerate(path) if state == 2 * index + 1]
        confidence = math.exp(float(scores[steps, label].max()))
        start, end = steps[0], steps[-1] + 1
        chars.append(AlignedChar(CHARSET[label - 1], min(1.0, confidence), start, end))
    return chars


@stage("recognise.beam_search")
def decode_beam(
    scores: NDArray[np.float32], width: int = 6, count: int = 5
) -> list[tuple[str, float]]:
    """Decode by prefix beam search: the ``count`` best texts, best first, each with its share (0-1)
    of the beam's probability.

    width: prefixes kept at each step. No language model takes part; one may choose among the texts
    afterwards (``recognizer.rescore``). Raises ValueError if width or count is below 1.
    """
    if width < 1 or count < 1:
        raise ValueError(f"width {width} and count {count} must be at least 1")
    search = _PrefixSearch(width)
    for blank, likely in _likely_characters(scores):
        search.step(blank, likely)
    chances = {text: sum(ends) for text, ends in search.beams.items()}
    mass = sum(chances.values()) or 1.0
    return [(text, chances[text] / mass) for text in search.ranked()[:count]]


def _likely_characters(
    scores: NDArray[np.float32],
) -> list[tuple[float, list[tuple[str, float]]]]:
    """For each step the blank probability and the characters worth trying with their
    probabilities."""
    tried = scores > LOG_MIN_CHARACTER
    tried[np.arange(len(scores)), scores.argmax(axis=1)] = True
    tried[:, 0] = False
    steps, labels = np.nonzero(tried)
    chances = np.exp(scores[steps, labels].astype(np.float64)).tolist()
    found = list(zip([CHARSET[i - 1] for i in labels.tolist()], chances, strict=True))
    ends = np.searchsorted(steps, np.arange(len(scores) + 1)).tolist()
    blanks = np.exp(scores[:, 0].astype(np.float64)).tolist()
    return [(blank, found[a:b]) for blank, (a, b) in zip(blanks, pairwise(ends), strict=True)]


class _PrefixSearch:
    """Beams of a prefix search: text -> (probability of ending in a blank, in its last character).

    Probabilities are rescaled at each step, so that long lines do not underflow.
    """

    def __init__(self, width: int) -> None:
        self.width = width
        self.beams: dict[str, tuple[float, float]] = {"": (1.0, 0.0)}
        self.open = False  # whether a beam may end in its last character

    def ranked(self) -> list[str]:
        """Texts of the beam, most probable first."""
        return sorted(self.beams, key=lambda text: -sum(self.beams[text]))

    def step(self, blank: float, likely: list[tuple[str, float]]) -> None:
        """Extend every prefix by one step, given the probabilities of the blank and of
        characters."""
        if blank > MIN_SKIPPED_BLANK:
            if self.open:
                self.beams = {text: (b + c, 0.0) for text, (b, c) in self.beams.items()}
            self.open = False
            return
        self.open = True
        blanks: dict[str, float] = {}
        chars: dict[str, float] = {}
        for text, (ends_blank, ends_char) in self.beams.items():
            total, last = ends_blank + ends_char, text[-1:]
            blanks[text] = total * blank
            for letter, chance in likely:
                if total * chance < MIN_PREFIX_RATIO:
                    continue
                longer, reached = text + letter, total * chance
                if letter == last:
                    chars[text] = chars.get(text, 0.0) + ends_char * chance
                    reached = ends_blank * chance
                chars[longer] = chars.get(longer, 0.0) + reached
        sums = [(chars.get(text, 0.0) + chance, text) for text, chance in blanks.items()]
        sums += [(chance, text) for text, chance in chars.items() if text not in blanks]
        sums.sort(reverse=True)
        top = sums[0][0] or 1.0
        self.beams = {
            text: (blanks.get(text, 0.0) / top, chars.get(text, 0.0) / top)
            for _, text in sums[: self.width]
        }

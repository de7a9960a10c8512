"""Network outputs of the windows of a document -> spans with probabilities.

All windows share one distribution: a window's scores count against its own "not present"
logit, so a value found in one window is not outvoted by pages that do not have it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from docagent.reader.types import PointedSpan, Query, Reading
from docagent.text.tokens import letters_and_digits

MAX_SPAN = 60
"""Longest span in words; the network is trained with the same number."""
CANDIDATES = 5
LOOKED_AT = 24
"""Spans of each window that may become candidates, and starts that they are made of."""
LEAST_CHANCE = 1e-4
"""Probability under which a span is none; every query has thousands of them on a long document."""
SAME = 0.5
"""Candidates that share more than this of their words with a better one are left out."""
LEAST_TAG = 0.4
"""Spans of a query with many values need this mean probability of their words."""
MISSED_BEGINNING = 2.0
"""Taken from the log probability of an inside that begins a span, its beginning missed."""
OUTSIDE_BIAS = 1.0
"""Taken from the log probability that a word is outside: most words are, so that the network says
so too often."""

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class WindowOutput:
    """One query on one window. first: index of its first word in the document. points (n, 5):
    logits of start, end, outside, begin, inside. absent: logit of "not present"."""

    first: int
    points: Floats
    absent: float


@dataclass(frozen=True)
class Temperatures:
    """Divide the logits by these; fitted on held-out pages. span also serves "absent"."""

    span: float = 1.0
    tag: float = 1.0


def decode(
    query: Query,
    windows: Sequence[WindowOutput],
    temperatures: Temperatures,
    texts: Sequence[str] = (),
) -> Reading:
    """Reading of one query; no windows: absent.

    texts: of all words of the document. With them, a candidate's score is the probability of
    its value: what is printed twice (total and amount due) does not lose to what is printed
    once. The place that scores best stands for it.
    """
    if not windows:
        return Reading(query=query, spans=(), absent=1.0)
    scores = [_WindowScores.of(window, temperatures.span) for window in windows]
    total = float(np.logaddexp.reduce([0.0, *(score.total for score in scores)]))
    absent = float(np.exp(-total))
    if query.multiple:
        spans = _many(windows, temperatures.tag)
        return Reading(query=query, spans=spans, absent=absent)
    return Reading(query=query, spans=_best(scores, total, texts), absent=absent)


@dataclass(frozen=True)
class _WindowScores:
    """Log odds of spans against "not present". total: of all spans of at most MAX_SPAN words.
    spans: (start, end exclusive) in the document, and log odds, of the best ones."""

    total: float
    spans: list[tuple[tuple[int, int], float]]

    @classmethod
    def of(cls, window: WindowOutput, temperature: float) -> _WindowScores:
        points = window.points[:, :2].astype(np.float64) / temperature
        padded = np.pad(points[:, 1], (0, MAX_SPAN - 1), constant_values=-np.inf)
        ends = np.lib.stride_tricks.sliding_window_view(padded, MAX_SPAN)
        # Each start with all of its ends; scaled by the best one, so that nothing is lost.
        highest = ends.max(1)
        masses = points[:, 0] + highest + np.log(np.exp(ends - highest[:, None]).sum(1))
        top = masses.max()
        absent = window.absent / temperature
        total = float(top + np.log(np.exp(masses - top).sum())) - absent
        starts = np.argsort(-masses, kind="stable")[:LOOKED_AT]
        odds = points[starts, 0][:, None] + ends[starts] - absent
        best = np.argsort(-odds, axis=None, kind="stable")[:LOOKED_AT]
        spans = []
        for flat in best.tolist():
            row, length = divmod(flat, MAX_SPAN)
            first = window.first + int(starts[row])
            spans.append(((first, first + length + 1), float(odds[row, length])))
        return cls(total, spans)


def _best(
    scores: Sequence[_WindowScores], total: float, texts: Sequence[str]
) -> tuple[PointedSpan, ...]:
    found: dict[tuple[int, int], float] = {}
    for place, odds in (span for score in scores for span in score.spans):
        chance = float(np.exp(odds - total))
        if chance >= LEAST_CHANCE:
            # Windows overlap: the same words seen twice are one place.
            found[place] = max(chance, found.get(place, 0.0))
    by_value: dict[str | tuple[int, int], list[tuple[int, int]]] = {}
    for place in sorted(found, key=lambda p: (-found[p], p)):
        by_value.setdefault(_value(texts, place) or place, []).append(place)
    chosen: list[PointedSpan] = []
    sums = [(sum(found[p] for p in places), places[0]) for places in by_value.values()]
    for chance, (start, end) in sorted(sums, key=lambda s: (-s[0], s[1])):
        if len(chosen) < CANDIDATES and not any(_same(c, start, end) for c in chosen):
            chosen.append(PointedSpan(start=start, end=end, score=min(1.0, chance)))
    return tuple(chosen)


def _value(texts: Sequence[str], place: tuple[int, int]) -> str:
    """Letters and digits of a span, by which values are told apart."""
    return "".join(map(letters_and_digits, texts[slice(*place)]))


def _same(span: PointedSpan, start: int, end: int) -> bool:
    shared = min(span.end, end) - max(span.start, start)
    return shared > SAME * min(span.end - span.start, end - start)


def _many(windows: Sequence[WindowOutput], temperature: float) -> tuple[PointedSpan, ...]:
    """Spans of begin and inside tags, in reading order; of overlapping ones the surest."""
    found = [s for w in windows for s in _tagged(w, temperature)]
    found.sort(key=lambda s: -s.score)
    chosen: list[PointedSpan] = []
    for span in found:
        if not any(min(c.end, span.end) > max(c.start, span.start) for c in chosen):
            chosen.append(span)
    return tuple(sorted(chosen, key=lambda s: s.start))


def _tagged(window: WindowOutput, temperature: float) -> list[PointedSpan]:
    """The most likely spans, each a beginning and what goes on with it."""
    logits = window.points[:, 2:].astype(np.float64) / temperature
    chances = logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)
    inside = 1 - np.exp(chances[:, 0])
    return [
        PointedSpan(start=window.first + start, end=window.first + end, score=score)
        for start, end in _most_likely(chances - np.array([OUTSIDE_BIAS, 0.0, 0.0]))
        if (score := float(inside[start:end].mean())) >= LEAST_TAG
    ]


def _most_likely(tags: NDArray[np.float64]) -> list[tuple[int, int]]:
    """(start, end exclusive) of spans of the most likely sequence of tags, in which an inside
    follows a beginning or an inside (Viterbi 1967). tags (n, 3): log probabilities."""
    outside, inside = 0.0, -np.inf
    came_from_inside: list[bool] = []
    goes_on: list[bool] = []
    for out, begin, on in tags.tolist():
        begin = max(begin, on - MISSED_BEGINNING)
        before = max(outside, inside)
        came_from_inside.append(inside > outside)
        goes_on.append(inside + on >= before + begin)
        outside, inside = before + out, max(inside + on, before + begin)
    spans: list[tuple[int, int]] = []
    is_inside, end = inside > outside, len(tags)
    for place in range(len(tags) - 1, -1, -1):
        if is_inside and goes_on[place] and end - place < MAX_SPAN:
            continue
        if is_inside:
            spans.append((place, end))
        is_inside, end = came_from_inside[place], place
    return spans[::-1]

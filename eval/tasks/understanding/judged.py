"""Values and answers that have been judged, and what a set of them says of the system."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from eval.metrics.calibration import ece

SURE = 0.9
"""Confidence from which a value is meant to be right nine times of ten."""


@dataclass(frozen=True)
class Judged:
    """One field or question of one document.

    score: how right it is, 0-1. wanted: whether the document has an answer. confidence: of the
    value that was given, None where none was given. missed: true values that nothing was given
    for, counted by F1 only. in_short: the score where the set's short value counts too.
    """

    name: str
    score: float
    wanted: bool
    confidence: float | None
    missed: int = 0
    in_short: float = 0.0

    @property
    def is_right(self) -> bool:
        """At least half right, as CUAD counts it."""
        return self.score >= 0.5

    @property
    def is_given(self) -> bool:
        return self.confidence is not None


def token_f1(predicted: str, truth: str) -> float:
    """F1 of the bags of lower-case words without marks (SQuAD, Rajpurkar et al. 2016)."""
    a, b = Counter(_tokens(predicted)), Counter(_tokens(truth))
    shared = (a & b).total()
    return 2 * shared / (a.total() + b.total()) if a and b else float(not a and not b)


def _tokens(text: str) -> list[str]:
    bare = ("".join(c for c in word if c.isalnum()) for word in text.casefold().split())
    return [word for word in bare if word]


def f1(items: Sequence[Judged]) -> float:
    """Over values: right ones against given and wanted ones."""
    right = sum(j.is_right for j in items if j.is_given and j.wanted)
    given = sum(j.is_given for j in items)
    wanted = sum(j.wanted for j in items) + sum(j.missed for j in items)
    return 2 * right / (given + wanted) if given + wanted else 0.0


def mean_score(items: Sequence[Judged]) -> float:
    """Over fields of documents, absent ones counted."""
    return sum(j.score for j in items) / len(items) if items else 0.0


def trust(items: Sequence[Judged]) -> dict[str, Any]:
    """How far confidences can be believed: of the values given. The set's short value ("Ohio" for
    the clause on Ohio's law) is as right as the clause."""
    given = [
        (j.confidence, max(j.score, j.in_short) >= 0.5 and j.wanted)
        for j in items
        if j.confidence is not None
    ]
    sure = [right for confidence, right in given if confidence >= SURE]
    return {
        "given": len(given),
        "sure": len(sure),
        "sure_right": sum(sure) / len(sure) if sure else None,
        "ece": ece([c for c, _ in given], [r for _, r in given]),
    }


def precision_recall_area(items: Sequence[Judged]) -> float:
    """Area under precision over recall as confidence falls, by trapezoids; what is wanted and
    never given bounds recall."""
    wanted = sum(j.wanted for j in items)
    ranked = sorted((j for j in items if j.is_given), key=lambda j: -(j.confidence or 0.0))
    area = recall = 0.0
    right = 0
    last = 1.0
    for count, item in enumerate(ranked, start=1):
        right += item.is_right and item.wanted
        precision, reached = right / count, right / wanted if wanted else 0.0
        area += (reached - recall) * (precision + last) / 2
        recall, last = reached, precision
    return area


def by_name(items: Sequence[Judged]) -> dict[str, float]:
    """Mean score of each field or kind of question."""
    names = sorted({j.name for j in items})
    return {name: round(mean_score([j for j in items if j.name == name]), 3) for name in names}

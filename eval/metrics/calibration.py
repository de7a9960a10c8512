"""How far confidences can be believed: reliability, calibration error, risk and coverage."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Bin:
    """Answers whose confidence lies in [low, high): how many, mean confidence, accuracy."""

    low: float
    high: float
    count: int
    confidence: float
    accuracy: float


def reliability(confidences: Sequence[float], right: Sequence[bool], bins: int = 10) -> list[Bin]:
    """Equal-width bins of confidence (the last includes 1); empty bins are left out.

    Raises ValueError if the lengths differ or a confidence is not in 0-1.
    """
    if len(confidences) != len(right):
        raise ValueError(f"{len(confidences)} confidences for {len(right)} answers")
    members: dict[int, list[tuple[float, bool]]] = {}
    for confidence, is_right in zip(confidences, right, strict=True):
        if not 0.0 <= confidence <= 1.0:
            raise ValueError(f"confidence {confidence} is not between 0 and 1")
        members.setdefault(min(int(confidence * bins), bins - 1), []).append((confidence, is_right))
    return [_bin(index, bins, members[index]) for index in sorted(members)]


def _bin(index: int, bins: int, items: list[tuple[float, bool]]) -> Bin:
    count = len(items)
    confidence = sum(c for c, _ in items) / count
    accuracy = sum(r for _, r in items) / count
    return Bin(index / bins, (index + 1) / bins, count, confidence, accuracy)


def ece(confidences: Sequence[float], right: Sequence[bool], bins: int = 10) -> float:
    """Expected calibration error (Guo et al., ICML 2017): mean over answers of
    |confidence - accuracy| of their bin; 0 for no answers."""
    filled = reliability(confidences, right, bins)
    total = sum(b.count for b in filled)
    return sum(b.count * abs(b.confidence - b.accuracy) for b in filled) / total if total else 0.0


@dataclass(frozen=True)
class RiskPoint:
    """Answering what is at least this confident: share answered and share of those wrong."""

    confidence: float
    coverage: float
    risk: float


def risk_coverage(confidences: Sequence[float], right: Sequence[bool]) -> list[RiskPoint]:
    """The selective-prediction curve, most confident first; equal confidences share a point."""
    ranked = sorted(zip(confidences, right, strict=True), key=lambda item: -item[0])
    points: list[RiskPoint] = []
    wrong = 0
    for answered, (confidence, is_right) in enumerate(ranked, start=1):
        wrong += not is_right
        if answered < len(ranked) and ranked[answered][0] == confidence:
            continue
        points.append(RiskPoint(confidence, answered / len(ranked), wrong / answered))
    return points

"""Scores of text: edit distance, CER, WER, bag-of-words F1, ANLS, calibration. Pure functions.

Counts are kept apart from ratios so that pages can be added up before dividing (micro average).
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass

from rapidfuzz.distance import Levenshtein

LOOK_ALIKES = str.maketrans(
    {
        **dict.fromkeys("‘’‛′`´", "'"),
        **dict.fromkeys("“”‟″„", '"'),
        **dict.fromkeys("‐‑‒–—―−", "-"),
        "·": ".",
        "•": ".",
    }
)


def fold_text(text: str, case: bool = True) -> str:
    """Text as it is compared: NFKC (full-width forms become ASCII), quotes, dashes and dots
    that look alike unified, runs of white space made one space. ``case=False`` folds case."""
    folded = " ".join(unicodedata.normalize("NFKC", text).translate(LOOK_ALIKES).split())
    return folded if case else folded.casefold()


@dataclass(frozen=True)
class Counts:
    """Right, predicted and true items; precision, recall and F1 follow. Counts add up."""

    right: int = 0
    predicted: int = 0
    true: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            self.right + other.right, self.predicted + other.predicted, self.true + other.true
        )

    @property
    def precision(self) -> float:
        """Right of predicted; 0 if nothing was predicted."""
        return self.right / self.predicted if self.predicted else 0.0

    @property
    def recall(self) -> float:
        """Right of true; 0 if there was nothing to find."""
        return self.right / self.true if self.true else 0.0

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall; 1 if nothing was predicted and nothing true."""
        if not self.predicted and not self.true:
            return 1.0
        return 2 * self.right / (self.predicted + self.true)


@dataclass(frozen=True)
class ErrorRate:
    """Edits needed, and length of the truth. Rates add up; ``rate`` can exceed 1."""

    edits: int = 0
    length: int = 0

    def __add__(self, other: ErrorRate) -> ErrorRate:
        return ErrorRate(self.edits + other.edits, self.length + other.length)

    @property
    def rate(self) -> float:
        """edits / length; for an empty truth 0 if nothing was predicted, else 1."""
        if self.length == 0:
            return float(self.edits > 0)
        return self.edits / self.length


def edit_distance(a: Sequence[Hashable], b: Sequence[Hashable]) -> int:
    """Levenshtein distance: insertions, deletions and substitutions cost 1 each."""
    return Levenshtein.distance(a, b)


def cer(predicted: str, truth: str) -> ErrorRate:
    """Character errors. 0 if and only if the strings are equal."""
    return ErrorRate(edit_distance(predicted, truth), len(truth))


def wer(predicted: str, truth: str) -> ErrorRate:
    """Word errors; words are split at white space."""
    words = truth.split()
    return ErrorRate(edit_distance(predicted.split(), words), len(words))


def bag_of_words(predicted: Iterable[str], truth: Iterable[str]) -> Counts:
    """Words found, wherever on the page: the size of the multiset intersection."""
    bag_predicted, bag_true = Counter(predicted), Counter(truth)
    right = (bag_predicted & bag_true).total()
    return Counts(right, bag_predicted.total(), bag_true.total())


def anls(predicted: str, truths: Sequence[str], tau: float = 0.5) -> float:
    """Average normalized Levenshtein similarity of one answer (Biten et al., ICCV 2019).

    The best over ``truths`` of 1 - distance / longer length, ignoring case and outer white
    space; 0 where the normalised distance is ``tau`` or more. Raises ValueError without truths.
    """
    if not truths:
        raise ValueError("anls needs at least one true answer; got none")
    return max(_anls_one(predicted, truth, tau) for truth in truths)


def _anls_one(predicted: str, truth: str, tau: float) -> float:
    a, b = fold_text(predicted, case=False), fold_text(truth, case=False)
    longest = max(len(a), len(b))
    distance = edit_distance(a, b) / longest if longest else 0.0
    return 1.0 - distance if distance < tau else 0.0


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


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least ``share`` (0-1) of the values do not exceed."""
    ranked = sorted(values)
    return ranked[max(0, -int(-share * len(ranked) // 1) - 1)]

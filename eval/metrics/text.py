"""Scores of text: edit distance, CER, WER, bag-of-words F1, ANLS. Pure functions."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Hashable, Iterable, Sequence

from rapidfuzz.distance import Levenshtein

from eval.metrics.counts import Counts, ErrorRate

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

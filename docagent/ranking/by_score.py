"""Ranking by the scores of the sources alone, for readers that the learned ranker does not know."""

from __future__ import annotations

from collections.abc import Sequence

from docagent.confidence import THRESHOLDS
from docagent.ranking.features import READER, RULE, PoolFeatures
from docagent.ranking.model import Ranked

MIN_BESIDE_BLANK = 0.9
"""Least score of the reader for a field whose label is printed with nothing at its place."""
MIN_LABELLED = 0.3
"""Least score of a value of a rule that outweighs the reader's "no such value"."""


class ScoreRanker:
    """Takes the sum of the scores of an option's sources for its probability.

    The learned ranker is fitted to the scores of the shipped reader; a reader of one's own may mean
    something else by its scores.
    """

    is_calibrated = False

    def rank(self, pools: Sequence[PoolFeatures]) -> list[Ranked]:
        """Probabilities of every field; those of the options may add up to more than 1."""
        return [_ranked(pool) for pool in pools]


def _ranked(pool: PoolFeatures) -> Ranked:
    ruled = [option.get(f"{RULE}.score", 0.0) for option in pool.options]
    absent = pool.field.get(f"{READER}.absent", 0.0)
    is_there = absent <= THRESHOLDS.absent
    least = MIN_BESIDE_BLANK if pool.field.get("blank") and not any(ruled) else 0.0
    spans = [option.get(f"{READER}.span", 0.0) for option in pool.options]
    chances = [
        min(1.0, span * (is_there and span >= least) + rule)
        for span, rule in zip(spans, ruled, strict=True)
    ]
    # A value beside a printed label outweighs the reader's "no such value".
    surest = max(spans, default=0.0)
    is_there |= max(ruled, default=0.0) > min(MIN_LABELLED, surest)
    is_found = is_there and max(chances, default=0.0) > THRESHOLDS.candidate
    return Ranked(tuple(chances), 0.0 if is_found else absent, 0.0, tuple(chances))

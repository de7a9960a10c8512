"""Calibration tables: fitted on some outcomes, and kept only if they help on others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from docagent.confidence import AGGREGATES, IDENTITY, Calibration, fit_isotonic
from docagent.settings import Aggregate
from eval.metrics import ece
from eval.tasks.confidence import Outcome as WordOutcome

FLOOR = 0.01
"""Probability that a word with raw confidence 0 is right."""
KNOTS = 40


@dataclass(frozen=True)
class Scored:
    """Raw confidences, 0-1, and whether what each is of was right."""

    scores: Sequence[float]
    right: Sequence[bool]


def choose_table(
    name: str, train: Scored, test: Scored, old: Calibration | None, floor: float | None = None
) -> tuple[Calibration, str]:
    """A table fitted on ``train``, or what has the least calibration error on ``test`` if that is
    the table there was or none at all; and a sentence that says so.

    floor: probability at a raw confidence of 0, see ``anchored``; None leaves the table as fitted.
    """
    if not train.scores or not test.scores:
        return old or IDENTITY, f"{name}: nothing to fit on; the old table stays"
    fitted = thinned(fit_isotonic(train.scores, train.right))
    options = {"new": fitted, "none": IDENTITY} | ({"old": old} if old else {})
    if floor is not None:
        options = {key: anchored(table, floor) for key, table in options.items()}
    errors = {
        key: ece([table.apply(score) for score in test.scores], test.right)
        for key, table in options.items()
    }
    best = min(errors, key=errors.__getitem__)  # in a tie the new one, which comes first
    figures = ", ".join(f"{key} {error:.4f}" for key, error in errors.items())
    share = float(np.mean(test.right))
    kept = "" if best == "new" else f"; the new table is worse, so {best} is kept"
    return options[best], f"{name}: {len(test.right)}, {share:.3f} right; ECE {figures}{kept}"


def choose_word_table(
    train: Sequence[WordOutcome],
    test: Sequence[WordOutcome],
    how: Aggregate,
    old: Calibration | None,
) -> tuple[Calibration, str]:
    """``choose_table`` for an aggregate of characters' confidences."""
    parts = [
        Scored([AGGREGATES[how](o.chars) for o in part], [o.right for o in part])
        for part in (train, test)
    ]
    return choose_table(f"words, {how}", *parts, old, FLOOR)


def anchored(table: Calibration, floor: float = FLOOR) -> Calibration:
    """The table with a knot at 0, as the straight line to it is better than one probability for
    all below the first knot: what is worst read must be told from what is only bad."""
    if table.kind != "piecewise" or table.scores[0] <= 0:
        return table
    return Calibration(
        kind="piecewise",
        scores=(0.0, *table.scores),
        probabilities=(min(floor, table.probabilities[0]), *table.probabilities),
    )


def thinned(table: Calibration, knots: int = KNOTS) -> Calibration:
    """The table with at most ``knots`` of its knots, evenly chosen."""
    if len(table.scores) <= knots:
        return table
    chosen = np.unique(np.linspace(0, len(table.scores) - 1, knots).round().astype(int))
    return Calibration(
        kind="piecewise",
        scores=tuple(round(table.scores[i], 4) for i in chosen),
        probabilities=tuple(round(table.probabilities[i], 4) for i in chosen),
    )

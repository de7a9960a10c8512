"""Fit the ranker on kept rows, and write the weights that docagent runs.

python -m finetune.ranking fit --rows runs/ranker/rows.pkl --output docagent/weights/ranker.npz
"""

from __future__ import annotations

import argparse
import zlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import numpy as np
import torch
from numpy.typing import NDArray

from docagent.ranking.features import GROUPS
from docagent.ranking.model import LAYERS, RANKER_FILE, ConfidenceModel, confidence_inputs
from eval.metrics import ece
from finetune.ranking.collect import Half, Row, load_rows
from finetune.ranking.network import (
    Arrays,
    Plan,
    RankerNetwork,
    Scale,
    probabilities,
    to_arrays,
    train,
)

MEMBERS = 5
"""Networks of the ensemble, and parts of the groups."""
MIN_ROWS = 30
"""Rows that a feature has to be in."""
OUTSIDE_WEIGHT = 0.25
"""Weight of documents of a kind that a network never saw: users' documents are mostly of a kind
that the shipped one saw."""
SURE = 0.9
PRIOR_ROWS = 20.0
"""How strongly the confidence of a kind of value is drawn towards that of all kinds."""
NEWTON_STEPS = 25
MIN_SLOPE = 0.2
"""Of confidences over probabilities, in log odds."""
SET_WEIGHTS: Mapping[str, float] = {
    "receipts-read": 1.5,
    "receipts": 1.0,
    "broadcasts": 2.0,
    "contracts": 2.0,
    "synthetic": 2.5,
}
"""Weight of all rows of a set together."""
HALF_WEIGHTS: Mapping[Half, float] = {"all": 1.0, "rules": 0.5, "reader": 0.3}


Names = tuple[list[str], list[str]]
"""Names of the features of options and of fields."""
Floats = NDArray[np.float32]


def feature_names(rows: Sequence[Row]) -> Names:
    """Names of the features of options and of fields, without those that are rare."""
    options = Counter(name for row in rows for name in {k for o in row.features.options for k in o})
    fields = Counter(name for row in rows for name in row.features.field)
    return (
        sorted(name for name, count in options.items() if count >= MIN_ROWS),
        sorted(name for name, count in fields.items() if count >= MIN_ROWS),
    )


def row_weights(rows: Sequence[Row]) -> NDArray[np.float32]:
    """So that each set and half counts as much as it is meant to; their mean is 1."""
    counts = Counter((row.set, row.half) for row in rows)
    found = [
        SET_WEIGHTS.get(row.set, 1.0) * HALF_WEIGHTS[row.half] / counts[row.set, row.half]
        for row in rows
    ]
    return np.asarray(np.array(found) / np.mean(found), np.float32)


def group_fold(row: Row) -> int:
    """By shop, station or contract."""
    return zlib.crc32(row.group.encode()) % MEMBERS


def family(name: str) -> str:
    """The kind of documents of a set."""
    return name.partition("-")[0]


@dataclass(frozen=True)
class Training:
    """Rows with their arrays, and the scale of their features."""

    rows: Sequence[Row]
    names: Names
    arrays: Arrays
    scale: Scale

    @classmethod
    def of(cls, rows: Sequence[Row]) -> Training:
        names = feature_names(rows)
        arrays = to_arrays(rows, *names)
        scale = Scale.of(arrays)
        return cls(rows, names, arrays.scaled(scale), scale)

    def split(self, is_inside: Callable[[Row], bool]) -> tuple[list[int], list[int]]:
        """Indices of the rows outside a fold and inside it."""
        inside = [n for n, row in enumerate(self.rows) if is_inside(row)]
        return sorted(set(range(len(self.rows))) - set(inside)), inside

    def member(self, outside: Sequence[int], seed: int) -> RankerNetwork:
        """A network trained on some of the rows."""
        weights = row_weights([self.rows[n] for n in outside])
        return train(self.arrays.take(outside), weights, Plan(), seed)

    def judged(self, model: RankerNetwork, inside: Sequence[int]) -> list[Outcome]:
        """What a network makes of rows that it did not see."""
        chances = probabilities(model, self.arrays.take(inside))
        return outcomes([self.rows[n] for n in inside], chances)


def fit(training: Training) -> tuple[list[RankerNetwork], list[Outcome]]:
    """An ensemble; each network leaves out another part of the groups and is judged on it."""
    models, found = [], []
    for fold in range(MEMBERS):
        outside, inside = training.split(lambda row, fold=fold: group_fold(row) == fold)  # type: ignore[misc]
        models.append(training.member(outside, fold))
        found += training.judged(models[-1], inside)
    return models, found


def fit_elsewhere(training: Training) -> list[Outcome]:
    """What networks make of a kind of documents when they were trained on all others."""
    found = []
    for name in sorted({family(row.set) for row in training.rows}):
        outside, inside = training.split(lambda row, name=name: family(row.set) == name)  # type: ignore[misc]
        found += training.judged(training.member(outside, 0), inside)
    return found


@dataclass(frozen=True)
class Outcome:
    """The best option of a row: its probability, whether it is given rather than nothing, and
    whether it is right."""

    row: Row
    chance: float
    is_given: bool
    is_right: bool


def outcomes(rows: Sequence[Row], chances: Floats) -> list[Outcome]:
    """Of the rows that have options. chances: (n, k + 2)."""
    found = []
    for row, chance in zip(rows, chances, strict=True):
        count = min(len(row.right), len(chance) - 2)
        if not count:
            continue
        best = int(chance[:count].argmax())
        given = bool(chance[best] >= chance[-2])
        found.append(Outcome(row, float(chance[best]), given, bool(row.right[best])))
    return found


def fit_confidence(inside: Sequence[Outcome], outside: Sequence[Outcome]) -> NDArray[np.float64]:
    """Weights of ``ConfidenceModel``: for each kind of value, drawn towards those of all kinds.

    inside: of networks that knew the kind of document, outside: of networks that did not.
    """
    given = [outcome for outcome in (*inside, *outside) if outcome.is_given]
    known = sum(outcome.is_given for outcome in inside)
    inputs = confidence_inputs(np.array([outcome.chance for outcome in given]))
    right = np.array([o.is_right for o in given], float)
    weights = row_weights([o.row for o in given]).astype(float)
    weights[known:] *= OUTSIDE_WEIGHT
    groups = np.array([GROUPS.index(o.row.features.group) for o in given])
    every = _logistic(inputs, right, weights, np.array([1.0, 0.0]), 1.0)
    return np.stack(
        [
            _logistic(inputs[mine], right[mine], weights[mine], every, PRIOR_ROWS)
            for mine in (groups == k for k in range(len(GROUPS)))
        ]
    )


def _logistic(
    inputs: NDArray[np.float64],
    right: NDArray[np.float64],
    weights: NDArray[np.float64],
    prior: NDArray[np.float64],
    strength: float,
) -> NDArray[np.float64]:
    """Logistic regression by Newton's method, drawn towards prior weights."""
    found = prior.copy()
    for _ in range(NEWTON_STEPS if len(right) else 0):
        chances = 1 / (1 + np.exp(-np.clip(inputs @ found, -30, 30)))
        slope = inputs.T @ (weights * (chances - right)) + strength * (found - prior)
        curve = (inputs * (weights * chances * (1 - chances))[:, None]).T @ inputs
        found = found - np.linalg.solve(curve + strength * np.eye(len(prior)), slope)
        found[0] = max(found[0], MIN_SLOPE)
    return found


def said(
    rows: Sequence[Row],
    found: Sequence[Outcome],
    confidence: ConfidenceModel,
    half: Half,
    name: str,
) -> str:
    """How the rows of a set and a half come out: F1 over values, and what can be trusted."""
    own = [row for row in rows if row.half == half and row.set == name]
    given = [o for o in found if o.is_given and o.row.half == half and o.row.set == name]
    right = [o.is_right for o in given]
    sure = [float(confidence.apply(np.array([o.chance]), o.row.features.group)[0]) for o in given]
    wanted = sum(row.is_there for row in own)
    f1 = 2 * sum(right) / max(1, len(given) + wanted)
    above = [is_right for is_right, c in zip(right, sure, strict=True) if c >= SURE]
    inside = sum(any(row.right) for row in own) / max(1, wanted)
    return (
        f"{name:14}{half:7} F1 {f1:.3f} (values among the options {inside:.3f}), given {len(given)}"
        f" of {wanted}; sure of {len(above)}, right {sum(above) / max(1, len(above)):.3f}; "
        f"ECE {ece(sure, right) if sure else 0.0:.3f}"
    )


def report(
    title: str, rows: Sequence[Row], found: Sequence[Outcome], confidence: ConfidenceModel
) -> None:
    """Print how rows come out that the networks did not see."""
    print(title)
    for half in get_args(Half):
        for name in sorted({row.set for row in rows}):
            print(" ", said(rows, found, confidence, half, name), flush=True)


def write(
    path: Path,
    training: Training,
    models: Sequence[RankerNetwork],
    confidence: NDArray[np.float64],
) -> None:
    """The arrays that ``docagent.ranking.model`` reads."""
    arrays: dict[str, NDArray[np.generic]] = {
        "option_names": np.array(training.names[0]),
        "field_names": np.array(training.names[1]),
        "calibration": confidence,
    }
    for part, standard in (("option", training.scale.options), ("field", training.scale.fields)):
        arrays[f"{part}_mean"] = standard.mean.astype(np.float32)
        arrays[f"{part}_deviation"] = standard.deviation.astype(np.float32)
        linear = [[m for m in getattr(one, part) if hasattr(m, "weight")] for one in models]
        for n in range(LAYERS):
            weights = [layers[n].weight.detach().numpy().T for layers in linear]
            biases = [layers[n].bias.detach().numpy()[None] for layers in linear]
            arrays[f"{part}_weights{n}"] = np.stack(weights).astype(np.float16)
            arrays[f"{part}_biases{n}"] = np.stack(biases).astype(np.float16)
    np.savez_compressed(path, **arrays)  # type: ignore[arg-type]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=Path, nargs="+", default=[Path("runs/ranker/rows.pkl")])
    parser.add_argument("--output", type=Path, default=RANKER_FILE)
    args = parser.parse_args()
    torch.set_num_threads(1)
    training = Training.of([row for path in args.rows for row in load_rows(path)])
    rows, names = training.rows, training.names
    print(f"{len(rows)} rows, {len(names[0])} and {len(names[1])} features", flush=True)
    models, inside = fit(training)
    outside = fit_elsewhere(training)
    weights = fit_confidence(inside, outside)
    write(args.output, training, models, weights)
    report("Other shops, stations and contracts:", rows, inside, ConfidenceModel(weights))
    report("Other kinds of documents:", rows, outside, ConfidenceModel(weights))


if __name__ == "__main__":
    main()

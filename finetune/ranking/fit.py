"""Fit the ranker on kept rows, and write the weights that docagent runs.

python -m finetune.ranking fit --rows runs/ranker/rows.pkl --output docagent/weights/ranker.npz
"""

from __future__ import annotations

import argparse
import zlib
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from eval.metrics import ece
from finetune.ranking.collect import Row, load_rows
from finetune.ranking.network import (
    Arrays,
    Plan,
    RankerNetwork,
    Scale,
    probabilities,
    to_arrays,
    train,
)

FOLDS = 4
MIN_ROWS = 30
"""Rows that a feature has to be in."""
SET_WEIGHTS: Mapping[str, float] = {
    "receipts-read": 3.0,
    "receipts": 1.0,
    "broadcasts": 2.0,
    "contracts": 2.0,
    "synthetic": 1.0,
}
"""Weight of all rows of a set together."""


def feature_names(rows: Sequence[Row]) -> tuple[list[str], list[str]]:
    """Names of the features of options and of fields, without those that are rare."""
    options = Counter(name for row in rows for name in {k for o in row.features.options for k in o})
    fields = Counter(name for row in rows for name in row.features.field)
    return (
        sorted(name for name, count in options.items() if count >= MIN_ROWS),
        sorted(name for name, count in fields.items() if count >= MIN_ROWS),
    )


def row_weights(rows: Sequence[Row]) -> NDArray[np.float32]:
    """So that each set counts as much as it is meant to; their mean is 1."""
    counts = Counter(row.set for row in rows)
    found = np.array([SET_WEIGHTS.get(row.set, 1.0) / counts[row.set] for row in rows], np.float32)
    return np.asarray(found / found.mean(), np.float32)


def fold_of(row: Row) -> int:
    """By shop, station or contract."""
    return zlib.crc32(row.group.encode()) % FOLDS


def fit(
    rows: Sequence[Row], names: tuple[list[str], list[str]], plan: Plan, seeds: Sequence[int]
) -> tuple[Scale, list[RankerNetwork]]:
    """An ensemble of networks."""
    arrays = to_arrays(rows, *names)
    scale = Scale.of(arrays)
    scaled, weights = arrays.scaled(scale), row_weights(rows)
    return scale, [train(scaled, weights, plan, seed) for seed in seeds]


def ensemble(scale: Scale, models: Sequence[RankerNetwork], arrays: Arrays) -> NDArray[np.float32]:
    scaled = arrays.scaled(scale)
    return np.asarray(np.mean([probabilities(model, scaled) for model in models], 0), np.float32)


def cross_fitted(
    rows: Sequence[Row], names: tuple[list[str], list[str]], plan: Plan, seeds: Sequence[int]
) -> list[NDArray[np.float32]]:
    """Of each row, the probabilities given by networks that saw nothing of its group."""
    found: list[NDArray[np.float32]] = [np.zeros(0, np.float32)] * len(rows)
    for fold in range(FOLDS):
        inside = [n for n, row in enumerate(rows) if fold_of(row) == fold]
        scale, models = fit([row for row in rows if fold_of(row) != fold], names, plan, seeds)
        arrays = to_arrays([rows[n] for n in inside], *names)
        for n, chances in zip(inside, ensemble(scale, models, arrays), strict=True):
            found[n] = chances
    return found


def said(rows: Sequence[Row], chances: Sequence[NDArray[np.float32]], half: str, name: str) -> str:
    """How the rows of a set and a half come out: F1 over values, and what can be trusted."""
    right, given, wanted, sure, sure_right = 0, 0, 0, 0, 0
    scores, labels = [], []
    for row, chance in zip(rows, chances, strict=True):
        if row.half != half or row.set != name:
            continue
        wanted += row.is_there
        best = int(chance[:-2].argmax()) if len(chance) > 2 else 0
        if len(chance) <= 2 or chance[best] < chance[-2] or not len(row.right):
            continue
        is_right = best < len(row.right) and row.right[best]
        given += 1
        right += is_right
        scores.append(float(chance[best]))
        labels.append(bool(is_right))
        sure += chance[best] >= 0.9
        sure_right += bool(is_right) and chance[best] >= 0.9
    f1 = 2 * right / max(1, given + wanted)
    error = ece(scores, labels) if scores else 0.0
    return (
        f"{name:14} {half:7} F1 {f1:.3f}, given {given}, wanted {wanted}; at 0.9 or more: "
        f"{sure}, right {sure_right / max(1, sure):.3f}; ECE {error:.3f}"
    )


def oracle(rows: Sequence[Row], half: str, name: str) -> str:
    kept = [row for row in rows if row.half == half and row.set == name]
    right = sum(any(row.right) for row in kept)
    wanted = sum(row.is_there for row in kept)
    return f"{name:14} {half:7} values among the options: {right / max(1, wanted):.3f}"


def write(
    path: Path, names: tuple[list[str], list[str]], scale: Scale, models: Sequence[RankerNetwork]
) -> None:
    """The arrays that ``docagent.ranking.model`` reads."""
    arrays: dict[str, NDArray[np.generic]] = {
        "option_names": np.array(names[0]),
        "field_names": np.array(names[1]),
    }
    for part, standard in (("option", scale.options), ("field", scale.fields)):
        arrays[f"{part}_mean"] = standard.mean.astype(np.float32)
        arrays[f"{part}_deviation"] = standard.deviation.astype(np.float32)
        linear = [[m for m in getattr(model, part) if hasattr(m, "weight")] for model in models]
        for n in range(3):
            arrays[f"{part}_weights{n}"] = np.stack(
                [layers[n].weight.detach().numpy().T for layers in linear]
            ).astype(np.float16)
            arrays[f"{part}_biases{n}"] = np.stack(
                [layers[n].bias.detach().numpy()[None] for layers in linear]
            ).astype(np.float16)
    np.savez_compressed(path, **arrays)


def report(rows: Sequence[Row], names: tuple[list[str], list[str]], plan: Plan) -> None:
    """Print how held-out groups come out."""
    chances = cross_fitted(rows, names, plan, range(2))
    for half in ("all", "rules", "reader"):
        for name in sorted({row.set for row in rows}):
            print(said(rows, chances, half, name))
            print(oracle(rows, half, name))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=Path, nargs="+", default=[Path("runs/ranker/rows.pkl")])
    parser.add_argument("--output", type=Path)
    parser.add_argument("--members", type=int, default=4, help="networks of the ensemble")
    parser.add_argument("--epochs", type=int, default=Plan.epochs)
    parser.add_argument("--quick", action="store_true", help="no figures of what was held out")
    args = parser.parse_args()
    torch.set_num_threads(1)
    rows = [row for path in args.rows for row in load_rows(path)]
    names = feature_names(rows)
    plan = Plan(epochs=args.epochs)
    print(f"{len(rows)} rows, {len(names[0])} and {len(names[1])} features")
    if not args.quick:
        report(rows, names, plan)
    if args.output:
        scale, models = fit(rows, names, plan, range(args.members))
        write(args.output, names, scale, models)


if __name__ == "__main__":
    main()

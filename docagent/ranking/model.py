"""The ranker's networks, run by plain numpy: features of options -> probabilities."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from docagent.errors import ModelError
from docagent.models import MODELS
from docagent.ranking.features import GROUPS, PoolFeatures

RANKER_FILE = Path(__file__).parent.parent / "weights" / "ranker.npz"
MAX_DEVIATION = 4.0
"""Features are clipped at so many deviations from their mean."""
LAYERS = 3
PROBABILITIES = (1e-4, 1 - 1e-4)
"""Probabilities are clipped to these before odds are taken of them."""
Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Ranked:
    """Probabilities (0-1) of one field. options: of each option. absent: that there is no value.
    missed: that there is another value than the options. With the options they add up to 1.
    confidences: of each option, calibrated: lower for kinds of value and documents of which the
    training knows little."""

    options: tuple[float, ...]
    absent: float
    missed: float
    confidences: tuple[float, ...]


@dataclass(frozen=True)
class ConfidenceModel:
    """How confident to be of an option: a logistic model of the log odds of its probability.

    It is fitted on documents, and on whole kinds of documents, that the networks did not see.
    weights (kinds of value, 2): by the place in ``GROUPS``, for the odds and for 1.
    """

    weights: NDArray[np.float64]

    def apply(self, chances: NDArray[np.float64], group: str) -> NDArray[np.float64]:
        """Confidences (n,), 0-1, of probabilities (n,)."""
        logits = confidence_inputs(chances) @ self.weights[GROUPS.index(group)]
        return np.asarray(1 / (1 + np.exp(-logits)), np.float64)


def confidence_inputs(chances: NDArray[np.float64]) -> NDArray[np.float64]:
    """Probabilities (n,) -> (n, 2): their log odds, and 1."""
    clipped = np.clip(chances, *PROBABILITIES)
    odds = np.log(clipped / (1 - clipped))
    return np.stack((odds, np.ones_like(odds)), axis=1)


class FieldRanker(Protocol):
    """Gives the options of fields probabilities: learned, or by their scores.

    is_calibrated: whether they are shares of right values; scores are calibrated afterwards.
    """

    is_calibrated: bool

    def rank(self, pools: Sequence[PoolFeatures]) -> list[Ranked]:
        """One result per field, in their order."""
        ...


@dataclass(frozen=True)
class _Perceptron:
    """Layers of an ensemble: weights (m, inputs, outputs) and biases (m, 1, outputs)."""

    mean: Floats
    deviation: Floats
    layers: tuple[tuple[Floats, Floats], ...]

    def apply(self, values: Floats) -> Floats:
        """(n, inputs) -> (m, n, outputs)."""
        scaled = (values - self.mean) / self.deviation
        found: Floats = np.clip(scaled, -MAX_DEVIATION, MAX_DEVIATION)[None]
        for number, (weights, biases) in enumerate(self.layers):
            found = found @ weights + biases
            if number < len(self.layers) - 1:
                found = np.maximum(found, 0)
        return found


class Ranker:
    """Ranks the options of fields by their features. Fitted by ``finetune.ranking``."""

    is_calibrated = True

    def __init__(self, arrays: Mapping[str, NDArray[np.generic]]) -> None:
        """arrays: as ``finetune.ranking`` writes them. Raises KeyError for one that is missing."""
        self.option_names = [str(name) for name in arrays["option_names"]]
        self.field_names = [str(name) for name in arrays["field_names"]]
        self._option = _perceptron(arrays, "option")
        self._field = _perceptron(arrays, "field")
        self.calibration = ConfidenceModel(np.asarray(arrays["calibration"], np.float64))

    def rank(self, pools: Sequence[PoolFeatures]) -> list[Ranked]:
        """Probabilities of every field."""
        if not pools:
            return []
        fields = self._field.apply(vectors([pool.field for pool in pools], self.field_names))
        flat = [features for pool in pools for features in pool.options]
        scores = self._option.apply(vectors(flat, self.option_names))[..., 0]
        found, start = [], 0
        for number, pool in enumerate(pools):
            end = start + len(pool.options)
            logits = np.concatenate((scores[:, start:end], fields[:, number]), axis=1)
            chances = _softmax(logits.astype(np.float64)).mean(0)
            *options, absent, missed = chances.tolist()
            sure = self.calibration.apply(chances[:-2], pool.group)
            found.append(Ranked(tuple(options), absent, missed, tuple(sure.tolist())))
            start = end
        return found


def vectors(features: Sequence[Mapping[str, float]], names: Sequence[str]) -> Floats:
    """(n, names): features by name; those without a name are left out, missing ones are 0."""
    columns = {name: k for k, name in enumerate(names)}
    found = np.zeros((len(features), len(names)), np.float32)
    for row, one in enumerate(features):
        for name, value in one.items():
            column = columns.get(name)
            if column is not None:
                found[row, column] = value
    return found


def load_ranker(weights_dir: Path | None = None) -> Ranker:
    """The ranker of a folder of weights; the shipped one if the folder has none or none is given.

    Raises ModelError if the file cannot be used.
    """
    own = weights_dir / RANKER_FILE.name if weights_dir is not None else None
    return MODELS.get(_read_ranker, own if own is not None and own.exists() else RANKER_FILE)


def _read_ranker(path: Path) -> Ranker:
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            return Ranker({name: arrays[name] for name in arrays.files})
    except (OSError, ValueError, KeyError, BadZipFile) as error:
        raise ModelError(f"{path}: not a ranker ({error}); fit it again or reinstall") from error


def _perceptron(arrays: Mapping[str, NDArray[np.generic]], name: str) -> _Perceptron:
    def given(part: str) -> Floats:
        return np.asarray(arrays[f"{name}_{part}"], np.float32)

    layers = tuple((given(f"weights{n}"), given(f"biases{n}")) for n in range(LAYERS))
    return _Perceptron(given("mean"), given("deviation"), layers)


def _softmax(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    shifted = np.exp(logits - logits.max(-1, keepdims=True))
    softened: NDArray[np.float64] = shifted / shifted.sum(-1, keepdims=True)
    return softened

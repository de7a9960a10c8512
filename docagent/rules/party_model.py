"""Which names of a contract are its parties: a small perceptron over features of each name.

Fitted by ``python -m finetune.ranking parties`` on contracts labelled by lawyers.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from docagent.errors import ModelError
from docagent.models import MODELS

PARTIES_FILE = Path(__file__).parent.parent / "weights" / "party_names.json"
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class PartyModel:
    """names: of the features. members: layers of each network, weights (inputs, outputs) and
    biases (outputs); their probabilities are averaged."""

    names: tuple[str, ...]
    members: tuple[tuple[tuple[Floats, Floats], ...], ...]

    def probabilities(self, features: Sequence[Mapping[str, float]]) -> list[float]:
        """Probability (0-1) of each name to be a party."""
        if not features:
            return []
        inputs = np.array([[f.get(name, 0.0) for name in self.names] for f in features])
        return [float(p) for p in np.mean([_run(m, inputs) for m in self.members], axis=0)]


def _run(layers: Sequence[tuple[Floats, Floats]], values: Floats) -> Floats:
    for number, (weights, biases) in enumerate(layers):
        values = values @ weights + biases
        if number < len(layers) - 1:
            values = np.maximum(values, 0)
    return np.asarray(1 / (1 + np.exp(-values[:, 0])))


def load_party_model(path: Path = PARTIES_FILE) -> PartyModel:
    """The model, read once. Raises ModelError if the file cannot be used."""
    return MODELS.get(_read, path)


def _read(path: Path) -> PartyModel:
    try:
        given = json.loads(path.read_text("utf-8"))
        members = tuple(
            tuple((np.array(w, float), np.array(b, float)) for w, b in layers)
            for layers in given["members"]
        )
        return PartyModel(tuple(given["features"]), members)
    except (OSError, ValueError, KeyError, TypeError) as error:
        message = f"{path}: not a file of weights ({error!r}); install it again"
        raise ModelError(message) from error

"""Fit the model that tells parties from other names of a contract.

python -m finetune.ranking parties --output docagent/weights/party_names.json
"""

from __future__ import annotations

import argparse
import json
import pickle
import sys
import zlib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from docagent import DocAgent, Settings
from docagent.rules.party_model import PARTIES_FILE
from eval.metrics.calibration import ece
from finetune.ranking.party_rows import PartyRow, party_rows

MEMBERS = 5
"""Networks; each leaves out another fifth of the contracts and is judged on it."""
WIDTH, DROP, DECAY, RATE, EPOCHS, BATCH = 16, 0.1, 2e-3, 4e-3, 30, 128
READ_WEIGHT = 4.0
"""Weight of names with the reader's answers against those without, of which there are more."""
SURE = 0.9
Floats = NDArray[np.float32]


def fold(row: PartyRow) -> int:
    return zlib.crc32(row.document.encode()) % MEMBERS


def inputs_of(rows: Sequence[PartyRow], names: Sequence[str]) -> Floats:
    return np.array([[row.features.get(n, 0.0) for n in names] for row in rows], np.float32)


def train(rows: Sequence[PartyRow], names: Sequence[str], seed: int) -> nn.Sequential:
    """A network of the names of some contracts, each contract with the same weight."""
    torch.manual_seed(seed)
    counts = Counter((row.document, row.is_read) for row in rows)
    weights = torch.tensor(
        [(READ_WEIGHT if r.is_read else 1.0) / counts[r.document, r.is_read] for r in rows]
    )
    weights = weights / weights.mean()
    inputs = torch.from_numpy(inputs_of(rows, names))
    wanted = torch.tensor([float(row.is_party) for row in rows])
    model = nn.Sequential(
        nn.Linear(len(names), WIDTH), nn.ReLU(), nn.Dropout(DROP), nn.Linear(WIDTH, 1)
    )
    optimizer = torch.optim.AdamW(model.parameters(), RATE, weight_decay=DECAY)
    model.train()
    for _ in range(EPOCHS):
        for batch in torch.randperm(len(rows)).split(BATCH):
            logits = model(inputs[batch])[:, 0]
            losses = nn.functional.binary_cross_entropy_with_logits(
                logits, wanted[batch], reduction="none"
            )
            optimizer.zero_grad()
            (losses * weights[batch]).mean().backward()
            optimizer.step()
    return model.eval()


def judged(model: nn.Module, rows: Sequence[PartyRow], names: Sequence[str]) -> list[float]:
    with torch.no_grad():
        return [float(p) for p in torch.sigmoid(model(torch.from_numpy(inputs_of(rows, names))))]


def said(rows: Sequence[PartyRow], chances: Sequence[float], is_read: bool) -> str:
    """F1 at several cut-offs, and what can be trusted."""
    own = [(row, c) for row, c in zip(rows, chances, strict=True) if row.is_read == is_read]
    wanted = sum(row.is_party for row, _ in own)
    parts = []
    for least in (0.3, 0.4, 0.5, 0.6):
        given = [row.is_party for row, c in own if c >= least]
        parts.append(f"{least}: F1 {2 * sum(given) / max(1, len(given) + wanted):.3f}")
    sure = [row.is_party for row, c in own if c >= SURE]
    likely = [(row, c) for row, c in own if c >= 0.3]
    error = ece([c for _, c in likely], [row.is_party for row, _ in likely])
    name = "with the reader" if is_read else "without it"
    return (
        f"{name}: {', '.join(parts)}; sure of {len(sure)}, right {np.mean(sure):.3f}; "
        f"ECE {error:.3f} of {len(own)} names, {wanted} parties"
    )


def _layer(linear: nn.Linear) -> list[list[object]]:
    weights, biases = linear.weight.detach().numpy().T, linear.bias.detach().numpy()
    return [np.round(weights, 4).tolist(), np.round(biases, 4).tolist()]


def write(path: Path, names: Sequence[str], models: Sequence[nn.Sequential]) -> None:
    members = [[_layer(m) for m in model if isinstance(m, nn.Linear)] for model in models]
    path.write_text(json.dumps({"features": list(names), "members": members}) + "\n", "utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=Path, help="file of names, made if missing")
    parser.add_argument("--weights", type=Path, help="folder of the reader's weights")
    parser.add_argument("--output", type=Path, default=PARTIES_FILE)
    args = parser.parse_args()
    torch.set_num_threads(1)
    if args.rows and args.rows.exists():
        rows: list[PartyRow] = pickle.loads(args.rows.read_bytes())
    else:
        agent = DocAgent(Settings(threads=1, weights_dir=args.weights))
        rows = list(party_rows(agent._load_reader()))
        if args.rows:
            args.rows.write_bytes(pickle.dumps(rows))
    names = sorted({name for row in rows for name in row.features})
    print(f"{len(rows)} names, {len(names)} features", file=sys.stderr)
    models, order, chances = [], [], []
    for number in range(MEMBERS):
        models.append(train([r for r in rows if fold(r) != number], names, number))
        held = [row for row in rows if fold(row) == number]
        order += held
        chances += judged(models[-1], held, names)
    write(args.output, names, models)
    print("Contracts held out,", said(order, chances, True))
    print("Contracts held out,", said(order, chances, False))


if __name__ == "__main__":
    main()

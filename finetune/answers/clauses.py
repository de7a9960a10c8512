"""Train the model that tells the clauses of contracts by their kind.

    python -m finetune.answers clauses --output docagent/weights/clauses.npz

A linear model over the words of a sentence, one output for each of CUAD's 41 fields (CC BY 4.0,
The Atticus Project); about two minutes on one core. One contract in ten is held out, the same as
in the reader's training; on them the command says how many best sentences are right.
"""

from __future__ import annotations

import argparse
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from docagent.rules.clauses import CLAUSES_FILE, ClauseModel, save_clauses, sentence_terms
from finetune.answers.contract_texts import ContractText, contract_texts
from finetune.answers.wordings import asked_as
from finetune.reader.contract_queries import CONTRACT_QUERIES

MIN_SENTENCES = 4
"""Sentences that have a term at least."""
MAX_TERMS = 16_000
"""Terms that are kept, those with the greatest weights: of 84,000, without a loss on contracts
held out."""
BATCH, RATE, RARE_BIAS = 256, 0.1, -6.0

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Sentences:
    """Term numbers of each sentence, with how many terms it has, and its labels."""

    terms: list[Ints]
    lengths: list[int]
    labels: NDArray[np.float32]


def collect(
    contracts: Sequence[ContractText], kinds: tuple[str, ...]
) -> tuple[dict[str, int], Sentences]:
    """Numbers of the terms that are not rare, and the sentences in them."""
    found = [sentence_terms(c.texts, s) for c in contracts for s in c.sentences]
    counts = Counter(term for terms in found for term in terms)
    usual = [term for term, count in counts.items() if count >= MIN_SENTENCES]
    numbers = {term: number for number, term in enumerate(usual)}
    terms = [np.array(sorted(numbers[t] for t in f if t in numbers), np.int64) for f in found]
    labels = np.concatenate([contract.labels(kinds) for contract in contracts])
    return numbers, Sentences(terms, [len(f) for f in found], labels)


def fit(sentences: Sentences, count: int, epochs: int, seed: int = 0) -> tuple[NDArray, NDArray]:
    """Weights (terms, kinds) and biases (kinds) of a logistic regression for each kind."""
    kinds = sentences.labels.shape[1]
    weights = nn.EmbeddingBag(count, kinds, mode="sum", sparse=True)
    nn.init.zeros_(weights.weight)
    bias = nn.Parameter(torch.full((kinds,), RARE_BIAS))
    optimizer = torch.optim.Adagrad([*weights.parameters(), bias], lr=RATE)
    order = np.arange(len(sentences.terms))
    rng = np.random.default_rng(seed)
    for epoch in range(epochs):
        rng.shuffle(order)
        total = 0.0
        for first in range(0, len(order), BATCH):
            chosen = order[first : first + BATCH]
            bags = [sentences.terms[i] for i in chosen]
            ends = np.cumsum([len(bag) for bag in bags])
            shares = [1 / math.sqrt(sentences.lengths[i] + 1) for i in chosen]
            each = np.repeat(np.array(shares, np.float32), [len(bag) for bag in bags])
            starts = torch.from_numpy(np.concatenate([[0], ends[:-1]]))
            flat = torch.from_numpy(np.concatenate(bags))
            logits = weights(flat, starts, per_sample_weights=torch.from_numpy(each)) + bias
            truth = torch.from_numpy(sentences.labels[chosen])
            loss = nn.functional.binary_cross_entropy_with_logits(logits, truth, reduction="sum")
            optimizer.zero_grad()
            (loss / len(chosen)).backward()
            optimizer.step()
            total += float(loss.detach())
        print(f"epoch {epoch + 1}: loss {total / len(order):.4f} a sentence", flush=True)
    return weights.weight.detach().numpy(), bias.detach().numpy()


def to_model(
    numbers: dict[str, int],
    counts: NDArray[np.float64],
    weights: NDArray[np.float32],
    bias: NDArray[np.float32],
    kinds: tuple[str, ...],
) -> ClauseModel:
    """The terms that matter most, in eight bits. counts: sentences that have each term."""
    matter = (np.abs(weights) * np.sqrt(counts)[:, None]).max(axis=1)
    kept = np.sort(np.argsort(-matter)[:MAX_TERMS])
    scale = np.abs(weights[kept]).max(axis=0) / 127 + 1e-9
    names = list(numbers)
    return ClauseModel(
        terms={names[old]: new for new, old in enumerate(kept)},
        kinds=kinds,
        weights=np.round(weights[kept] / scale).astype(np.int8),
        scale=scale.astype(np.float32),
        bias=bias.astype(np.float32),
        phrases={kind: asked_as(kind) for kind in kinds},
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--output", type=Path, default=CLAUSES_FILE)
    parser.add_argument("--epochs", type=int, default=4)
    args = parser.parse_args()
    torch.set_num_threads(1)
    kinds = tuple(CONTRACT_QUERIES)
    contracts = list(contract_texts())
    used = [contract for contract in contracts if not contract.is_held_out]
    numbers, sentences = collect(used, kinds)
    weights, bias = fit(sentences, len(numbers), args.epochs)
    counts = np.bincount(np.concatenate(sentences.terms), minlength=len(numbers)).astype(float)
    model = to_model(numbers, counts, weights, bias, kinds)
    save_clauses(model, args.output)
    print(f"{args.output}: {len(model.terms)} terms, {args.output.stat().st_size / 1e6:.2f} MB")
    report(model, [contract for contract in contracts if contract.is_held_out])


def report(model: ClauseModel, contracts: Sequence[ContractText]) -> None:
    """Of the best sentence of each kind in contracts held out: how many are clauses of it."""
    rows = []
    for contract in contracts:
        chances = model.probabilities(contract.texts, contract.sentences)
        labels = contract.labels(model.kinds)
        best = chances.argmax(axis=0)
        for column in range(len(model.kinds)):
            right = bool(labels[best[column], column])
            rows.append((float(chances[best[column], column]), right))
    for least in (0.1, 0.3, 0.5, 0.7, 0.9):
        given = [right for chance, right in rows if chance >= least]
        share = sum(given) / max(1, len(given))
        print(f"probability {least} or more: {len(given)} of {len(rows)}, {share:.3f} right")


if __name__ == "__main__":
    main()

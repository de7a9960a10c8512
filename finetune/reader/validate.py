"""Score a checkpoint on new synthetic pages, and fit the temperatures of its probabilities.

    python -m finetune.reader validate --checkpoint runs/reader/last.pt --pages 200

Reported apart: queries of wordings and of fields ("zero-shot") that training never asks.
"""

from __future__ import annotations

import argparse
import json
import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

import torch

from docagent.reader.decoding import Temperatures, WindowOutput, decode
from docagent.reader.types import Query
from finetune.reader.checkpoint import load_average
from finetune.reader.data import (
    Sample,
    has_held_out_path,
    is_held_out,
    make_batch,
    make_sample,
)
from finetune.reader.documents import make_pages
from finetune.reader.model import Reader
from finetune.reader.noise import CleanQuery
from finetune.reader.scoring import best_temperatures, is_right
from finetune.reader.tensors import INPUTS, to_tensors


def make_samples(rng: random.Random, pages: int) -> list[Sample]:
    """Noisy pages with up to 16 queries each, held-out ones too."""
    made = (make_sample(p, rng, most=16, held_out=True) for p in make_pages(rng, pages))
    return [s for s in made if s is not None]


def run(
    model: Reader, samples: Sequence[Sample]
) -> Iterator[tuple[Sample, torch.Tensor, torch.Tensor]]:
    """(sample, points (q, n, 5), absent (q,)) of each sample, one at a time."""
    for sample in samples:
        tensors = to_tensors(make_batch([sample]))
        with torch.no_grad():
            points, absent = model(*(tensors[name] for name in INPUTS))
        yield sample, points[0], absent[0]


def fit_temperatures(model: Reader, rng: random.Random, pages: int) -> tuple[float, float]:
    """Temperatures (span, tag) with the least log loss on new pages."""
    return best_temperatures(
        (to_tensors(make_batch([sample])), points, absent)
        for sample, points, absent in run(model, make_samples(rng, pages))
    )


def group_of(query: CleanQuery) -> str:
    if has_held_out_path(query):
        return "unseen field"
    return "unseen wording" if is_held_out(query) else "seen wording"


def validate(model: Reader, samples: Sequence[Sample]) -> dict[str, float]:
    """Mean score by "kind / group / answer type", and over everything."""
    scores: dict[str, list[float]] = defaultdict(list)
    for sample, points, absent in run(model, samples):
        for i, (query, target) in enumerate(zip(sample.asked, sample.targets, strict=True)):
            output = WindowOutput(0, points[i].numpy(), float(absent[i]))
            asked = Query(text=query.text, multiple=query.multiple)
            right = is_right(decode(asked, [output], Temperatures()), query, target.spans)
            answer = "absent" if not target.spans else "many" if query.multiple else "one"
            scores["all"].append(right)
            scores[f"{group_of(query)} / {answer}"].append(right)
            scores[f"path {query.path}"].append(right)
    return {k: round(sum(v) / len(v), 3) for k, v in sorted(scores.items()) if len(v) >= 5}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else "")
    parser.add_argument("--checkpoint", type=Path, default=Path("runs/reader/last.pt"))
    parser.add_argument("--pages", type=int, default=150)
    args = parser.parse_args()
    torch.set_num_threads(1)
    model, steps, seconds = load_average(args.checkpoint)
    print(json.dumps({"steps": steps, "seconds": round(seconds)}))
    print(json.dumps(validate(model, make_samples(random.Random(99), args.pages)), indent=1))

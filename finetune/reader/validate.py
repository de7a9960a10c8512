"""Score a checkpoint on held-out documents, and fit the temperatures of its probabilities.

    python -m finetune.reader validate --checkpoint runs/reader/last.pt

Each source of the mixture is reported apart: new synthetic pages, and real documents of
companies, stations, contracts and stories that training never sees.
"""

from __future__ import annotations

import argparse
import json
import random
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

import torch

from docagent.reader.decoding import Temperatures, WindowOutput, decode
from docagent.reader.types import Query
from docagent.reader.wordpiece import WordPiece
from finetune.reader.checkpoint import load_average
from finetune.reader.encoder import encoder_folder
from finetune.reader.mixture import Source, SyntheticSource, load_sources, samples
from finetune.reader.network import Reader
from finetune.reader.scoring import best_temperatures, is_right
from finetune.reader.windows import INPUTS, Sample, make_batch, to_tensors

SEED = 99


class Validation:
    """Samples of the validation split, the same ones each time, by source."""

    def __init__(self, pdfs: Path, vocabulary: Path, count: int) -> None:
        pieces, rng = WordPiece(vocabulary), random.Random(SEED)
        sources: dict[str, Source] = {
            "synthetic": SyntheticSource(rng),
            **load_sources(True, pdfs),
        }
        self.samples = {
            name: list(islice(samples({name: source}, rng, pieces, held_out=True), count))
            for name, source in sources.items()
        }

    def all(self) -> list[Sample]:
        """Those of all sources."""
        return [sample for made in self.samples.values() for sample in made]


def run(
    model: Reader, held_out: Iterable[Sample]
) -> Iterator[tuple[Sample, torch.Tensor, torch.Tensor]]:
    """(sample, points (q, n, 5), absent (q,)) of each sample, one at a time."""
    for sample in held_out:
        tensors = to_tensors(make_batch([sample]))
        with torch.no_grad():
            points, absent = model(*(tensors[name] for name in INPUTS))
        yield sample, points[0], absent[0]


def fit_temperatures(model: Reader, held_out: Iterable[Sample]) -> tuple[float, float]:
    """Temperatures (span, tag) with the least log loss on held-out samples."""
    return best_temperatures(
        (to_tensors(make_batch([sample])), points, absent)
        for sample, points, absent in run(model, held_out)
    )


def validate(model: Reader, held_out: Iterable[Sample]) -> dict[str, float]:
    """Mean score of absent, single and multiple answers, and of all."""
    scores: dict[str, list[float]] = defaultdict(list)
    for sample, points, absent in run(model, held_out):
        for i, (query, target) in enumerate(zip(sample.asked, sample.targets, strict=True)):
            output = WindowOutput(0, points[i].numpy(), float(absent[i]))
            asked = Query(text=query.text, multiple=query.multiple)
            right = is_right(decode(asked, [output], Temperatures()), query, target.spans)
            answer = "absent" if not target.spans else "many" if query.multiple else "one"
            scores["all"].append(right)
            scores[answer].append(right)
    return {k: round(sum(v) / len(v), 3) for k, v in sorted(scores.items()) if len(v) >= 5}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else "")
    parser.add_argument("--checkpoint", type=Path, default=Path("runs/reader/last.pt"))
    parser.add_argument("--encoder", type=Path, help="folder of all-MiniLM-L6-v2")
    parser.add_argument("--pdfs", type=Path, default=Path("runs/reader_pages.pkl"))
    parser.add_argument("--pages", type=int, default=60, help="of each source")
    args = parser.parse_args()
    encoder = encoder_folder(args.encoder)
    torch.set_num_threads(1)
    model, steps, seconds = load_average(args.checkpoint)
    print(json.dumps({"steps": steps, "seconds": round(seconds)}))
    held_out = Validation(args.pdfs, encoder / "vocab.txt", args.pages)
    for name, made in held_out.samples.items():
        print(json.dumps({"source": name, **validate(model, made)}), flush=True)

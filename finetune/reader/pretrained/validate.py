"""Score a checkpoint on held-out documents, and fit the temperatures of its probabilities.

    python -m finetune.reader.pretrained validate --checkpoint runs/reader_pretrained/last.pt

Each source of the mixture is reported apart: new synthetic pages, and real documents of
companies, stations, contracts and stories that training never sees.
"""

from __future__ import annotations

import argparse
import json
import random
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path

import torch
from torch.nn import functional as F

from docagent.reader.decoding import Temperatures, WindowOutput, decode
from docagent.reader.types import Query, Reading
from docagent.reader.wordpiece import WordPiece
from finetune.reader.noise import CleanQuery
from finetune.reader.pretrained.checkpoint import load_average
from finetune.reader.pretrained.encoder import encoder_folder
from finetune.reader.pretrained.mixture import Source, SyntheticSource, load_sources, samples
from finetune.reader.pretrained.network import Reader, reader_loss
from finetune.reader.pretrained.windows import INPUTS, Sample, make_batch, to_tensors

GRID = tuple(0.5 * 1.1**i for i in range(22))


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
    """Temperatures (span, tag) with the least log loss."""
    span_losses, tag_losses = [0.0] * len(GRID), [0.0] * len(GRID)
    for sample, points, absent in run(model, held_out):
        tensors = to_tensors(make_batch([sample]))
        for i, temperature in enumerate(GRID):
            loss, _ = reader_loss(
                points[None] / temperature,
                absent[None] / temperature,
                tensors["mask"],
                tensors["spans"],
                tensors["tags"],
            )
            span_losses[i] += float(loss)
            tags = tensors["tags"].reshape(-1)
            logits = points[..., 2:].reshape(-1, 3) / temperature
            tag_losses[i] += float(F.cross_entropy(logits, tags, ignore_index=-1))
    return (
        GRID[min(range(len(GRID)), key=span_losses.__getitem__)],
        GRID[min(range(len(GRID)), key=tag_losses.__getitem__)],
    )


def is_right(reading: Reading, query: CleanQuery, spans: Sequence[tuple[int, int]]) -> float:
    """Singles: 1 if the best span, or "not present", is right. Multiples: F1 of the spans."""
    gold = {(start, end + 1) for start, end in spans}
    if query.multiple:
        found = {(s.start, s.end) for s in reading.spans if s.score >= 0.5}
        return 2 * len(gold & found) / (len(gold) + len(found)) if gold | found else 1.0
    best = reading.spans[0] if reading.spans else None
    said_no = best is None or reading.absent > 0.5
    if not gold or best is None or said_no:
        return float(not gold and said_no)
    return float((best.start, best.end) in gold)


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
    parser.add_argument("--checkpoint", type=Path, default=Path("runs/reader_pretrained/last.pt"))
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

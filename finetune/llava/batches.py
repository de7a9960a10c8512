"""Endless samples of a configuration, and padded batches of samples of similar length."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from finetune.llava.config import ROUND, DataConfig
from finetune.llava.documents import Drawings, ReadDocument, draw_document, read_document
from finetune.llava.encoding import Encoded, encode_turns
from finetune.llava.tasks import Sample, ask_samples, make_sample

IGNORED = -100
"""Label of a token that is not learnt."""

Batch = dict[str, NDArray[np.generic]]


def documents(data: DataConfig, rng: random.Random) -> Iterator[ReadDocument]:
    """Readings of new documents for ever, each document ``readings`` times among others."""
    pool: list[Any] = []
    while True:
        if len(pool) < 8:
            drawn = [draw_document([data.draw_kind(rng)], rng) for _ in range(8)]
            pool += [(truth, Drawings(truth)) for truth in drawn] * data.readings
            rng.shuffle(pool)
        truth, drawings = pool.pop()
        read = read_document(truth, rng, noise=data.noise, drawings=drawings)
        if read is not None:
            yield read


def samples(data: DataConfig, rng: random.Random) -> Iterator[tuple[Sample, ...]]:
    """Samples for ever, the same for the same state of ``rng``; questions in groups of up to
    ``data.questions`` on one view of a document."""
    for read in documents(data, rng):
        for _ in range(data.samples):
            sample = make_sample(read, rng, data.asked)
            if sample is None:
                continue
            if sample.task == "ask" and data.questions > 1:
                yield ask_samples(read, rng, data.asked, rng.randint(1, data.questions)) or (
                    sample,
                )
            else:
                yield (sample,)


def encoded_samples(
    processor: Any, data: DataConfig, rng: random.Random, longest: Callable[[], int]
) -> Iterator[Encoded]:
    """Encoded samples of at most as many tokens as ``longest`` says at the time, for ever."""
    for group in samples(data, rng):
        made = encode_turns(processor, group)
        if len(made.ids) <= longest():
            yield made


def batches(
    stream: Iterator[Encoded], rng: random.Random, tokens: int, pad: int, around: int = ROUND
) -> Iterator[Batch]:
    """Batches of samples of similar length, at most ``tokens`` with padding (or one sample).
    around: samples that are sorted by length at a time."""
    while True:
        sorted_ones = sorted((next(stream) for _ in range(around)), key=lambda e: len(e.ids))
        groups: list[list[Encoded]] = [[]]
        for one in sorted_ones:
            if groups[-1] and (len(groups[-1]) + 1) * len(one.ids) > tokens:
                groups.append([])
            groups[-1].append(one)
        rng.shuffle(groups)
        for group in groups:
            yield pad_batch(group, pad)


def pad_batch(group: Sequence[Encoded], pad: int) -> Batch:
    """ids, labels (b, n), and pixels (pictures, side, side) where there are pictures."""
    longest = max(len(e.ids) for e in group)
    ids = np.full((len(group), longest), pad, np.int64)
    labels = np.full((len(group), longest), IGNORED, np.int64)
    for row, one in enumerate(group):
        ids[row, : len(one.ids)] = one.ids
        for start, end in one.answers or ((one.start, len(one.ids)),):
            labels[row, start:end] = one.ids[start:end]
    batch: Batch = {"ids": ids, "labels": labels}
    shown = [one.pixels for one in group if one.pixels is not None]
    if shown:
        batch["pixels"] = np.concatenate(shown)
    return batch

"""Windows of noisy pages with queries, as arrays and batches the network takes."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from docagent.reader.features import (
    PageFeatures,
    QueryFeatures,
    page_to_features,
    query_to_features,
    stack_queries,
)
from docagent.reader.matching import MATCHES, match_features
from docagent.reader.wordpiece import WordPiece
from finetune.reader.data import Target, draw_pairs
from finetune.reader.noise import CleanPage, CleanQuery, ReadPage

WINDOW_TOKENS = (254, 254, 254, 382)
"""Pieces of a window, one of which is drawn: short ones cost less than half of long ones."""
BATCH_TOKENS = 1536
QUERIES = 10

Batch = dict[str, NDArray[np.generic]]
INPUTS = (
    *("tokens", "word_of", "features", "layout", "lines", "mask"),
    *("queries", "multiple", "matches"),
)
"""Arrays of a batch that the network takes, in its order."""


@dataclass(frozen=True)
class Sample:
    """A window with some queries and what to answer."""

    page: PageFeatures
    queries: tuple[QueryFeatures, ...]
    targets: tuple[Target, ...]
    asked: tuple[CleanQuery, ...] = ()
    texts: tuple[str, ...] = ()


def to_tensors(batch: Batch) -> dict[str, torch.Tensor]:
    """Arrays as tensors."""
    return {name: torch.from_numpy(array) for name, array in batch.items()}


def make_sample(
    page: CleanPage,
    rng: random.Random,
    vocabulary: WordPiece,
    most: int = QUERIES,
    held_out: bool = False,
) -> Sample | None:
    """A noisy reading of the page with up to ``most`` queries; None if nothing can be asked."""
    drawn = draw_pairs(page, rng, held_out)
    if drawn is None:
        return None
    read, pairs = drawn
    return _cut(read, pairs[:most], rng, vocabulary)


def _cut(
    read: ReadPage,
    pairs: list[tuple[CleanQuery, Target]],
    rng: random.Random,
    vocabulary: WordPiece,
) -> Sample:
    lengths = [len(vocabulary.pieces(word.text)) for word in read.words]
    first, end = _window(lengths, rng, [s for _, t in pairs for s in t.spans])
    words = read.words[first:end]
    scale = (read.width, read.height, read.width, read.height)
    features = page_to_features(
        [w.text for w in words],
        [tuple(v / s for v, s in zip(w.box, scale, strict=True)) for w in words],  # type: ignore[misc]
        read.lines[first:end],
        (read.width, read.height),
        vocabulary,
    )
    kept = [(q, t) for q, t in pairs if not _is_cut_through(t, first, end)] or pairs[:1]
    targets = tuple(
        Target(
            tuple((s - first, e - first) for s, e in t.spans if first <= s and e < end),
            t.tags[first:end],
        )
        for _, t in kept
    )
    return Sample(
        features,
        tuple(query_to_features(q.text, q.multiple, vocabulary) for q, _ in kept),
        targets,
        tuple(q for q, _ in kept),
        tuple(w.text for w in words),
    )


def _window(
    lengths: Sequence[int], rng: random.Random, spans: Sequence[tuple[int, int]]
) -> tuple[int, int]:
    """Words first to end (exclusive) that fit into a window, mostly one that has an answer."""
    room = rng.choice(WINDOW_TOKENS)
    if sum(lengths) <= room:
        return 0, len(lengths)
    start = rng.randrange(len(lengths))
    if spans and rng.random() < 0.8:
        start = max(0, rng.choice(spans)[0] - rng.randrange(1, 120))
    first = end = start
    total = 0
    while end < len(lengths) and total + lengths[end] <= room:
        total += lengths[end]
        end += 1
    while end == len(lengths) and first > 0 and total + lengths[first - 1] <= room:
        first -= 1
        total += lengths[first]
    return first, end


def _is_cut_through(target: Target, first: int, end: int) -> bool:
    """Whether a window's edge goes through an answer: it is neither there nor absent."""
    return any(s < first <= e or s < end <= e for s, e in target.spans)


def stack_pages(pages: Sequence[PageFeatures]) -> dict[str, NDArray[np.generic]]:
    """Pages padded to the longest: tokens and word_of (b, t), features, layout and lines (b, n)
    and mask (b, n)."""
    tokens = max(len(p.tokens) for p in pages)
    words = max(len(p.lines) for p in pages)

    def padded(arrays: Sequence[NDArray[np.generic]], longest: int) -> NDArray[np.generic]:
        out = np.zeros((len(arrays), longest, *arrays[0].shape[1:]), arrays[0].dtype)
        for row, array in zip(out, arrays, strict=True):
            row[: len(array)] = array
        return out

    by_token = ("tokens", "word_of")
    out = {name: padded([getattr(p, name) for p in pages], tokens) for name in by_token}
    out |= {
        name: padded([getattr(p, name) for p in pages], words)
        for name in ("features", "layout", "lines")
    }
    out["mask"] = padded([np.ones(len(p.lines), np.float32) for p in pages], words)
    return out


def make_batch(samples: Sequence[Sample]) -> dict[str, NDArray[np.generic]]:
    """Arrays of the network's inputs with ``spans`` (k, 4) and ``tags`` (b, q, n). Pages with
    fewer queries than the most repeat theirs."""
    count = max(len(s.queries) for s in samples)
    batch = stack_pages([s.page for s in samples])
    n = batch["mask"].shape[1]
    chosen = [[i % len(s.queries) for i in range(count)] for s in samples]
    queries, multiple = stack_queries(
        [s.queries[i] for s, row in zip(samples, chosen, strict=True) for i in row]
    )
    batch["queries"] = queries.reshape(len(samples), count, -1)
    batch["multiple"] = multiple.reshape(len(samples), count)
    batch["matches"] = np.zeros((len(samples), count, n, MATCHES), np.float32)
    tags = np.full((len(samples), count, n), -1, np.int64)
    spans = []
    for b, (sample, row) in enumerate(zip(samples, chosen, strict=True)):
        for q, i in enumerate(row):
            target, query, words = sample.targets[i], sample.queries[i], sample.page.words
            batch["matches"][b, q, : len(words)] = match_features(words, query.name, query.rest)
            tags[b, q, : len(target.tags)] = target.tags
            spans += [(b, q, start, end) for start, end in target.spans]
    batch["tags"] = tags
    batch["spans"] = np.array(spans, np.int64).reshape(-1, 4)
    return batch


def batches(
    samples: list[Sample], rng: random.Random, room: int = BATCH_TOKENS
) -> Iterator[dict[str, NDArray[np.generic]]]:
    """Batches of some samples, those of similar length together; ``room``: padded pieces."""
    samples = sorted(samples, key=lambda s: (len(s.page.tokens), len(s.queries)))
    groups: list[list[Sample]] = [[]]
    for sample in samples:
        if groups[-1] and (len(groups[-1]) + 1) * len(sample.page.tokens) > room:
            groups.append([])
        groups[-1].append(sample)
    groups = [group for group in groups if group]
    rng.shuffle(groups)
    for group in groups:
        yield make_batch(group)

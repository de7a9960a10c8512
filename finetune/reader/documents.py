"""Endless batches from synthetic documents, for the reader's training."""

from __future__ import annotations

import random
from collections.abc import Iterator

from finetune.reader.data import CleanPage, batches, document_to_pages
from finetune.reader.tensors import Batch
from finetune.synthesis.documents import KINDS, generate

WEIGHTS = {
    "receipt": 6.0,
    "invoice": 3.5,
    "form": 4.0,
    "nda": 2.5,
    "contract": 2.0,
    "memo": 0.5,
    "letter": 0.5,
    "report": 0.5,
}
"""How often a kind comes up against 1 for the others."""
REUSE = 3
"""Times that a document is used, each time with new noise and other queries."""
ROUND = 96
"""Pages that batches are made of at a time."""


def make_pages(rng: random.Random, count: int) -> list[CleanPage]:
    """Pages of new documents of all kinds, at least ``count``."""
    kinds, weights = list(KINDS), [WEIGHTS.get(k, 1.0) for k in KINDS]
    pages: list[CleanPage] = []
    while len(pages) < count:
        try:
            pages += document_to_pages(generate(rng.choices(kinds, weights)[0], rng))
        except RuntimeError:  # no layout without overlaps was found: draw another document
            continue
    return pages


def document_batches(seed: int) -> Iterator[Batch]:
    """Batches for ever; every document is used REUSE times."""
    rng = random.Random(seed)
    pool = make_pages(rng, ROUND * REUSE)
    while True:
        pool = pool[ROUND // REUSE :] + make_pages(rng, ROUND // REUSE)
        yield from batches(rng.sample(pool, min(ROUND, len(pool))), rng)

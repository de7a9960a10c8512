"""What the reader trains on: a mixture of synthetic documents and real ones.

    python -m finetune.reader mixture --output runs/reader_pages.pkl

writes the pages of the PDFs once, so that training need not parse them.
"""

from __future__ import annotations

import argparse
import pickle
import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Protocol

from docagent import DocAgent
from docagent.geometry import polygon_to_bbox
from docagent.reader.wordpiece import WordPiece
from eval.datasets import data_dir
from finetune.reader import page_data, text_data
from finetune.reader.contract_queries import CONTRACT_QUERIES
from finetune.reader.data import document_to_pages
from finetune.reader.noise import CleanPage, CleanQuery
from finetune.reader.windows import Sample, make_sample
from finetune.synthesis.documents import KINDS, generate


class Source(Protocol):
    """Anything pages with queries can be drawn from."""

    def draw(self, rng: random.Random) -> CleanPage:
        """A page."""
        ...


SHARES = {
    "synthetic": 0.42,
    "contracts": 0.32,
    "stories": 0.05,
    "articles": 0.02,
    "reports": 0.05,
    "receipts": 0.07,
    "broadcasts": 0.07,
}
"""How often each source is drawn from."""
KIND_WEIGHTS = {
    "receipt": 4.0,
    "invoice": 5.0,
    "form": 6.0,
    "nda": 2.5,
    "contract": 2.0,
    "memo": 0.7,
    "letter": 0.7,
    "report": 0.7,
}
"""How often a synthetic kind comes up against 1 for the others."""
POOL = 240
"""Synthetic pages kept; each is drawn about REUSE times, with new noise and queries."""
REUSE = 3
FOREIGN_SHARE = 0.5
"""Share of pages that are also asked for something of another kind of document."""


class SyntheticSource:
    """Pages of generated documents, made anew all the time."""

    def __init__(self, rng: random.Random) -> None:
        self._waiting: list[CleanPage] = []
        self._pool: list[CleanPage] = []
        self._draws = 0
        while len(self._pool) < POOL:
            self._pool.append(self._new(rng))

    def draw(self, rng: random.Random) -> CleanPage:
        """Any page of the pool, of which one is replaced every REUSE draws."""
        self._draws += 1
        if self._draws % REUSE == 0:
            self._pool[rng.randrange(POOL)] = self._new(rng)
        return rng.choice(self._pool)

    def _new(self, rng: random.Random) -> CleanPage:
        kinds, weights = list(KINDS), [KIND_WEIGHTS.get(k, 1.0) for k in KINDS]
        while not self._waiting:
            try:
                self._waiting = document_to_pages(generate(rng.choices(kinds, weights)[0], rng))
            except RuntimeError:  # no layout without overlaps was found: draw another document
                continue
        return self._waiting.pop()


def pdf_pages(agent: DocAgent, path: Path) -> Sequence[CleanPage]:
    """Words of the pages of a PDF."""
    pages = []
    for page in agent.read(path).pages:
        words = [word for line in page.lines for word in line.words]
        size = (page.width, page.height, page.width, page.height)
        boxes = [
            tuple(v * s for v, s in zip(polygon_to_bbox(w.polygon), size, strict=True))
            for w in words
        ]
        texts = tuple(w.text for w in words)
        pages.append(CleanPage("broadcast", page.width, page.height, texts, tuple(boxes), ()))  # type: ignore[arg-type]
    return pages


def load_sources(validation: bool, pdfs: Path) -> dict[str, Source]:
    """All real sources of a split; pdfs: pages written by this module's command."""
    with pdfs.open("rb") as file:
        known: dict[str, Sequence[CleanPage]] = pickle.load(file)
    return {
        "contracts": text_data.contracts(validation),
        "stories": text_data.stories(validation),
        "articles": text_data.articles(validation),
        "reports": page_data.annual_reports(validation),
        "receipts": page_data.receipts(validation),
        "broadcasts": page_data.broadcasts(validation, lambda path: known.get(path.name, ())),
    }


def samples(
    sources: dict[str, Source], rng: random.Random, vocabulary: WordPiece, held_out: bool = False
) -> Iterator[Sample]:
    """Samples of the mixture without end."""
    names, weights = list(sources), [SHARES[name] for name in sources]
    while True:
        page = sources[rng.choices(names, weights)[0]].draw(rng)
        if rng.random() < FOREIGN_SHARE and page.kind not in ("contract", "nda", "text"):
            page = replace(page, queries=_with_foreign(page.queries, rng))
        sample = make_sample(page, rng, vocabulary, held_out=held_out)
        if sample is not None:
            yield sample


def _with_foreign(queries: Sequence[CleanQuery], rng: random.Random) -> tuple[CleanQuery, ...]:
    """Some of the queries and one or two that only a contract answers."""
    some = rng.sample(list(queries), min(len(queries), 4))
    wordings = CONTRACT_QUERIES[rng.choice(FOREIGN_FIELDS)]
    return (*some, CleanQuery(rng.choice(wordings), False, "", ()))


FOREIGN_FIELDS = [
    name for name in CONTRACT_QUERIES if name not in ("Document Name", "Parties", "Agreement Date")
]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else "")
    parser.add_argument("--output", type=Path, default=Path("runs/reader_pages.pkl"))
    args = parser.parse_args()
    agent = DocAgent()
    read = partial(pdf_pages, agent)
    folder = data_dir() / "tv-ads" / "train"
    pages = {path.name: read(path) for path in sorted(folder.glob("*.pdf"))}
    args.output.parent.mkdir(parents=True, exist_ok=True)
    args.output.write_bytes(pickle.dumps(pages))
    print(len(pages), "PDFs,", sum(map(len, pages.values())), "pages in", args.output)

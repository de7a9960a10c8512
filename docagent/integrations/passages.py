"""Passages of documents for retrieval: a few lines of a page with their place, ranked by BM25."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from docagent.document import Document, Line
from docagent.forking import cached_property
from docagent.geometry import BBox, polygon_to_bbox, union_bbox
from docagent.text.tokens import content_words, index_terms, tokens

LINES = 12
"""Lines of a passage."""
SHARED_LINES = 2
"""Lines at the end of a passage that the next one has too."""


@dataclass(frozen=True)
class Passage:
    """Lines that follow each other on a page. bbox: left, top, right, bottom around them, 0-1.
    confidence: the lowest of the lines, None for a native text layer."""

    document: Document
    page: int
    text: str
    bbox: BBox
    confidence: float | None


def document_to_passages(document: Document, lines: int = LINES) -> tuple[Passage, ...]:
    """The passages of a document, in reading order; every line is in one at least."""
    step = max(1, lines - SHARED_LINES)
    found: list[Passage] = []
    for page in document.pages:
        written = [line for line in page.lines if line.words]
        for start in range(0, len(written), step):
            if start and start + SHARED_LINES >= len(written):
                break  # all of it is in the passage before
            found.append(_passage(document, page.number, written[start : start + lines]))
    return tuple(found)


def _passage(document: Document, page: int, lines: Sequence[Line]) -> Passage:
    sure = [line.confidence for line in lines if line.confidence is not None]
    box = union_bbox(polygon_to_bbox(line.polygon) for line in lines)
    text = "\n".join(line.text for line in lines)
    return Passage(document, page, text, box, min(sure, default=None))


class PassageIndex:
    """Passages that can be searched by words."""

    def __init__(self, passages: Sequence[Passage]) -> None:
        self.passages = tuple(passages)

    def find(self, query: str, count: int) -> list[tuple[Passage, float]]:
        """The passages that fit a query best, with their scores, best first, at most ``count``;
        those without any of its words come last."""
        terms = index_terms(content_words(query) or tokens(query))
        if not terms or not self.passages:
            scores = np.zeros(len(self.passages))
        else:
            scores = np.asarray(self._bm25.get_scores(terms), dtype=np.float64)
        order = np.argsort(-scores, kind="stable")[:count]
        return [(self.passages[place], float(scores[place])) for place in order]

    @cached_property
    def _bm25(self) -> Any:
        import bm25s  # takes a tenth of a second

        # At import it sets its own logger to DEBUG, whatever the application has chosen.
        logging.getLogger(bm25s.__name__).setLevel(logging.WARNING)
        index = bm25s.BM25(method="lucene")
        corpus = [index_terms(tokens(passage.text)) or ["-"] for passage in self.passages]
        index.index(corpus, show_progress=False)
        return index

"""The embedded reader: a small layout-aware transformer that points at words.

Trained by ``finetune.reader``; run by ONNX Runtime on the CPU.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from docagent.document import Document, Page
from docagent.geometry import polygon_to_bbox
from docagent.models import MODELS, Network, map_side_by_side
from docagent.reader.config import read_reader_file
from docagent.reader.decoding import WindowOutput, decode
from docagent.reader.features import (
    BUCKETS,
    PageFeatures,
    page_to_features,
    query_to_features,
    stack_queries,
)
from docagent.reader.types import Query, Reading
from docagent.settings import Settings
from docagent.usage import stage

WINDOW = 448
"""Words the network sees at once; longer pages are read in windows."""
OVERLAP = 96
QUERIES_AT_ONCE = 24

Arrays = dict[str, NDArray[np.generic]]


class EmbeddedReader:
    """Answers queries with spans of words, and says how likely there is no answer.

    Raises ModelError when the weights (reader.onnx, reader.json) cannot be used.
    """

    def __init__(self, settings: Settings | None = None) -> None:
        settings = settings or Settings()
        folder = settings.weights_dir or Path(__file__).parent.parent / "weights"
        file = MODELS.get(read_reader_file, folder / "reader.json")
        file.check_inputs(BUCKETS, "n-gram rows")
        self.temperatures = file.temperatures
        self._threads = settings.threads or os.cpu_count() or 1
        # One thread each: with more, the last digits of a short page's scores are others.
        self._network = Network(folder / "reader.onnx", threads=1)

    @stage("reader", len)
    def read(self, document: Document, queries: Sequence[Query]) -> list[Reading]:
        """One reading per query. Without words, every query is absent."""
        if not queries:
            return []
        windows = list(document_to_windows(document))
        features = [query_to_features(q.text, q.multiple) for q in queries]
        starts = range(0, len(queries), QUERIES_AT_ONCE)
        asked = {n: stack_queries(features[n : n + QUERIES_AT_ONCE]) for n in starts}
        runs = [(n, first, page) for n in starts for first, page in windows]
        found = map_side_by_side(lambda run: self._run(run[2], asked[run[0]]), runs, self._threads)
        outputs: list[list[WindowOutput]] = [[] for _ in queries]
        for (start, first, _), (points, absent) in zip(runs, found, strict=True):
            for i in range(len(absent)):
                outputs[start + i].append(WindowOutput(first, points[i], float(absent[i])))
        texts = [location.word.text for location in document.words]
        return [
            decode(query, output, self.temperatures, texts)
            for query, output in zip(queries, outputs, strict=True)
        ]

    def _run(
        self, page: PageFeatures, asked: Arrays
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Points (q, n, 5) and "not present" logits (q,) of one window."""
        inputs: Arrays = {
            "grams": page.grams,
            "looks": page.looks,
            "boxes": page.boxes,
            "layout": page.layout,
            "lines": page.lines,
            "mask": np.ones(len(page.lines), np.float32),
            **asked,
        }
        points, absent = self._network.run({k: v[None] for k, v in inputs.items()})
        return points[0], absent[0]


def document_to_windows(document: Document) -> Iterator[tuple[int, PageFeatures]]:
    """(index of the first word in ``Document.words``, features) of each window of each page."""
    before = 0
    for page in document.pages:
        count = sum(len(line.words) for line in page.lines)
        if count:
            features = document_page_to_features(page)
            for start in _window_starts(count):
                yield before + start, features.window(start, min(count, start + WINDOW))
        before += count


def document_page_to_features(page: Page) -> PageFeatures:
    """All words of a page that has some."""
    texts, boxes, lines = [], [], []
    for index, line in enumerate(page.lines):
        for word in line.words:
            texts.append(word.text)
            boxes.append(polygon_to_bbox(word.polygon))
            lines.append(index)
    return page_to_features(texts, boxes, lines, max(1, page.width), max(1, page.height))


def _window_starts(count: int) -> list[int]:
    if count <= WINDOW:
        return [0]
    step = WINDOW - OVERLAP
    starts = list(range(0, count - WINDOW, step))
    return [*starts, count - WINDOW]

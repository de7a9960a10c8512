"""A reader on a pretrained encoder: a layout-aware transformer that points at words.

Trained by ``finetune.reader``; run by ONNX Runtime on the CPU, in four graphs: the
layout of a window as attention biases, the encoder that reads a window or a query, the upper
layers over a window's words, and the pointer that reads queries beside a window. A window is
encoded once for all queries, a query once for all windows.
"""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from docagent.document import Document, Page
from docagent.forking import ForkLock
from docagent.geometry import polygon_to_bbox
from docagent.models import MODELS, Network, map_side_by_side
from docagent.reader.config import read_reader_file
from docagent.reader.decoding import WindowOutput, decode
from docagent.reader.features import (
    FEATURES,
    PageFeatures,
    QueryFeatures,
    page_to_features,
    query_to_features,
)
from docagent.reader.matching import MATCHES, match_features
from docagent.reader.types import Query, Reader, Reading
from docagent.reader.wordpiece import WordPiece
from docagent.settings import Settings
from docagent.usage import stage

SHIPPED = Path(__file__).parent.parent / "weights"
WINDOW_TOKENS = 382
"""Pieces the network sees at once; longer pages are read in windows that overlap."""
OVERLAP_WORDS = 60
MAX_ENCODED_WINDOWS = 96
"""Encoded windows kept for the next queries on the same document, at most 2.5 MB each."""
MAX_ENCODED_QUERIES = 2000

Floats = NDArray[np.float32]
Inputs = dict[str, NDArray[Any]]


@dataclass(frozen=True)
class EncodedWindow:
    """A window of n words ready for queries. ids: of its words (n,), see ``matching``. arrays: the
    page's inputs of the pointer by name."""

    ids: NDArray[np.int64]
    arrays: Inputs

    def packed(self) -> EncodedWindow:
        """In half the memory."""
        return EncodedWindow(self.ids, {k: v.astype(np.float16) for k, v in self.arrays.items()})

    def ready(self) -> EncodedWindow:
        """As the pointer takes it."""
        return EncodedWindow(self.ids, {k: v.astype(np.float32) for k, v in self.arrays.items()})


@dataclass(frozen=True)
class EncodedQuery:
    """A query ready for windows: hidden (t, width), and its features."""

    hidden: Floats
    features: QueryFeatures


class EmbeddedReader:
    """Answers queries with spans of words, and says how likely there is no answer.

    Raises ModelError when the weights (reader_*.onnx, reader.json, reader_vocabulary.txt) cannot
    be used.
    """

    def __init__(self, folder: Path = SHIPPED, threads: int | None = None) -> None:
        """folder: of the weights. threads: by default as many as there are processors."""
        file = MODELS.get(read_reader_file, folder / "reader.json")
        file.check_features(FEATURES + MATCHES)
        self.temperatures = file.temperatures
        self.vocabulary = MODELS.get(WordPiece, folder / "reader_vocabulary.txt")
        self._threads = threads or os.cpu_count() or 1
        # One thread each: with more, the last digits of scores depend on their number.
        self._layout, self._encoder, self._words, self._pointer = (
            Network(folder / f"reader_{part}.onnx", threads=1)
            for part in ("layout", "encoder", "words", "pointer")
        )
        self._windows: OrderedDict[bytes, EncodedWindow] = OrderedDict()
        self._queries: OrderedDict[Query, EncodedQuery] = OrderedDict()
        self._lock = ForkLock()
        self._made = partial(EmbeddedReader, folder, threads)

    @stage("reader", len)
    def read(self, document: Document, queries: Sequence[Query]) -> list[Reading]:
        """One reading per query. Without words, every query is absent."""
        if not queries:
            return []
        asked = self._asked(queries)
        windows = list(document_to_windows(document, self.vocabulary))

        def point(features: PageFeatures) -> list[tuple[Floats, float]]:
            window = self._window(features).ready()
            return [self._point(window, query) for query in asked]

        found = map_side_by_side(lambda window: point(window[1]), windows, self._threads)
        outputs: list[list[WindowOutput]] = [[] for _ in queries]
        for (first, _), results in zip(windows, found, strict=True):
            for output, (points, absent) in zip(outputs, results, strict=True):
                output.append(WindowOutput(first, points, absent))
        texts = [location.word.text for location in document.words]
        return [
            decode(query, output, self.temperatures, texts)
            for query, output in zip(queries, outputs, strict=True)
        ]

    def _window(self, features: PageFeatures) -> EncodedWindow:
        """A window that was encoded for an earlier query is taken from memory."""
        key = features.digest()
        with self._lock:
            known = self._windows.get(key)
        window = known or self._encode(features)
        with self._lock:
            self._windows[key] = window
            self._windows.move_to_end(key)
            while len(self._windows) > MAX_ENCODED_WINDOWS:
                self._windows.popitem(last=False)
        return window

    def _encode(self, page: PageFeatures) -> EncodedWindow:
        bias, near = self._layout.run({"layout": page.layout, "lines": page.lines})
        inputs: Inputs = {
            "tokens": page.tokens[None],
            "features": page.features[page.word_of][None],
            "bias": bias[:, page.word_of[:, None], page.word_of[None, :]][None],
        }
        (hidden,) = self._encoder.run(inputs)
        starts = np.flatnonzero(np.diff(page.word_of, prepend=-1))
        sums = np.add.reduceat(hidden[0], starts, axis=0)
        counts = np.diff(starts, append=len(page.word_of))[:, None]
        words = (sums / counts).astype(np.float32)
        parts = self._words.run({"words": words, "bias": bias})
        arrays: Inputs = {f"page{number}": part for number, part in enumerate(parts)}
        return EncodedWindow(page.words, arrays | {"near": near}).packed()

    def _asked(self, queries: Sequence[Query]) -> list[EncodedQuery]:
        """Queries that were encoded before are taken from memory."""
        with self._lock:
            known = {q: self._queries[q] for q in queries if q in self._queries}
        missing = [query for query in dict.fromkeys(queries) if query not in known]
        made = {query: self._encode_query(query) for query in missing}
        with self._lock:
            self._queries |= made
            while len(self._queries) > MAX_ENCODED_QUERIES:
                self._queries.popitem(last=False)
        return [(known | made)[query] for query in queries]

    def _encode_query(self, query: Query) -> EncodedQuery:
        features = query_to_features(query.text, query.multiple, self.vocabulary)
        count = len(features.tokens)
        inputs: Inputs = {
            "tokens": features.tokens[None],
            "features": np.zeros((1, count, FEATURES), np.float32),
            "bias": np.zeros((1, 1, 1, count), np.float32),
        }
        (hidden,) = self._encoder.run(inputs)
        return EncodedQuery(hidden[0], features)

    def _point(self, window: EncodedWindow, query: EncodedQuery) -> tuple[Floats, float]:
        """Points (n, 5) and the "not present" logit. One query at a time: activations are
        quantised by their range, which other queries would change."""
        features = query.features
        inputs: Inputs = {
            **window.arrays,
            "query": query.hidden,
            "multiple": np.array(features.multiple, np.int64),
            "matches": match_features(window.ids, features.name, features.rest),
        }
        points, absent = self._pointer.run(inputs)
        return points, float(absent)

    def __reduce__(self) -> tuple[partial[EmbeddedReader], tuple[()]]:
        return self._made, ()


def load_reader(settings: Settings) -> Reader:
    """The reader of ``settings.weights_dir``, or the shipped one; one for all agents of a process,
    which so share what it has encoded. Raises ModelError."""
    return MODELS.get(EmbeddedReader, settings.weights_dir or SHIPPED, settings.threads)


def document_to_windows(
    document: Document, vocabulary: WordPiece
) -> Iterator[tuple[int, PageFeatures]]:
    """(index of the first word in ``Document.words``, features) of each window of each page."""
    before = 0
    for page in document.pages:
        count = sum(len(line.words) for line in page.lines)
        if count:
            features = document_page_to_features(page, vocabulary)
            for start, end in window_bounds(np.bincount(features.word_of, minlength=count)):
                yield before + start, features.window(start, end)
        before += count


def document_page_to_features(page: Page, vocabulary: WordPiece) -> PageFeatures:
    """All words of a page that has some."""
    texts, boxes, lines = [], [], []
    for index, line in enumerate(page.lines):
        for word in line.words:
            texts.append(word.text)
            boxes.append(polygon_to_bbox(word.polygon))
            lines.append(index)
    size = (max(1, page.width), max(1, page.height))
    return page_to_features(texts, boxes, lines, size, vocabulary)


def window_bounds(pieces: NDArray[np.int64]) -> list[tuple[int, int]]:
    """Word ranges (end exclusive) of windows of at most WINDOW_TOKENS pieces; the last one is
    moved back so that it is as full as the others. pieces: of each word."""
    ends = np.cumsum(pieces)
    bounds: list[tuple[int, int]] = []
    start = 0
    while True:
        before = int(ends[start - 1]) if start else 0
        end = max(start + 1, int(np.searchsorted(ends, before + WINDOW_TOKENS, side="right")))
        if end >= len(pieces):
            first = int(np.searchsorted(ends, ends[-1] - WINDOW_TOKENS, side="left"))
            first = min(start, first + 1) if ends[-1] > WINDOW_TOKENS else 0
            return [*bounds, (first, len(pieces))]
        bounds.append((start, end))
        start = max(start + 1, end - OVERLAP_WORDS)

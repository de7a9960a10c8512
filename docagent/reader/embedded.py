"""A reader on a pretrained encoder: a layout-aware transformer that points at words.

Trained by ``finetune.reader``; run by ONNX Runtime on the CPU, in four graphs: the
layout of a window as attention biases, the encoder that reads a window or a query, the upper
layers over a window's words, and the pointer that reads queries beside a window. A window is
encoded once for all queries, a query once for all windows. Of a wide schema each query is pointed
at in some windows of a long document only (``window_choice``).
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
from docagent.reader.window_choice import chosen_windows, likenesses, units, window_count
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
MAX_QUERIES = 16
"""Queries that are pointed at together."""

Floats = NDArray[np.float32]
Inputs = dict[str, NDArray[Any]]


@dataclass(frozen=True)
class EncodedWindow:
    """A window of n words ready for queries. ids: of its words (n,), see ``matching``. arrays: the
    page's inputs of the pointer by name; ``page0``: its words as units (n, width)."""

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
    """A query ready for windows: hidden (t, width), the units of its pieces, and its features."""

    hidden: Floats
    units: Floats
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
        chosen = self._chosen([features for _, features in windows], asked)

        def point(number: int) -> list[WindowOutput]:
            first, features = windows[number]
            window = self._window(features).ready()
            return self._point(first, window, [asked[place] for place in chosen[number]])

        # Backwards: of more windows than are kept, those encoded last are still there.
        backwards = range(len(windows) - 1, -1, -1)
        found = map_side_by_side(point, backwards, self._threads)
        outputs: list[list[WindowOutput]] = [[] for _ in queries]
        for number, results in zip(backwards, found, strict=True):
            for place, output in zip(chosen[number], results, strict=True):
                outputs[place].insert(0, output)
        texts = [location.word.text for location in document.words]
        return [
            decode(query, output, self.temperatures, texts)
            for query, output in zip(queries, outputs, strict=True)
        ]

    def _chosen(
        self, windows: Sequence[PageFeatures], asked: Sequence[EncodedQuery]
    ) -> list[list[int]]:
        """Places of the queries to point at in each window."""
        multiple = [query.features.multiple for query in asked]
        count = window_count(len(windows), multiple)
        if count == len(windows):
            return [list(range(len(asked)))] * len(windows)

        pieces = [query.units for query in asked]

        def compared(features: PageFeatures) -> Floats:
            window = self._window(features)
            matches = (_matches(window, query) for query in asked)
            printed = np.array([m[:, 1].max() + m[:, 3].max() for m in matches], np.float32)
            return likenesses(window.arrays["page0"].astype(np.float32), pieces, printed)

        found = list(map_side_by_side(compared, windows, self._threads))
        return chosen_windows(np.stack(found), multiple, count)

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
        return EncodedQuery(hidden[0], units(hidden[0]), features)

    def _point(
        self, first: int, window: EncodedWindow, queries: Sequence[EncodedQuery]
    ) -> list[WindowOutput]:
        """The output of each query. first: index of the window's first word."""
        by_length: dict[int, list[int]] = {}
        for place, query in enumerate(queries):
            by_length.setdefault(len(query.hidden), []).append(place)
        found: dict[int, WindowOutput] = {}
        for same in by_length.values():
            for start in range(0, len(same), MAX_QUERIES):
                places = same[start : start + MAX_QUERIES]
                points, absent = self._point_group(window, [queries[place] for place in places])
                for row, place in enumerate(places):
                    found[place] = WindowOutput(first, points[row], float(absent[row]))
        return [found[place] for place in range(len(queries))]

    def _point_group(
        self, window: EncodedWindow, queries: Sequence[EncodedQuery]
    ) -> tuple[Floats, Floats]:
        """Points (q, n, 5) and "not present" logits (q,) of queries of one length: padding would
        change the last digits, what is beside a query does not."""
        multiple = [query.features.multiple for query in queries]
        inputs: Inputs = {
            **window.arrays,
            "query": np.stack([query.hidden for query in queries]),
            "multiple": np.array(multiple, np.int64),
            "matches": np.stack([_matches(window, query) for query in queries]),
        }
        points, absent = self._pointer.run(inputs)
        return points, absent

    def __reduce__(self) -> tuple[partial[EmbeddedReader], tuple[()]]:
        return self._made, ()


def _matches(window: EncodedWindow, query: EncodedQuery) -> Floats:
    return match_features(window.ids, query.features.name, query.features.rest)


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

"""Readings of some pages of a document, kept for the next questions about it.

A long document is read page by page, and only the pages that a question needs. The probabilities of
pages read apart are combined as the reader combines those of its windows: all of them share one
distribution with "not present".
"""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from docagent.document import Document, Page
from docagent.forking import ForkLock
from docagent.models import map_side_by_side
from docagent.reader.decoding import CANDIDATES
from docagent.reader.types import PointedSpan, Query, Reader, Reading

MAX_WHOLE_PAGES = 6
"""Pages of a document that is always read whole."""
MAX_KEPT = 512
"""Pages, or short documents, whose readings are kept."""
MIN_ABSENT = 1e-12
"""Probabilities of absence are not taken for lower, so that their odds are finite."""


@dataclass
class _Unit:
    """Pages that are read at once, and what was read of them."""

    pages: tuple[Page, ...]
    readings: dict[Query, Reading] = field(default_factory=dict)


class PageReader:
    """A reader that keeps what it has read, and can read some pages of a document alone."""

    def __init__(self, reader: Reader, threads: int = 0) -> None:
        """reader: what reads, an attribute as well. threads: pages that are read side by side; 0
        for one a core."""
        self.reader = reader
        self._threads = threads or os.cpu_count() or 1
        self._kept: OrderedDict[tuple[int, ...], _Unit] = OrderedDict()
        self._lock = ForkLock()

    def read(self, document: Document, queries: Sequence[Query]) -> list[Reading]:
        """One reading per query, of all pages."""
        return self.read_pages(document, queries, {page.number for page in document.pages})

    def read_pages(
        self, document: Document, queries: Sequence[Query], numbers: Collection[int]
    ) -> list[Reading]:
        """One reading per query, of the pages with some numbers, from 1; of a short document of
        all pages. Spans are words of the whole document."""
        if len(document.pages) <= MAX_WHOLE_PAGES:
            return self._read(document.pages, document, queries)
        firsts = _first_words(document)
        chosen = [page for page in document.pages if page.number in numbers]
        read = list(
            map_side_by_side(
                lambda page: self._read((page,), _alone(document, page), queries),
                chosen,
                self._threads,
            )
        )
        starts = [firsts[page.number] for page in chosen]
        texts = [location.word.text for location in document.words]
        return [
            combine_readings(query, [readings[n] for readings in read], starts, texts)
            for n, query in enumerate(queries)
        ]

    def _read(
        self, pages: tuple[Page, ...], document: Document, queries: Sequence[Query]
    ) -> list[Reading]:
        unit = self._unit(pages)
        missing = list(dict.fromkeys(q for q in queries if q not in unit.readings))
        if missing:
            unit.readings.update(zip(missing, self.reader.read(document, missing), strict=True))
        return [unit.readings[query] for query in queries]

    def _unit(self, pages: tuple[Page, ...]) -> _Unit:
        # The unit holds its pages, so that their ids are not given to others.
        key = tuple(map(id, pages))
        with self._lock:
            unit = self._kept.setdefault(key, _Unit(pages))
            self._kept.move_to_end(key)
            while len(self._kept) > MAX_KEPT:
                self._kept.popitem(last=False)
        return unit


def combine_readings(
    query: Query, readings: Sequence[Reading], starts: Sequence[int], texts: Sequence[str]
) -> Reading:
    """The reading of several pages as one. starts: first word of each page in the document.
    texts: of all words of the document; equal values count together."""
    odds = [1 / max(reading.absent, MIN_ABSENT) for reading in readings]
    total = 1 + sum(odd - 1 for odd in odds)
    if query.multiple:
        spans = tuple(
            PointedSpan(start=start + s.start, end=start + s.end, score=s.score)
            for reading, start in zip(readings, starts, strict=True)
            for s in reading.spans
        )
        return Reading(query=query, spans=spans, absent=1 / total)
    found: dict[str, list[PointedSpan]] = {}
    for reading, start, odd in zip(readings, starts, odds, strict=True):
        for span in reading.spans:
            score = min(1.0, span.score * odd / total)
            moved = PointedSpan(start=start + span.start, end=start + span.end, score=score)
            value = " ".join(texts[moved.start : moved.end]).casefold()
            found.setdefault(value, []).append(moved)
    summed = []
    for spans_of_value in found.values():
        best = max(spans_of_value, key=lambda s: s.score)
        score = min(1.0, sum(s.score for s in spans_of_value))
        summed.append(PointedSpan(start=best.start, end=best.end, score=score))
    summed.sort(key=lambda s: (-s.score, s.start))
    return Reading(query=query, spans=tuple(summed[:CANDIDATES]), absent=1 / total)


def _alone(document: Document, page: Page) -> Document:
    return Document(id=document.id, name=document.name, pages=(page,))


def _first_words(document: Document) -> dict[int, int]:
    firsts: dict[int, int] = {}
    count = 0
    for page in document.pages:
        firsts[page.number] = count
        count += sum(len(line.words) for line in page.lines)
    return firsts

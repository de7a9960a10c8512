"""Pages of a long document that fit a question, by their words.

The index is made of the document alone, in memory, when it is first asked.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby

import numpy as np

from docagent.cascade.document_view import DocumentView, Part
from docagent.document import Document, Line, Page
from docagent.evidence.grounding import ground_ranges
from docagent.forking import cached_property
from docagent.layout.lines_with_ids import NumberedLine, split_lines
from docagent.results import Evidence
from docagent.text.search import WordIndex

SHARED_LINES = 4
"""Lines at the end of a part of a page too long for a call that the next part has too."""
NEAR = 0.7
"""Parts with this share of the best one's score may be meant as well."""


@dataclass(frozen=True)
class Found:
    """Lines in reading order, and the numbers of their pages, best first. matched: whether
    any of them has a word of the question; always so where the whole document is given."""

    lines: Part
    pages: tuple[int, ...]
    matched: bool = True

    @classmethod
    def of(cls, parts: Sequence[Part]) -> Found:
        """The lines of parts given best first; what parts share counts once."""
        lines = {line.start: line for part in parts for line in part}
        pages = dict.fromkeys(line.page for part in parts for line in part)
        return cls(tuple(lines[start] for start in sorted(lines)), tuple(pages))


class PageIndex:
    """The parts of a document, most of them whole pages, searched by words."""

    def __init__(self, view: DocumentView) -> None:
        self._view = view

    @cached_property
    def parts(self) -> tuple[Part, ...]:
        """One part a page with words; a page too long for a call is cut into several."""
        pages = groupby(self._view.lines, key=lambda line: line.page)
        return tuple(part for _, lines in pages for part in self._cut(tuple(lines)))

    @property
    def fits(self) -> bool:
        """Whether the whole document can be given at once."""
        return len(self._view.parts) <= 1

    def find(self, question: str, near: float = 0.0) -> Found:
        """What to read for a question: all, if it fits into one call (``vlm.chars``), or the
        best parts that do. near: leaves out parts with less than this share of the best score.
        """
        if self.fits:
            return Found.of(self.parts)
        ranked = self.rank(question)
        best = ranked[0][1]
        chosen: list[Part] = []
        for part, score in ranked:
            if score < near * best or not self._fit([*chosen, part]):
                break
            chosen.append(part)
        return replace(Found.of(chosen or [ranked[0][0]]), matched=best > 0)

    def rank(self, question: str) -> list[tuple[Part, float]]:
        """Every part with its score, best first; equal ones in the order of the document."""
        scores = self._words.scores(question)
        order = np.argsort(-scores, kind="stable")
        return [(self.parts[place], float(scores[place])) for place in order]

    @property
    def _most(self) -> int:
        return self._view.settings.vlm.chars

    def _fit(self, parts: Sequence[Part]) -> bool:
        """Whether parts can be given in one call."""
        return len(split_lines(self._view.document, Found.of(parts).lines, self._most)) < 2

    def _cut(self, lines: Part) -> list[Part]:
        cuts = split_lines(self._view.document, lines, self._most)
        if len(cuts) < 2:
            return [lines]
        # Half of what a call holds, so that a page of two parts is still given as one.
        cuts = split_lines(self._view.document, lines, self._most // 2)
        starts = [sum(map(len, cuts[:place])) for place in range(len(cuts))]
        return [
            lines[max(0, start - SHARED_LINES) : start + len(cut)]
            for start, cut in zip(starts, cuts, strict=True)
        ]

    @cached_property
    def _words(self) -> WordIndex:
        words = self._view.document.words
        return WordIndex(
            [
                " ".join(w.word.text for line in part for w in words[line.start : line.end])
                for part in self.parts
            ]
        )


@dataclass(frozen=True)
class Excerpt:
    """Some lines of a document as a document of its own, on their pages and where they stood."""

    whole: Document
    lines: Part

    @cached_property
    def document(self) -> Document:
        """The lines alone; pages without any are left out."""
        if sum(line.end - line.start for line in self.lines) == len(self.whole.words):
            return self.whole
        pages = {page.number: page for page in self.whole.pages}
        return Document(
            id=self.whole.id,
            name=self.whole.name,
            pages=tuple(
                self._page(pages[number], list(lines))
                for number, lines in groupby(self.lines, key=lambda line: line.page)
            ),
        )

    def in_whole(self, evidence: Evidence) -> tuple[Evidence, ...]:
        """Evidence on the excerpt as evidence on the whole document."""
        if self.document is self.whole:
            return (evidence,)
        start = bisect_left(self._starts, evidence.span.start)
        end = bisect_left(self._starts, evidence.span.end)
        # Lines that follow each other here may stand apart in the whole.
        places = self._places[start:end]
        runs = groupby(enumerate(places), key=lambda pair: pair[1] - pair[0])
        ranges = [[place for _, place in run] for _, run in runs]
        found = ground_ranges(self.whole, [(run[0], run[-1] + 1) for run in ranges])
        return tuple(item.replace(match=evidence.match) for item in found)

    @cached_property
    def _places(self) -> list[int]:
        """Index in ``whole.words`` of each word of the excerpt."""
        return [index for line in self.lines for index in range(line.start, line.end)]

    @cached_property
    def _starts(self) -> list[int]:
        return [word.span.start for word in self.document.words]

    def _page(self, page: Page, lines: Sequence[NumberedLine]) -> Page:
        words = self.whole.words
        made = tuple(Line(words=tuple(w.word for w in words[n.start : n.end])) for n in lines)
        return page.replace(lines=made)

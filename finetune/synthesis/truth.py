"""The ground truth of a synthetic document: its pages, fields and queries."""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from finetune.synthesis.canvas import Canvas
from finetune.synthesis.layout import Run


@dataclass(frozen=True)
class Occurrence:
    """One printed place of a field: page index (from 0) and indices into ``page.words``."""

    page: int
    words: tuple[int, ...]


@dataclass(frozen=True)
class FieldTruth:
    """A field as printed and as normalised (ISO date, "1234.50", else the text).

    occurrences: every place it is printed as this field, first the main one.
    """

    text: str
    value: str
    occurrences: tuple[Occurrence, ...] = ()


@dataclass(frozen=True)
class QueryTruth:
    """A query and the fields it asks for.

    path_pattern: a path, or a pattern with ``[*]`` where any index will do. A query whose
    pattern matches no field of the document asks for something that is not there.
    """

    text: str
    multiple: bool
    path_pattern: str


@lru_cache(maxsize=8192)
def _pattern(path_pattern: str) -> re.Pattern[str]:
    return re.compile(re.escape(path_pattern).replace(r"\[\*\]", r"\[\d+\]"))


@dataclass(frozen=True)
class SyntheticDocument:
    """Pages with marked words, the truth of every field and queries about them."""

    kind: str
    pages: tuple[Canvas, ...]
    fields: dict[str, FieldTruth]
    queries: tuple[QueryTruth, ...]

    def answers(self, query: QueryTruth) -> dict[str, FieldTruth]:
        """Fields a query asks for, by path in document order; empty where absent."""
        found = _pattern(query.path_pattern)
        return {path: truth for path, truth in self.fields.items() if found.fullmatch(path)}


@dataclass
class Draft:
    """A document being built: pages, printed texts, normalised values and printed labels.

    unasked: paths never asked as absent, since the page half shows them (a currency sign).
    kinds: sort of value of a form's field ("date", "amount").
    """

    kind: str
    rng: random.Random
    pages: list[Canvas] = field(default_factory=list)
    texts: dict[str, str] = field(default_factory=dict)
    values: dict[str, str] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)
    queries: list[QueryTruth] = field(default_factory=list)
    unasked: set[str] = field(default_factory=set)
    kinds: dict[str, str] = field(default_factory=dict)

    def page(self, width: int, height: int) -> Canvas:
        """Start a page; sizes in pixels."""
        self.pages.append(Canvas(width, height))
        return self.pages[-1]

    def mark(self, path: str, text: str, value: str | None = None, label: str | None = None) -> Run:
        """Register a field and give the run of text to print for it."""
        self.texts.setdefault(path, text)
        self.values.setdefault(path, text if value is None else value)
        if label:
            self.labels.setdefault(path, label.rstrip(" :."))
        return Run(text, field=path)

    def mark_lines(self, path: str, lines: Sequence[str]) -> list[list[Run]]:
        """The same for a field of several lines (an address): one run for each line."""
        joined = " ".join(lines)
        self.mark(path, joined)
        return [[Run(line, field=path)] for line in lines]

    def fields(self) -> dict[str, FieldTruth]:
        """Truth of every field that was printed, in the order of printing."""
        places: dict[str, list[Occurrence]] = {}
        for page_index, page in enumerate(self.pages):
            last, run = None, []
            for index, word in enumerate(page.words):
                if word.field != last:
                    _close(places, last, page_index, run)
                    last, run = word.field, []
                run.append(index)
            _close(places, last, page_index, run)
        return {path: self._truth(path, found) for path, found in places.items()}

    def _truth(self, path: str, found: Iterable[Occurrence]) -> FieldTruth:
        occurrences = tuple(found)
        first = occurrences[0]
        printed = " ".join(self.pages[first.page].words[i].text for i in first.words)
        text = " ".join(self.texts.get(path, printed).split())
        if text not in printed:
            text = printed
        return FieldTruth(text, self.values.get(path, text), occurrences)


def _close(
    places: dict[str, list[Occurrence]], path: str | None, page: int, run: list[int]
) -> None:
    if path is not None:
        places.setdefault(path, []).append(Occurrence(page, tuple(run)))

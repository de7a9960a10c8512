"""From the spans a reader points at to candidate values of a field.

A span becomes a candidate by reading it with the field's normaliser. Labels, punctuation and
currency marks at its edges are cut off, word by word, as long as the value stays: evidence is
whole words, and ``raw_text`` is always those words joined.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise

from docagent.confidence import geometric_mean, minimum
from docagent.document import Document
from docagent.geometry import polygon_to_bbox
from docagent.layout.columns import column_words, words_to_ranges
from docagent.results import Source
from docagent.schemas import SchemaField
from docagent.text.normalise import Normalised, normalise

Range = tuple[int, int]
"""Word indices, end exclusive."""

TIGHT_KINDS = frozenset(("amount", "date", "datetime", "decimal", "integer", "percent", "time"))
"""Normalisers whose value lies in few words: the shortest words that give it are kept."""
GROUPED_KINDS = frozenset(("iban", "identifier"))
"""Normalisers whose values are often printed in groups of digits."""
SPACE = 0.7
"""Widest space between such groups, in heights of the words."""
NUMBER_KINDS = frozenset(("amount", "decimal", "integer", "percent"))
"""Normalisers of one number: a space may part its thousands, a gap between columns may not."""
LONGEST_SEARCH = 12
_EDGE = " .,;:!?'\"()[]{}*#_|/\\-"
_GROUP = re.compile(r"\d{2,5}")
_COUNTRY = re.compile(r"[A-Z]{2}")
_MONEY = re.compile(r"\d[.,]\d{2}(?!\d)|[$€£¥₹]|\b(?:RM|USD|EUR|GBP|CHF|INR)", re.I)


@dataclass(frozen=True)
class Candidate:
    """A possible value: where it stands, what its normaliser makes of it, score 0-1."""

    ranges: tuple[Range, ...]
    raw_text: str
    reading: Normalised
    score: float
    source: Source = "reader"


@dataclass(frozen=True)
class FieldReader:
    """Reads word ranges of one document as values of one field."""

    document: Document
    leaf: SchemaField
    locale_hint: str | None = None

    def candidate(self, start: int, end: int, score: float, source: Source = "reader") -> Candidate:
        """The candidate of words start to end; its reading may have failed."""
        start, end = self._without_labels(start, end)
        if self.leaf.normaliser in NUMBER_KINDS:
            start, end = self._one_column(start, end)
        if self.leaf.normaliser in TIGHT_KINDS:
            start, end = self._tightened(*self._readable(start, end))
        if self.leaf.normaliser in GROUPED_KINDS:
            start, end = self._all_groups(start, end)
        ranges = self.in_column(start, end)
        text = " ".join(self.text(*words) for words in ranges)
        reading = self.read_text(text)
        return Candidate(ranges, text, reading, score * plausibility(self.leaf, text), source)

    def in_column(self, start: int, end: int) -> tuple[Range, ...]:
        """The words from start to end without those of a block beside their column."""
        words = self.document.words[start:end]
        page = words[0].page
        if any(word.page != page for word in words):
            return ((start, end),)
        lines = [word.line for word in words]
        boxes = [polygon_to_bbox(word.word.polygon) for word in words]
        kept = column_words(0, end - start, lines, boxes)
        return words_to_ranges([start + index for index in kept])

    def text(self, start: int, end: int) -> str:
        """The words joined by one space."""
        return " ".join(word.word.text for word in self.document.words[start:end])

    def read(self, start: int, end: int) -> Normalised:
        """What the normaliser makes of the words."""
        return self.read_text(self.text(start, end))

    def read_text(self, text: str) -> Normalised:
        """What the normaliser makes of a text."""
        choices = self.leaf.choices
        return normalise(self.leaf.normaliser, text, locale_hint=self.locale_hint, choices=choices)

    def joined(self, parts: Sequence[Candidate]) -> Candidate:
        """Several candidates as one value, in reading order (a cell that wraps)."""
        ranges = tuple(sorted({r for part in parts for r in part.ranges}))
        text = " ".join(self.text(start, end) for start, end in ranges)
        best = max(parts, key=lambda part: part.score)
        return replace(best, ranges=ranges, raw_text=text, reading=self.read_text(text))

    def _without_labels(self, start: int, end: int) -> Range:
        words = [word.word.text for word in self.document.words[start:end]]
        skip = label_length(words, label_phrases(self.leaf))
        first = start + (skip if skip < len(words) else 0)
        while end - first > 1 and not words[first - start].strip(_EDGE):
            first += 1
        while end - first > 1 and not words[end - 1 - start].strip(_EDGE):
            end -= 1
        return first, end

    def _readable(self, start: int, end: int) -> Range:
        """The words themselves, or the longest part of them that can be read, or for a date
        a few words more on both sides; as they are if nothing can."""
        if self.read(start, end).ok:
            return start, end
        inside = _parts(start, end) if end - start <= LONGEST_SEARCH else ()
        around = self._around(start, end) if self.leaf.normaliser == "date" else ()
        ranges = (r for r in (*inside, *around) if self.read(*r).ok)
        return next(ranges, (start, end))

    def _around(self, start: int, end: int) -> Iterator[Range]:
        words = self.document.words
        line = (words[start].page, words[start].line)
        near = range(max(0, start - 2), min(len(words), end + 2))
        on_line = [i for i in near if (words[i].page, words[i].line) == line]
        for first in (start, start - 1, start - 2):
            for last in (end, end + 1, end + 2):
                if first in on_line and last - 1 in on_line and last - first > 1:
                    yield first, last

    def _tightened(self, start: int, end: int) -> Range:
        wanted = self.read(start, end)
        while wanted.ok and end - start > 1 and self._same(start + 1, end, wanted):
            start += 1
        while wanted.ok and end - start > 1 and self._same(start, end - 1, wanted):
            end -= 1
        return start, end

    def _one_column(self, start: int, end: int) -> Range:
        """The last part that can be read, of words that are a number together but stand in several
        columns: "1   120.00" is a quantity and a price."""
        if not self.read(start, end).ok:
            return start, end
        edges = [i for i in range(start + 1, end) if not self._is_next(i - 1)]
        parts = [*pairwise([start, *edges, end])]
        return next((part for part in reversed(parts) if self.read(*part).ok), (start, end))

    def _all_groups(self, start: int, end: int) -> Range:
        """The words with the groups of digits that stand a space away, and the country before
        several of them: "GB 482 1136 09" where "482" was pointed at."""
        words = self.document.words
        if not all(_GROUP.fullmatch(word.word.text) for word in words[start:end]):
            return start, end
        while (
            end < len(words) and self._is_next(end - 1) and _GROUP.fullmatch(words[end].word.text)
        ):
            end += 1
        while start and self._is_next(start - 1) and _GROUP.fullmatch(words[start - 1].word.text):
            start -= 1
        several = end - start > 1
        if (
            several
            and start
            and self._is_next(start - 1)
            and _COUNTRY.fullmatch(words[start - 1].word.text)
        ):
            start -= 1
        return start, end

    def _is_next(self, index: int) -> bool:
        """Whether the word after ``index`` stands a space away from it on the same line."""
        a, b = self.document.words[index : index + 2]
        left, right = polygon_to_bbox(a.word.polygon), polygon_to_bbox(b.word.polygon)
        page = self.document.pages[a.page - 1]
        gap, height = (right[0] - left[2]) * page.width, (left[3] - left[1]) * page.height
        return (a.page, a.line) == (b.page, b.line) and gap < SPACE * height

    def _same(self, start: int, end: int, wanted: Normalised) -> bool:
        reading = self.read(start, end)
        return reading.ok and reading.value == wanted.value


def label_phrases(leaf: SchemaField) -> frozenset[str]:
    """What may be printed beside a value: the labels of the schema and the field's name."""
    name = leaf.path.rpartition(".")[2].removesuffix("[]").replace("_", " ")
    return _bare_set((*leaf.labels, leaf.title, name))


@lru_cache(maxsize=2_000)
def _bare_set(labels: tuple[str, ...]) -> frozenset[str]:
    """Asked for every candidate of a field."""
    return frozenset(bare(label) for label in labels if label)


def bare(text: str) -> str:
    """Case and punctuation at the edges of words ignored."""
    return " ".join(filter(None, (word.strip(_EDGE).casefold() for word in text.split())))


def label_length(words: Sequence[str], labels: Iterable[str]) -> int:
    """How many words at the start are a label that ends in a colon; 0 if none are."""
    known = frozenset(labels)
    for length in range(min(5, len(words)), 0, -1):
        colon = words[length - 1].endswith((":", "#")) or words[length : length + 1] == [":"]
        if colon and bare(" ".join(words[:length])) in known:
            return length
    return 0


def plausibility(leaf: SchemaField, text: str) -> float:
    """How much a text looks like a value of its kind, 0-1: a bare whole number is seldom an
    amount of money, a run of digits without a mark is a phone number or an id, and words in
    small letters are no identifier."""
    if leaf.normaliser == "identifier" and not re.search(r"\d", text):
        return 0.01 if re.search(r"[a-z]", text) else 1.0
    if leaf.normaliser != "amount" or _MONEY.search(text):
        return 1.0
    return 0.2 if re.search(r"\d{6}|\d-\d", text) else 0.6


def distinct(options: Iterable[Candidate]) -> list[Candidate]:
    """One candidate per value, best first. A value printed in several places adds its scores;
    the place with the best score is its evidence."""
    groups: dict[str, list[Candidate]] = {}
    for option in options:
        key = option.reading.value if option.reading.ok else option.raw_text
        groups.setdefault(str(key).casefold(), []).append(option)
    merged = [
        replace(max(group, key=lambda c: c.score), score=min(1.0, sum(c.score for c in group)))
        for group in groups.values()
    ]
    return sorted(merged, key=lambda c: -c.score)


def rival_of(options: Sequence[Candidate]) -> Candidate | None:
    """The best option that says something else than the first one: another place, and not the
    same words with more or fewer around them."""
    if not options:
        return None
    best = options[0]
    text = bare(best.raw_text)
    for option in options[1:]:
        other = bare(option.raw_text)
        nested = other in text or text in other
        if not (nested and isinstance(best.reading.value, str)) and not _overlap(option, best):
            return option
    return None


def ocr_confidence(document: Document, leaf: SchemaField, ranges: Iterable[Range]) -> float:
    """How sure the recognizer is of a value: its weakest word for numbers and dates, where
    each character counts, the geometric mean for text. 1 for a native text layer."""
    words = [document.words[i].word.confidence for start, end in ranges for i in range(start, end)]
    return minimum(words) if leaf.normaliser in TIGHT_KINDS else geometric_mean(words)


def _overlap(a: Candidate, b: Candidate) -> bool:
    return any(s < end and start < e for s, e in a.ranges for start, end in b.ranges)


def _parts(start: int, end: int) -> Iterator[Range]:
    """Every part of a range, longest first, from the left."""
    for length in range(end - start - 1, 0, -1):
        for first in range(start, end - length + 1):
            yield first, first + length

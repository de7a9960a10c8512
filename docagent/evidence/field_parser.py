"""Parsing of word ranges as values of a field.

Labels, punctuation and currency marks at the edges of a range are cut off word by word as long as
the value stays the same. Evidence is whole words, and ``raw_text`` is always those words joined.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from docagent.document import UNDECIDED, Conventions, Document
from docagent.evidence.candidates import (
    MONEY_KINDS,
    TIGHT_KINDS,
    ValueCandidate,
    WordRange,
    plausibility,
)
from docagent.evidence.label_phrases import EDGE_PUNCTUATION, label_length, label_phrases
from docagent.geometry import polygon_to_bbox
from docagent.layout.columns import column_words, words_to_ranges
from docagent.results import Source
from docagent.schemas import SchemaField
from docagent.text.normalise import Normalised, normalise_leaf
from docagent.text.normalise.currencies import currencies_in
from docagent.text.normalise.types import with_locale

IBAN_GROUPS = 9
"""Most groups of four that an IBAN is printed in."""
GROUPED_KINDS = frozenset(("iban", "identifier"))
"""Normalisers whose values are often printed in groups of digits."""
MAX_GROUP_SPACE_RATIO = 0.7
"""Widest space between two groups of digits of one value, in word heights."""
NUMBER_KINDS = frozenset(("amount", "decimal", "integer", "money", "percent"))
"""Normalisers of one number: a space may separate its thousands, a gap between columns may not."""
MAX_SEARCHED_WORDS = 12
"""Longest range whose parts are all tried when the whole cannot be parsed."""
_MINUS = re.compile(r"[-−–—]")
_AFTER_AMOUNT = re.compile(r"(?:CR|DR|Cr|Dr)\.?|[-−–—]|[⁰¹²³⁴⁵⁶⁷⁸⁹]{2}")
"""Words after an amount that belong to it: credit or debit, a minus, raised cents."""
_IBAN_START = re.compile(r"[A-Z]{2}\d{2}")
_DIGIT_GROUP = re.compile(r"\d{2,5}")
_COUNTRY = re.compile(r"[A-Z]{2}")


@dataclass(frozen=True)
class FieldParser:
    """Parses word ranges of one document as values of one field.

    leaf: the field. locale_hint: language and region such as ``en_US``; overrules conventions.
    conventions: how the document writes numbers and dates.
    """

    document: Document
    leaf: SchemaField
    locale_hint: str | None = None
    conventions: Conventions = UNDECIDED

    def candidate(
        self, start: int, end: int, score: float, source: Source = "reader"
    ) -> ValueCandidate:
        """The candidate of words ``start`` to ``end`` (exclusive) after trimming; its parse may
        have failed."""
        start, end = self._without_labels(start, end)
        if self.leaf.normaliser in NUMBER_KINDS:
            start, end = self._one_column(start, end)
        if self.leaf.normaliser in TIGHT_KINDS:
            start, end = self._tightened(*self._readable(start, end))
        if self.leaf.normaliser in MONEY_KINDS:
            start, end = self._with_sign(start, end)
        if self.leaf.normaliser == "money":
            start, end = self._with_currency(start, end)
        if self.is_iban:
            start, end = self._whole_iban(start, end)
        elif self.leaf.normaliser in GROUPED_KINDS:
            start, end = self._all_groups(start, end)
        ranges = self.in_column(start, end)
        text = " ".join(self.text(*words) for words in ranges)
        parsed = self.parse_text(text)
        score *= plausibility(self.leaf, text, self.conventions)
        return ValueCandidate(ranges, text, parsed, score, source)

    def in_column(self, start: int, end: int) -> tuple[WordRange, ...]:
        """The ranges of words from ``start`` to ``end`` without the words of a block beside their
        column."""
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

    def parse(self, start: int, end: int) -> Normalised:
        """Apply the field's normaliser to words."""
        return self.parse_text(self.text(start, end))

    def parse_text(self, text: str) -> Normalised:
        """Apply the field's normaliser to a text."""
        return normalise_leaf(
            self.leaf.normaliser,
            text,
            path=self.leaf.path,
            choices=self.leaf.choices,
            choice_labels=self.leaf.choice_labels,
            conventions=with_locale(self.conventions, self.locale_hint),
        )

    def merged(self, parts: Sequence[ValueCandidate]) -> ValueCandidate:
        """Merge candidates into one value in reading order, such as the lines of a cell that
        wraps."""
        ranges = tuple(sorted({r for part in parts for r in part.ranges}))
        text = " ".join(self.text(start, end) for start, end in ranges)
        best = max(parts, key=lambda part: part.score)
        return replace(best, ranges=ranges, raw_text=text, parsed=self.parse_text(text))

    def _without_labels(self, start: int, end: int) -> WordRange:
        """The range without a label at its start and punctuation at its ends."""
        words = [word.word.text for word in self.document.words[start:end]]
        skip = label_length(words, label_phrases(self.leaf))
        first = start + (skip if skip < len(words) else 0)
        while end - first > 1 and not words[first - start].strip(EDGE_PUNCTUATION):
            first += 1
        while end - first > 1 and not words[end - 1 - start].strip(EDGE_PUNCTUATION):
            end -= 1
        return first, end

    def _readable(self, start: int, end: int) -> WordRange:
        """The range itself if it can be parsed, else its longest part that can.

        For a date, ranges with a few more words on both sides are tried too. The range is returned
        unchanged if nothing can be parsed.
        """
        if self.parse(start, end).ok:
            return start, end
        inside = _subranges(start, end) if end - start <= MAX_SEARCHED_WORDS else ()
        around = self._around(start, end) if self.leaf.normaliser == "date" else ()
        ranges = (r for r in (*inside, *around) if self.parse(*r).ok)
        return next(ranges, (start, end))

    def _around(self, start: int, end: int) -> Iterator[WordRange]:
        """Ranges on the same line with up to two more words on either side."""
        words = self.document.words
        line = (words[start].page, words[start].line)
        near = range(max(0, start - 2), min(len(words), end + 2))
        on_line = [i for i in near if (words[i].page, words[i].line) == line]
        for first in (start, start - 1, start - 2):
            for last in (end, end + 1, end + 2):
                if first in on_line and last - 1 in on_line and last - first > 1:
                    yield first, last

    def _tightened(self, start: int, end: int) -> WordRange:
        """The shortest part of the range that still gives the same value."""
        wanted = self.parse(start, end)
        while wanted.ok and end - start > 1 and self._same(start + 1, end, wanted):
            start += 1
        while wanted.ok and end - start > 1 and self._same(start, end - 1, wanted):
            end -= 1
        return start, end

    def _one_column(self, start: int, end: int) -> WordRange:
        """The last column's part that can be parsed, if the words stand in several columns.

        Words such as "1 120.00", a quantity and a price, would otherwise be parsed as one number.
        """
        if not self.parse(start, end).ok:
            return start, end
        edges = [i for i in range(start + 1, end) if not self._is_next(i - 1)]
        parts = [*pairwise([start, *edges, end])]
        return next((part for part in reversed(parts) if self.parse(*part).ok), (start, end))

    def _with_sign(self, start: int, end: int) -> WordRange:
        """An amount with a minus that stands apart, and with what stands a space behind it:
        "- 69.00", "69.00 -", "30.00 DR"."""
        words = self.document.words
        while (
            end < len(words)
            and _AFTER_AMOUNT.fullmatch(words[end].word.text)
            and self._is_next(end - 1)
            and self.parse(start, end + 1).ok
        ):
            end += 1
        has_minus = (
            start > 0
            and _MINUS.fullmatch(words[start - 1].word.text) is not None
            and self._is_next(start - 1)
        )
        # Close behind a word it is a dash ("Total - 5.00").
        if has_minus and (start < 2 or not self._is_next(start - 2)):
            start -= 1
        return start, end

    def _with_currency(self, start: int, end: int) -> WordRange:
        """An amount with a sign or code of a currency that stands apart from it."""
        words = self.document.words
        if start and self._is_next(start - 1) and _is_currency(words[start - 1].word.text):
            start -= 1
        elif end < len(words) and self._is_next(end - 1) and _is_currency(words[end].word.text):
            end += 1
        return start, end

    @property
    def is_iban(self) -> bool:
        """Whether the field is an IBAN, by its name."""
        return self.leaf.name.lower().startswith("iban")

    def _whole_iban(self, start: int, end: int) -> WordRange:
        """The words on the line that are an IBAN and that the range is a part of."""
        words = self.document.words
        line = (words[start].page, words[start].line)
        for first in range(start, max(-1, start - IBAN_GROUPS), -1):
            if (words[first].page, words[first].line) != line:
                break
            if not _IBAN_START.match(words[first].word.text):
                continue
            for last in range(max(end, first + 1), min(first + IBAN_GROUPS, len(words)) + 1):
                if self.parse(first, last).ok:
                    return first, last
        return start, end

    def _all_groups(self, start: int, end: int) -> WordRange:
        """Extend a range of digit groups by the groups that stand a space away.

        A country code before several groups is included: "GB 482 1136 09" where "482" was pointed
        at.
        """
        words = self.document.words
        if not all(_DIGIT_GROUP.fullmatch(word.word.text) for word in words[start:end]):
            return start, end
        while (
            end < len(words)
            and self._is_next(end - 1)
            and _DIGIT_GROUP.fullmatch(words[end].word.text)
        ):
            end += 1
        while (
            start
            and self._is_next(start - 1)
            and _DIGIT_GROUP.fullmatch(words[start - 1].word.text)
        ):
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
        """Whether the word after ``index`` stands one space away from it on the same line."""
        a, b = self.document.words[index : index + 2]
        if (a.page, a.line) != (b.page, b.line):
            return False
        left, right = polygon_to_bbox(a.word.polygon), polygon_to_bbox(b.word.polygon)
        # An excerpt of a document keeps the numbers of its pages.
        page = next(page for page in self.document.pages if page.number == a.page)
        gap, height = (right[0] - left[2]) * page.width, (left[3] - left[1]) * page.height
        return gap < MAX_GROUP_SPACE_RATIO * height

    def _same(self, start: int, end: int, wanted: Normalised) -> bool:
        parsed = self.parse(start, end)
        return parsed.ok and (parsed.value, parsed.message) == (wanted.value, wanted.message)


def _is_currency(word: str) -> bool:
    return not re.search(r"\d", word) and len(word) < 4 and bool(currencies_in(word))


def _subranges(start: int, end: int) -> Iterator[WordRange]:
    """Every proper part of a range, longest first, from the left."""
    for length in range(end - start - 1, 0, -1):
        for first in range(start, end - length + 1):
            yield first, first + length

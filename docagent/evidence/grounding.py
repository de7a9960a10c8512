"""Grounding: from word ranges, and from texts of unknown origin, to evidence on a page.

Every value carries evidence or is marked ``ungrounded``. The embedded reader gives word ranges
(``ground_words``). A value from elsewhere is searched for in the document (``ground_text``), first
exactly, then by approximate matching (Sellers, 1980) within a bounded edit distance.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from docagent.document import Document, Span, WordLocation
from docagent.geometry import join_polygons
from docagent.results import Evidence

MAX_EDITS_PER_CHARACTER = 0.2
"""Edits allowed per character in a fuzzy match: one in five. Shorter texts must match exactly."""

_EDGE = ".,;:!?'\"()[]{}*#_|/\\$€£¥₹"
_LOOKALIKES = str.maketrans("oOlI|sSB", "00111558")


def ground_words(document: Document, start: int, end: int) -> tuple[Evidence, ...]:
    """Evidence for ``document.words[start:end]``: one item per page, one polygon per line.

    Raises ValueError if the range is empty or not inside the document.
    """
    if not 0 <= start < end <= len(document.words):
        raise ValueError(f"word range {start}:{end} is not inside 0:{len(document.words)}")
    text = document.text
    return tuple(
        _page_evidence(text, list(locations), "exact")
        for _, locations in groupby(document.words[start:end], key=lambda word: word.page)
    )


def ground_ranges(document: Document, ranges: Iterable[tuple[int, int]]) -> tuple[Evidence, ...]:
    """Evidence for several word ranges, in the order given, such as the lines of a cell that
    wraps."""
    return tuple(item for start, end in ranges for item in ground_words(document, start, end))


def evidence_text(evidence: Sequence[Evidence]) -> str:
    """The quotes joined on one line by one space. This is a field's ``raw_text``."""
    return " ".join(re.sub(r"\n+", " ", item.quote) for item in evidence)


def ground_text(document: Document, text: str, near: Span | None = None) -> tuple[Evidence, ...]:
    """Find where ``text`` is printed, as whole words; empty if it is not printed.

    An exact match has the same characters, except for spaces and for punctuation at the edges. A
    fuzzy match allows one edit per five characters, but no changed digit. Among equally good places
    the one closest to ``near`` is taken, or the first.
    """
    target = "".join(text.split())
    if not target.strip(_EDGE) or not document.words:
        return ()
    finder = _WordFinder(document)
    exact = [r for r in finder.containing(target.strip(_EDGE)) if finder.same(r, target)]
    ranges = exact or finder.approximate(target)
    if not ranges:
        return ()
    start, end = min(ranges, key=lambda r: _distance(document, r, near))
    evidence = ground_words(document, start, end)
    return evidence if exact else tuple(_fuzzy(item) for item in evidence)


class _WordFinder:
    """The words of a document joined without spaces, with the word index of each character."""

    def __init__(self, document: Document) -> None:
        words = [location.word.text for location in document.words]
        self.words = words
        self.compact = "".join(words)
        self.word_at = np.repeat(np.arange(len(words)), [len(word) for word in words])

    def join(self, word_range: tuple[int, int]) -> str:
        return "".join(self.words[word_range[0] : word_range[1]])

    def same(self, word_range: tuple[int, int], target: str) -> bool:
        return self.join(word_range).strip(_EDGE) == target.strip(_EDGE)

    def snapped(self, start: int, end: int) -> tuple[int, int]:
        """Range of the words that characters ``start`` to ``end`` belong to."""
        return int(self.word_at[start]), int(self.word_at[end - 1]) + 1

    def containing(self, target: str) -> list[tuple[int, int]]:
        """Ranges of the words in which the characters of ``target`` occur in sequence."""
        hits = re.finditer(f"(?={re.escape(target)})", self.compact)
        return [self.snapped(hit.start(), hit.start() + len(target)) for hit in hits]

    def approximate(self, target: str) -> list[tuple[int, int]]:
        """Word ranges within the allowed edit distance of ``target``; only the closest ones."""
        limit = int(len(target) * MAX_EDITS_PER_CHARACTER)
        folded, text = _folded(target), _folded(self.compact)
        distances = _end_distances(folded, text)
        found: dict[tuple[int, int], int] = {}
        for end in np.flatnonzero(distances <= limit).tolist():
            head = text[max(0, end - len(folded) - limit) : end]
            backwards = _end_distances(folded[::-1], head[::-1], anchored=True)
            length = int(np.argmin(backwards))
            if length == 0:
                continue
            word_range = self.snapped(end - length, end)
            window = self.join(word_range)
            distance = edit_distance(_folded(window).strip(_EDGE), folded.strip(_EDGE))
            if distance <= limit and _same_digits(window, target):
                found[word_range] = distance
        best = min(found.values(), default=0)
        return [word_range for word_range, distance in found.items() if distance == best]


def edit_distance(a: str, b: str) -> int:
    """Levenshtein distance."""
    return int(_end_distances(a, b, anchored=True)[-1])


class OneEditIndex:
    """Texts that can be found by one that is one edit away from them: both are the same without
    some letter of theirs (symmetric deletion)."""

    def __init__(self, texts: Iterable[str]) -> None:
        self._order: dict[str, int] = {}
        self._by_rest: dict[str, list[str]] = {}
        for text in texts:
            if text not in self._order:
                self._order[text] = len(self._order)
                for rest in _rests(text):
                    self._by_rest.setdefault(rest, []).append(text)

    def near(self, text: str) -> list[str]:
        """The texts whose Levenshtein distance to ``text`` is exactly 1, in the order given."""
        found = {near for rest in _rests(text) for near in self._by_rest.get(rest, ())}
        return sorted((f for f in found if is_one_edit(f, text)), key=self._order.__getitem__)


def _rests(text: str) -> set[str]:
    return {text, *(text[:i] + text[i + 1 :] for i in range(len(text)))}


def is_one_edit(a: str, b: str) -> bool:
    """Whether the Levenshtein distance is exactly 1, without computing it."""
    shorter, longer = sorted((a, b), key=len)
    if shorter == longer or len(longer) - len(shorter) > 1:
        return False
    pairs = enumerate(zip(shorter, longer, strict=False))
    same = next((i for i, (one, other) in pairs if one != other), len(shorter))
    tail = same + 1 if len(a) == len(b) else same
    return shorter[tail:] == longer[same + 1 :]


def _end_distances(pattern: str, text: str, anchored: bool = False) -> NDArray[np.int64]:
    """For each prefix of ``text``, the edit distance of ``pattern`` to the best substring ending
    there.

    anchored: the substring must start at the beginning of the text. Shape (len(text) + 1,).
    """
    codes = np.array([ord(c) for c in text], dtype=np.int64)
    steps = np.arange(len(text) + 1)
    row = steps.copy() if anchored else np.zeros(len(text) + 1, dtype=np.int64)
    for index, char in enumerate(pattern, start=1):
        best = np.empty_like(row)
        best[0] = index
        best[1:] = np.minimum(row[:-1] + (codes != ord(char)), row[1:] + 1)
        # Insertions propagate along the row, which a running minimum computes at once.
        row = np.minimum.accumulate(best - steps) + steps
    return row


def _folded(text: str) -> str:
    """Lower case, character by character, so that offsets stay valid."""
    return "".join(c.lower() if len(c.lower()) == 1 else c for c in text)


def _same_digits(window: str, target: str) -> bool:
    """Whether no digit differs; look-alikes such as 0 and O count as equal."""

    def digits(text: str) -> str:
        return "".join(c for c in text if c.isdigit())

    confusable = window.translate(_LOOKALIKES) == target.translate(_LOOKALIKES)
    return digits(window) == digits(target) or confusable


def _page_evidence(text: str, words: list[WordLocation], match: str) -> Evidence:
    span = Span(start=words[0].span.start, end=words[-1].span.end)
    lines = groupby(words, key=lambda word: word.line)
    polygons = tuple(join_polygons([w.word.polygon for w in line]) for _, line in lines)
    return Evidence(
        page=words[0].page,
        span=span,
        quote=text[span.start : span.end],
        polygons=polygons,
        match="exact" if match == "exact" else "fuzzy",
    )


def _fuzzy(evidence: Evidence) -> Evidence:
    return evidence.replace(match="fuzzy")


def _distance(document: Document, word_range: tuple[int, int], near: Span | None) -> int:
    start = document.words[word_range[0]].span.start
    return abs(start - near.start) if near else start

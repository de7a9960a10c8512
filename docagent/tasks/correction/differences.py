"""How a model's reading of a line differs from the words the recognizer read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from itertools import product

from docagent.confidence import THRESHOLDS
from docagent.document import Document, WordLocation
from docagent.evidence.grounding import edit_distance
from docagent.geometry import Polygon, join_polygons
from docagent.layout.lines_with_ids import NumberedLine
from docagent.results import Coverage, CoverageWord

MAX_BLOCK_PAIRS = 100
"""Pairs of words compared to align what differs; in a larger block nothing is aligned."""
GAP_COST = 0.375
"""Cost of a word that one side has not; a pair of words that share less than a quarter of their
letters costs more than two."""

Pair = tuple[int | None, str | None]
"""A word by its index, and the model's text for it; None for one that the other side has not."""


@dataclass
class Differences:
    """What the model's lines differ in from those of the page."""

    proposed: dict[int, str] = field(default_factory=dict)
    """Other text for an unsure word, by its index."""
    added: list[CoverageWord] = field(default_factory=list)
    dropped: list[CoverageWord] = field(default_factory=list)

    @property
    def coverage(self) -> Coverage:
        """The differences that are never applied."""
        return Coverage(added=tuple(self.added), dropped=tuple(self.dropped))


def is_slot(location: WordLocation) -> bool:
    """Whether the recognizer is so unsure of a word that it may change."""
    confidence = location.word.confidence
    return confidence is not None and confidence < THRESHOLDS.slot


def compare_line(
    document: Document, line: NumberedLine, texts: Sequence[str], differences: Differences
) -> None:
    """Align a line as the model gives it with the words that were read, and add to the
    differences."""
    words = document.words[line.start : line.end]
    read = [word.word.text for word in words]
    matcher = SequenceMatcher(None, read, list(texts), autojunk=False)
    for kind, a, b, c, d in matcher.get_opcodes():
        if kind == "equal":
            continue
        pairs: list[Pair]
        if b - a == d - c:
            pairs = list(zip(range(b - a), texts[c:d], strict=True))
        else:
            pairs = align_words(read[a:b], texts[c:d])
        for at, text in pairs:
            index = None if at is None else line.start + a + at
            _add(document, line, (index, text), differences)


def align_words(read: Sequence[str], texts: Sequence[str]) -> list[Pair]:
    """Words paired in order, so that their letters differ least (Needleman and Wunsch, 1970)."""
    if not read or not texts or len(read) * len(texts) > MAX_BLOCK_PAIRS:
        return [(i, None) for i in range(len(read))] + [(None, text) for text in texts]
    # best[i][j]: the least cost of the first i words and the first j of the model's.
    best = [[GAP_COST * (i + j) for j in range(len(texts) + 1)] for i in range(len(read) + 1)]
    for i, j in product(range(1, len(read) + 1), range(1, len(texts) + 1)):
        paired = best[i - 1][j - 1] + _cost(read[i - 1], texts[j - 1])
        best[i][j] = min(paired, best[i - 1][j] + GAP_COST, best[i][j - 1] + GAP_COST)
    pairs: list[Pair] = []
    i, j = len(read), len(texts)
    while i or j:
        if i and best[i][j] == best[i - 1][j] + GAP_COST:
            i -= 1
            pairs.append((i, None))
        elif j and best[i][j] == best[i][j - 1] + GAP_COST:
            j -= 1
            pairs.append((None, texts[j]))
        else:
            i, j = i - 1, j - 1
            pairs.append((i, texts[j]))
    return pairs[::-1]


def _cost(a: str, b: str) -> float:
    return edit_distance(a, b) / max(len(a), len(b), 1)


def _add(document: Document, line: NumberedLine, pair: Pair, differences: Differences) -> None:
    index, text = pair
    location = None if index is None else document.words[index]
    if index is not None and location and text is not None and is_slot(location):
        differences.proposed[index] = _storable(text)
        return
    if location and text == location.word.text:
        return
    if text is not None:
        polygon = location.word.polygon if location else _line_polygon(document, line)
        differences.added.append(_coverage_word(line, _storable(text), polygon))
    if location and not is_slot(location):
        word = location.word
        differences.dropped.append(_coverage_word(line, word.text, word.polygon))


def _coverage_word(line: NumberedLine, text: str, polygon: Polygon) -> CoverageWord:
    return CoverageWord(text=text, page=line.page, line=line.id, polygon=polygon)


def _line_polygon(document: Document, line: NumberedLine) -> Polygon:
    words = document.words[line.start : line.end]
    return join_polygons([location.word.polygon for location in words])


def _storable(text: str) -> str:
    """Without half surrogate pairs, which could not be written to a file."""
    return text.encode("utf-8", "replace").decode("utf-8")

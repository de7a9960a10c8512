"""Sentences of running text, as ranges of words: what is quoted where no shorter answer is found.

A sentence ends at a full stop, at the end of a paragraph or heading, and at the end of a page. An
abbreviation or a number of a section ends none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from docagent.document import Document

MAX_SENTENCE_WORDS = 160
"""Words at which a sentence is cut; clauses of contracts are long."""
MAX_HEADING_WORDS = 9
MIN_FULL_LINE_RATIO = 0.75
"""A line shorter than this, in usual lines of its page, may be the last one of a paragraph."""
_END = re.compile(r"[.!?][\"”’')\]]*$")
_NUMBER = re.compile(r"^[(\[]?(?:\d{1,3}(?:\.\d{1,3})*|[a-zA-Z]|[ivxIVX]{1,5})[.)\]]*$")
"""The number of a section or item: "12.", "3.1", "(a)", "iv)"."""
_ABBREVIATION = re.compile(
    r"^\W*(?:\w|no|nos|nr|inc|ltd|co|corp|llc|lp|mr|mrs|ms|dr|st|vs?|approx|art|sec|e\.g|i\.e|u\.s"
    r"|u\.s\.a|jr|sr|dept|fig|etc|n\.v|s\.a|p\.m|a\.m|(?:[a-z]\.)+[a-z])\.,?$",
    re.I,
)


@dataclass(frozen=True)
class Sentence:
    """Words ``start`` to ``end`` (exclusive) of a document under a heading, which is a range as
    well, empty where there is none."""

    start: int
    end: int
    heading: tuple[int, int] = (0, 0)


def document_sentences(document: Document) -> tuple[Sentence, ...]:
    """The sentences of a document in reading order."""
    texts = [location.word.text for location in document.words]
    places = [(location.page, location.line) for location in document.words]
    return tuple(split_sentences(texts, places))


def split_sentences(texts: Sequence[str], places: Sequence[tuple[int, int]]) -> Iterator[Sentence]:
    """Sentences of words. places: number of the page and of the line of each word."""
    lines = _line_lengths(texts, places)
    usual = _usual_length(lines)
    start, heading = 0, (0, 0)
    for index in range(len(texts)):
        if index + 1 < len(texts) and not _ends(texts, places, index, start, lines, usual):
            continue
        end = index + 1
        if _is_heading(texts[start:end]):
            heading = (start, end)
            yield Sentence(start, end)
        else:
            yield Sentence(start, end, heading)
        start = end


Lines = dict[tuple[int, int], int]


def _line_lengths(texts: Sequence[str], places: Sequence[tuple[int, int]]) -> Lines:
    lengths: Lines = {}
    for text, place in zip(texts, places, strict=True):
        lengths[place] = lengths.get(place, -1) + len(text) + 1
    return lengths


def _usual_length(lines: Lines) -> int:
    """Characters of a full line: four of five lines are not longer."""
    lengths = sorted(lines.values())
    return lengths[len(lengths) * 4 // 5] if lengths else 0


def _ends(
    texts: Sequence[str],
    places: Sequence[tuple[int, int]],
    index: int,
    start: int,
    lines: Lines,
    usual: int,
) -> bool:
    """Whether a sentence that began at ``start`` ends with the word at ``index``."""
    text, following = texts[index], texts[index + 1]
    here, there = places[index], places[index + 1]
    if here[0] != there[0] or index + 1 - start >= MAX_SENTENCE_WORDS:
        return True
    if _END.search(text) and not following[:1].islower() and not _is_numbering(texts, start, index):
        return not _ABBREVIATION.match(text)
    if here == there or following[:1].islower():
        return False
    if _NUMBER.match(following) and any(c in following for c in ".()"):
        return True
    return lines[here] < MIN_FULL_LINE_RATIO * usual


def _is_numbering(texts: Sequence[str], start: int, index: int) -> bool:
    """Whether all words so far are the number of a section, which belongs to what follows."""
    words = texts[start : index + 1]
    return all(_NUMBER.match(text) or text in ("Section", "Article") for text in words)


def _is_heading(texts: Sequence[str]) -> bool:
    """Whether words are a heading: few, and all long ones with a capital letter."""
    words = [text for text in texts if any(c.isalpha() for c in text) and not _NUMBER.match(text)]
    if not 0 < len(words) <= MAX_HEADING_WORDS:
        return False
    return all(w.strip("\"“(‘'")[:1].isupper() for w in words if len(w) > 4) and any(
        w[:1].isupper() for w in words
    )

"""Verification of a claim: its words must stand on the lines it names.

Code finds the place, takes the text from there and reads the value from that text. A word may
differ from what was read only where the recognizer is unsure of it, and a word with a digit
only where a second read of the crop agrees.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from itertools import groupby
from typing import Any

from docagent.cascade.answer_format import Claim
from docagent.cascade.document_view import DocumentView
from docagent.confidence import DOUBTED_CHARACTER, THRESHOLDS
from docagent.document import Document, Line, Page, Word, WordLocation
from docagent.evidence.candidates import ValueCandidate, ocr_confidence
from docagent.evidence.field_parser import NUMBER_KINDS, FieldParser
from docagent.evidence.grounding import edit_distance, ground_ranges, ground_text
from docagent.layout.columns import words_to_ranges
from docagent.results import Evidence, Field, How

CORRECTED_FACTOR = 0.9
"""For a value whose words are corrected."""
NEARLY_FACTOR = 0.9
"""For a value that the model spells otherwise than the page."""
MAX_CHANGED_RATIO = 0.5
"""Share of a word's characters that a correction may change."""
MAX_WINDOW_WORDS = 8
_JSON_NUMBER = re.compile(r"-?\d{1,15}(?:\.\d{1,15})?")


@dataclass(frozen=True)
class Verified:
    """A claim after verification. field: None if the value is absent or fails. complaint: why it
    fails, in words for the model; empty if it does not."""

    how: How
    field: Field | None = None
    complaint: str = ""


def verify(view: DocumentView, reader: FieldParser, claim: Claim, path: str) -> Verified:
    """The claim as a field with evidence; ungrounded if it is derived; or a complaint."""
    if claim.how == "absent":
        return Verified("absent", complaint="it is absent, but has a value" if claim.value else "")
    if claim.value is None:
        return Verified(claim.how, complaint="it has no value; say absent if it is not there")
    words = named_words(view, claim.lines)
    if not words:
        return Verified(claim.how, complaint="it names no lines")
    printed = _printed(reader, words, claim.value)
    corrected = None if printed else _correction(view, reader, words, claim.value)
    found = printed or corrected or _nearly_printed(reader, words, claim.value)
    if found is not None and found.parsed.ok:
        if corrected:
            return Verified("corrected", _corrected(_plain_field(view, found, path), claim))
        return Verified(claim.how, _legible(view, reader, found, path))
    if found is not None:
        return Verified(claim.how, complaint=f"it cannot be read as {reader.leaf.normaliser}")
    if claim.how == "derived":
        return Verified("derived", _ungrounded(reader, claim, path))
    return Verified(claim.how, complaint="its value is not printed on the lines it names")


def named_words(view: DocumentView, lines: Sequence[str]) -> list[int]:
    """Indices of the words of lines, in reading order."""
    named = sorted((view.by_id[line] for line in lines), key=lambda line: line.start)
    return [index for line in named for index in range(line.start, line.end)]


def ground_among(
    document: Document, words: Sequence[int], text: str
) -> tuple[tuple[tuple[int, int], ...], bool]:
    """Where among some words (indices, rising) a text is printed, as word ranges of the
    document, and whether exactly; no ranges if it is not."""
    located = [document.words[index] for index in words]
    part = _part_of(document, located)
    evidence = ground_text(part, text)
    inside = [
        words[index]
        for index, word in enumerate(part.words)
        if any(e.span.start <= word.span.start < e.span.end for e in evidence)
    ]
    exact = all(item.match == "exact" for item in evidence)
    return tuple(words_to_ranges(inside)), exact


def may_replace(view: DocumentView, index: int, text: str) -> bool:
    """Whether a word may be another one: only if the recognizer is unsure of it and not much
    changes, and for a word with a digit only if a second read gives the new text."""
    location = view.document.words[index]
    word = location.word
    if word.confidence is None or word.confidence >= THRESHOLDS.slot:
        return False
    longest = max(len(word.text), len(text))
    if not text or edit_distance(word.text, text) > max(1, MAX_CHANGED_RATIO * longest):
        return False
    if any(c.isdigit() for c in word.text + text):
        return second_read_agrees(view, location, text)
    return _changes_doubted(word, text)


def _changes_doubted(word: Word, text: str) -> bool:
    """Whether every change is where the recognizer doubts a character; always so for a word
    without confidences of its characters."""
    doubts = [confidence < DOUBTED_CHARACTER for confidence in word.char_confidences]
    if len(doubts) != len(word.text):
        return True
    changes = SequenceMatcher(None, word.text, text, autojunk=False).get_opcodes()
    return all(
        any(doubts[max(0, start - (start == end)) : end + (start == end)])
        for kind, start, end, _, _ in changes
        if kind != "equal"
    )


def second_read_agrees(view: DocumentView, location: WordLocation, text: str) -> bool:
    """Whether a second read of the word's place by the OCR gives this text."""
    if view.second_read is None:
        return False
    second = view.second_read(location.page, location.word.polygon)
    return second is not None and second.strip() == text


def _printed(reader: FieldParser, words: Sequence[int], value: str) -> ValueCandidate | None:
    """The words that are the value, or that are read as the same value."""
    ranges, exact = ground_among(reader.document, words, value)
    if ranges and exact:
        return _candidate(reader, ranges)
    if reader.leaf.normaliser in ("text", "boolean"):
        return None
    wanted = _readings(reader, value)
    if not wanted:
        return None
    for start, end in _windows(reader.document, words):
        reading = reader.parse(start, end)
        if reading.ok and reading.value in wanted:
            return reader.candidate(start, end, 1.0, "vlm")
    return None


def _readings(reader: FieldParser, value: str) -> list[Any]:
    """What a claim may mean: as the document writes it, or as JSON writes numbers."""
    reading = reader.parse_text(value)
    found = [reading.value] if reading.ok else []
    if reader.leaf.normaliser in NUMBER_KINDS and _JSON_NUMBER.fullmatch(value):
        found.append(float(value))
    return found


def _nearly_printed(reader: FieldParser, words: Sequence[int], value: str) -> ValueCandidate | None:
    """The words that differ from the value by little and by no digit. The page's text counts."""
    ranges, _ = ground_among(reader.document, words, value)
    if not ranges:
        return None
    found = _candidate(reader, ranges)
    return replace(found, score=found.score * NEARLY_FACTOR)


def _candidate(reader: FieldParser, ranges: Sequence[tuple[int, int]]) -> ValueCandidate:
    parts = [reader.candidate(start, end, 1.0, "vlm") for start, end in ranges]
    return parts[0] if len(parts) == 1 else reader.merged(parts)


def _windows(document: Document, words: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Runs of words within a line, short ones first."""
    lines = groupby(words, key=lambda i: (document.words[i].page, document.words[i].line))
    runs = [list(line) for _, line in lines]
    for length in range(1, MAX_WINDOW_WORDS + 1):
        for run in runs:
            for at in range(len(run) - length + 1):
                yield run[at], run[at] + length


def _correction(
    view: DocumentView, reader: FieldParser, words: Sequence[int], value: str
) -> ValueCandidate | None:
    """The words that the value is a permitted correction of, word for word.

    The candidate's text stays as it was read; its reading is that of the corrected words.
    """
    tokens = value.split()
    texts = [view.document.words[index].word.text for index in words]
    places = range(len(words) - len(tokens) + 1)
    nearest = min(
        places,
        key=lambda at: sum(map(edit_distance, texts[at : at + len(tokens)], tokens)),
        default=None,
    )
    if nearest is None:
        return None
    window = words[nearest : nearest + len(tokens)]
    changed = [(i, t) for i, t in zip(window, tokens, strict=True) if _text(view, i) != t]
    if not changed or not all(may_replace(view, index, token) for index, token in changed):
        return None
    ranges = tuple(words_to_ranges(list(window)))
    raw = " ".join(reader.text(start, end) for start, end in ranges)
    return ValueCandidate(ranges, raw, reader.parse_text(value), 1.0, "vlm")


def _text(view: DocumentView, index: int) -> str:
    return view.document.words[index].word.text


def _plain_field(view: DocumentView, found: ValueCandidate, path: str) -> Field:
    return Field(
        path=path,
        raw_text=found.raw_text,
        value=found.parsed.value,
        confidence=view.settings.vlm.trust * found.score,
        status="found",
        evidence=ground_ranges(view.document, found.ranges),
        source="vlm",
        message=found.parsed.message,
        how="verbatim",
    )


def _legible(view: DocumentView, reader: FieldParser, found: ValueCandidate, path: str) -> Field:
    """The field of words as they are printed, unless the recognizer doubts them too much."""
    legibility = ocr_confidence(view.document, reader.leaf, found.ranges)
    field = _plain_field(view, found, path)
    field = field.replace(confidence=(field.confidence or 0.0) * legibility)
    if legibility >= THRESHOLDS.illegible:
        return field
    message = f"the words are read with confidence {legibility:.2f} only"
    return field.replace(status="illegible", value=None, message=message)


def _corrected(field: Field, claim: Claim) -> Field:
    """A field whose words are corrected. That the model sees the picture stands in for the
    recognizer's doubt."""
    return field.replace(
        confidence=(field.confidence or 0.0) * CORRECTED_FACTOR,
        evidence=tuple(map(_fuzzy, field.evidence)),
        message=f"read as {field.raw_text!r}, corrected to {claim.value!r}",
        how="corrected",
    )


def _ungrounded(reader: FieldParser, claim: Claim, path: str) -> Field:
    """A value that follows from the page but is not printed on it: shown, but proves nothing."""
    reading = reader.parse_text(claim.value or "")
    lines = ", ".join(claim.lines)
    return Field(
        path=path,
        value=reading.value if reading.ok else None,
        status="ungrounded",
        source="vlm",
        message=f"concluded by the model from lines {lines}; it is not printed there",
        how="derived",
    )


def _fuzzy(evidence: Evidence) -> Evidence:
    return evidence.replace(match="fuzzy")


def _part_of(document: Document, words: Sequence[WordLocation]) -> Document:
    """A document with only these words, on their pages and lines."""
    pages = []
    for number, on_page in groupby(words, key=lambda word: word.page):
        lines = groupby(on_page, key=lambda word: word.line)
        made = tuple(Line(words=tuple(w.word for w in line)) for _, line in lines)
        pages.append(Page(number=number, width=0, height=0, lines=made))
    return Document(id=document.id, pages=tuple(pages))

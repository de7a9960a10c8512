"""Contracts of CUAD's training part as words and sentences, with the spans of their 41 fields.

CUAD v1 (The Atticus Project), CC BY 4.0.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from docagent.document import Document, Line, Page, Word
from docagent.geometry import bbox_to_polygon
from docagent.layout.sentences import Sentence, split_sentences
from eval.datasets import data_dir
from finetune.reader.text_data import TextWords, is_validation, rows_of

MIN_SHARED_RATIO = 0.5
"""A sentence is a clause of a field if it shares this of its own words, or of an answer's."""

LINE_CHARS, PAGE_LINES = 95, 50


@dataclass(frozen=True)
class ContractText:
    """Words and sentences of a contract. spans: word ranges of the answers by field; answers:
    their texts; both empty for a field that is not there."""

    texts: tuple[str, ...]
    sentences: tuple[Sentence, ...]
    spans: dict[str, list[tuple[int, int]]]
    answers: dict[str, tuple[str, ...]]
    is_held_out: bool

    def labels(self, kinds: tuple[str, ...]) -> NDArray[np.float32]:
        """(sentences, kinds): 1 where a sentence is a clause of a kind."""
        marks = np.zeros((len(self.sentences), len(kinds)), np.float32)
        for column, kind in enumerate(kinds):
            for start, end in self.spans[kind]:
                for row, sentence in enumerate(self.sentences):
                    marks[row, column] += _is_clause(sentence, start, end)
        return np.minimum(marks, 1)


def contract_texts() -> Iterator[ContractText]:
    """Every contract; those that are held out are the same as in the reader's training."""
    for row in rows_of(data_dir() / "cuad" / "train.jsonl.xz"):
        words = TextWords.of(row["text"])
        places = [(0, paragraph) for paragraph in words.paragraphs]
        sentences = tuple(split_sentences(words.texts, places))
        found = {f["field"]: [a for a in f["answers"] if a["text"].strip()] for f in row["fields"]}
        spans = {
            field: [words.span(a["start"], len(a["text"].rstrip())) for a in answers]
            for field, answers in found.items()
        }
        answers = {field: tuple(a["text"] for a in given) for field, given in found.items()}
        yield ContractText(words.texts, sentences, spans, answers, is_validation(row["id"]))


def _is_clause(sentence: Sentence, start: int, end: int) -> bool:
    shared = min(end, sentence.end) - max(start, sentence.start)
    least = min(sentence.end - sentence.start, end - start)
    return sentence.end - sentence.start > 1 and shared >= max(1, MIN_SHARED_RATIO * least)


def text_to_document(text: str, name: str = "text") -> Document:
    """A text as a document without OCR: lines of LINE_CHARS characters, pages of PAGE_LINES."""
    lines: list[list[str]] = []
    for paragraph in text.split("\n"):
        line: list[str] = []
        for word in paragraph.split():
            if line and sum(map(len, line)) + len(line) + len(word) > LINE_CHARS:
                lines.append(line)
                line = []
            line.append(word)
        if line:
            lines.append(line)
    starts = range(0, len(lines), PAGE_LINES)
    pages = tuple(_page(lines[k : k + PAGE_LINES], k // PAGE_LINES + 1) for k in starts)
    return Document(id="0" * 64, name=name, pages=pages)


def _page(lines: list[list[str]], number: int) -> Page:
    made = []
    for row, texts in enumerate(lines):
        column, words = 0, []
        for text in texts:
            left, top = 0.1 + 0.8 * column / LINE_CHARS, 0.06 + 0.88 * row / PAGE_LINES
            right = left + 0.8 * len(text) / LINE_CHARS
            box = (left, top, min(0.99, right), top + 0.6 / PAGE_LINES)
            words.append(Word(text=text, polygon=bbox_to_polygon(box)))
            column += len(text) + 1
        made.append(Line(words=tuple(words)))
    return Page(number=number, width=1240, height=1754, lines=tuple(made), source="text_layer")

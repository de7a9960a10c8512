"""Small documents for tests: from lines of text, or drawn by Hypothesis."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import strategies as st

from docagent.document import Document, Line, Page, Word
from docagent.geometry import bbox_to_polygon

CHARACTER = 0.01
ROW = 0.02


def page_of(lines: Sequence[str], number: int = 1, confidence: float | None = 0.99) -> Page:
    """A page with one line per text; spaces keep columns apart, one character is CHARACTER wide."""
    made = [_line(text, index, confidence) for index, text in enumerate(lines)]
    return Page(number=number, width=1000, height=1400, lines=tuple(made))


def document_of(*pages: Sequence[str], confidence: float | None = 0.99) -> Document:
    """A document whose pages are lists of lines."""
    made = [page_of(lines, i, confidence) for i, lines in enumerate(pages, start=1)]
    return Document(id="0" * 64, name="test", pages=tuple(made))


def _line(text: str, index: int, confidence: float | None) -> Line:
    words, column = [], 0
    for piece in text.split(" "):
        if piece:
            x0, y0 = column * CHARACTER, 0.05 + index * ROW
            box = (x0, y0, x0 + len(piece) * CHARACTER, y0 + 0.8 * ROW)
            words.append(Word(text=piece, polygon=bbox_to_polygon(box), confidence=confidence))
        column += len(piece) + 1
    return Line(words=tuple(words))


texts = st.text(st.characters(categories=["L", "N", "P", "Sc"]), min_size=1, max_size=8)
lines = st.lists(texts, max_size=5).map(" ".join)
documents = st.lists(st.lists(lines, max_size=5), min_size=1, max_size=3).map(
    lambda pages: document_of(*pages)
)

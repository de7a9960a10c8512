"""Synthetic documents with the errors that OCR makes, and the truth about them.

Words are misread, lost, split and joined as in the training of the embedded reader; what is
misread mostly has a low confidence, so it is marked ``(?)`` in the prompt. Boxes stay in the
pixels of the page that is drawn, so pictures and crops show the words they claim to show.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from docagent.confidence import THRESHOLDS
from docagent.document import Document, Line, Page, Word
from docagent.geometry import BBox, bbox_to_polygon
from docagent.layout.reading_order import group_words_into_lines
from finetune.reader.noise import CleanPage, NoiseLevel, ReadWord, read_words
from finetune.synthesis.documents import SyntheticDocument, generate

JITTER = 0.03
"""Standard deviation of a box's edges, in its heights."""
CAUGHT = 0.85
"""Share of misread words that the recognizer is unsure of."""
DOUBTED = 0.03
"""Share of rightly read words that it is unsure of."""


class Drawings:
    """Pictures of a document's pages, each made once for all readings and views of it."""

    def __init__(self, truth: SyntheticDocument) -> None:
        self._truth = truth
        self._pages: dict[int, NDArray[np.uint8]] = {}
        self._urls: dict[int, dict[int, str | None]] = {}

    def page(self, number: int) -> NDArray[np.uint8]:
        """A page (number from 1), (height, width) grey."""
        if number not in self._pages:
            self._pages[number] = self._truth.pages[number - 1].draw()
        return self._pages[number]

    def urls(self, pixels: int) -> dict[int, str | None]:
        """Data URLs of pages of so many pixels by number, to be filled by whoever makes them."""
        return self._urls.setdefault(pixels, {})


@dataclass(frozen=True)
class ReadDocument:
    """A document as read. sources: for every word of ``document.words`` the printed words in it,
    as (page index, word index on it); empty for a stray mark. drawings: of its pages. shout:
    whether all was read in capitals ("upper"), in small letters ("lower") or as printed ("")."""

    document: Document
    truth: SyntheticDocument
    sources: tuple[tuple[tuple[int, int], ...], ...]
    drawings: Drawings
    shout: str = ""

    @cached_property
    def where(self) -> dict[tuple[int, int], tuple[int, ...]]:
        """Indices of the words that a printed word came to be."""
        found: dict[tuple[int, int], list[int]] = {}
        for index, sources in enumerate(self.sources):
            for source in sources:
                found.setdefault(source, []).append(index)
        return {source: tuple(words) for source, words in found.items()}

    def read(self, index: int) -> str:
        """A word as read."""
        return self.document.words[index].word.text

    def printed(self, index: int) -> str:
        """A word as printed, in the case it was read in; as read where it is not one printed
        word, whole."""
        sources = self.sources[index]
        if len(sources) != 1 or len(self.where[sources[0]]) != 1:
            return self.read(index)
        page, word = sources[0]
        text = self.truth.pages[page].words[word].text
        return text.upper() if self.shout == "upper" else text.lower() if self.shout else text

    def is_unsure(self, index: int) -> bool:
        """Whether the prompt marks a word."""
        confidence = self.document.words[index].word.confidence
        return confidence is not None and confidence < THRESHOLDS.slot

    def as_shown(self, index: int, legible: bool) -> str:
        """A word as a model should give it: as read, but as printed where it is marked.

        legible: whether pictures let a model see digits; if not, words with digits stay as read,
        since what cannot be seen would have to be guessed.
        """
        read, printed = self.read(index), self.printed(index)
        if not self.is_unsure(index):
            return read
        digits = any(c.isdigit() for c in read + printed)
        return printed if legible or not digits else read


def read_document(
    truth: SyntheticDocument,
    rng: random.Random,
    *,
    noise: float = 1.0,
    drawings: Drawings | None = None,
) -> ReadDocument | None:
    """A reading of all pages; None if no word is left. noise: share of documents that are not
    read without mistakes (of which some are, by chance). drawings: of the same document, which
    its readings share."""
    level = NoiseLevel.draw(rng)
    if rng.random() >= noise:
        level = NoiseLevel(0, 0, 0, 0, 0, False, False)
    pages, sources = [], []
    for number, canvas in enumerate(truth.pages, start=1):
        texts = tuple(w.text for w in canvas.words)
        clean = CleanPage(
            truth.kind,
            canvas.width,
            canvas.height,
            texts,
            tuple(w.bbox for w in canvas.words),
            (),
        )
        page, order = _page(number, clean, read_words(clean, rng, level), rng)
        pages.append(page)
        sources += [tuple((number - 1, i) for i in word.sources) for word in order]
    if not sources:
        return None
    document = Document(id=f"{rng.getrandbits(64):016x}", pages=tuple(pages))
    shout = "upper" if level.upper else "lower" * level.lower
    return ReadDocument(document, truth, tuple(sources), drawings or Drawings(truth), shout)


def draw_document(kinds: Sequence[str], rng: random.Random) -> SyntheticDocument:
    """A new document of one of the kinds; layouts whose words overlap are drawn again."""
    while True:
        try:
            return generate(rng.choice(kinds), rng)
        except RuntimeError:  # no layout without overlaps was found
            continue


def _page(
    number: int, clean: CleanPage, words: Sequence[ReadWord], rng: random.Random
) -> tuple[Page, list[ReadWord]]:
    boxes = [_shaken(word.box, rng) for word in words]
    lines, order = [], []
    for members in group_words_into_lines(boxes):
        made = []
        for index in members:
            word = words[index]
            printed = "".join(clean.texts[i] for i in word.sources)
            x0, y0, x1, y1 = boxes[index]
            box = (x0 / clean.width, y0 / clean.height, x1 / clean.width, y1 / clean.height)
            made.append(
                Word(
                    text=word.text,
                    polygon=bbox_to_polygon(_inside(box)),
                    confidence=_confidence(word.text.lower() == printed.lower(), rng),
                )
            )
            order.append(word)
        lines.append(Line(words=tuple(made)))
    size = {"width": round(clean.width), "height": round(clean.height)}
    return Page(number=number, lines=tuple(lines), **size), order


def _confidence(right: bool, rng: random.Random) -> float:
    unsure = rng.random() < (DOUBTED if right else CAUGHT)
    return round(rng.uniform(0.3, 0.89) if unsure else rng.uniform(0.92, 0.999), 3)


def _shaken(box: BBox, rng: random.Random) -> BBox:
    by = JITTER * (box[3] - box[1])
    x0, y0, x1, y1 = (edge + rng.gauss(0, by) for edge in box)
    return (x0, y0, max(x1, x0 + 1), max(y1, y0 + 1))


def _inside(box: BBox) -> BBox:
    x0, y0, x1, y1 = (min(1.0, max(0.0, edge)) for edge in box)
    return (x0, y0, x1, y1)

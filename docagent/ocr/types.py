"""What the stages of OCR hand to each other. Coordinates are pixels of the page image."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from docagent.document import Page
from docagent.geometry import Polygon
from docagent.sources.scan import ScanPage

SecondRead = Callable[[int, Polygon], str | None]
"""Page number and polygon of a word -> what another look at the crop reads, or None."""

Image = NDArray[np.uint8]
"""Grey page or crop, shape (height, width), 0 = black."""


class PageReader(Protocol):
    """An OCR engine: what reads page images."""

    def read_page(self, scan_page: ScanPage) -> Page:
        """The page with its lines in reading order."""
        ...

    def read_again(self, scan_page: ScanPage, page: Page, polygon: Polygon) -> str | None:
        """A second, independent look at one word; None if it shows no text."""
        ...


@dataclass(frozen=True)
class Detection:
    """A text line (or a segment of one): four corners in pixels, clockwise from top-left,
    shape (4, 2) float32; score 0-1."""

    polygon: NDArray[np.float32]
    score: float


@dataclass(frozen=True)
class CharReading:
    """A decoded character: confidence 0-1, and its extent as fractions (0-1) of crop width."""

    text: str
    confidence: float
    start: float
    end: float


@dataclass(frozen=True)
class WordReading:
    """A word cut from a line reading: its characters and n-best alternatives (text, 0-1).

    settled: probability (0-1) of a reading that the language model chose, 0 of one it did not.
    The recognizer alone thinks little of the characters of such a word.
    """

    chars: tuple[CharReading, ...]
    alternatives: tuple[tuple[str, float], ...] = ()
    settled: float = 0.0

    @property
    def text(self) -> str:
        """The characters, joined."""
        return "".join(char.text for char in self.chars)

    @property
    def confidences(self) -> tuple[float, ...]:
        """Of the characters: each is at least as likely to be right as the whole word."""
        return tuple(max(char.confidence, self.settled) for char in self.chars)


@dataclass(frozen=True)
class LineReading:
    """A recognised crop: words in order; confidence 0-1 of the whole line."""

    words: tuple[WordReading, ...]
    confidence: float

    @property
    def text(self) -> str:
        """The words, joined by one space."""
        return " ".join(word.text for word in self.words)

    @property
    def weakest(self) -> float:
        """Confidence of the least sure character; 0 if nothing was read."""
        return min((c.confidence for word in self.words for c in word.chars), default=0.0)

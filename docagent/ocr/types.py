"""Values that the stages of OCR exchange. Coordinates are pixels of the page image."""

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
"""Callback that reads one word a second time.

Takes a page number (from 1) and a page-relative polygon; returns the text, or None if the crop
shows no text.
"""

Image = NDArray[np.uint8]
"""Grey page or crop, shape (height, width), 0 is black and 255 is white."""


class PageEngine(Protocol):
    """An OCR engine: turns a page image into a ``Page``."""

    def read_page(self, scan_page: ScanPage) -> Page:
        """Return the page with its lines in reading order. Raises SourceError."""
        ...

    def read_again(self, scan_page: ScanPage, page: Page, polygon: Polygon) -> str | None:
        """Read one word a second time, independently of the first; None if it shows no text.

        polygon: page-relative, 0-1.
        """
        ...


@dataclass(frozen=True)
class Detection:
    """A detected text line, or a segment of one.

    polygon: four corners in pixels, clockwise from top-left, shape (4, 2) float32. score: mean
    probability (0-1) inside the line's band of the probability map.
    """

    polygon: NDArray[np.float32]
    score: float


@dataclass(frozen=True)
class CharReading:
    """A decoded character: confidence 0-1, horizontal extent as fractions (0-1) of the crop's
    width."""

    text: str
    confidence: float
    start: float
    end: float


@dataclass(frozen=True)
class WordReading:
    """A recognised word: its characters and its n-best alternatives as (text, probability 0-1).

    language_probability: probability (0-1) of this text if the language model chose it, else 0. The
    recognizer gives the characters of such a word low confidences, so this probability replaces
    them where it is higher.
    """

    chars: tuple[CharReading, ...]
    alternatives: tuple[tuple[str, float], ...] = ()
    language_probability: float = 0.0

    @property
    def text(self) -> str:
        """The characters joined."""
        return "".join(char.text for char in self.chars)

    @property
    def confidences(self) -> tuple[float, ...]:
        """Confidence (0-1) of each character. A character is at least as likely to be right as the
        whole word, so none is below ``language_probability``."""
        return tuple(max(char.confidence, self.language_probability) for char in self.chars)


@dataclass(frozen=True)
class LineReading:
    """A recognised crop: its words in order, and the confidence (0-1) of the whole line."""

    words: tuple[WordReading, ...]
    confidence: float

    @property
    def text(self) -> str:
        """The words joined by one space."""
        return " ".join(word.text for word in self.words)

    @property
    def min_confidence(self) -> float:
        """Lowest confidence of any character; 0 if nothing was read."""
        return min((c.confidence for word in self.words for c in word.chars), default=0.0)

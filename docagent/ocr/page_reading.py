"""A page as read: which lines are text of it, and which places could not be read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from docagent.geometry import Polygon, clip_polygon, scale_polygon
from docagent.ocr.recognition.crops import quad_size
from docagent.ocr.recognition.framing import LEAST_CONTRAST
from docagent.ocr.recognition.readings import HOPELESS, mean_confidence, usual_confidence
from docagent.ocr.types import LineReading

Quads = NDArray[np.float32]
"""Lines of a page in its pixels, (n, 4, 2), clockwise from top-left."""

NOISE, NOISE_SHARE = 0.7, 0.75
"""Lines read with less confidence than the first, and than the second times the page's usual
confidence, are rows of stars, drawings, stamps or handwriting and left out."""

GHOST_CONTRAST, GHOST_HEIGHT, GHOST_DOUBT = 0.45, 0.45, 0.9
"""Lines with less than this share of the page's usual contrast or height, and read with less than
this confidence, are no text of the page."""

SCRAP, SCRAP_DOUBT = 2, 0.8
"""Lines of up to so many characters read with less than this confidence are specks and ticks."""

LOST_CONTRAST, LOST_HEIGHTS, LOST_LENGTH = 0.2, (0.45, 3.0), 2.5
"""Least contrast (share of the page's usual), least and greatest height (of the page's usual) and
least length (in its own heights) of a place that looks like a line but gave no text."""

GAP = 0.8
"""Distance, in line heights, up to which places that could not be read are pieces of one line."""

LEAST_HEIGHT = 12.0
"""Pixels of line height that a page's usual is taken for where it is less: in grain and dither the
detector finds lines too low to be read."""


@dataclass(frozen=True)
class PageReading:
    """The page's lines when it is turned by ``quarter`` degrees clockwise. standing: they run
    up or down, so reading them would be no use. contrasts: of ink and paper, grey levels."""

    quarter: int
    quads: Quads
    lean: float
    readings: tuple[LineReading, ...]
    contrasts: tuple[float, ...] = ()
    standing: bool = False

    @property
    def confidence(self) -> float:
        return mean_confidence(self.readings)


def are_text(page: PageReading) -> list[bool]:
    """Which lines are text of the page. Not those that could not be read, nor unsure lines that
    are much paler than the page's type, as print of the back is that shines through, much lower,
    as rules of dashes are, or short, as specks and ticks are."""
    if not page.readings:
        return [False] * len(page.quads)
    heights = [min(quad_size(quad)) for quad in page.quads]
    pale = GHOST_CONTRAST * float(np.median(page.contrasts))
    low = GHOST_HEIGHT * float(np.median(heights))
    noise = max(HOPELESS, min(NOISE, NOISE_SHARE * usual_confidence(page.readings)))
    kept = []
    for reading, contrast, height in zip(page.readings, page.contrasts, heights, strict=True):
        length = sum(len(word.chars) for word in reading.words)
        ghost = reading.confidence < GHOST_DOUBT and (contrast < pale or height < low)
        scrap = reading.confidence < SCRAP_DOUBT and length <= SCRAP
        kept.append(length > 0 and reading.confidence >= noise and not ghost and not scrap)
    return kept


def unreadable_places(page: PageReading, shape: tuple[int, ...]) -> tuple[Polygon, ...]:
    """The detected places that look like lines of the page but gave no text, page-relative.

    Not specks and rules, nor print of the back. What is usual on a page is what could be read on
    it, or else all that was detected.
    """
    kept = are_text(page)
    sizes = [quad_size(quad) for quad in page.quads]
    read = [i for i, text in enumerate(kept) if text] or range(len(page.readings))
    if not page.readings:
        return ()
    contrast = LOST_CONTRAST * float(np.median([page.contrasts[i] for i in read]))
    usual = max(LEAST_HEIGHT, float(np.median([sizes[i][1] for i in read])))
    low, high = LOST_HEIGHTS
    lost = [
        quad
        for quad, (width, height), seen, text in zip(
            page.quads, sizes, page.contrasts, kept, strict=True
        )
        if not text
        and seen >= max(contrast, LEAST_CONTRAST)
        and low * usual <= height <= high * usual
    ]
    places = []
    for quad in _joined(lost):
        width, height = quad_size(quad)
        if width >= LOST_LENGTH * height:
            a, b, c, d = [(float(x), float(y)) for x, y in quad]
            scaled = scale_polygon((a, b, c, d), 1 / shape[1], 1 / shape[0])
            places.append(clip_polygon(scaled))
    return tuple(places)


def _joined(quads: Sequence[NDArray[np.float32]]) -> list[NDArray[np.float32]]:
    """Quads (4, 2) in reading direction; those that follow each other on a line made one."""
    joined: list[NDArray[np.float32]] = []
    for quad in sorted(quads, key=lambda q: float(q[0, 0])):
        start = (quad[0] + quad[3]) / 2
        for index, before in enumerate(joined):
            end = (before[1] + before[2]) / 2
            height = min(quad_size(before)[1], quad_size(quad)[1])
            if abs(start - end).max() < GAP * height:
                joined[index] = np.stack([before[0], quad[1], quad[2], before[3]])
                break
        else:
            joined.append(quad)
    return joined

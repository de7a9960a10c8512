"""Filtering of recognised lines: which are text of the page, and which places are unreadable."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from docagent.geometry import Polygon, clip_polygon, scale_polygon
from docagent.ocr.recognition.crop_framing import MIN_CONTRAST_LEVELS
from docagent.ocr.recognition.crops import quad_size
from docagent.ocr.recognition.postprocess import (
    MIN_TEXT_CONFIDENCE,
    mean_confidence,
    median_confidence,
)
from docagent.ocr.types import LineReading

Quads = NDArray[np.float32]
"""Text lines in pixels of the page, shape (n, 4, 2), corners clockwise from top-left."""

MAX_NOISE_CONFIDENCE = 0.7
MAX_NOISE_CONFIDENCE_RATIO = 0.75
"""A line is noise (a row of stars, a drawing, a stamp, handwriting) if its confidence is below
``MAX_NOISE_CONFIDENCE`` and below ``MAX_NOISE_CONFIDENCE_RATIO`` times the page's median."""

MAX_GHOST_CONTRAST_RATIO = 0.45
MAX_GHOST_HEIGHT_RATIO = 0.45
MAX_GHOST_CONFIDENCE = 0.9
"""A line is a ghost (print showing through, a rule of dashes) if its contrast or its height is
below these shares of the page's median and its confidence is below ``MAX_GHOST_CONFIDENCE``."""

MAX_SPECK_CHARS = 2
MAX_SPECK_CONFIDENCE = 0.8
"""A line of up to this many characters and below this confidence is a speck or a tick."""

MIN_UNREADABLE_CONTRAST_RATIO = 0.2
UNREADABLE_HEIGHT_RATIOS = (0.45, 3.0)
MIN_UNREADABLE_ASPECT_RATIO = 2.5
"""An unreadable place has at least this share of the page's median contrast, a height between
these shares of the page's median height, and at least this length over height."""

MAX_JOINED_GAP_RATIO = 0.8
"""Gap, in line heights, up to which two unreadable places are pieces of one line."""

MIN_TYPICAL_HEIGHT_PX = 12.0
"""Least value used for the page's median line height. In grain and dither the detector finds
lines that are too low to be read."""


@dataclass(frozen=True)
class PageReading:
    """The lines of a page, detected and recognised at one rotation.

    rotation: degrees clockwise that the image was rotated by (0, 90, 180, 270). skew: degrees,
    clockwise positive. contrasts: difference between paper and ink of each line, in grey levels.
    is_vertical: the lines run up or down the page at this rotation; they are not recognised then.
    """

    rotation: int
    quads: Quads
    skew: float
    readings: tuple[LineReading, ...]
    contrasts: tuple[float, ...] = ()
    is_vertical: bool = False

    @property
    def confidence(self) -> float:
        """Mean confidence (0-1) of the lines, weighted by characters."""
        return mean_confidence(self.readings)


def text_line_flags(page: PageReading) -> list[bool]:
    """For each detected line, whether it is text of the page.

    A line is dropped if nothing was read, if its confidence is at noise level, or if it is unsure
    and either much paler than the page's type (print showing through from the back), much lower (a
    rule of dashes) or very short (a speck or a tick).
    """
    if not page.readings:
        return [False] * len(page.quads)
    heights = [min(quad_size(quad)) for quad in page.quads]
    pale = MAX_GHOST_CONTRAST_RATIO * float(np.median(page.contrasts))
    low = MAX_GHOST_HEIGHT_RATIO * float(np.median(heights))
    noise = max(
        MIN_TEXT_CONFIDENCE,
        min(MAX_NOISE_CONFIDENCE, MAX_NOISE_CONFIDENCE_RATIO * median_confidence(page.readings)),
    )
    kept = []
    for reading, contrast, height in zip(page.readings, page.contrasts, heights, strict=True):
        length = sum(len(word.chars) for word in reading.words)
        ghost = reading.confidence < MAX_GHOST_CONFIDENCE and (contrast < pale or height < low)
        speck = reading.confidence < MAX_SPECK_CONFIDENCE and length <= MAX_SPECK_CHARS
        kept.append(length > 0 and reading.confidence >= noise and not ghost and not speck)
    return kept


def unreadable_places(page: PageReading, shape: tuple[int, ...]) -> tuple[Polygon, ...]:
    """Page-relative polygons of the places that look like text lines but gave no text.

    shape: (height, width) of the page image in pixels. Specks, rules and print showing through from
    the back are left out. Typical contrast and height come from the lines that were read, or from
    all detected lines if none was.
    """
    kept = text_line_flags(page)
    sizes = [quad_size(quad) for quad in page.quads]
    read = [i for i, text in enumerate(kept) if text] or range(len(page.readings))
    if not page.readings:
        return ()
    contrast = MIN_UNREADABLE_CONTRAST_RATIO * float(np.median([page.contrasts[i] for i in read]))
    typical_height = max(MIN_TYPICAL_HEIGHT_PX, float(np.median([sizes[i][1] for i in read])))
    low, high = UNREADABLE_HEIGHT_RATIOS
    unreadable = [
        quad
        for quad, (width, height), seen, text in zip(
            page.quads, sizes, page.contrasts, kept, strict=True
        )
        if not text
        and seen >= max(contrast, MIN_CONTRAST_LEVELS)
        and low * typical_height <= height <= high * typical_height
    ]
    places = []
    for quad in _join_along_lines(unreadable):
        width, height = quad_size(quad)
        if width >= MIN_UNREADABLE_ASPECT_RATIO * height:
            a, b, c, d = [(float(x), float(y)) for x, y in quad]
            scaled = scale_polygon((a, b, c, d), 1 / shape[1], 1 / shape[0])
            places.append(clip_polygon(scaled))
    return tuple(places)


def _join_along_lines(quads: Sequence[NDArray[np.float32]]) -> list[NDArray[np.float32]]:
    """Merge quads (4, 2) in reading direction that follow each other on one line."""
    joined: list[NDArray[np.float32]] = []
    for quad in sorted(quads, key=lambda q: float(q[0, 0])):
        start = (quad[0] + quad[3]) / 2
        for index, before in enumerate(joined):
            end = (before[1] + before[2]) / 2
            height = min(quad_size(before)[1], quad_size(quad)[1])
            if abs(start - end).max() < MAX_JOINED_GAP_RATIO * height:
                joined[index] = np.stack([before[0], quad[1], quad[2], before[3]])
                break
        else:
            joined.append(quad)
    return joined

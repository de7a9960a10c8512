"""Detected boxes that hold several short lines, one above the other, cut into those lines.

A column of short numbers is narrower than it is high: the text detector's bands melt together
there, and the box looks like a line that stands. The ink tells: lines have paper between them.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from docagent.ocr.grey_levels import grey_levels
from docagent.ocr.recognition.crops import quad_size
from docagent.ocr.types import Image

TALL = 1.6
"""In median line heights: boxes from this height on are looked into."""

LEAST_LINE = 0.45
"""In median line heights: lower bands of ink are specks, accents or parts of a cut line."""

CONTRAST = 40
"""Grey levels between ink and paper below which a box is left alone."""


def split_stacks(image: Image, quads: NDArray[np.float32]) -> NDArray[np.float32]:
    """Quads (n, 4, 2) of a grey page; those that hold two or more lines replaced by the lines'."""
    if len(quads) < 2:
        return quads
    usual = float(np.median([min(quad_size(quad)) for quad in quads]))
    found: list[NDArray[np.float32]] = []
    for quad in quads:
        lines = _lines(image, quad, usual) if quad_size(quad)[1] >= TALL * usual else []
        found += lines if len(lines) > 1 else [quad]
    return np.array(found, np.float32).reshape(-1, 4, 2)


def _lines(image: Image, quad: NDArray[np.float32], usual: float) -> list[NDArray[np.float32]]:
    width, height = (max(2, round(side)) for side in quad_size(quad))
    target = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    matrix = cv2.getPerspectiveTransform(quad.astype(np.float32), target)
    crop = cv2.warpPerspective(image, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE)
    bands = [b for b in _bands(np.asarray(crop, np.uint8)) if b[1] - b[0] >= LEAST_LINE * usual]
    # Lines of one column are about equally high; a signature over a line is not two lines.
    heights = [end - start for start, end in bands]
    if not bands or max(heights) > 2 * min(heights):
        return []
    pad = 0.15 * min(heights)
    a, b, c, d = quad
    return [
        np.stack([a + (d - a) * top, b + (c - b) * top, b + (c - b) * bottom, a + (d - a) * bottom])
        for top, bottom in (
            (max(0.0, start - pad) / height, min(height, end + pad) / height)
            for start, end in bands
        )
    ]


def _bands(crop: Image) -> list[tuple[int, int]]:
    """Runs of rows with ink, end exclusive."""
    ink, paper = grey_levels(crop, 3, 80)
    if paper - ink < CONTRAST:
        return []
    rows = (crop < (ink + paper) / 2).sum(axis=1) >= 2
    edges = np.flatnonzero(np.diff(np.concatenate([[0], rows.astype(np.int8), [0]])))
    return [(int(start), int(end)) for start, end in edges.reshape(-1, 2)]

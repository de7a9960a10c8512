"""Splitting of detected boxes that hold several short lines, one above the other.

In a column of short numbers the detector's bands merge, and the box looks like one vertical line.
Rows of paper between rows of ink show that it is a stack of horizontal lines.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from docagent.ocr.grey_levels import grey_levels
from docagent.ocr.recognition.crops import quad_size
from docagent.ocr.types import Image
from docagent.usage import stage

MIN_STACK_HEIGHT_RATIO = 1.6
"""Height of a box, in median line heights, from which it may hold several lines."""

MIN_BAND_HEIGHT_RATIO = 0.45
"""Height of a band of ink, in median line heights, from which it counts as a line. Lower bands are
specks, accents or parts of a cut line."""

MIN_CONTRAST_LEVELS = 40
"""Difference in grey levels between paper and ink from which a box is examined."""


@stage("split_lines", len)
def split_stacked_lines(image: Image, quads: NDArray[np.float32]) -> NDArray[np.float32]:
    """Replace quads (n, 4, 2) of a grey page that hold two or more lines by the lines' quads."""
    if len(quads) < 2:
        return quads
    typical_height = float(np.median([min(quad_size(quad)) for quad in quads]))
    found: list[NDArray[np.float32]] = []
    for quad in quads:
        lines = (
            _stacked_lines(image, quad, typical_height)
            if quad_size(quad)[1] >= MIN_STACK_HEIGHT_RATIO * typical_height
            else []
        )
        found += lines if len(lines) > 1 else [quad]
    return np.array(found, np.float32).reshape(-1, 4, 2)


def _stacked_lines(
    image: Image, quad: NDArray[np.float32], typical_height: float
) -> list[NDArray[np.float32]]:
    """Quads (4, 2) of the lines inside one quad; empty if it holds no stack of lines.

    typical_height: the page's median line height in pixels.
    """
    width, height = (max(2, round(side)) for side in quad_size(quad))
    target = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    matrix = cv2.getPerspectiveTransform(quad.astype(np.float32), target)
    crop = cv2.warpPerspective(image, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE)
    bands = [
        b
        for b in _ink_bands(np.asarray(crop, np.uint8))
        if b[1] - b[0] >= MIN_BAND_HEIGHT_RATIO * typical_height
    ]
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


def _ink_bands(crop: Image) -> list[tuple[int, int]]:
    """Runs of rows with ink as (start, end), end exclusive."""
    ink, paper = grey_levels(crop, 3, 80)
    if paper - ink < MIN_CONTRAST_LEVELS:
        return []
    rows = (crop < (ink + paper) / 2).sum(axis=1) >= 2
    edges = np.flatnonzero(np.diff(np.concatenate([[0], rows.astype(np.int8), [0]])))
    return [(int(start), int(end)) for start, end in edges.reshape(-1, 2)]

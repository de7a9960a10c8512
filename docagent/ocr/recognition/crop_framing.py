"""Framing of crops: the vertical edges are moved to the ink, so that text fills every crop alike.

Boxes of detectors and of people stand at different distances from the ink and hold slivers of the
lines above and below. Varying letter sizes and parts of neighbouring lines are the main causes of
misreadings by a small recognizer.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from docagent.ocr.grey_levels import grey_levels
from docagent.ocr.recognition.crops import READ_STRETCH, cut_crop
from docagent.ocr.types import Image

MAX_TRIM_RATIO = 0.14
"""Share of the height that may be cut off at the top, and at the bottom. Words without ascenders
such as "on" keep their room."""
PADDING_RATIO = 0.08
"""Share of the height that stays as paper above and below the ink."""
MAX_SLIVER_RATIO = 0.2
"""Share of the height up to which a band of ink at an edge is part of a neighbouring line, if rows
of paper separate it from the rest."""
MAX_INK_LEVEL_RATIO = 0.45
"""Grey level, between ink (0) and paper (1), below which a pixel is ink."""
MIN_CONTRAST_LEVELS = 24.0
"""Grey levels between ink and paper below which a crop holds no discernible ink."""
MAX_NEGATIVE_LEVEL_RATIO = 0.45
"""Median grey level, between ink (0) and paper (1), below which a crop is light type on a dark
background. Of 4,569 labelled words and lines one is below: a word on a black bar."""


def cut_line(image: Image, quad: NDArray[np.float32], stretch: float = READ_STRETCH) -> Image:
    """Cut the line under ``quad`` (4, 2) of a page for the recognizer.

    The crop is upright, CROP_HEIGHT_PX high, dark on light, framed, and stretched horizontally by
    ``stretch``.
    """
    return frame_text(cut_crop(image, quad, stretch))


def frame_text(crop: Image) -> Image:
    """Frame a crop (height, width): trim it to its ink and enlarge it to its height again.

    Slivers of neighbouring lines are painted over, and light type on a dark bar is inverted. A crop
    without enough contrast to tell ink from paper is returned unchanged.
    """
    height, width = crop.shape
    ink, middle, paper, light = grey_levels(crop[::2, ::2], 2, 50, 90, 98)
    if light - ink >= MIN_CONTRAST_LEVELS and middle < ink + MAX_NEGATIVE_LEVEL_RATIO * (
        light - ink
    ):
        crop = np.asarray(255 - crop, np.uint8)
        ink, paper = grey_levels(crop[::2, ::2], 2, 90)
    if paper - ink < MIN_CONTRAST_LEVELS:
        return crop
    rows = (crop < ink + MAX_INK_LEVEL_RATIO * (paper - ink)).sum(axis=1)
    for start, stop in _slivers(rows):
        crop = crop.copy()
        crop[start:stop] = paper
        rows[start:stop] = 0
    inked = np.flatnonzero(rows)
    top = int(np.clip(inked[0] - PADDING_RATIO * height, 0, MAX_TRIM_RATIO * height))
    bottom = int(
        np.ceil(
            np.clip(
                inked[-1] + 1 + PADDING_RATIO * height, height - MAX_TRIM_RATIO * height, height
            )
        )
    )
    if bottom - top == height:
        return crop
    size = (round(width * height / (bottom - top)), height)
    return np.asarray(cv2.resize(crop[top:bottom], size, interpolation=cv2.INTER_LINEAR), np.uint8)


def _slivers(rows: NDArray[np.intp]) -> list[tuple[int, int]]:
    """Bands of rows (start, end) at the edges that belong to neighbouring lines.

    rows: number of ink pixels in each row.
    """
    height = len(rows)
    steps = np.diff(np.concatenate([[0], (rows > 0).astype(np.int8), [0]]))
    bands = list(zip(np.flatnonzero(steps == 1), np.flatnonzero(steps == -1), strict=True))
    line = max(bands, key=lambda band: int(rows[band[0] : band[1]].sum()))
    return [
        (int(start), int(stop))
        for start, stop in (bands[0], bands[-1])
        if (start, stop) != line
        and (start == 0 or stop == height)
        and stop - start <= max(2, MAX_SLIVER_RATIO * height)
    ]

"""Framing: a crop's edges are moved to its ink, so that text fills crops alike.

Boxes of detectors and of people stand closer to the ink or wider of it, and hold slivers of the
lines above and below. Letters of another size, and marks that are parts of neighbours, are what a
small recognizer misreads most.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from docagent.ocr.grey_levels import grey_levels
from docagent.ocr.recognition.crops import READ_STRETCH, cut_crop
from docagent.ocr.types import Image

MOST = 0.14
"""Most of the height that is cut off above, and below: words like "on" keep their room."""
KEPT = 0.08
"""Share of the height that stays as paper above and below the ink."""
SLIVER = 0.2
"""Rows of ink at an edge, as a share of the height, that belong to a neighbouring line if white
rows part them from the rest."""
DARK = 0.45
"""Where between ink (0) and paper (1) a pixel counts as ink."""
LEAST_CONTRAST = 24.0
DARK_GROUND = 0.45
"""Where between ink (0) and paper (1) the middle grey level of a crop lies at most if it is light
type on dark ground. Of 4,569 labelled words and lines one is below, a word on a black bar."""


def cut_line(image: Image, quad: NDArray[np.float32], stretch: float = READ_STRETCH) -> Image:
    """The line under ``quad`` (4, 2) of a page as the recognizer reads it: upright, CROP_HEIGHT
    high, dark on light, framed, widened by ``stretch``."""
    return frame_text(cut_crop(image, quad, stretch))


def frame_text(crop: Image) -> Image:
    """The crop (height, width), cut above and below to its ink and enlarged to its height again,
    without slivers of neighbours, and in dark on light: a line on a bar of a page that is otherwise
    light. As it is, if ink cannot be told from paper."""
    height, width = crop.shape
    ink, middle, paper, light = grey_levels(crop[::2, ::2], 2, 50, 90, 98)
    if light - ink >= LEAST_CONTRAST and middle < ink + DARK_GROUND * (light - ink):
        crop = np.asarray(255 - crop, np.uint8)
        ink, paper = grey_levels(crop[::2, ::2], 2, 90)
    if paper - ink < LEAST_CONTRAST:
        return crop
    rows = (crop < ink + DARK * (paper - ink)).sum(axis=1)
    for start, stop in _slivers(rows):
        crop = crop.copy()
        crop[start:stop] = paper
        rows[start:stop] = 0
    inked = np.flatnonzero(rows)
    top = int(np.clip(inked[0] - KEPT * height, 0, MOST * height))
    bottom = int(np.ceil(np.clip(inked[-1] + 1 + KEPT * height, height - MOST * height, height)))
    if bottom - top == height:
        return crop
    size = (round(width * height / (bottom - top)), height)
    return np.asarray(cv2.resize(crop[top:bottom], size, interpolation=cv2.INTER_LINEAR), np.uint8)


def _slivers(rows: NDArray[np.intp]) -> list[tuple[int, int]]:
    """The bands of rows at the edges that are no part of the line; rows: ink in each."""
    height = len(rows)
    steps = np.diff(np.concatenate([[0], (rows > 0).astype(np.int8), [0]]))
    bands = list(zip(np.flatnonzero(steps == 1), np.flatnonzero(steps == -1), strict=True))
    line = max(bands, key=lambda band: int(rows[band[0] : band[1]].sum()))
    return [
        (int(start), int(stop))
        for start, stop in (bands[0], bands[-1])
        if (start, stop) != line
        and (start == 0 or stop == height)
        and stop - start <= max(2, SLIVER * height)
    ]

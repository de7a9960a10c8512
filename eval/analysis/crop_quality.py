"""How well a word is printed and captured: contrast and grain of its place on the page."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from docagent.geometry import BBox

MARGIN = 3
FEWEST_PIXELS = 12


@dataclass(frozen=True)
class CropQuality:
    """contrast: grey levels (0-255) between the darkest and the brightest 2 % of the place.
    grain: standard deviation (grey levels) of its paper, away from the ink."""

    contrast: float
    grain: float


def crop_quality(page: NDArray[np.uint8], box: BBox) -> CropQuality:
    """Measure a place of a grey page (height, width), a few pixels around included.

    A place outside the page has contrast and grain 0.
    """
    height, width = page.shape
    left, top = (max(0, int(value) - MARGIN) for value in box[:2])
    right, bottom = min(width, int(box[2]) + MARGIN + 1), min(height, int(box[3]) + MARGIN + 1)
    if right <= left or bottom <= top:
        return CropQuality(0.0, 0.0)
    crop = page[top:bottom, left:right]
    low, high = (float(value) for value in np.percentile(crop, (2, 98)))
    # Soft edges of letters are neither ink nor paper; a pixel of them is taken off.
    ink = cv2.dilate((crop < (low + high) / 2).astype(np.uint8), np.ones((3, 3), np.uint8))
    paper = crop[ink == 0]
    grain = float(paper.std()) if paper.size >= FEWEST_PIXELS else 0.0
    return CropQuality(high - low, grain)

"""Preparation of a page for the detector: crop to the ink, scale to the best type size."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from docagent.ocr.types import Image

TARGET_TYPE_HEIGHT_PX = 21.0
"""Pixels from ascender to descender at which the detector is most accurate (15 to 26 were
measured)."""

MAX_VIEW_PIXELS = 3_500_000
"""Largest image given to the detector, whatever its type size."""

MAX_SURVEY_PIXELS = 6_000_000
"""Pages with more pixels are halved before their ink is measured."""

MARGIN_RATIO = 1.5
"""Paper kept around the ink, in type heights."""

MIN_INK_AREA_RATIO = 0.04
"""Area of a connected piece of ink, in squares of the type height, below which it is a dot or a
speck and does not extend the view."""


@dataclass(frozen=True)
class InkSurvey:
    """Position and type size of a page's ink.

    type_height: pixels from ascender to descender. inked: left, top, right and bottom of all ink
    except specks, in pixels, end exclusive.
    """

    type_height: float
    inked: tuple[int, int, int, int]


@dataclass(frozen=True)
class DetectionView:
    """A cropped and scaled part of a page.

    image: the pixels. origin: x and y of its top-left corner on the page, in page pixels. scale:
    view pixels per page pixel along x and y.
    """

    image: Image
    origin: tuple[int, int]
    scale: tuple[float, float]

    def to_page(self, points: NDArray[np.float32]) -> NDArray[np.float32]:
        """Convert points (..., 2) from view pixels to page pixels."""
        return np.asarray(points / self.scale + self.origin, np.float32)

    def from_page(self, points: NDArray[np.float32]) -> NDArray[np.float32]:
        """Convert points (..., 2) from page pixels to view pixels."""
        return np.asarray((points - self.origin) * self.scale, np.float32)


def survey_ink(image: Image) -> InkSurvey | None:
    """Measure where a grey page has ink and how large its type is; None if it has no text.

    The type height is 1.55 times the median height of connected ink of letter-like shape; that
    median lies between x-height and capital height. Rules, frames and specks have other shapes and
    do not count.
    """
    factor = 1
    while image.size > MAX_SURVEY_PIXELS:
        image, factor = _halve(image), factor * 2
    block = max(15, int(min(image.shape) * 0.03) | 1)
    ink = cv2.adaptiveThreshold(
        image, 1, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY_INV, block, 18
    )
    left, top, width, height, area = cv2.connectedComponentsWithStats(ink)[2][1:].T
    aspect, filled = width / height, area / (width * height)
    letters = (height >= 4) & (height < 0.1 * max(image.shape)) & (aspect < 2.5)
    letters &= (aspect > 0.15) & (filled > 0.15) & (filled < 0.95)
    if int(letters.sum()) < 6:
        return None
    size = float(np.median(height[letters])) * 1.55
    kept = area >= MIN_INK_AREA_RATIO * size**2
    edges = (
        left[kept].min(),
        top[kept].min(),
        (left + width)[kept].max(),
        (top + height)[kept].max(),
    )
    x0, y0, x1, y1 = (int(edge) * factor for edge in edges)
    return InkSurvey(size * factor, (x0, y0, x1, y1))


def type_height(image: Image) -> float | None:
    """Type height of a grey page in pixels, ascender to descender; None if it has no text."""
    seen = survey_ink(image)
    return seen.type_height if seen else None


def detection_view(image: Image) -> DetectionView:
    """Crop and scale a grey page for the detector.

    Empty margins are cut off, as they cost time. The type is scaled to ``TARGET_TYPE_HEIGHT_PX`` as
    far as ``MAX_VIEW_PIXELS`` allows.
    """
    seen = survey_ink(image)
    part, x0, y0, scale = image, 0, 0, 1.0
    if seen is not None:
        margin = round(MARGIN_RATIO * seen.type_height)
        left, top, right, bottom = seen.inked
        x0, y0 = max(0, left - margin), max(0, top - margin)
        part = image[y0 : bottom + margin, x0 : right + margin]
        scale = min(max(TARGET_TYPE_HEIGHT_PX / seen.type_height, 0.1), 2.5)
    scale = min(scale, float(np.sqrt(MAX_VIEW_PIXELS / part.size)))
    rows, columns = (max(32, round(side * scale)) for side in part.shape)
    factors = columns / part.shape[1], rows / part.shape[0]
    return DetectionView(resize_image(part, columns, rows), (x0, y0), factors)


def resize_image(image: Image, width: int, height: int) -> Image:
    """Resize a grey image to width and height in pixels.

    The image is halved as often as possible, which is much faster than averaging over parts of
    pixels, and interpolated the rest of the way.
    """
    while image.shape[1] >= 2 * width and image.shape[0] >= 2 * height:
        image = _halve(image)
    larger = width > image.shape[1]
    flag = cv2.INTER_CUBIC if larger else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(image, (width, height), interpolation=flag), np.uint8)


def _halve(image: Image) -> Image:
    rows, columns = image.shape[0] // 2, image.shape[1] // 2
    even = image[: 2 * rows, : 2 * columns]
    return np.asarray(cv2.resize(even, (columns, rows), interpolation=cv2.INTER_AREA), np.uint8)

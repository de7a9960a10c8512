"""What the detector looks at: the part of a page that has ink, with its type at the best size."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from docagent.ocr.types import Image

TARGET_TYPE = 21.0
"""Pixels from ascender to descender that the detector sees best (15 to 26 were measured)."""

MAX_PIXELS = 3_500_000
"""Most pixels the detector looks at, whatever the size of the type."""

SURVEYED = 6_000_000
"""Larger pages are halved before their ink is surveyed."""

MARGIN = 1.5
"""Paper around the ink that is looked at, in heights of the type."""

SPECK = 0.04
"""Area of connected ink, in squares of the type's height, below which it is no letter but a dot or
a speck, and no reason to look somewhere."""


@dataclass(frozen=True)
class Survey:
    """Of a page with text. type_height: pixels from ascender to descender. inked: left, top, right
    and bottom of all ink but specks (pixels, end exclusive)."""

    type_height: float
    inked: tuple[int, int, int, int]


@dataclass(frozen=True)
class View:
    """image: a part of a page, resized. origin: its corner on the page, x and y in pixels of the
    page. scale: its pixels for each pixel of the page, along x and y."""

    image: Image
    origin: tuple[int, int]
    scale: tuple[float, float]

    def to_page(self, points: NDArray[np.float32]) -> NDArray[np.float32]:
        """Points (..., 2) of the view in pixels of the page."""
        return np.asarray(points / self.scale + self.origin, np.float32)

    def from_page(self, points: NDArray[np.float32]) -> NDArray[np.float32]:
        """Points (..., 2) of the page in pixels of the view."""
        return np.asarray((points - self.origin) * self.scale, np.float32)


def survey(image: Image) -> Survey | None:
    """Where a grey page has ink, and how large its type is; None if there is no text.

    The type's height is the median height of connected ink of letter-like shape, which is between
    x-height and capital height, times 1.55. Robust to rules, frames and specks, which have other
    shapes.
    """
    factor = 1
    while image.size > SURVEYED:
        image, factor = _half(image), factor * 2
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
    kept = area >= SPECK * size**2
    edges = (
        left[kept].min(),
        top[kept].min(),
        (left + width)[kept].max(),
        (top + height)[kept].max(),
    )
    x0, y0, x1, y1 = (int(edge) * factor for edge in edges)
    return Survey(size * factor, (x0, y0, x1, y1))


def type_height(image: Image) -> float | None:
    """Typical height of the type in pixels, ascender to descender; None if there is no text."""
    seen = survey(image)
    return seen.type_height if seen else None


def detection_view(image: Image) -> View:
    """A grey page as the detector sees it best: without the empty margins that cost time, at the
    size where its type is TARGET_TYPE high, as far as MAX_PIXELS allows."""
    seen = survey(image)
    part, x0, y0, scale = image, 0, 0, 1.0
    if seen is not None:
        margin = round(MARGIN * seen.type_height)
        left, top, right, bottom = seen.inked
        x0, y0 = max(0, left - margin), max(0, top - margin)
        part = image[y0 : bottom + margin, x0 : right + margin]
        scale = min(max(TARGET_TYPE / seen.type_height, 0.1), 2.5)
    scale = min(scale, float(np.sqrt(MAX_PIXELS / part.size)))
    rows, columns = (max(32, round(side * scale)) for side in part.shape)
    factors = columns / part.shape[1], rows / part.shape[0]
    return View(resized(part, columns, rows), (x0, y0), factors)


def resized(image: Image, width: int, height: int) -> Image:
    """The image in another size. It is halved as often as that goes, which takes no time beside
    averaging over parts of pixels, and interpolated the rest of the way."""
    while image.shape[1] >= 2 * width and image.shape[0] >= 2 * height:
        image = _half(image)
    larger = width > image.shape[1]
    flag = cv2.INTER_CUBIC if larger else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(image, (width, height), interpolation=flag), np.uint8)


def _half(image: Image) -> Image:
    rows, columns = image.shape[0] // 2, image.shape[1] // 2
    even = image[: 2 * rows, : 2 * columns]
    return np.asarray(cv2.resize(even, (columns, rows), interpolation=cv2.INTER_AREA), np.uint8)

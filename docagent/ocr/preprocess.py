"""Before detection: even light, the size of the type, and turning pages."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from docagent.ocr.grey import grey_levels
from docagent.ocr.types import Image

TARGET_TYPE = 21.0
"""Pixels from ascender to descender that the detector sees best (15 to 26 were measured)."""

MAX_PIXELS = 3_500_000
"""Most pixels the detector looks at, whatever the size of the type."""


DARK_GROUND = 110
"""Grey level of most of the page below which it may be a negative."""

LIGHT_AREA = 0.06
"""Share of the page in light areas from which there is paper."""

BLOCK_TYPE = 0.04
"""Share of a dim area with something much lighter in it from which it is no shadow on paper but a
block of dark ground with light type."""


def even_light(image: Image) -> Image:
    """Divide by the paper's brightness where shadows or a lamp make it uneven.

    Evenly lit pages are returned as they are. The paper is estimated as the bright end of
    each neighbourhood, so type and rules do not count; areas of dark ground stay dark.
    """
    height, width = image.shape
    step = max(1, min(height, width) // 128)
    size = (max(1, width // step), max(1, height // step))
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    bright = cv2.dilate(small, np.ones((5, 5), np.uint8))
    paper = cv2.medianBlur(bright, 21 if min(bright.shape) > 21 else 3).astype(np.float32)
    low, high = np.percentile(paper, (5, 95))
    if high < 60 or low > 0.85 * high:
        return image
    paper[_dark_blocks(image, paper, float(high))] = high
    paper = np.maximum(paper, 0.35 * high)
    light = cv2.resize(paper / high, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(np.clip(image / light, 0, 255), np.uint8)


def _dark_blocks(image: Image, paper: NDArray[np.float32], high: float) -> NDArray[np.bool_]:
    """Where the page has light type on dark ground, in the cells of ``paper`` (a small map of the
    ground's grey level, ``high`` where it is bright). Nothing on a shadow is lighter than it is."""
    dim = np.asarray(paper < 0.75 * high, np.uint8)
    height, width = image.shape
    cell = np.ones((-(-height // dim.shape[0]), -(-width // dim.shape[1])), np.uint8)
    # Strokes of two pixels count, specks of one do not.
    strokes = cv2.erode(image, np.ones((2, 2), np.uint8))
    peaks = cv2.resize(cv2.dilate(strokes, cell), dim.shape[::-1], interpolation=cv2.INTER_NEAREST)
    lit = peaks > paper + 0.5 * (high - paper)
    _, areas = cv2.connectedComponents(dim)
    # At the edge of an area the bright paper beside it is seen.
    inner = np.where(cv2.erode(dim, np.ones((5, 5), np.uint8)) > 0, areas, 0)
    cells = np.bincount(inner.ravel(), minlength=areas.max() + 1)
    shares = np.bincount(inner[lit], minlength=len(cells)) / np.maximum(cells, 1)
    shares[0] = 0.0
    return np.asarray((shares > BLOCK_TYPE)[areas])


def is_negative(image: Image) -> bool:
    """Whether the page is light type on dark ground.

    Dark ground alone is no sign: a receipt on a desk is dark type on light paper on dark ground.
    But paper is a light area without its type, and light type is nothing without its strokes.
    """
    dark = grey_levels(image[::4, ::4], 50)[0]
    if dark > DARK_GROUND:
        return False
    factor = min(1.0, 1200 / max(image.shape))
    small = cv2.resize(image, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    closed = cv2.morphologyEx(small, cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
    areas = cv2.morphologyEx(closed, cv2.MORPH_OPEN, np.ones((31, 31), np.uint8))
    return float((areas > dark + 60).mean()) < LIGHT_AREA


def type_height(image: Image) -> float | None:
    """Typical height of the type in pixels, ascender to descender; None if there is no text.

    The median height of connected ink of letter-like shape, which is between x-height and
    capital height, times 1.55. Robust to rules, frames and specks, which have other shapes.
    """
    factor = 1.0
    if image.size > 6_000_000:
        factor = float(np.sqrt(6_000_000 / image.size))
        image = np.asarray(
            cv2.resize(image, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA), np.uint8
        )
    block = max(15, int(min(image.shape) * 0.03) | 1)
    ink = cv2.adaptiveThreshold(
        image, 1, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY_INV, block, 18
    )
    count, _, stats, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
    if count < 8:
        return None
    width, height, area = (
        stats[1:, i] for i in (cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT, cv2.CC_STAT_AREA)
    )
    aspect = width / np.maximum(height, 1)
    filled = area / np.maximum(width * height, 1)
    letters = (height >= 4) & (height < 0.1 * max(image.shape)) & (aspect < 2.5)
    letters &= (aspect > 0.15) & (filled > 0.15) & (filled < 0.95)
    if int(letters.sum()) < 6:
        return None
    return float(np.median(height[letters])) * 1.55 / factor


def detection_scale(image: Image) -> float:
    """How much to resize a page so that its type gets the size the detector sees best."""
    height = type_height(image)
    scale = TARGET_TYPE / height if height else 1.0
    scale = min(max(scale, 0.1), 2.5)
    return min(scale, float(np.sqrt(MAX_PIXELS / image.size)))


def turn(image: Image, degrees: int) -> Image:
    """Turn clockwise by 0, 90, 180 or 270 degrees."""
    return np.ascontiguousarray(np.rot90(image, -(degrees // 90) % 4))


def rotate(image: Image, degrees: float) -> tuple[Image, NDArray[np.float32]]:
    """Rotate about the centre, counter-clockwise for positive ``degrees``; the canvas grows.

    Returns the image and the affine matrix (2, 3) from its pixels back to the source's.
    """
    height, width = image.shape
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1.0)
    cos, sin = abs(matrix[0, 0]), abs(matrix[0, 1])
    new_width, new_height = round(width * cos + height * sin), round(width * sin + height * cos)
    matrix[:, 2] += ((new_width - width) / 2, (new_height - height) / 2)
    paper = int(grey_levels(image[::8, ::8], 80)[0])
    turned = cv2.warpAffine(
        image, matrix, (new_width, new_height), flags=cv2.INTER_LINEAR, borderValue=paper
    )
    back = cv2.invertAffineTransform(matrix).astype(np.float32)
    return np.asarray(turned, np.uint8), np.asarray(back, np.float32)


def apply_affine(points: NDArray[np.float32], matrix: NDArray[np.float32]) -> NDArray[np.float32]:
    """Move points (..., 2) by an affine matrix (2, 3)."""
    moved = points @ matrix[:, :2].T + matrix[:, 2]
    return np.asarray(moved, np.float32)

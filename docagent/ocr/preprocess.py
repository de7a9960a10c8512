"""Before detection: even light, dark type on light ground, and turning pages."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from docagent.ocr.grey_levels import grey_levels
from docagent.ocr.types import Image

DARK_GROUND = 110
"""Grey level of most of the page below which it may be a negative."""

LIGHT_AREA = 0.06
"""Share of the page in light areas from which there is paper."""

BLOCK_TYPE = 0.04
"""Share of a dim area with something much lighter in it from which it is no shadow on paper but a
block of dark ground with light type."""

RECTANGULAR = 0.75
"""Share of the rectangle around a block that it fills if it is one."""


def even_light(image: Image) -> Image:
    """Divide by the paper's brightness where shadows or a lamp make it uneven.

    Evenly lit pages are returned as they are. The paper is estimated as the bright end of
    each neighbourhood, so type and rules do not count; areas of dark ground stay dark.
    """
    height, width = image.shape
    step = max(1, min(height, width) // 128)
    columns, rows = max(1, width // step), max(1, height // step)
    # Whole pixels in each cell: averaging over parts of them takes ten times as long.
    whole = image[: rows * step, : columns * step]
    small = cv2.resize(whole, (columns, rows), interpolation=cv2.INTER_AREA)
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
    _, areas, stats, _ = cv2.connectedComponentsWithStats(dim)
    # At the edge of an area the bright paper beside it is seen.
    inner = np.where(cv2.erode(dim, np.ones((5, 5), np.uint8)) > 0, areas, 0)
    cells = np.bincount(inner.ravel(), minlength=areas.max() + 1)
    shares = np.bincount(inner[lit], minlength=len(cells)) / np.maximum(cells, 1)
    shares[0] = 0.0
    blocks = np.asarray((shares > BLOCK_TYPE)[areas])
    for left, top, wide, tall, area in stats[shares > BLOCK_TYPE].tolist():
        # Light type close to an edge makes the ground there look less dark than it is.
        if area > RECTANGULAR * wide * tall:
            blocks[top : top + tall, left : left + wide] = True
    return blocks


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

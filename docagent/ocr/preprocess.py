"""Preprocessing before detection: lighting correction, polarity, rotation."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from docagent.ocr.grey_levels import grey_levels
from docagent.ocr.types import Image

MAX_DARK_BACKGROUND_LEVEL = 110
"""Median grey level (0-255) up to which a page may be light type on a dark background."""

MIN_PAPER_AREA_RATIO = 0.06
"""Share of the page that light areas must cover to be taken for paper."""

MIN_BLOCK_TYPE_RATIO = 0.04
"""Share of a dim area that must hold much lighter strokes. Such an area is a dark block with light
type; with a smaller share it is a shadow on paper."""

MIN_BLOCK_FILL_RATIO = 0.75
"""Share of its bounding rectangle that a dark block must fill for the whole rectangle to count as
the block."""


def flatten_lighting(image: Image) -> Image:
    """Divide a grey page by its paper brightness where shadows or a lamp make it uneven.

    Evenly lit pages are returned unchanged. The paper brightness is the bright end of each
    neighbourhood, so type and rules do not count. Areas with a dark background stay dark.
    """
    height, width = image.shape
    step = max(1, min(height, width) // 128)
    columns, rows = max(1, width // step), max(1, height // step)
    # Cells of whole pixels: averaging over parts of pixels takes ten times as long.
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
    """Return a mask (shape of ``paper``) of the blocks with light type on a dark background.

    paper: small map of the background's grey level. high: its level where it is bright. Light
    strokes tell a block from a shadow: nothing inside a shadow is lighter than the shadowed paper.
    """
    dim = np.asarray(paper < 0.75 * high, np.uint8)
    height, width = image.shape
    cell = np.ones((-(-height // dim.shape[0]), -(-width // dim.shape[1])), np.uint8)
    # Strokes of two pixels count, specks of one do not.
    strokes = cv2.erode(image, np.ones((2, 2), np.uint8))
    peaks = cv2.resize(cv2.dilate(strokes, cell), dim.shape[::-1], interpolation=cv2.INTER_NEAREST)
    lit = peaks > paper + 0.5 * (high - paper)
    _, areas, stats, _ = cv2.connectedComponentsWithStats(dim)
    # The dilation spreads bright paper into the edge of an area, so the edge does not count.
    inner = np.where(cv2.erode(dim, np.ones((5, 5), np.uint8)) > 0, areas, 0)
    cells = np.bincount(inner.ravel(), minlength=areas.max() + 1)
    shares = np.bincount(inner[lit], minlength=len(cells)) / np.maximum(cells, 1)
    shares[0] = 0.0
    blocks = np.asarray((shares > MIN_BLOCK_TYPE_RATIO)[areas])
    for left, top, wide, tall, area in stats[shares > MIN_BLOCK_TYPE_RATIO].tolist():
        # Light type close to an edge raises the estimated background there, so the mask has holes.
        if area > MIN_BLOCK_FILL_RATIO * wide * tall:
            blocks[top : top + tall, left : left + wide] = True
    return blocks


def is_negative(image: Image) -> bool:
    """Whether the page is light type on a dark background.

    A dark background alone is not enough: a receipt photographed on a desk is dark type on light
    paper on a dark background. Paper is a light area that remains once its type is closed; light
    type vanishes once its strokes are opened.
    """
    dark = grey_levels(image[::4, ::4], 50)[0]
    if dark > MAX_DARK_BACKGROUND_LEVEL:
        return False
    factor = min(1.0, 1200 / max(image.shape))
    small = cv2.resize(image, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    closed = cv2.morphologyEx(small, cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
    areas = cv2.morphologyEx(closed, cv2.MORPH_OPEN, np.ones((31, 31), np.uint8))
    return float((areas > dark + 60).mean()) < MIN_PAPER_AREA_RATIO


def rotate_right_angle(image: Image, degrees: int) -> Image:
    """Rotate clockwise by 0, 90, 180 or 270 degrees."""
    return np.ascontiguousarray(np.rot90(image, -(degrees // 90) % 4))


def rotate(image: Image, degrees: float) -> tuple[Image, NDArray[np.float32]]:
    """Rotate about the centre, counter-clockwise for positive ``degrees``; the canvas grows to fit.

    Returns the rotated image and the affine matrix (2, 3) that maps its pixels back to the
    source's.
    """
    height, width = image.shape
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1.0)
    cos, sin = abs(matrix[0, 0]), abs(matrix[0, 1])
    new_width, new_height = round(width * cos + height * sin), round(width * sin + height * cos)
    matrix[:, 2] += ((new_width - width) / 2, (new_height - height) / 2)
    paper = int(grey_levels(image[::8, ::8], 80)[0])
    rotated = cv2.warpAffine(
        image, matrix, (new_width, new_height), flags=cv2.INTER_LINEAR, borderValue=paper
    )
    back = cv2.invertAffineTransform(matrix).astype(np.float32)
    return np.asarray(rotated, np.uint8), np.asarray(back, np.float32)


def apply_affine(points: NDArray[np.float32], matrix: NDArray[np.float32]) -> NDArray[np.float32]:
    """Transform points (..., 2) by an affine matrix (2, 3)."""
    moved = points @ matrix[:, :2].T + matrix[:, 2]
    return np.asarray(moved, np.float32)

"""Cropping of text lines: upright, of one height, normalised for the recognizer."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, dist, floor

import cv2
import numpy as np
from numpy.typing import NDArray

from docagent.ocr.grey_levels import grey_levels, map_levels
from docagent.ocr.types import Image

CROP_HEIGHT_PX = 32
READ_STRETCH = 1.1
"""Horizontal stretch of a crop before recognition. The recognizer makes one step per 4 pixels, and
thin letters at true width are little wider. Stretches of 1.05 to 1.2 differ by 0.005 in word F1 on
receipts."""

MAX_SMALL_TYPE_PX = 18.0
SMALL_STRETCH = 0.95
"""Lines lower than ``MAX_SMALL_TYPE_PX`` are enlarged and have no detail to gain, so they get
this stretch. It costs 0.001 to 0.002 of word F1 on forms and saves a twentieth of the time."""

MAX_CROP_WIDTH_PX = 3200
MIN_CROP_WIDTH_PX = 16


def quad_size(quad: NDArray[np.float32]) -> tuple[float, float]:
    """Mean width and height in pixels of a quad (4, 2), corners clockwise from top-left."""
    a, b, c, d = quad.tolist()
    return (dist(a, b) + dist(c, d)) / 2, (dist(b, c) + dist(d, a)) / 2


def stretch_of(quad: NDArray[np.float32]) -> float:
    """Horizontal stretch used to recognise the line under ``quad`` (4, 2; pixels)."""
    return SMALL_STRETCH if quad_size(quad)[1] < MAX_SMALL_TYPE_PX else READ_STRETCH


def whole_image(image: Image) -> NDArray[np.float32]:
    """The quad (4, 2) around a whole image, clockwise from top-left."""
    height, width = image.shape
    return np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)


def cut_crop(image: Image, quad: NDArray[np.float32], stretch: float = 1.0) -> Image:
    """Cut the pixels under ``quad`` (4, 2) upright, CROP_HEIGHT_PX high, stretched horizontally.

    Large text is averaged down before it is sampled, so that thin strokes survive.
    """
    width_px, height_px = quad_size(quad)
    if height_px < 1 or width_px < 1:
        return np.full((CROP_HEIGHT_PX, MIN_CROP_WIDTH_PX), 255, np.uint8)
    factor = CROP_HEIGHT_PX / height_px
    width = min(max(round(width_px * factor * stretch), MIN_CROP_WIDTH_PX), MAX_CROP_WIDTH_PX)
    region, offset = _surrounding(image, quad, margin=4)
    shrink = min(1.0, factor * 1.5)
    if shrink < 0.8:
        smaller = cv2.resize(region, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA)
        region = np.asarray(smaller, np.uint8)
    else:
        shrink = 1.0
    source = ((quad - offset) * shrink)[:3].astype(np.float32)
    target = np.array([[0, 0], [width, 0], [width, CROP_HEIGHT_PX]], np.float32)
    matrix = cv2.getAffineTransform(source, target)
    flags = cv2.INTER_CUBIC if factor > 1 else cv2.INTER_LINEAR
    crop = cv2.warpAffine(
        region, matrix, (width, CROP_HEIGHT_PX), flags=flags, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(crop, np.uint8)


def _surrounding(
    image: Image, quad: NDArray[np.float32], margin: int
) -> tuple[Image, NDArray[np.float32]]:
    """The part of the image around a quad and its top-left corner (x, y), in pixels."""
    rows, columns = image.shape[:2]
    (x0, y0), (x1, y1) = (edges.tolist() for edges in (quad.min(axis=0), quad.max(axis=0)))
    x0, y0, x1, y1 = floor(x0) - margin, floor(y0) - margin, ceil(x1) + margin, ceil(y1) + margin
    x0, y0 = min(max(x0, 0), columns - 1), min(max(y0, 0), rows - 1)
    x1, y1 = min(max(x1, x0 + 1), columns), min(max(y1, y0 + 1), rows)
    return image[y0:y1, x0:x1], np.array([x0, y0], np.float32)


def crop_to_input(crop: Image) -> NDArray[np.float32]:
    """Convert grey levels to contrast-stretched floats: paper near 1, ink near -1, same shape."""
    low, high = grey_levels(crop[:, ::2], 1, 95)
    slope = 2 / max(high - low, 24.0)
    return map_levels(crop, slope, -low * slope - 1, -1.5, 1.5)


def stack_inputs(crops: Sequence[NDArray[np.float32]], multiple: int = 8) -> NDArray[np.float32]:
    """Stack crops of one height into a batch (n, 1, height, width), padded to a common width.

    The padding to the right is zero, the value convolutions pad with to the left. Zero is neither
    paper nor ink, so the model can tell a mark cut off by the crop's edge from a whole one.
    """
    width = -(-max(crop.shape[1] for crop in crops) // multiple) * multiple
    batch = np.zeros((len(crops), 1, crops[0].shape[0], width), np.float32)
    for row, crop in zip(batch, crops, strict=True):
        row[0, :, : crop.shape[1]] = crop
    return batch

"""Classification of a page image by features that cost milliseconds."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from docagent.document import PageKind
from docagent.ocr.detection.input_scaling import type_height
from docagent.ocr.preprocess import rotate
from docagent.ocr.types import Image

THUMBNAIL_SIDE_PX = 500
"""Longest side of the copy on which lighting and skew are measured."""

SKEW_ANGLES_DEGREES = range(-10, 11, 2)
"""Angles tried for the skew of the lines."""

MIN_DRAWN_FLATNESS = 0.6
"""Share of pixels of exactly one level from which a page may have been drawn by software."""

MAX_DRAWN_SPECKS = 0.02
"""Specks per letter below which a flat page was drawn by software. Black-and-white scans are as
flat but have specks (0.026 and more on 25 FUNSD forms)."""

MAX_SPECK_PIXELS = 3
"""Largest area of a speck."""

MIN_PHOTO_UNEVENNESS = 0.3
"""Unevenness of the lighting from which a page was photographed."""

MIN_PHOTO_KEYSTONE_DEGREES = 3.0
"""Difference between the skew at the top and at the bottom from which a page was photographed."""

MIN_RECEIPT_HEIGHT_RATIO = 1.5
MAX_RECEIPT_WIDTH_RATIO = 45.0
"""A receipt is at least this many widths high and less than this many type heights wide (about
twice as many letters)."""


@dataclass(frozen=True)
class PageFeatures:
    """Features of a page image.

    height_in_widths: height over width. width_in_type: width over type height; None without text.
    flatness: share (0-1) of pixels of the most frequent level. specks: per larger piece of ink.
    unevenness: 0 for even lighting, 1 for paper that is black at its darkest. skew: degrees.
    keystone: degrees between the skews of the upper and the lower half.
    """

    height_in_widths: float
    width_in_type: float | None
    flatness: float
    specks: float
    unevenness: float
    skew: float
    keystone: float


def page_features(image: Image) -> PageFeatures:
    """Measure the features of a grey page image (height, width)."""
    height, width = image.shape
    scale = min(1.0, THUMBNAIL_SIDE_PX / max(height, width))
    size = (max(8, round(width * scale)), max(8, round(height * scale)))
    small = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
    levels = np.bincount(image[::3, ::3].ravel(), minlength=256)
    letter = type_height(image)
    half = small.shape[0] // 2
    return PageFeatures(
        height_in_widths=height / width,
        width_in_type=width / letter if letter else None,
        flatness=float(levels.max() / levels.sum()),
        specks=_specks(image),
        unevenness=_unevenness(small),
        skew=_skew(small),
        keystone=abs(_skew(small[:half]) - _skew(small[half:])),
    )


def page_kind(features: PageFeatures) -> PageKind:
    """Classify a page without a text layer. Rules apply in order; a page that fits none is a
    scan."""
    narrow = features.width_in_type is not None and features.width_in_type < MAX_RECEIPT_WIDTH_RATIO
    if narrow and features.height_in_widths >= MIN_RECEIPT_HEIGHT_RATIO:
        return "receipt"
    if (
        features.unevenness >= MIN_PHOTO_UNEVENNESS
        or features.keystone >= MIN_PHOTO_KEYSTONE_DEGREES
    ):
        return "photo"
    if (
        features.flatness >= MIN_DRAWN_FLATNESS
        and features.specks < MAX_DRAWN_SPECKS
        and features.skew == 0
    ):
        return "born_digital"
    return "scan"


def _specks(image: Image) -> float:
    """Number of pieces of dark ink of a few pixels per larger piece."""
    dark = np.asarray(image < 128, np.uint8)
    _, _, stats, _ = cv2.connectedComponentsWithStats(dark, connectivity=8)
    areas = stats[1:, cv2.CC_STAT_AREA]
    small = int((areas <= MAX_SPECK_PIXELS).sum())
    return small / max(1, len(areas) - small)


def _unevenness(small: Image) -> float:
    """How much darker the paper is at its darkest than at its brightest, 0-1.

    Paper is the bright end of each neighbourhood, so that type does not count.
    """
    bright = cv2.dilate(small, np.ones((9, 9), np.uint8))
    low, high = np.percentile(bright, (5, 95))
    return float(1 - low / high) if high > 0 else 0.0


def _skew(small: Image) -> float:
    """Skew of the lines in degrees: the rotation at which rows of ink stand out most."""
    ink = np.asarray(255 - cv2.adaptiveThreshold(small, 255, 0, 0, 15, 12), np.uint8)
    if not ink.any():
        return 0.0
    contrasts = {}
    for angle in SKEW_ANGLES_DEGREES:
        rotated = rotate(ink, float(angle))[0] if angle else ink
        rows = rotated.sum(axis=1, dtype=np.float64)
        contrasts[angle] = float(np.square(np.diff(rows)).sum())
    # Skew 0 wins unless another angle is clearly better.
    best = max(contrasts, key=contrasts.__getitem__)
    return float(best) if contrasts[best] > 1.1 * contrasts[0] else 0.0

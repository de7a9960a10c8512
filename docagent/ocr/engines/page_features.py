"""What kind of page an image shows, from features that cost milliseconds."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from docagent.document import PageKind
from docagent.ocr.detection.view import type_height
from docagent.ocr.preprocess import rotate
from docagent.ocr.types import Image

THUMBNAIL = 500
"""Longest side in pixels of the copy that light and skew are measured on."""

ANGLES = range(-10, 11, 2)
"""Degrees that are tried for the lean of the lines."""

FLAT = 0.6
"""Share of pixels of exactly one level from which a page may have been drawn by software."""

CLEAN = 0.02
"""Specks for each letter below which a flat page was drawn by software: scans made black and
white are as flat, but have specks (0.026 and more on 25 FUNSD forms)."""

SPECK = 3
"""Most pixels of a speck."""

UNEVEN = 0.3
"""Unevenness of the light from which a page was photographed."""

KEYSTONE = 3.0
"""Degrees between the lean at the top and at the bottom from which a page was photographed."""

TALL, NARROW = 1.5, 45.0
"""Height in widths, and width in type heights (about twice as many letters), of a receipt."""


@dataclass(frozen=True)
class PageFeatures:
    """height_in_widths: height over width. width_in_type: width over the height of the type; None
    without text. flatness: share (0-1) of pixels of the commonest level. unevenness: 0 for even
    light, 1 for paper black at its darkest. specks: for each larger piece of ink. skew: lean of
    the lines in degrees. keystone: degrees between the leans of the upper and the lower half."""

    height_in_widths: float
    width_in_type: float | None
    flatness: float
    specks: float
    unevenness: float
    skew: float
    keystone: float


def page_features(image: Image) -> PageFeatures:
    """Features of a grey page image (height, width)."""
    height, width = image.shape
    scale = min(1.0, THUMBNAIL / max(height, width))
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
    """The kind of a page without a text layer. Rules in order; what fits none is a scan."""
    narrow = features.width_in_type is not None and features.width_in_type < NARROW
    if narrow and features.height_in_widths >= TALL:
        return "receipt"
    if features.unevenness >= UNEVEN or features.keystone >= KEYSTONE:
        return "photo"
    if features.flatness >= FLAT and features.specks < CLEAN and features.skew == 0:
        return "born_digital"
    return "scan"


def _specks(image: Image) -> float:
    """Pieces of dark ink of a few pixels for each larger piece."""
    dark = np.asarray(image < 128, np.uint8)
    _, _, stats, _ = cv2.connectedComponentsWithStats(dark, connectivity=8)
    areas = stats[1:, cv2.CC_STAT_AREA]
    small = int((areas <= SPECK).sum())
    return small / max(1, len(areas) - small)


def _unevenness(small: Image) -> float:
    """How much darker the paper is at its darkest than at its brightest, 0-1.

    The paper is the bright end of each neighbourhood, so that type does not count.
    """
    bright = cv2.dilate(small, np.ones((9, 9), np.uint8))
    low, high = np.percentile(bright, (5, 95))
    return float(1 - low / high) if high > 0 else 0.0


def _skew(small: Image) -> float:
    """Lean of the lines in degrees: the turn that makes rows of ink stand out most."""
    ink = np.asarray(255 - cv2.adaptiveThreshold(small, 255, 0, 0, 15, 12), np.uint8)
    if not ink.any():
        return 0.0
    contrasts = {}
    for angle in ANGLES:
        turned = rotate(ink, float(angle))[0] if angle else ink
        rows = turned.sum(axis=1, dtype=np.float64)
        contrasts[angle] = float(np.square(np.diff(rows)).sum())
    # No turn is the answer unless another is clearly better.
    best = max(contrasts, key=contrasts.__getitem__)
    return float(best) if contrasts[best] > 1.1 * contrasts[0] else 0.0

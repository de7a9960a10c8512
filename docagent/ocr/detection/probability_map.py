"""Conversion between text lines and the detector's probability map.

Training targets hold each line shrunk to a band; at inference the bands are grown back to lines.
The method is differentiable binarization (DB; Liao et al., 2020), except that shrinking is measured
in line heights instead of by area, so that long and short lines of one type size get bands of equal
thickness.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import dist
from operator import itemgetter

import cv2
import numpy as np
from numpy.typing import NDArray

from docagent.ocr.types import Detection

BAND_HEIGHT_RATIO = 0.42
"""Height of a band as a share of its line's height."""

BAND_EXCESS_PX = 1.8
"""Map pixels by which a predicted band is thicker than the ideal one. The rasterised targets
include their outline and the threshold lies below one half. Measured on held-out pages."""

MIN_ANGLE_BAND_ASPECT_RATIO = 6.0
"""Length over thickness from which a band gives a reliable angle."""

MAX_COMPACT_ASPECT_RATIO = 2.5
"""Length over thickness below which a band may belong to a single character."""

MAP_STRIDE_PX = 2
"""Page pixels per map pixel."""

RotatedRect = tuple[Sequence[float], Sequence[float], float]
"""A rotated rectangle as OpenCV gives it: centre, (width, height), angle in degrees."""


def shrink_quad(quad: NDArray[np.float32]) -> NDArray[np.float32]:
    """Shrink a line quad (4, 2) to its band (4, 2).

    The band is the middle ``BAND_HEIGHT_RATIO`` of the height; both ends are shortened by the same
    amount as top and bottom.
    """
    a, b, c, d = quad
    height = (np.linalg.norm(d - a) + np.linalg.norm(c - b)) / 2
    width = (np.linalg.norm(b - a) + np.linalg.norm(c - d)) / 2
    cut = (1 - BAND_HEIGHT_RATIO) / 2
    along = min(cut * float(height) / max(float(width), 1e-3), 0.3)
    down_left, down_right = (d - a) * cut, (c - b) * cut
    right_top, right_bottom = (b - a) * along, (c - d) * along
    return np.stack(
        [
            a + down_left + right_top,
            b + down_right - right_top,
            c - down_right - right_bottom,
            d - down_left + right_bottom,
        ]
    ).astype(np.float32)


def order_corners(box: NDArray[np.float32]) -> NDArray[np.float32]:
    """Order a rectangle's corners (4, 2) clockwise from the top-left of text that runs to the
    right."""
    points = [(float(x), float(y)) for x, y in box]
    by_x = sorted(points, key=itemgetter(0))
    by_y = sorted(points, key=itemgetter(1))
    if by_y[-1][1] - by_y[0][1] > by_x[-1][0] - by_x[0][0]:
        # Vertical text: the upper corners stay the upper ones.
        (a, b), (d, c) = sorted(by_y[:2]), sorted(by_y[2:])
    else:
        (a, d), (b, c) = sorted(by_x[:2], key=itemgetter(1)), sorted(by_x[2:], key=itemgetter(1))
    return np.array([a, b, c, d], np.float32)


def _page_skew(boxes: Sequence[RotatedRect]) -> float:
    """Skew of the page's lines in degrees (clockwise): the length-weighted median angle of the
    rectangles around long bands, or 0 if there are none."""
    angles, weights, lengths = [], [], []
    for _, (w, h), angle in boxes:
        angle = angle if w >= h else angle - 90
        angles.append((angle + 90) % 180 - 90)
        weights.append(max(w, h))
        lengths.append(max(w, h) / (min(w, h) + 1))
    least = (
        MIN_ANGLE_BAND_ASPECT_RATIO
        if max(lengths, default=0.0) > MIN_ANGLE_BAND_ASPECT_RATIO
        else MIN_ANGLE_BAND_ASPECT_RATIO / 2
    )
    kept = [i for i, length in enumerate(lengths) if length > least]
    if not kept:
        return 0.0
    angles, weights = [angles[i] for i in kept], [weights[i] for i in kept]
    order = np.argsort(angles)
    total = np.cumsum(np.array(weights)[order])
    return float(np.array(angles)[order][np.searchsorted(total, total[-1] / 2)])


def grow_band(
    contour: NDArray[np.int32], around: RotatedRect, area: float, page_skew: float
) -> NDArray[np.float32]:
    """Grow a band back to its whole line (4, 2), in map pixels.

    contour: outline of the band. around: the contour's smallest rectangle. area: map pixels in the
    band. page_skew: degrees. A short band has no reliable angle of its own and takes the page's.
    """
    (cx, cy), (w, h), angle = around
    if max(w, h) < MIN_ANGLE_BAND_ASPECT_RATIO * (min(w, h) + 1):
        rotation = cv2.getRotationMatrix2D((0, 0), page_skew, 1.0)[:, :2]
        points = contour.reshape(-1, 2).astype(np.float64) @ rotation.T
        low, high = points.min(axis=0), points.max(axis=0)
        (cx, cy), (w, h), angle = (low + high) / 2 @ rotation, tuple(high - low), page_skew
    # The rectangle around a bent line is thicker than its band, so growth uses area over length.
    thickness = min(area / (max(w, h) + 1), min(w, h) + 1)
    w, h = w + 1 - BAND_EXCESS_PX, h + 1 - BAND_EXCESS_PX
    grow = max(thickness - BAND_EXCESS_PX, 1.0) * (1 / BAND_HEIGHT_RATIO - 1)
    box = cv2.boxPoints(((cx + 0.5, cy + 0.5), (w + grow, h + grow), angle))
    return order_corners(np.asarray(box, np.float32))


def map_to_detections(
    probabilities: NDArray[np.float32],
    scale_x: float,
    scale_y: float,
    threshold: float = 0.4,
    min_confidence: float = 0.55,
    min_compact_confidence: float = 0.45,
    min_height: float = 5.0,
) -> list[Detection]:
    """Find the text lines in a probability map (h, w); returns them in page pixels.

    scale_x, scale_y: page pixels per map pixel. threshold: probability from which a pixel is in a
    band. min_confidence: least mean probability inside a band. min_compact_confidence: the same for
    bands of one or two characters, most of whose pixels are edge. min_height: least height of a
    line, in page pixels.
    """
    binary = (probabilities > threshold).astype(np.uint8)
    outlines, _ = cv2.findContours(binary, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    contours = [np.asarray(outline, np.int32) for outline in outlines]
    boxes: list[RotatedRect] = [cv2.minAreaRect(contour) for contour in contours]
    angle = _page_skew(boxes)
    found = []
    for contour, around in zip(contours, boxes, strict=True):
        x, y, w, h = cv2.boundingRect(contour)
        window = probabilities[y : y + h, x : x + w]
        mask = np.zeros((h, w), np.uint8)
        cv2.drawContours(mask, [contour - (x, y)], -1, 1, -1)
        score = cv2.mean(window, mask)[0]
        compact = max(w, h) < MAX_COMPACT_ASPECT_RATIO * min(w, h)
        if score < (min_compact_confidence if compact else min_confidence):
            continue
        area = float(cv2.countNonZero(mask))
        quad = grow_band(contour, around, area, angle) * np.array([scale_x, scale_y], np.float32)
        a, b, c, d = quad.tolist()
        if min(dist(a, b), dist(b, c), dist(c, d), dist(d, a)) >= min_height:
            found.append(Detection(quad, score))
    return found

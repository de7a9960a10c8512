"""The detector's probability map: how lines are shrunk into it, and grown back out of it.

After Liao et al. 2020 (DB), with the shrinking measured in line heights instead of by area, so
that a long line and a short one of the same type size get bands of the same thickness.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import dist
from operator import itemgetter

import cv2
import numpy as np
from numpy.typing import NDArray

from docagent.ocr.types import Detection

BAND = 0.42
"""Height of the band in the map as a share of the line's height."""

SPREAD = 1.8
"""Map pixels by which a predicted band is thicker than the ideal one: the rasterised targets
include their outline, and the threshold lies below one half. Measured on held-out pages."""

LONG = 6.0
"""Bands longer than this many thicknesses tell their own angle."""

COMPACT = 2.5
"""Length of a band in thicknesses below which it may be that of a single character."""

MAP_STRIDE = 2
"""Page pixels per map pixel."""

Rotated = tuple[Sequence[float], Sequence[float], float]
"""A rectangle: its centre, width and height, and lean in degrees (OpenCV's RotatedRect)."""


def shrink_quad(quad: NDArray[np.float32]) -> NDArray[np.float32]:
    """The band of a line quad (4, 2): its middle ``BAND`` of the height, and as much shorter
    at both ends as it is at top and bottom."""
    a, b, c, d = quad
    height = (np.linalg.norm(d - a) + np.linalg.norm(c - b)) / 2
    width = (np.linalg.norm(b - a) + np.linalg.norm(c - d)) / 2
    cut = (1 - BAND) / 2
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
    """Corners of a rectangle clockwise from the top-left of text that runs to the right."""
    points = [(float(x), float(y)) for x, y in box]
    by_x = sorted(points, key=itemgetter(0))
    by_y = sorted(points, key=itemgetter(1))
    if by_y[-1][1] - by_y[0][1] > by_x[-1][0] - by_x[0][0]:
        # Standing text: what is on top stays at the top.
        (a, b), (d, c) = sorted(by_y[:2]), sorted(by_y[2:])
    else:
        (a, d), (b, c) = sorted(by_x[:2], key=itemgetter(1)), sorted(by_x[2:], key=itemgetter(1))
    return np.array([a, b, c, d], np.float32)


def _band_angle(boxes: Sequence[Rotated]) -> float:
    """Lean of the page's lines in degrees (clockwise), from the rectangles around its long bands; 0
    if it has none."""
    angles, weights, lengths = [], [], []
    for _, (w, h), angle in boxes:
        angle = angle if w >= h else angle - 90
        angles.append((angle + 90) % 180 - 90)
        weights.append(max(w, h))
        lengths.append(max(w, h) / (min(w, h) + 1))
    least = LONG if max(lengths, default=0.0) > LONG else LONG / 2
    kept = [i for i, length in enumerate(lengths) if length > least]
    if not kept:
        return 0.0
    angles, weights = [angles[i] for i in kept], [weights[i] for i in kept]
    order = np.argsort(angles)
    total = np.cumsum(np.array(weights)[order])
    return float(np.array(angles)[order][np.searchsorted(total, total[-1] / 2)])


def grow_band(
    contour: NDArray[np.int32], around: Rotated, area: float, page_angle: float
) -> NDArray[np.float32]:
    """The whole line (4, 2) whose band in the map has this contour, in map pixels.

    around: the contour's smallest rectangle. area: map pixels in the band. page_angle: lean of
    the page's lines in degrees; a short band says too little of its own lean and takes the page's.
    """
    (cx, cy), (w, h), angle = around
    if max(w, h) < LONG * (min(w, h) + 1):
        turn = cv2.getRotationMatrix2D((0, 0), page_angle, 1.0)[:, :2]
        points = contour.reshape(-1, 2).astype(np.float64) @ turn.T
        low, high = points.min(axis=0), points.max(axis=0)
        (cx, cy), (w, h), angle = (low + high) / 2 @ turn, tuple(high - low), page_angle
    # A bent line's rectangle is thicker than its band; the band's own thickness sets the growth.
    thickness = min(area / (max(w, h) + 1), min(w, h) + 1)
    w, h = w + 1 - SPREAD, h + 1 - SPREAD
    grow = max(thickness - SPREAD, 1.0) * (1 / BAND - 1)
    box = cv2.boxPoints(((cx + 0.5, cy + 0.5), (w + grow, h + grow), angle))
    return order_corners(np.asarray(box, np.float32))


def map_to_detections(
    probabilities: NDArray[np.float32],
    scale_x: float,
    scale_y: float,
    threshold: float = 0.4,
    min_score: float = 0.55,
    min_compact_score: float = 0.45,
    min_height: float = 5.0,
) -> list[Detection]:
    """Lines in a probability map (h, w), in page pixels.

    scale_x, scale_y: page pixels per map pixel. min_score: mean probability inside a band;
    min_compact_score: inside that of one or two characters, which is little but edge.
    min_height: of a line, page pixels.
    """
    binary = (probabilities > threshold).astype(np.uint8)
    outlines, _ = cv2.findContours(binary, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    contours = [np.asarray(outline, np.int32) for outline in outlines]
    boxes: list[Rotated] = [cv2.minAreaRect(contour) for contour in contours]
    angle = _band_angle(boxes)
    found = []
    for contour, around in zip(contours, boxes, strict=True):
        x, y, w, h = cv2.boundingRect(contour)
        window = probabilities[y : y + h, x : x + w]
        mask = np.zeros((h, w), np.uint8)
        cv2.drawContours(mask, [contour - (x, y)], -1, 1, -1)
        score = cv2.mean(window, mask)[0]
        compact = max(w, h) < COMPACT * min(w, h)
        if score < (min_compact_score if compact else min_score):
            continue
        area = float(cv2.countNonZero(mask))
        quad = grow_band(contour, around, area, angle) * np.array([scale_x, scale_y], np.float32)
        a, b, c, d = quad.tolist()
        if min(dist(a, b), dist(b, c), dist(c, d), dist(d, a)) >= min_height:
            found.append(Detection(quad, score))
    return found

"""Polygons and boxes as plain tuples and small pure functions.

A polygon is four points clockwise from the top-left of the text it encloses, page-relative
(0-1, origin at the top-left of the page, y down). A bbox is axis-aligned: (x0, y0, x1, y1).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

Point = tuple[float, float]
Polygon = tuple[Point, Point, Point, Point]
BBox = tuple[float, float, float, float]


def bbox_to_polygon(bbox: BBox) -> Polygon:
    """Corners of an axis-aligned box, clockwise from the top-left."""
    x0, y0, x1, y1 = bbox
    return ((x0, y0), (x1, y0), (x1, y1), (x0, y1))


def polygon_to_bbox(polygon: Sequence[Point]) -> BBox:
    """Smallest axis-aligned box around the points. Raises ValueError if there are none."""
    xs = [x for x, _ in polygon]
    ys = [y for _, y in polygon]
    return (min(xs), min(ys), max(xs), max(ys))


def union_bbox(boxes: Iterable[BBox]) -> BBox:
    """Smallest box around all boxes. Raises ValueError if there are none."""
    items = list(boxes)
    return (
        min(b[0] for b in items),
        min(b[1] for b in items),
        max(b[2] for b in items),
        max(b[3] for b in items),
    )


def bbox_area(bbox: BBox) -> float:
    """Area; 0 for an empty or inverted box."""
    return max(0.0, bbox[2] - bbox[0]) * max(0.0, bbox[3] - bbox[1])


def bbox_iou(a: BBox, b: BBox) -> float:
    """Intersection over union, 0-1. Two empty boxes have 0."""
    inter = bbox_area((max(a[0], b[0]), max(a[1], b[1]), min(a[2], b[2]), min(a[3], b[3])))
    total = bbox_area(a) + bbox_area(b) - inter
    return inter / total if total > 0 else 0.0


def scale_polygon(polygon: Polygon, sx: float, sy: float) -> Polygon:
    """Multiply x by ``sx`` and y by ``sy``. From pixels to page-relative: 1/width, 1/height."""
    (ax, ay), (bx, by), (cx, cy), (dx, dy) = polygon
    return ((ax * sx, ay * sy), (bx * sx, by * sy), (cx * sx, cy * sy), (dx * sx, dy * sy))


def clip_polygon(polygon: Polygon) -> Polygon:
    """Move points outside the page (0-1) to its edge."""

    def clip(point: Point) -> Point:
        return (min(1.0, max(0.0, point[0])), min(1.0, max(0.0, point[1])))

    a, b, c, d = polygon
    return (clip(a), clip(b), clip(c), clip(d))


def join_polygons(polygons: Sequence[Polygon]) -> Polygon:
    """One polygon around the word polygons of one line, given from left to right.

    If any polygon is tilted, the result spans the left edge of the first and the right edge of the
    last; otherwise it is the axis-aligned hull. Raises ValueError if there are none.
    """
    if len(polygons) == 1:
        return polygons[0]
    tilted = any(abs(p[0][1] - p[1][1]) > 1e-4 for p in polygons)
    if tilted:
        first, last = polygons[0], polygons[-1]
        return (first[0], last[1], last[2], first[3])
    return bbox_to_polygon(union_bbox(polygon_to_bbox(p) for p in polygons))


def interpolate_polygon(polygon: Polygon, start: float, end: float) -> Polygon:
    """The part of a line polygon between two fractions (0-1) of its length."""

    def between(p: Point, q: Point, t: float) -> Point:
        return (p[0] + (q[0] - p[0]) * t, p[1] + (q[1] - p[1]) * t)

    a, b, c, d = polygon
    return (between(a, b, start), between(a, b, end), between(d, c, end), between(d, c, start))


def rotate_points(points: Sequence[Point], degrees: float) -> list[Point]:
    """Points rotated clockwise about the origin. Both axes must use the same unit, y down."""
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return [(x * cos - y * sin, x * sin + y * cos) for x, y in points]

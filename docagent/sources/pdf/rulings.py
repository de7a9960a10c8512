"""Straight lines that a PDF page draws: rules, frames and the edges of shaded boxes.

All functions are pure. Boxes are in points of the page as shown, y down, unless told otherwise.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from docagent.geometry import BBox
from docagent.sources.pdf.text_layer import Rotation, rotate_bbox, rotated_size

MAX_THICKNESS = 4.0
"""A rectangle that is thinner is a line."""
MAX_DRAWN = 20_000
"""A page with more lines and rectangles is a drawing; it has no rules."""
MAX_APART = 3.0
"""Pieces of one line (dashes, edges of neighbouring boxes) are at most so far apart."""
MAX_SHIFT = 1.5
"""Parallel lines this close are one line, such as the edges of two neighbouring boxes."""
MIN_LENGTH = 8.0
"""Shorter lines are parts of a drawing or of a letter."""
MAX_RULINGS = 2_000
"""Most lines that are kept, the longest ones."""
_EDGE = 0.995
"""Share of a page's width and height from which a rectangle is its background."""


def drawn_edges(drawn: Sequence[Mapping[str, Any]], dx: float, dy: float) -> list[BBox]:
    """Edges of lines and rectangles of pdfplumber, moved by ``dx`` and ``dy``; each box has no
    thickness in one direction. Slanted lines and white boxes have none."""
    if len(drawn) > MAX_DRAWN:
        return []
    edges: list[BBox] = []
    for shape in drawn:
        box = (shape["x0"] + dx, shape["top"] + dy, shape["x1"] + dx, shape["bottom"] + dy)
        if all(map(math.isfinite, box)) and not _is_white(shape):
            edges += _edges(box, is_line=shape["object_type"] == "line")
    return edges


def _is_white(shape: Mapping[str, Any]) -> bool:
    """Whether a shape is painted white only."""
    colors = []
    if shape.get("stroke"):
        colors.append(shape.get("stroking_color"))
    if shape.get("fill"):
        colors.append(shape.get("non_stroking_color"))
    return all(_is_white_color(color) for color in colors)


def _is_white_color(color: object) -> bool:
    if isinstance(color, int | float):
        return color == 1
    if not isinstance(color, tuple | list) or not color:
        return False
    # Four components are inks: none of them is white.
    return all(part == (0 if len(color) == 4 else 1) for part in color)


def _edges(box: BBox, is_line: bool) -> list[BBox]:
    x0, y0, x1, y1 = box
    x, y = (x0 + x1) / 2, (y0 + y1) / 2
    if y1 - y0 <= MAX_THICKNESS and x1 - x0 > y1 - y0:
        return [(x0, y, x1, y)]
    if x1 - x0 <= MAX_THICKNESS:
        return [(x, y0, x, y1)]
    if is_line:
        return []
    return [(x0, y0, x1, y0), (x0, y1, x1, y1), (x0, y0, x0, y1), (x1, y0, x1, y1)]


def merge_rulings(
    edges: Sequence[BBox], width: float, height: float, rotation: Rotation
) -> tuple[BBox, ...]:
    """Lines of a page that is rotated clockwise by ``rotation``, page-relative, longest first.

    width, height: of the page as shown, before the rotation. Pieces that follow each other on one
    line are joined; short lines, and the edges of the page, are left out.
    """
    frame = rotated_size(width, height, rotation)
    turned = [rotate_bbox(edge, rotation, width, height) for edge in edges]
    level = _joined([(y, x0, x1) for x0, y, x1, y1 in turned if y == y1 and x1 > x0])
    upright = _joined([(x, y0, y1) for x, y0, x1, y1 in turned if x == x1 and y1 > y0])
    lines = [(x0, y, x1, y) for y, x0, x1 in level if x1 - x0 < _EDGE * frame[0]]
    lines += [(x, y0, x, y1) for x, y0, y1 in upright if y1 - y0 < _EDGE * frame[1]]
    lines.sort(key=lambda line: (line[0] - line[2] + line[1] - line[3], line))
    return tuple(
        (
            _inside(x0 / frame[0]),
            _inside(y0 / frame[1]),
            _inside(x1 / frame[0]),
            _inside(y1 / frame[1]),
        )
        for x0, y0, x1, y1 in lines[:MAX_RULINGS]
    )


def _inside(value: float) -> float:
    return round(min(1.0, max(0.0, value)), 5)


def _joined(pieces: Sequence[tuple[float, float, float]]) -> list[tuple[float, float, float]]:
    """Pieces (place, start, end) of parallel lines, those on one line joined where they touch."""
    joined = []
    ordered = sorted(pieces)
    places: list[float] = []
    for place, _, _ in ordered:
        places.append(places[-1] if places and place - places[-1] <= MAX_SHIFT else place)
    for place, group in groupby(zip(places, ordered, strict=True), key=lambda pair: pair[0]):
        runs: list[list[float]] = []
        for start, end in sorted(piece[1:] for _, piece in group):
            if runs and start - runs[-1][1] <= MAX_APART:
                runs[-1][1] = max(runs[-1][1], end)
            else:
                runs.append([start, end])
        joined += [(place, start, end) for start, end in runs if end - start >= MIN_LENGTH]
    return joined

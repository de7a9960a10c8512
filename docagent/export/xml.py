"""Helpers of hOCR and ALTO: characters that XML allows, and pixel boxes."""

from __future__ import annotations

import re
from collections.abc import Sequence

from docagent.document import Line, Page
from docagent.geometry import Point, Polygon, polygon_to_bbox, union_bbox

PixelBox = tuple[int, int, int, int]

# Complement of XML 1.0, production 2: characters that are not allowed, even as references.
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def text_to_xml_text(text: str) -> str:
    """Replace characters that XML 1.0 cannot contain by U+FFFD; the writer does the escaping."""
    return _NOT_XML.sub("\ufffd", text)


def polygon_to_pixel_box(polygon: Sequence[Point], page: Page) -> PixelBox:
    """Box (left, top, right, bottom) in pixels of the upright page image, rounded to nearest."""
    x0, y0, x1, y1 = polygon_to_bbox(polygon)
    return (
        round(x0 * page.width),
        round(y0 * page.height),
        round(x1 * page.width),
        round(y1 * page.height),
    )


def lines_to_pixel_box(lines: Sequence[Line], page: Page) -> PixelBox:
    """Pixel box around lines. Raises ValueError if there are none."""
    box = union_bbox(polygon_to_bbox(line.polygon) for line in lines)
    return polygon_to_pixel_box(((box[0], box[1]), (box[2], box[3])), page)


def is_tilted(polygon: Polygon, page: Page) -> bool:
    """Whether the top edge leaves the horizontal by more than one pixel."""
    return abs(polygon[1][1] - polygon[0][1]) * page.height > 1.0

"""Page pictures and crops as data URLs, sized to what a model can take in."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from docagent.geometry import BBox, Polygon, polygon_to_bbox, union_bbox

PageImages = Callable[[int], "NDArray[np.uint8] | None"]
"""Page number (from 1) -> its upright image, (H, W) grey or (H, W, 3) RGB; None without one."""

QUALITY = 85
CROP_HEIGHT = 48
"""Pixels that a line of text in a crop is enlarged to at least."""
MOST_ENLARGED = 4.0
MARGIN = 0.6
"""What is shown around a crop, in its heights."""
_FILTERS = (Image.Resampling.BICUBIC, Image.Resampling.LANCZOS)
"""To enlarge, and to reduce."""


class Crop(NamedTuple):
    """A part of a page enlarged. url: a data URL. caption: what it shows, for the model."""

    url: str
    caption: str


def no_images(page: int) -> None:
    """The images of a document that was given without its scan: there are none."""


def page_url(image: NDArray[np.uint8], pixels: int) -> str:
    """A page as a JPEG data URL of at most ``pixels`` pixels."""
    return _encoded(_scaled(Image.fromarray(image), pixels))


def scale_of(image: NDArray[np.uint8], pixels: int) -> float:
    """How far ``page_url`` scales a page down; 1 if it fits."""
    height, width = image.shape[:2]
    return float(min(1.0, (pixels / (width * height)) ** 0.5))


def crop_url(image: NDArray[np.uint8], boxes: Iterable[BBox], pixels: int) -> str:
    """The part of a page around page-relative boxes, enlarged so that small text can be read,
    as a JPEG data URL of at most ``pixels`` pixels. Raises ValueError without boxes."""
    boxes = list(boxes)
    height, width = image.shape[:2]
    line = max(1.0, min(b[3] - b[1] for b in boxes) * height)
    x0, y0, x1, y1 = union_bbox(boxes)
    margin = MARGIN * line
    area = (
        max(0, int(x0 * width - margin)),
        max(0, int(y0 * height - margin)),
        min(width, max(int(x1 * width + margin), int(x0 * width) + 1)),
        min(height, max(int(y1 * height + margin), int(y0 * height) + 1)),
    )
    crop = Image.fromarray(image).crop(area)
    factor = min(MOST_ENLARGED, max(1.0, CROP_HEIGHT / line))
    # At once to the size that is sent: a large area enlarged first costs ten times as much.
    factor = min(factor, (pixels / (crop.width * crop.height)) ** 0.5)
    size = (max(1, int(crop.width * factor)), max(1, int(crop.height * factor)))
    return _encoded(crop.resize(size, _FILTERS[factor < 1]))


def crop_areas(polygons: Sequence[Polygon], most: int) -> list[list[BBox]]:
    """Boxes of polygons of one page grouped into at most ``most`` areas, top to bottom.

    The areas whose join covers least are put together first.
    """
    areas = [[polygon_to_bbox(polygon)] for polygon in polygons]
    areas.sort(key=lambda area: (area[0][1], area[0][0]))
    hulls = [area[0] for area in areas]
    costs = [_growth(a, b) for a, b in pairwise(hulls)]
    while len(areas) > max(1, most):
        at = costs.index(min(costs))
        areas[at : at + 2] = [areas[at] + areas[at + 1]]
        hulls[at : at + 2] = [union_bbox(hulls[at : at + 2])]
        around = hulls[max(0, at - 1) : at + 2]
        costs[max(0, at - 1) : at + 2] = [_growth(a, b) for a, b in pairwise(around)]
    return areas


def _growth(box: BBox, other: BBox) -> float:
    """How much higher a box gets if another one is joined to it."""
    joined = union_bbox((box, other))
    return (joined[3] - joined[1]) - (box[3] - box[1])


def _scaled(image: Image.Image, pixels: int) -> Image.Image:
    factor = (pixels / (image.width * image.height)) ** 0.5
    if factor >= 1:
        return image
    size = (max(1, int(image.width * factor)), max(1, int(image.height * factor)))
    return image.resize(size, Image.Resampling.LANCZOS)


def _encoded(image: Image.Image) -> str:
    stream = io.BytesIO()
    image.convert("RGB" if image.mode != "L" else "L").save(stream, "JPEG", quality=QUALITY)
    return "data:image/jpeg;base64," + base64.b64encode(stream.getvalue()).decode("ascii")

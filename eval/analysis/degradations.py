"""One thing done to a page at a time: what a scanner, a phone or time does, in known amounts.

Each function takes a grey page (height, width) uint8 and gives the changed page and the matrix
(3x3) that carries points along. Points are pixels with the origin at the outer corner of the first
pixel, so a box that ends at the page's width ends at the new page's width.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from docagent.geometry import BBox, bbox_to_polygon, polygon_to_bbox

Image = NDArray[np.uint8]
Matrix = NDArray[np.float64]

FINEST_DPI = 300
"""Resolution that pages are drawn at."""

BASE_DPI = 200
"""Resolution at which all but the resolution is tried: that of an ordinary office scan."""

LEVELS: dict[str, tuple[float, ...]] = {
    "clean": (0,),
    "dpi": (300, 200, 150, 100, 75),
    "blur": (1, 2, 3, 4),
    "jpeg": (50, 20, 10, 5),
    "skew": (-15, -10, -5, -2, 2, 5, 10, 15),
    "perspective": (0.03, 0.06, 0.1),
    "shadow": (0.3, 0.5, 0.7),
    "bleed": (0.15, 0.3, 0.45),
    "salt": (0.005, 0.02, 0.05),
    "contrast": (0.5, 0.25, 0.12),
    "turn": (90, 180, 270),
    "inverted": (1,),
}
"""Families of rungs and their steps, mild to harsh. dpi: dots per inch; blur: sigma in pixels;
jpeg: quality; skew and turn: degrees clockwise; perspective: largest shift of a corner as a share
of the page; shadow and bleed: share of the light that is lost; salt: share of pixels that turn
black or white; contrast: share of the contrast that is left."""


@dataclass(frozen=True)
class Rung:
    """A family of LEVELS and a step, such as ``blur`` and 2."""

    family: str
    level: float

    @property
    def name(self) -> str:
        """Such as ``blur 2`` or ``skew +5``; families of one step go without it."""
        if len(LEVELS[self.family]) == 1:
            return self.family
        sign = "+" if self.family == "skew" else ""
        return f"{self.family} {self.level:{sign}g}"


def parse_rungs(text: str | None = None) -> list[Rung]:
    """Rungs from families and names separated by commas (``skew,blur 2``); all of them for None.

    Raises ValueError for one that is not known.
    """
    every = [Rung(family, level) for family, levels in LEVELS.items() for level in levels]
    if text is None:
        return every
    chosen: list[Rung] = []
    for part in (part.strip() for part in text.split(",")):
        found = [rung for rung in every if part in (rung.family, rung.name)]
        if not found:
            raise ValueError(
                f"rung {part!r} is not known; give families ({', '.join(LEVELS)}) or a family "
                f"with a step, such as {every[1].name!r}"
            )
        chosen += found
    return chosen


def degrade_page(page: Image, rung: Rung, seed: int = 0) -> tuple[Image, Matrix]:
    """A clean page of FINEST_DPI as the rung has it, and the matrix from its pixels.

    All but ``dpi`` is done at BASE_DPI. The same seed gives the same page.
    """
    dpi = rung.level if rung.family == "dpi" else BASE_DPI
    small, scaled = resize(page, dpi / FINEST_DPI)
    changed, moved = _apply(small, rung, np.random.default_rng(seed))
    return changed, moved @ scaled


def _apply(page: Image, rung: Rung, draw: np.random.Generator) -> tuple[Image, Matrix]:
    level = rung.level
    match rung.family:
        case "skew":
            return skew(page, level)
        case "perspective":
            return perspective(page, level, draw)
        case "turn":
            return quarter_turn(page, round(level))
        case "blur":
            page = blur(page, level)
        case "jpeg":
            page = jpeg(page, round(level))
        case "shadow":
            page = shadow(page, level, draw)
        case "bleed":
            page = bleed_through(page, level)
        case "salt":
            page = salt_and_pepper(page, level, draw)
        case "contrast":
            page = low_contrast(page, level)
        case "inverted":
            page = np.asarray(255 - page, np.uint8)
    return page, np.eye(3)


def move_box(box: BBox, matrix: Matrix) -> BBox:
    """The smallest upright box around a box that a matrix has moved."""
    return polygon_to_bbox([(x, y) for x, y in move_points(bbox_to_polygon(box), matrix)])


def move_points(points: Sequence[tuple[float, float]], matrix: Matrix) -> list[tuple[float, float]]:
    """Points (x, y) moved by a matrix (3x3, perspective allowed)."""
    moved = np.column_stack([np.asarray(points, np.float64), np.ones(len(points))]) @ matrix.T
    return [(float(x / w), float(y / w)) for x, y, w in moved]


def resize(page: Image, factor: float) -> tuple[Image, Matrix]:
    """The page at another resolution, averaged as a scanner's sensor does when it gets smaller."""
    height, width = page.shape
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    how = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    small = page if size == (width, height) else cv2.resize(page, size, interpolation=how)
    return np.asarray(small, np.uint8), np.diag([size[0] / width, size[1] / height, 1.0])


def skew(page: Image, degrees: float) -> tuple[Image, Matrix]:
    """Turned clockwise about its centre; the page grows so that nothing is lost."""
    height, width = page.shape
    angle = np.deg2rad(degrees)
    cos, sin = np.cos(angle), np.sin(angle)
    size = (
        int(np.ceil(width * abs(cos) + height * abs(sin))),
        int(np.ceil(width * abs(sin) + height * abs(cos))),
    )
    turn = np.array([[cos, -sin, 0], [sin, cos, 0], [0, 0, 1]])
    matrix = _shift(size[0] / 2, size[1] / 2) @ turn @ _shift(-width / 2, -height / 2)
    return _warp(page, matrix, size), matrix


def perspective(page: Image, most: float, draw: np.random.Generator) -> tuple[Image, Matrix]:
    """Seen aslant: every corner moves inwards by up to ``most`` (share of the sides), one by all
    of it."""
    height, width = page.shape
    inwards = draw.uniform(0, most, (4, 2))
    inwards[draw.integers(4)] = most
    signs = np.array([[1, 1], [-1, 1], [-1, -1], [1, -1]])
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float64)
    moved = corners + signs * inwards * (width, height)
    found = cv2.getPerspectiveTransform(corners.astype(np.float32), moved.astype(np.float32))
    matrix = np.asarray(found, np.float64)
    return _warp(page, matrix, (width, height)), matrix


def _shift(x: float, y: float) -> Matrix:
    return np.array([[1, 0, x], [0, 1, y], [0, 0, 1]], np.float64)


def _warp(page: Image, matrix: Matrix, size: tuple[int, int]) -> Image:
    # OpenCV counts from the middle of the first pixel, the matrix from its corner.
    centred = _shift(-0.5, -0.5) @ matrix @ _shift(0.5, 0.5)
    out = cv2.warpPerspective(page, centred, size, flags=cv2.INTER_LINEAR, borderValue=_paper(page))
    return np.asarray(out, np.uint8)


def _paper(page: Image) -> int:
    return int(np.median(page[::7, ::7]))


def quarter_turn(page: Image, degrees: int) -> tuple[Image, Matrix]:
    """Turned clockwise by 90, 180 or 270 degrees. Raises ValueError for other angles."""
    height, width = page.shape
    matrices: dict[int, list[list[float]]] = {
        90: [[0, -1, height], [1, 0, 0], [0, 0, 1]],
        180: [[-1, 0, width], [0, -1, height], [0, 0, 1]],
        270: [[0, 1, 0], [-1, 0, width], [0, 0, 1]],
    }
    if degrees not in matrices:
        raise ValueError(f"quarter turn of {degrees} degrees; allowed are 90, 180 and 270")
    turned = np.ascontiguousarray(np.rot90(page, -degrees // 90))
    return turned, np.array(matrices[degrees], np.float64)


def blur(page: Image, sigma: float) -> Image:
    """Out of focus: Gaussian blur, sigma in pixels."""
    return np.asarray(cv2.GaussianBlur(page, (0, 0), sigma), np.uint8)


def jpeg(page: Image, quality: int) -> Image:
    """Stored as JPEG of a quality from 1 to 100 and opened again."""
    done, data = cv2.imencode(".jpg", page, [cv2.IMWRITE_JPEG_QUALITY, quality])
    assert done  # OpenCV takes any grey image
    opened: Any = cv2.imdecode(data, cv2.IMREAD_GRAYSCALE)
    return np.asarray(opened, np.uint8)


def shadow(page: Image, depth: float, draw: np.random.Generator) -> Image:
    """A shadow with a soft slanting edge over one side; in it ``depth`` of the light is lost."""
    height, width = page.shape
    angle = draw.uniform(0, 2 * np.pi)
    x = np.linspace(-0.5, 0.5, width)[None, :]
    y = np.linspace(-0.5, 0.5, height)[:, None]
    beyond = x * np.cos(angle) + y * np.sin(angle) + draw.uniform(-0.15, 0.15)
    light = 1 - depth / (1 + np.exp(-beyond / 0.04))
    return np.asarray(page * light, np.uint8)


def bleed_through(page: Image, strength: float) -> Image:
    """The page's own mirror image shows through from the back, blurred by the paper."""
    back = cv2.GaussianBlur(page[:, ::-1], (0, 0), 1.5).astype(np.float32)
    return np.asarray(np.clip(page - strength * (_paper(page) - back), 0, 255), np.uint8)


def salt_and_pepper(page: Image, share: float, draw: np.random.Generator) -> Image:
    """A share of the pixels turns black or white, half of them each."""
    dice = draw.random(page.shape)
    noisy = np.where(dice < share / 2, 0, page)
    return np.asarray(np.where(dice > 1 - share / 2, 255, noisy), np.uint8)


def low_contrast(page: Image, left: float) -> Image:
    """Pale print on greyish paper: ``left`` (0-1) of the contrast remains."""
    return np.asarray(np.round(225 - left * (255 - page.astype(np.float32)) * 225 / 255), np.uint8)

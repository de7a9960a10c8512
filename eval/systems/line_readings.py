"""Lines of words as an engine read them, and pages of an enlarged size for engines that need it.

Boxes are pixels of the file as stored.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from docagent.document import Document, Line, Page
from docagent.geometry import BBox, Point, polygon_to_bbox, union_bbox
from docagent.ocr.engines import boxed_words
from eval.metrics.matching import TextBox

MAX_ENLARGED_SIDE_PX = 4000


@dataclass(frozen=True)
class ReadLine:
    """A line an engine read: its words in order."""

    words: tuple[TextBox, ...]

    @property
    def text(self) -> str:
        """Words joined by one space."""
        return " ".join(word.text for word in self.words)

    @property
    def box(self) -> BBox:
        """Around all words. Raises ValueError for a line without words."""
        return union_bbox(word.box for word in self.words)


def document_to_lines(document: Document, size: tuple[int, int]) -> list[ReadLine]:
    """Lines of the first page in pixels of an image of ``size`` (width, height) as stored.

    Page polygons are relative to the upright page; they are turned back by its rotation.
    """
    page = document.pages[0]
    return [_page_line(line, page, size) for line in page.lines if line.words]


def _page_line(line: Line, page: Page, size: tuple[int, int]) -> ReadLine:
    width, height = size

    def box(polygon: Sequence[Point]) -> BBox:
        stored = [upright_to_stored(point, page.rotation) for point in polygon]
        return polygon_to_bbox([(x * width, y * height) for x, y in stored])

    words = [TextBox(word.text, box(word.polygon), word.confidence) for word in line.words]
    return ReadLine(tuple(words))


def upright_to_stored(point: Point, rotation: int) -> Point:
    """A relative point of the upright page on the image before it was turned clockwise."""
    x, y = point
    return {0: (x, y), 90: (y, 1 - x), 180: (1 - x, 1 - y), 270: (1 - y, x)}[rotation]


def words_to_line(words: Sequence[boxed_words.BoxedWord], scale: float) -> ReadLine:
    """A line of words whose boxes are multiplied by ``scale``."""
    return ReadLine(tuple(TextBox(w.text, _scaled(w.box, scale), w.confidence) for w in words))


def _scaled(box: BBox, scale: float) -> BBox:
    x0, y0, x1, y1 = box
    return (x0 * scale, y0 * scale, x1 * scale, y1 * scale)


def enlargement(size: tuple[int, int], wanted: int) -> float:
    """How far a page of ``size`` pixels is enlarged: ``wanted`` times, but not past
    MAX_ENLARGED_SIDE_PX; 1 for a page that is already that large (receipts scanned at 600 dpi)."""
    return min(float(wanted), max(1.0, MAX_ENLARGED_SIDE_PX / max(size)))


def enlarged_page(path: Path, scale: float) -> Any:
    """The page as an RGB image (PIL) of ``scale`` times its sides."""
    from PIL import Image

    with Image.open(path) as image:
        rgb = image.convert("RGB")
    size = (round(rgb.width * scale), round(rgb.height * scale))
    return rgb if scale == 1 else rgb.resize(size, Image.Resampling.BICUBIC)


def image_size(path: Path) -> tuple[int, int]:
    """Width and height in pixels of an image file, as stored."""
    from PIL import Image

    with Image.open(path) as image:
        return image.size

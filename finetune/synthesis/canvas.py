"""A page under construction: text runs and rules are placed, then drawn as a grey image.

Every word keeps its box, its line and (where it has one) the field it belongs to, so one page
serves the detector (line polygons), the recognizer (crops) and the reader (words, fields).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from finetune.synthesis.fonts import Font

BBox = tuple[float, float, float, float]


@dataclass(frozen=True)
class PlacedWord:
    """A word on the page. bbox: ink-independent box from ascender to descender, pixels.
    field: path in the document's schema or key ("total", "line_items[0].amount") or None.
    label: True for words of a printed field label ("Invoice No:")."""

    text: str
    bbox: BBox
    baseline: float
    font: Font
    fill: int
    field: str | None = None
    label: bool = False


@dataclass(frozen=True)
class Shape:
    """A rule ("line") or box ("rectangle": fill None means outline only); pixels."""

    kind: str
    bbox: BBox
    width: int
    outline: int | None
    fill: int | None


@dataclass
class Canvas:
    """Place things in pixels, origin top-left, y down. Text is placed by its baseline."""

    width: int
    height: int
    background: int = 255
    words: list[PlacedWord] = field(default_factory=list)
    shapes: list[Shape] = field(default_factory=list)

    def text(
        self,
        x: float,
        baseline: float,
        text: str,
        font: Font,
        *,
        field: str | None = None,
        label: bool = False,
        fill: int = 0,
        align: str = "left",
    ) -> float:
        """Place a run of words; x is its left, centre or right by ``align``. Returns the x
        after the last word. Characters the font lacks are dropped."""
        text = "".join(c for c in text if c == " " or c in font.face.characters)
        if align != "left":
            x -= font.width(text) * (0.5 if align == "center" else 1.0)
        ascent, descent = (font.size * (extent + 0.02) for extent in font.face.extents)
        space = font.width(" ")
        for word in text.split(" "):
            if not word:
                x += space
                continue
            end = x + font.width(word)
            box = (x, baseline - ascent, end, baseline + descent)
            self.words.append(PlacedWord(word, box, baseline, font, fill, field, label))
            x = end + space
        return x - space

    def rule(
        self, x0: float, y0: float, x1: float, y1: float, width: int = 1, ink: int = 0
    ) -> None:
        """A straight line of ``width`` pixels."""
        self.shapes.append(Shape("line", (x0, y0, x1, y1), width, ink, None))

    def box(
        self,
        x0: float,
        y0: float,
        x1: float,
        y1: float,
        width: int = 1,
        ink: int | None = 0,
        fill: int | None = None,
    ) -> None:
        """A rectangle: outline ``ink`` (None: none) and ``fill`` (None: transparent)."""
        self.shapes.append(Shape("rectangle", (x0, y0, x1, y1), width, ink, fill))

    def draw(self) -> NDArray[np.uint8]:
        """The page as (height, width) grey levels, 0 black."""
        image = Image.new("L", (self.width, self.height), self.background)
        pen = ImageDraw.Draw(image)
        for shape in self.shapes:
            if shape.kind == "line":
                pen.line(shape.bbox, fill=shape.outline, width=shape.width)
            else:
                pen.rectangle(shape.bbox, fill=shape.fill, outline=shape.outline, width=shape.width)
        for word in self.words:
            pen.text(
                (word.bbox[0], word.baseline),
                word.text,
                font=word.font.drawable,
                fill=word.fill,
                anchor="ls",
            )
        return np.asarray(image).copy()


@dataclass(frozen=True)
class TextLine:
    """Words close together on one baseline: what the detector finds and the recognizer reads."""

    words: tuple[PlacedWord, ...]

    @property
    def text(self) -> str:
        return " ".join(word.text for word in self.words)

    @property
    def bbox(self) -> BBox:
        boxes = [word.bbox for word in self.words]
        return (
            min(b[0] for b in boxes),
            min(b[1] for b in boxes),
            max(b[2] for b in boxes),
            max(b[3] for b in boxes),
        )


def split_into_lines(words: list[PlacedWord], max_gap: float = 1.0) -> list[TextLine]:
    """Group words of one baseline whose gaps are under ``max_gap`` em, top to bottom."""
    ordered = sorted(words, key=lambda w: (round(w.baseline), w.bbox[0]))
    lines: list[list[PlacedWord]] = []
    for word in ordered:
        last = lines[-1][-1] if lines else None
        em = word.font.size
        if (
            last is not None
            and abs(last.baseline - word.baseline) < 0.15 * em
            and 0.6 < last.font.size / em < 1.6
            and -0.2 * em <= word.bbox[0] - last.bbox[2] < max_gap * em
        ):
            lines[-1].append(word)
        else:
            lines.append([word])
    return [TextLine(tuple(line)) for line in lines]

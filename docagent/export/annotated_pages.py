"""Drawing of results on the upright page image: values, words, citations and edits.

Colours are those of Okabe and Ito (2008), which colour-blind people can tell apart. The font is
Pillow's built-in one, so no font file is needed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from docagent.document import Page
from docagent.geometry import Polygon
from docagent.results import Answer, Classification, Edit, Evidence, Extraction, Field, Summary

Colour = tuple[int, int, int]
PixelBox = tuple[float, float, float, float]
Obstacle = tuple[PixelBox, float]

ORANGE: Colour = (230, 159, 0)
SKY: Colour = (86, 180, 233)
GREEN: Colour = (0, 158, 115)
YELLOW: Colour = (240, 228, 66)
BLUE: Colour = (0, 114, 178)
VERMILION: Colour = (213, 94, 0)
PURPLE: Colour = (204, 121, 167)
GREY: Colour = (90, 90, 90)
PALETTE = (BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY)

MIN_SURE_CONFIDENCE, MIN_DOUBTFUL_CONFIDENCE = 0.9, 0.6
"""Words with at least the first confidence are blue, with at least the second orange, and all
others vermilion."""

FILL_OPACITY = 40

# Cost of covering one label area of each kind, and of each label height of distance.
LABEL_COST, MARK_COST, WORD_COST, FAR_COST = 8.0, 4.0, 1.0, 0.15
_ITEM = re.compile(r"^(?P<table>.+?)\[(?P<row>\d+)\]\.?(?P<column>.*)$")


@dataclass(frozen=True)
class Mark:
    """A page-relative polygon to draw.

    label: text beside it, empty for none. thin: draw with half the line width.
    """

    polygon: Polygon
    colour: Colour
    label: str = ""
    thin: bool = False


_NOWHERE: Polygon = ((0.0, 0.0),) * 4


def words_to_marks(page: Page) -> tuple[Mark, ...]:
    """Marks of all words, coloured by confidence; grey if a word was not read from pixels."""
    return tuple(
        Mark(word.polygon, _confidence_colour(word.confidence), thin=True)
        for line in page.lines
        for word in line.words
    )


def unreadable_to_marks(page: Page) -> tuple[Mark, ...]:
    """Marks of the unreadable places, with a question mark."""
    return tuple(Mark(polygon, YELLOW, "?", thin=True) for polygon in page.unreadable)


def _confidence_colour(confidence: float | None) -> Colour:
    if confidence is None:
        return GREY
    if confidence >= MIN_SURE_CONFIDENCE:
        return BLUE
    return ORANGE if confidence >= MIN_DOUBTFUL_CONFIDENCE else VERMILION


def extraction_to_marks(extraction: Extraction, page: int) -> tuple[Mark, ...]:
    """Marks of the evidence of every field on a page (number from 1), one colour per field.

    Fields of a table are thin, coloured by column, and labelled at their first occurrence.
    """
    colours: dict[str, Colour] = {}
    marks: list[Mark] = []
    for field in extraction.fields:
        item = _ITEM.match(field.path)
        name = f"{item['table']}.{item['column']}" if item else field.path
        is_first = name not in colours
        colour = colours.setdefault(name, PALETTE[len(colours) % len(PALETTE)])
        label = _field_label(field, item) if is_first else ""
        look = Mark(_NOWHERE, colour, label, item is not None)
        marks.extend(_evidence_marks(field.evidence, look, page))
    return tuple(marks)


def _evidence_marks(evidence: Iterable[Evidence], look: Mark, page: int) -> Iterable[Mark]:
    """Marks of evidence on a page in the style of ``look``; the first polygon gets the label."""
    polygons = [p for place in evidence if place.page == page for p in place.polygons]
    for index, polygon in enumerate(polygons):
        yield replace(look, polygon=polygon, label=look.label if index == 0 else "")


def _field_label(field: Field, item: re.Match[str] | None) -> str:
    if item:
        return item["column"] or item["table"]
    return field.path if field.confidence is None else f"{field.path} {field.confidence:.0%}"


def answer_to_marks(answer: Answer, page: int) -> tuple[Mark, ...]:
    """Marks of an answer's citations on a page (number from 1), numbered."""
    cited = (
        _evidence_marks([citation], Mark(_NOWHERE, BLUE, f"citation {number}"), page)
        for number, citation in enumerate(answer.citations, start=1)
    )
    return tuple(mark for marks in cited for mark in marks)


def classification_to_marks(found: Classification, page: int) -> tuple[Mark, ...]:
    """Marks of the words on a page (number from 1) that support the kind."""
    return tuple(_evidence_marks(found.evidence, Mark(_NOWHERE, BLUE, found.kind or ""), page))


def summary_to_marks(summary: Summary, page: int) -> tuple[Mark, ...]:
    """Marks of the evidence of each sentence on a page (number from 1), numbered, one colour
    each."""
    rests = (
        _evidence_marks(
            said.evidence, Mark(_NOWHERE, PALETTE[number % len(PALETTE)], f"{number + 1}"), page
        )
        for number, said in enumerate(summary.sentences)
    )
    return tuple(mark for marks in rests for mark in marks)


def edits_to_marks(edits: Sequence[Edit], page: int) -> tuple[Mark, ...]:
    """Marks of the edits on a page (number from 1): accepted ones green with the new text, others
    grey."""
    return tuple(
        Mark(edit.polygon, GREEN, f"{edit.before} \u2192 {edit.after}")
        if edit.accepted
        else Mark(edit.polygon, GREY, thin=True)
        for edit in edits
        if edit.page == page
    )


def page_picture(pixels: NDArray[np.uint8], page: Page, dpi: float | None = None) -> Image.Image:
    """The upright picture of a page, on which its polygons lie.

    pixels: the page as loaded, (H, W) grey or (H, W, 3) BGR; it is rotated by ``page.rotation``.
    dpi: stored in ``info`` of the picture, as Pillow does for files.
    """
    upright = np.rot90(pixels, -page.rotation // 90)
    if upright.ndim == 3:
        upright = upright[:, :, ::-1]
    picture = Image.fromarray(np.ascontiguousarray(upright))
    if dpi:
        picture.info["dpi"] = (dpi, dpi)
    return picture


def draw_marks(
    image: Image.Image, marks: Sequence[Mark], avoid: Sequence[Polygon] = ()
) -> Image.Image:
    """Draw marks on a page; returns a new RGB image of the same size.

    image: the upright page (see ``page_picture``). Labels are placed beside their mark, where they
    cover least of other marks and labels and of the polygons to avoid.
    """
    canvas = image.convert("RGB")
    pen = ImageDraw.Draw(canvas, "RGBA")
    width = max(2, round(min(canvas.size) / 400))
    size = max(11, round(min(canvas.size) / 62))
    outlines = [_to_pixels(mark.polygon, canvas.size) for mark in marks]
    for mark, outline in zip(marks, outlines, strict=True):
        _draw_outline(pen, outline, mark, max(1, width // 2) if mark.thin else width)
    taken = [(_points_to_box(outline), MARK_COST) for outline in outlines]
    taken += [(_points_to_box(_to_pixels(word, canvas.size)), WORD_COST) for word in avoid]
    for mark, outline in zip(marks, outlines, strict=True):
        if mark.label:
            place = _draw_label(pen, mark, _points_to_box(outline), taken, size)
            taken.append((place, LABEL_COST))
    return canvas


def _draw_outline(
    pen: ImageDraw.ImageDraw, outline: list[tuple[float, float]], mark: Mark, width: int
) -> None:
    pen.polygon(outline, fill=(*mark.colour, FILL_OPACITY))
    pen.line([*outline, outline[0]], fill=(*mark.colour, 255), width=width, joint="curve")


def _draw_label(
    pen: ImageDraw.ImageDraw, mark: Mark, box: PixelBox, taken: Sequence[Obstacle], size: int
) -> PixelBox:
    """Draw a label near a box, connected by a line if it is not adjacent; returns its place."""
    font = ImageFont.load_default(size)
    label = _drawable(mark.label, font)
    left, top, right, bottom = pen.textbbox((0, 0), label, font=font)
    pad = size // 5
    extent = (right - left + 2 * pad, bottom - top + 2 * pad)
    place = _label_place(box, extent, pen.im.size, taken)
    if _distance(place, box) > extent[1] / 2:
        pen.line(_leader(place, box), fill=(*mark.colour, 255), width=max(1, size // 10))
    pen.rectangle(place, fill=(*mark.colour, 235))
    ink = (0, 0, 0) if _is_light(mark.colour) else (255, 255, 255)
    pen.text((place[0] + pad - left, place[1] + pad - top), label, font=font, fill=ink)
    return place


def _drawable(text: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont) -> str:
    """Replace characters that the built-in fallback font cannot draw."""
    if isinstance(font, ImageFont.FreeTypeFont):
        return text
    return text.replace("\u2192", ">").encode("latin-1", "replace").decode("latin-1")


def _label_place(
    box: PixelBox, extent: tuple[float, float], page: tuple[int, int], taken: Sequence[Obstacle]
) -> PixelBox:
    """The place on the page with the lowest cost: what it covers, plus its distance from the
    box."""
    area = extent[0] * extent[1]

    def cost(place: PixelBox) -> float:
        covered = sum(weight * _overlap(place, other) for other, weight in taken) / area
        return covered + FAR_COST * _distance(place, box) / extent[1]

    return min((_keep_on_page(corner, extent, page) for corner in _corners(box, extent)), key=cost)


def _corners(box: PixelBox, extent: tuple[float, float]) -> Iterable[tuple[float, float]]:
    """Top-left corners to try, nearest first: above, below and beside the box, then further
    away."""
    width, height = extent
    x0, y0, x1, y1 = box
    gap = 2.0
    for away in (0.0, 1.2 * height, 2.4 * height, 4.8 * height):
        above, below = y0 - height - gap - away, y1 + gap + away
        beside = (y0 + y1 - height) / 2
        yield from ((x0, above), (x1 + gap + away, beside), (x0, below))
        yield from ((x0 - width - gap - away, beside), (x1 - width, above), (x1 - width, below))
        yield from ((x1 + gap + away, above), (x1 + gap + away, below))
        yield from ((x0 - width - gap - away, above), (x0 - width - gap - away, below))


def _distance(a: PixelBox, b: PixelBox) -> float:
    across = max(0.0, a[0] - b[2], b[0] - a[2])
    down = max(0.0, a[1] - b[3], b[1] - a[3])
    return float((across * across + down * down) ** 0.5)


def _leader(a: PixelBox, b: PixelBox) -> list[tuple[float, float]]:
    """The shortest line between two boxes, along their nearest edges."""

    def nearest(low: float, high: float, other_low: float, other_high: float) -> float:
        return min(max((other_low + other_high) / 2, low), high)

    return [
        (nearest(one[0], one[2], two[0], two[2]), nearest(one[1], one[3], two[1], two[3]))
        for one, two in ((a, b), (b, a))
    ]


def _keep_on_page(
    corner: tuple[float, float], extent: tuple[float, float], page: tuple[int, int]
) -> PixelBox:
    left = max(0.0, min(corner[0], page[0] - extent[0]))
    top = max(0.0, min(corner[1], page[1] - extent[1]))
    return (left, top, left + extent[0], top + extent[1])


def _overlap(a: PixelBox, b: PixelBox) -> float:
    across = min(a[2], b[2]) - max(a[0], b[0])
    down = min(a[3], b[3]) - max(a[1], b[1])
    return max(0.0, across) * max(0.0, down)


def _to_pixels(polygon: Polygon, size: tuple[int, int]) -> list[tuple[float, float]]:
    return [(x * size[0], y * size[1]) for x, y in polygon]


def _points_to_box(points: Sequence[tuple[float, float]]) -> PixelBox:
    xs, ys = [x for x, _ in points], [y for _, y in points]
    return (min(xs), min(ys), max(xs), max(ys))


def _is_light(colour: Colour) -> bool:
    red, green, blue = colour
    return 0.299 * red + 0.587 * green + 0.114 * blue > 140

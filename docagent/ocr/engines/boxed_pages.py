"""Conversion of other engines' words to a ``Page``, and cropping of a page by polygon."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, cast

import numpy as np

from docagent.document import Line, Page, Word
from docagent.geometry import Polygon, bbox_to_polygon, clip_polygon, scale_polygon
from docagent.layout.reading_order import group_words_into_lines
from docagent.ocr.engines.boxed_words import BoxedWord
from docagent.ocr.preprocess import rotate_right_angle
from docagent.ocr.recognition.line_words import widen
from docagent.ocr.types import Image

CROP_MARGIN_RATIO = 0.25
"""Paper kept around a place that is read again, in its heights."""


def boxed_words_to_page(
    words: Sequence[BoxedWord], image: Image, number: int, rotation: int, engine: str
) -> Page:
    """Build the page of an upright image (height, width) that was rotated ``rotation`` degrees
    clockwise.

    Words are grouped into lines by the rules of all pages instead of the engine's own, so that
    later steps see one kind of page. Words without a box or text are left out.
    """
    height, width = image.shape[:2]
    kept = [w for w in words if w.text and w.box[2] > w.box[0] and w.box[3] > w.box[1]]
    lines = group_words_into_lines([word.box for word in kept])
    return Page(
        number=number,
        width=width,
        height=height,
        lines=tuple(
            Line(words=tuple(_word(kept[i], width, height) for i in line)) for line in lines
        ),
        rotation=cast(Literal[0, 90, 180, 270], rotation),
        engine=engine,
    )


def _word(word: BoxedWord, width: int, height: int) -> Word:
    polygon = scale_polygon(bbox_to_polygon(word.box), 1 / width, 1 / height)
    confidence = round(min(1.0, max(0.0, word.confidence)), 4)
    return Word(text=word.text, polygon=clip_polygon(polygon), confidence=confidence)


def crop_polygon(image: Image, page: Page, polygon: Polygon) -> Image:
    """Cut the pixels around a page-relative polygon of ``page`` out of its image as stored."""
    upright = rotate_right_angle(image, page.rotation)
    height, width = upright.shape[:2]
    quad = widen(
        np.array(scale_polygon(polygon, width, height), np.float32),
        CROP_MARGIN_RATIO,
        CROP_MARGIN_RATIO,
    )
    x0, y0 = np.clip(np.floor(quad.min(axis=0)).astype(int), 0, (width - 1, height - 1))
    x1, y1 = np.ceil(quad.max(axis=0)).astype(int)
    return np.ascontiguousarray(upright[y0 : max(y1, y0 + 1), x0 : max(x1, x0 + 1)])

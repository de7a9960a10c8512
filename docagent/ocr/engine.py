"""The OCR engine: a page image in, a Page with lines, words and characters out."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal, cast

import numpy as np
from numpy.typing import NDArray

from docagent.confidence import WordConfidence
from docagent.document import Line, Page, Word
from docagent.geometry import (
    BBox,
    Polygon,
    polygon_to_bbox,
    scale_polygon,
)
from docagent.layout.reading_order import group_words_into_lines
from docagent.ocr.detection.detector import MIN_HEIGHT, TextDetector
from docagent.ocr.detection.stacks import split_stacks
from docagent.ocr.detection.view import detection_view
from docagent.ocr.grey_levels import grey_levels
from docagent.ocr.page_reading import PageReading, Quads, are_text, unreadable_places
from docagent.ocr.preprocess import (
    apply_affine,
    even_light,
    is_negative,
    rotate,
    turn,
)
from docagent.ocr.recognition.crops import (
    READ_STRETCH,
    cut_crop,
    quad_size,
    read_stretch,
    whole_image,
)
from docagent.ocr.recognition.framing import cut_line
from docagent.ocr.recognition.line_words import join_spaced_letters, line_words, widen
from docagent.ocr.recognition.readings import (
    agreed,
    as_word,
    mean_confidence,
    without_noise,
)
from docagent.ocr.recognition.recognizer import TextRecognizer, WordModel
from docagent.ocr.types import Detection, Image, LineReading
from docagent.settings import Settings
from docagent.sources.scan import ScanPage

LEAN = 2.0
"""Degrees of skew from which the page is straightened before it is looked at again."""

DOUBT = 0.81
"""Mean line confidence below which the page is tried upside down."""

TRIED, TRIED_WIDTH = 12, 400
"""Lines that are read upside down to see whether the page is, and how far, in pixels of a crop."""

SINGLE = 0.65
"""Width or height of a box, in heights of the page's lines, below which it may be cut out of one
character too narrow or too low."""

VIEWS, VIEW_DOUBT, VIEW_ASPECT = (1.25, 1.4, 0.95), 0.85, 5.0
"""Widths at which the crop of a word is read again, the confidence of its weakest character below
which it is, and the width, in its heights, from which it is a line."""

WORD_ASPECT = 8.0
"""Width of a crop, in its heights, from which it is a line and not one word."""

STANDING = 2.0
"""Height of a crop in widths from which its text may run up or down."""


class OcrEngine:
    """Detector and recognizer with what goes before, between and after them.

    Raises ModelError when the weights cannot be used.
    """

    def __init__(self, settings: Settings | None = None, language: WordModel | None = None) -> None:
        """language: a word model that settles words the recognizer is unsure of."""
        settings = settings or Settings()
        folder = settings.weights_dir or Path(__file__).parent.parent / "weights"
        threads = settings.threads or os.cpu_count() or 1
        self.detector = TextDetector(folder / "detector.onnx", threads)
        self.confidence = WordConfidence.of(settings)
        self.recognizer = TextRecognizer(folder / "recognizer.onnx", threads, language)

    def read_page(self, scan_page: ScanPage) -> Page:
        """The page's sound text layer, or what is read from its image. Raises SourceError."""
        if scan_page.text_layer is not None:
            return scan_page.text_layer
        return self.read_image(scan_page.image(), scan_page.number)

    def read_image(self, image: Image, number: int = 1) -> Page:
        """Read a grey image (height, width), turned any way, with any even or uneven light,
        dark on light or light on dark."""
        image = _prepared(image)
        best = self._read_upright(image, 0)
        if best.confidence < DOUBT:
            best = max([best, *self._other_turns(image, best)], key=lambda r: r.confidence)
        upright = turn(image, best.quarter)
        return Page(
            number=number,
            width=upright.shape[1],
            height=upright.shape[0],
            lines=self._assemble(best, upright.shape),
            unreadable=unreadable_places(best, upright.shape),
            rotation=cast(Literal[0, 90, 180, 270], best.quarter),
            skew=round(best.lean, 2),
            engine="docagent",
        )

    def _read_upright(self, image: Image, quarter: int) -> PageReading:
        """Read the page as if it were upright after ``quarter`` degrees clockwise."""
        turned = turn(image, quarter)
        quads, lean = self._find_lines(turned)
        if _standing(quads):
            return PageReading(quarter, quads, lean, (), standing=True)
        quads, readings, contrasts = self._read_lines(turned, quads)
        return PageReading(quarter, quads, lean, tuple(readings), contrasts)

    def _other_turns(self, image: Image, first: PageReading) -> list[PageReading]:
        """The page read in the other directions its lines may run, as far as that helps."""
        if not first.standing:
            if not first.quads.size or not self._is_upside_down(image, first):
                return []
            return [self._read_upright(image, 180)]
        quarter = self._read_upright(image, 90)
        if quarter.confidence >= DOUBT:
            return [quarter]
        return [quarter, self._read_upright(image, 270)]

    def read_crops(self, images: Sequence[Image]) -> list[LineReading]:
        """Read grey images of one line or word each, cut out by whoever asks, with more or less
        paper around it; in the order given. Tall ones may stand: they are read turned, too.
        An unsure word is read at other widths too: the text that most of them agree on counts.
        What looks like no text gives a reading without words; letter-spaced type is one word, and
        so is a short crop's word with a mark that stands a little apart."""
        readings = self._read_views(images)
        tall = [n for n, image in enumerate(images) if image.shape[0] >= STANDING * image.shape[1]]
        for quarter in (90, 270):
            turned = self._read_views([turn(images[n], quarter) for n in tall])
            for n, reading in zip(tall, turned, strict=True):
                readings[n] = max(readings[n], reading, key=lambda r: r.confidence)
        return [
            _as_cut(without_noise(reading), image)
            for reading, image in zip(readings, images, strict=True)
        ]

    def _read_views(self, images: Sequence[Image]) -> list[LineReading]:
        readings = self.recognizer.recognize([cut_line(i, whole_image(i)) for i in images])
        doubted = [
            n
            for n, (image, reading) in enumerate(zip(images, readings, strict=True))
            if reading.weakest < VIEW_DOUBT and image.shape[1] < VIEW_ASPECT * image.shape[0]
        ]
        views = [[readings[n]] for n in doubted]
        for width in VIEWS:
            again = [cut_line(images[n], whole_image(images[n]), width) for n in doubted]
            for seen, reading in zip(views, self.recognizer.recognize(again), strict=True):
                seen.append(reading)
        for n, seen in zip(doubted, views, strict=True):
            readings[n] = agreed(seen)
        return readings

    def read_again(self, scan_page: ScanPage, page: Page, polygon: Polygon) -> str | None:
        """Read one place (a page-relative polygon) again, cut wider and blown up first.

        Another view of the same ink: a reading both views agree on is seldom wrong by chance.
        None if there is nothing to read, or for a native text layer.
        """
        if page.source == "text_layer":
            return None
        image = turn(_prepared(scan_page.image()), page.rotation)
        quad = np.array(scale_polygon(polygon, page.width, page.height), np.float32)
        crop = cut_crop(image, widen(quad, across=0.12), READ_STRETCH)
        return without_noise(self.recognizer.recognize([crop])[0]).text or None

    def _find_lines(self, image: Image) -> tuple[Quads, float]:
        """Line quads, and the lean of the page in degrees (clockwise positive)."""
        view = detection_view(image)
        least = MIN_HEIGHT * view.scale[1]
        quads = view.to_page(_stack(self.detector.detect(view.image, least)))
        lean = _lean(quads)
        if abs(lean) < LEAN:
            return (quads if _standing(quads) else split_stacks(image, quads)), lean
        straight, back = rotate(view.image, lean)
        found = _stack(self.detector.detect(straight, least))
        # Lines far from level are found in pieces, which lean less than the page does.
        lean += _lean(found)
        return split_stacks(image, view.to_page(apply_affine(found, back))), lean

    def _read_lines(
        self, image: Image, quads: Quads
    ) -> tuple[Quads, list[LineReading], tuple[float, ...]]:
        """The lines' quads, with standing lines set in reading direction, readings, contrasts.

        A line that stands on a page of lying ones (a number in the margin) may run up or down, or
        be one narrow character; all are read and the surest reading is kept.
        """
        heights = [h for w, h in map(quad_size, quads) if h <= STANDING * w]
        usual = float(np.median(heights)) if heights else 0.0
        others: list[tuple[int, NDArray[np.float32]]] = []
        candidates = list(quads)
        for i, quad in enumerate(quads):
            width, height = quad_size(quad)
            if height > STANDING * width:
                candidates[i] = np.roll(quad, 1, axis=0)
                others.append((i, np.roll(quad, -1, axis=0)))
            if max(width, height) < STANDING * usual and min(width, height) < SINGLE * usual:
                others.append((i, _single(quad, usual)))
        crops = [_crop(image, quad) for quad in (*candidates, *(quad for _, quad in others))]
        readings = self.recognizer.recognize(crops)
        for (i, quad), reading in zip(others, readings[len(quads) :], strict=True):
            if reading.confidence > readings[i].confidence:
                readings[i], candidates[i] = reading, quad
        chosen = np.array(candidates, np.float32).reshape(-1, 4, 2)
        bounds = [grey_levels(crop[::2, ::2], 3, 95) for crop in crops[: len(quads)]]
        return chosen, readings[: len(quads)], tuple(high - low for low, high in bounds)

    def _assemble(self, page: PageReading, shape: tuple[int, ...]) -> tuple[Line, ...]:
        """Lines in reading order, put together from words on the straightened page.

        Detection may cut a printed line or join two columns; the words are grouped anew by the
        rules that text layers are grouped by, so that what follows sees one kind of page.
        """
        words = [
            word
            for quad, reading, text in zip(page.quads, page.readings, are_text(page), strict=False)
            if text
            for word in line_words(quad, reading, shape, self.confidence)
        ]
        return tuple(
            Line(words=tuple(words[index] for index in line))
            for line in group_words_into_lines(_level_boxes(words, shape, page.lean))
        )

    def _is_upside_down(self, image: Image, upright: PageReading) -> bool:
        """Whether the widest lines read better turned by 180 degrees."""
        sizes = [quad_size(quad)[0] for quad in upright.quads]
        widest = sorted(range(len(sizes)), key=lambda i: -sizes[i])[:TRIED]
        crops = [turn(_crop(image, upright.quads[i])[:, :TRIED_WIDTH], 180) for i in widest]
        turned = mean_confidence(self.recognizer.recognize(crops))
        return turned > mean_confidence([upright.readings[i] for i in widest]) + 0.05


def _as_cut(reading: LineReading, image: Image) -> LineReading:
    """The reading of a crop, as of a line or, if it is short, of a word."""
    joined = replace(reading, words=tuple(join_spaced_letters(reading.words)))
    return as_word(joined) if image.shape[1] < WORD_ASPECT * image.shape[0] else joined


def _prepared(image: Image) -> Image:
    """Dark type on evenly lit light ground."""
    return even_light(255 - image if is_negative(image) else image)


def _stack(detections: Sequence[Detection]) -> Quads:
    polygons = [detection.polygon for detection in detections]
    return np.array(polygons, np.float32).reshape(-1, 4, 2)


def _crop(image: Image, quad: NDArray[np.float32]) -> Image:
    return cut_line(image, widen(quad), read_stretch(quad))


def _single(quad: NDArray[np.float32], height: float) -> NDArray[np.float32]:
    """The box of one upright character as high as the page's lines are, where one that is too
    narrow or too low was found."""
    middle = quad.mean(axis=0)
    half = np.array([0.3 * height, 0.5 * height], np.float32)
    corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]], np.float32)
    return np.asarray(middle + corners * half, np.float32)


def _standing(quads: Quads) -> bool:
    """Whether most text runs up or down the page."""
    sizes = [quad_size(quad) for quad in quads]
    upright = sum(w for w, h in sizes if w > 1.5 * h)
    standing = sum(h for w, h in sizes if h > 1.5 * w)
    return standing > upright


def _lean(quads: Quads) -> float:
    """Width-weighted median angle of the wide lines in degrees; 0 without any."""
    wide = [q for q in quads if quad_size(q)[0] > 4 * quad_size(q)[1]]
    if not wide:
        return 0.0
    angles = np.array([math.degrees(math.atan2(*(q[1] - q[0])[::-1])) for q in wide])
    weights = np.array([quad_size(q)[0] for q in wide])
    order = np.argsort(angles)
    total = np.cumsum(weights[order])
    return float(angles[order][np.searchsorted(total, total[-1] / 2)])


def _level_boxes(words: Sequence[Word], shape: tuple[int, ...], lean: float) -> list[BBox]:
    """Boxes of the words in pixels of the page turned back by its lean (degrees)."""
    angle = math.radians(-lean)
    cos, sin = math.cos(angle), math.sin(angle)
    height, width = shape[:2]
    boxes = []
    for word in words:
        points = scale_polygon(word.polygon, width, height)
        boxes.append(polygon_to_bbox([(x * cos - y * sin, x * sin + y * cos) for x, y in points]))
    return boxes

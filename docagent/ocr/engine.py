"""The OCR engine: turns a page image into a ``Page`` with lines, words and characters."""

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
from docagent.ocr.detection.detector import MIN_LINE_HEIGHT_PX, TextDetector
from docagent.ocr.detection.input_scaling import detection_view
from docagent.ocr.detection.stacked_lines import split_stacked_lines
from docagent.ocr.grey_levels import grey_levels
from docagent.ocr.line_filtering import PageReading, Quads, text_line_flags, unreadable_places
from docagent.ocr.preprocess import (
    apply_affine,
    flatten_lighting,
    is_negative,
    rotate,
    rotate_right_angle,
)
from docagent.ocr.recognition.crop_framing import cut_line
from docagent.ocr.recognition.crops import (
    READ_STRETCH,
    cut_crop,
    quad_size,
    stretch_of,
    whole_image,
)
from docagent.ocr.recognition.line_words import join_spaced_letters, line_words, widen
from docagent.ocr.recognition.postprocess import (
    drop_noise,
    majority_reading,
    mean_confidence,
    merge_to_word,
)
from docagent.ocr.recognition.recognizer import TextRecognizer, WordModel
from docagent.ocr.stray_accents import without_stray_accents
from docagent.ocr.types import Detection, Image, LineReading
from docagent.settings import Settings
from docagent.sources.scan import ScanPage
from docagent.usage import stage

MIN_STRAIGHTENED_SKEW_DEGREES = 2.0
"""Skew from which the page is straightened and its lines are detected again."""

MIN_UPRIGHT_CONFIDENCE = 0.81
"""Mean confidence of a page's lines below which other rotations are tried."""

MAX_ROTATION_PROBE_LINES = 12
MAX_ROTATION_PROBE_WIDTH_PX = 400
"""Number of lines, and pixels of each crop, that are read to find out if a page is upside down."""

MAX_SINGLE_CHAR_SIDE_RATIO = 0.65
"""Short side of a box, in median line heights, below which the box may hold a single character cut
too narrow or too low."""

RETRY_STRETCHES = (1.25, 1.4, 0.95)
MIN_UNRETRIED_CHAR_CONFIDENCE = 0.85
MAX_RETRIED_ASPECT_RATIO = 5.0
"""A crop is read again at these stretches if its least character confidence is below
``MIN_UNRETRIED_CHAR_CONFIDENCE`` and its width in heights is below ``MAX_RETRIED_ASPECT_RATIO``."""

MAX_WORD_ASPECT_RATIO = 8.0
"""Width of a crop, in its heights, from which it holds a line and not one word."""

MIN_VERTICAL_ASPECT_RATIO = 2.0
"""Height of a crop, in its widths, from which its text may run up or down."""


class OcrEngine:
    """docagent's own engine: preprocessing, text detection, text recognition and line building.

    settings: weights, threads and confidence aggregation. language: a word model that chooses among
    the recognizer's alternatives for unsure words. Raises ModelError when the weights cannot be
    used.
    """

    def __init__(self, settings: Settings | None = None, language: WordModel | None = None) -> None:
        settings = settings or Settings()
        folder = settings.weights_dir or Path(__file__).parent.parent / "weights"
        threads = settings.threads or os.cpu_count() or 1
        self.detector = TextDetector(folder / "detector.onnx", threads)
        self.confidence = WordConfidence.of(settings)
        self.recognizer = TextRecognizer(folder / "recognizer.onnx", threads, language)

    def read_page(self, scan_page: ScanPage) -> Page:
        """Return the page's text layer if it is sound, else recognise its image. Raises
        SourceError."""
        if scan_page.text_layer is not None:
            return scan_page.text_layer
        return self.read_image(scan_page.image(), scan_page.number)

    @stage("recognise_page")
    def read_image(self, image: Image, number: int = 1) -> Page:
        """Recognise a grey page image (height, width).

        The image may be rotated by any multiple of 90 degrees, skewed, unevenly lit, or light on
        dark. number: page number, from 1. Coordinates of the result refer to the upright page.
        """
        image = _preprocessed(image)
        best = self._read_upright(image, 0)
        if best.confidence < MIN_UPRIGHT_CONFIDENCE:
            best = max([best, *self._other_rotations(image, best)], key=lambda r: r.confidence)
        upright = rotate_right_angle(image, best.rotation)
        return Page(
            number=number,
            width=upright.shape[1],
            height=upright.shape[0],
            lines=without_stray_accents(self._build_lines(best, upright.shape)),
            unreadable=unreadable_places(best, upright.shape),
            rotation=cast(Literal[0, 90, 180, 270], best.rotation),
            skew=round(best.skew, 2),
            engine="docagent",
        )

    def _read_upright(self, image: Image, rotation: int) -> PageReading:
        """Recognise the page after rotating it by ``rotation`` degrees clockwise."""
        rotated = rotate_right_angle(image, rotation)
        quads, skew = self._find_lines(rotated)
        if _is_vertical(quads):
            return PageReading(rotation, quads, skew, (), is_vertical=True)
        quads, readings, contrasts = self._read_lines(rotated, quads)
        return PageReading(rotation, quads, skew, tuple(readings), contrasts)

    def _other_rotations(self, image: Image, first: PageReading) -> list[PageReading]:
        """Recognise the page at the other rotations its lines may have, as far as that helps."""
        if not first.is_vertical:
            if not first.quads.size or not self._is_upside_down(image, first):
                return []
            return [self._read_upright(image, 180)]
        rotation = self._read_upright(image, 90)
        if rotation.confidence >= MIN_UPRIGHT_CONFIDENCE:
            return [rotation]
        return [rotation, self._read_upright(image, 270)]

    def read_crops(self, images: Sequence[Image]) -> list[LineReading]:
        """Recognise grey images that each show one line or word, with any margin; in the order
        given.

        Tall crops are also read rotated by 90 and 270 degrees. An unsure word is read at several
        stretches and the most frequent text counts. A crop that shows no text gives a reading
        without words. Letter-spaced type becomes one word, as does a short crop's word with
        punctuation that stands apart.
        """
        readings = self._read_with_retries(images)
        tall = [
            n
            for n, image in enumerate(images)
            if image.shape[0] >= MIN_VERTICAL_ASPECT_RATIO * image.shape[1]
        ]
        for rotation in (90, 270):
            rotated = self._read_with_retries(
                [rotate_right_angle(images[n], rotation) for n in tall]
            )
            for n, reading in zip(tall, rotated, strict=True):
                readings[n] = max(readings[n], reading, key=lambda r: r.confidence)
        return [
            _crop_reading(drop_noise(reading), image)
            for reading, image in zip(readings, images, strict=True)
        ]

    def _read_with_retries(self, images: Sequence[Image]) -> list[LineReading]:
        """Recognise crops; read unsure words again at other stretches and take the majority."""
        readings = self.recognizer.recognize([cut_line(i, whole_image(i)) for i in images])
        doubted = [
            n
            for n, (image, reading) in enumerate(zip(images, readings, strict=True))
            if reading.min_confidence < MIN_UNRETRIED_CHAR_CONFIDENCE
            and image.shape[1] < MAX_RETRIED_ASPECT_RATIO * image.shape[0]
        ]
        views = [[readings[n]] for n in doubted]
        for width in RETRY_STRETCHES:
            again = [cut_line(images[n], whole_image(images[n]), width) for n in doubted]
            for seen, reading in zip(views, self.recognizer.recognize(again), strict=True):
                seen.append(reading)
        for n, seen in zip(doubted, views, strict=True):
            readings[n] = majority_reading(seen)
        return readings

    def read_again(self, scan_page: ScanPage, page: Page, polygon: Polygon) -> str | None:
        """Recognise one page-relative polygon again, from a wider and enlarged crop.

        The crop shows the same ink in another way, so a text that both readings agree on is seldom
        wrong by chance. None if there is nothing to read, or for a native text layer.
        """
        if page.source == "text_layer":
            return None
        image = rotate_right_angle(_preprocessed(scan_page.image()), page.rotation)
        quad = np.array(scale_polygon(polygon, page.width, page.height), np.float32)
        crop = cut_crop(image, widen(quad, across=0.12), READ_STRETCH)
        return drop_noise(self.recognizer.recognize([crop])[0]).text or None

    def _find_lines(self, image: Image) -> tuple[Quads, float]:
        """Line quads in pixels, and the skew of the page in degrees (clockwise positive)."""
        view = detection_view(image)
        least = MIN_LINE_HEIGHT_PX * view.scale[1]
        quads = view.to_page(_quads_of(self.detector.detect(view.image, least)))
        skew = _skew_of(quads)
        if abs(skew) < MIN_STRAIGHTENED_SKEW_DEGREES:
            return (quads if _is_vertical(quads) else split_stacked_lines(image, quads)), skew
        straight, back = rotate(view.image, skew)
        found = _quads_of(self.detector.detect(straight, least))
        # Strongly skewed lines are found in pieces, whose skew is less than that of the page.
        skew += _skew_of(found)
        return split_stacked_lines(image, view.to_page(apply_affine(found, back))), skew

    def _read_lines(
        self, image: Image, quads: Quads
    ) -> tuple[Quads, list[LineReading], tuple[float, ...]]:
        """Quads in reading direction, readings and contrasts (grey levels) of the detected lines.

        A vertical quad on a page of horizontal lines (a number in the margin) may run up or down,
        or hold one narrow character. All possibilities are recognised and the most confident one is
        kept.
        """
        heights = [h for w, h in map(quad_size, quads) if h <= MIN_VERTICAL_ASPECT_RATIO * w]
        typical_height = float(np.median(heights)) if heights else 0.0
        others: list[tuple[int, NDArray[np.float32]]] = []
        candidates = list(quads)
        for i, quad in enumerate(quads):
            width, height = quad_size(quad)
            if height > MIN_VERTICAL_ASPECT_RATIO * width:
                candidates[i] = np.roll(quad, 1, axis=0)
                others.append((i, np.roll(quad, -1, axis=0)))
            if (
                max(width, height) < MIN_VERTICAL_ASPECT_RATIO * typical_height
                and min(width, height) < MAX_SINGLE_CHAR_SIDE_RATIO * typical_height
            ):
                others.append((i, _single_char_quad(quad, typical_height)))
        crops = [_crop(image, quad) for quad in (*candidates, *(quad for _, quad in others))]
        readings = self.recognizer.recognize(crops)
        for (i, quad), reading in zip(others, readings[len(quads) :], strict=True):
            if reading.confidence > readings[i].confidence:
                readings[i], candidates[i] = reading, quad
        chosen = np.array(candidates, np.float32).reshape(-1, 4, 2)
        bounds = [grey_levels(crop[::2, ::2], 3, 95) for crop in crops[: len(quads)]]
        return chosen, readings[: len(quads)], tuple(high - low for low, high in bounds)

    @stage("build_lines", len)
    def _build_lines(self, page: PageReading, shape: tuple[int, ...]) -> tuple[Line, ...]:
        """Group the words of the page into lines in reading order, on the straightened page.

        Detection may cut a printed line in two or join two columns. Grouping words by the rules
        that apply to text layers too gives all later steps the same kind of page.
        """
        words = [
            word
            for quad, reading, text in zip(
                page.quads, page.readings, text_line_flags(page), strict=False
            )
            if text
            for word in line_words(quad, reading, shape, self.confidence)
        ]
        return tuple(
            Line(words=tuple(words[index] for index in line))
            for line in group_words_into_lines(_level_boxes(words, shape, page.skew))
        )

    def _is_upside_down(self, image: Image, upright: PageReading) -> bool:
        """Whether the widest lines are read with more confidence when rotated by 180 degrees."""
        sizes = [quad_size(quad)[0] for quad in upright.quads]
        widest = sorted(range(len(sizes)), key=lambda i: -sizes[i])[:MAX_ROTATION_PROBE_LINES]
        crops = [
            rotate_right_angle(_crop(image, upright.quads[i])[:, :MAX_ROTATION_PROBE_WIDTH_PX], 180)
            for i in widest
        ]
        rotated = mean_confidence(self.recognizer.recognize(crops))
        return rotated > mean_confidence([upright.readings[i] for i in widest]) + 0.05


def _crop_reading(reading: LineReading, image: Image) -> LineReading:
    """Postprocess the reading of a crop: as a line or, if the crop is short, as a word."""
    joined = replace(reading, words=tuple(join_spaced_letters(reading.words)))
    return (
        merge_to_word(joined) if image.shape[1] < MAX_WORD_ASPECT_RATIO * image.shape[0] else joined
    )


@stage("preprocess")
def _preprocessed(image: Image) -> Image:
    """The page as dark type on an evenly lit light background."""
    return flatten_lighting(255 - image if is_negative(image) else image)


def _quads_of(detections: Sequence[Detection]) -> Quads:
    """Polygons of detections as one array (n, 4, 2)."""
    polygons = [detection.polygon for detection in detections]
    return np.array(polygons, np.float32).reshape(-1, 4, 2)


@stage("crop")
def _crop(image: Image, quad: NDArray[np.float32]) -> Image:
    """Cut the crop of a line, with a margin, for the recognizer."""
    return cut_line(image, widen(quad), stretch_of(quad))


def _single_char_quad(quad: NDArray[np.float32], height: float) -> NDArray[np.float32]:
    """Quad (4, 2) of one upright character of the given line height, centred on a quad that was
    detected too narrow or too low."""
    middle = quad.mean(axis=0)
    half = np.array([0.3 * height, 0.5 * height], np.float32)
    corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]], np.float32)
    return np.asarray(middle + corners * half, np.float32)


def _is_vertical(quads: Quads) -> bool:
    """Whether most text runs up or down the page."""
    sizes = [quad_size(quad) for quad in quads]
    upright = sum(w for w, h in sizes if w > 1.5 * h)
    is_vertical = sum(h for w, h in sizes if h > 1.5 * w)
    return is_vertical > upright


def _skew_of(quads: Quads) -> float:
    """Width-weighted median angle of the wide lines in degrees (clockwise positive); 0 without
    any."""
    wide = [q for q in quads if quad_size(q)[0] > 4 * quad_size(q)[1]]
    if not wide:
        return 0.0
    angles = np.array([math.degrees(math.atan2(*(q[1] - q[0])[::-1])) for q in wide])
    weights = np.array([quad_size(q)[0] for q in wide])
    order = np.argsort(angles)
    total = np.cumsum(weights[order])
    return float(angles[order][np.searchsorted(total, total[-1] / 2)])


def _level_boxes(words: Sequence[Word], shape: tuple[int, ...], skew: float) -> list[BBox]:
    """Boxes of the words in pixels of the page with its skew (degrees) taken out."""
    angle = math.radians(-skew)
    cos, sin = math.cos(angle), math.sin(angle)
    height, width = shape[:2]
    boxes = []
    for word in words:
        points = scale_polygon(word.polygon, width, height)
        boxes.append(polygon_to_bbox([(x * cos - y * sin, x * sin + y * cos) for x, y in points]))
    return boxes

"""Page images with their true words: FUNSD and SROIE. Boxes are pixels of the image."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from docagent.errors import SettingsError
from eval.datasets.folders import split_dir, spread
from eval.datasets.records import OcrPage
from eval.metrics.matching import TextBox, segment_to_words

CASE_SENSITIVE = {"funsd": True, "sroie": False}
"""Whether the words of a set are compared with regard to case: SROIE's annotators wrote upper
case."""


def load_ocr_pages(data: str, split: str = "dev", limit: int | None = None) -> list[OcrPage]:
    """Pages of ``funsd`` or ``sroie``. Raises SettingsError for another set or split."""
    folder = split_dir(data, split)
    if data == "funsd":
        paths = spread(sorted((folder / "images").glob("*.png")), limit)
        return [_funsd_page(path, folder / "annotations" / f"{path.stem}.json") for path in paths]
    if data == "sroie":
        paths = spread(sorted((folder / "img").glob("*.jpg")), limit)
        return [_sroie_page(path, folder / "box" / f"{path.stem}.csv") for path in paths]
    raise SettingsError(f"no OCR truth for {data!r}; allowed are funsd, sroie")


def _funsd_page(image: Path, annotation: Path) -> OcrPage:
    form = json.loads(annotation.read_text("utf-8"))["form"]
    raw = [word for entity in form for word in entity["words"] if word["text"].strip()]
    words = tuple(TextBox(word["text"].strip(), _box(word["box"])) for word in raw)
    return OcrPage(image.stem, image, words, words)


def _box(values: Sequence[float]) -> tuple[float, float, float, float]:
    x0, y0, x1, y1 = (float(value) for value in values)
    return (x0, y0, x1, y1)


def _sroie_page(image: Path, boxes: Path) -> OcrPage:
    segments = sroie_segments(boxes)
    words = tuple(word for segment in segments for word in segment_to_words(segment))
    return OcrPage(image.stem, image, words, segments)


def sroie_segments(path: Path) -> tuple[TextBox, ...]:
    """The lines of one of SROIE's ``box`` files: eight coordinates of four corners, then text."""
    segments = []
    for line in path.read_text("utf-8").splitlines():
        parts = line.split(",", 8)
        if len(parts) == 9 and parts[8].strip():
            numbers = [float(part) for part in parts[:8]]
            xs, ys = numbers[0::2], numbers[1::2]
            box = (min(xs), min(ys), max(xs), max(ys))
            segments.append(TextBox(parts[8].strip(), box))
    return tuple(segments)

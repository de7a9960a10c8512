"""The labelled sets: FUNSD, SROIE, Kleister-NDA, BLN600 and invoice2data.

They are found in the folder named by DOCAGENT_DATA, or in ``../shared/data`` beside the
repository, and are never copied into it. Boxes are pixels of the image.
"""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from docagent.errors import SettingsError
from eval.matching import TextBox, segment_to_words

ROOT = Path(__file__).resolve().parent.parent
T = TypeVar("T")


@dataclass(frozen=True)
class OcrPage:
    """A page image with its true words and segments (phrases of one line, or words again)."""

    name: str
    path: Path
    words: tuple[TextBox, ...]
    segments: tuple[TextBox, ...]


@dataclass(frozen=True)
class LabelledDocument:
    """A document with the true values of its fields; segments only where they are known."""

    name: str
    path: Path
    fields: Mapping[str, tuple[str, ...]]
    segments: tuple[TextBox, ...] = field(default=())


@dataclass(frozen=True)
class CorrectionPair:
    """OCR output and what was printed."""

    sample: str
    ocr: str
    truth: str


def data_dir() -> Path:
    """The folder of the labelled sets. Raises SettingsError if it is not there."""
    folder = Path(os.environ.get("DOCAGENT_DATA") or ROOT.parent / "shared" / "data")
    if not folder.is_dir():
        raise SettingsError(f"no labelled data at {folder}; set DOCAGENT_DATA to its folder")
    return folder


def spread(items: Sequence[T], limit: int | None) -> list[T]:
    """At most ``limit`` items, spaced evenly: the same ones each time, not just the first."""
    if limit is None or limit >= len(items):
        return list(items)
    if limit < 1:
        raise SettingsError(f"limit {limit} is not allowed; give 1 or more")
    return [items[index * len(items) // limit] for index in range(limit)]


def load_ocr_pages(data: str, split: str = "dev", limit: int | None = None) -> list[OcrPage]:
    """Pages of ``funsd`` or ``sroie``. Raises SettingsError for another set or split."""
    folder = _split_dir(data, split)
    if data == "funsd":
        paths = spread(sorted((folder / "images").glob("*.png")), limit)
        return [_funsd_page(path, folder / "annotations" / f"{path.stem}.json") for path in paths]
    if data == "sroie":
        paths = spread(sorted((folder / "img").glob("*.jpg")), limit)
        return [_sroie_page(path, folder / "box" / f"{path.stem}.csv") for path in paths]
    raise SettingsError(f"no OCR truth for {data!r}; allowed are funsd, sroie")


def load_documents(
    data: str, split: str = "dev", limit: int | None = None
) -> list[LabelledDocument]:
    """Documents with fields: ``sroie``, ``kleister-nda`` or ``invoice2data``."""
    folder = _split_dir(data, split)
    if data == "sroie":
        paths = spread(sorted((folder / "img").glob("*.jpg")), limit)
        return [_sroie_document(path, folder) for path in paths]
    if data == "kleister-nda":
        entries = json.loads((folder / "expected.json").read_text("utf-8"))
        return [_kleister_document(entry, folder) for entry in spread(entries, limit)]
    if data == "invoice2data":
        paths = spread(sorted(folder.glob("*.pdf")), limit)
        return [_invoice_document(path) for path in paths]
    raise SettingsError(f"no fields for {data!r}; allowed are sroie, kleister-nda, invoice2data")


def load_corrections(limit: int | None = None) -> list[CorrectionPair]:
    """Pairs of BLN600 (19th-century newspapers)."""
    path = _split_dir("bln600", "dev") / "pairs.csv"
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    pairs = [CorrectionPair(r["Sample ID"], r["OCR Text"], r["Ground Truth"]) for r in rows]
    return spread(pairs, limit)


def _split_dir(data: str, split: str) -> Path:
    folder = data_dir() / data / split
    if not folder.is_dir():
        known = ", ".join(f"{p.parent.name}/{p.name}" for p in sorted(data_dir().glob("*/*/")))
        raise SettingsError(f"no data set {data}/{split}; there are {known}")
    return folder


def _funsd_page(image: Path, annotation: Path) -> OcrPage:
    form = json.loads(annotation.read_text("utf-8"))["form"]
    raw = [word for entity in form for word in entity["words"] if word["text"].strip()]
    words = tuple(TextBox(word["text"].strip(), _box(word["box"])) for word in raw)
    return OcrPage(image.stem, image, words, words)


def _box(values: Sequence[float]) -> tuple[float, float, float, float]:
    x0, y0, x1, y1 = (float(value) for value in values)
    return (x0, y0, x1, y1)


def _sroie_segments(path: Path) -> tuple[TextBox, ...]:
    segments = []
    for line in path.read_text("utf-8").splitlines():
        parts = line.split(",", 8)
        if len(parts) == 9 and parts[8].strip():
            numbers = [float(part) for part in parts[:8]]
            xs, ys = numbers[0::2], numbers[1::2]
            box = (min(xs), min(ys), max(xs), max(ys))
            segments.append(TextBox(parts[8].strip(), box))
    return tuple(segments)


def _sroie_page(image: Path, boxes: Path) -> OcrPage:
    segments = _sroie_segments(boxes)
    words = tuple(word for segment in segments for word in segment_to_words(segment))
    return OcrPage(image.stem, image, words, segments)


def _sroie_document(image: Path, folder: Path) -> LabelledDocument:
    keys = json.loads((folder / "key" / f"{image.stem}.json").read_text("utf-8"))
    fields = {name: (value,) for name, value in keys.items() if value}
    segments = _sroie_segments(folder / "box" / f"{image.stem}.csv")
    return LabelledDocument(image.stem, image, fields, segments)


def _kleister_document(entry: dict[str, Any], folder: Path) -> LabelledDocument:
    fields = {name: tuple(values) for name, values in entry["expected"].items()}
    return LabelledDocument(Path(entry["file"]).stem, folder / entry["file"], fields)


def _invoice_document(pdf: Path) -> LabelledDocument:
    truth = json.loads(pdf.with_suffix(".json").read_text("utf-8"))[0]
    fields = {name: (str(value),) for name, value in truth.items() if not isinstance(value, list)}
    return LabelledDocument(pdf.stem, pdf, fields)

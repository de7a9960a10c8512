"""Documents with the true values of their fields: SROIE, Kleister-NDA and invoice2data."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from docagent.errors import SettingsError
from eval.datasets.folders import split_dir, spread
from eval.datasets.ocr_pages import sroie_segments
from eval.datasets.records import LabelledDocument


def load_documents(
    data: str, split: str = "dev", limit: int | None = None
) -> list[LabelledDocument]:
    """Documents with fields: ``sroie``, ``kleister-nda`` or ``invoice2data``."""
    folder = split_dir(data, split)
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


def _sroie_document(image: Path, folder: Path) -> LabelledDocument:
    keys = json.loads((folder / "key" / f"{image.stem}.json").read_text("utf-8"))
    fields = {name: (value,) for name, value in keys.items() if value}
    segments = sroie_segments(folder / "box" / f"{image.stem}.csv")
    return LabelledDocument(image.stem, image, fields, segments)


def _kleister_document(entry: dict[str, Any], folder: Path) -> LabelledDocument:
    fields = {name: tuple(values) for name, values in entry["expected"].items()}
    return LabelledDocument(Path(entry["file"]).stem, folder / entry["file"], fields)


def _invoice_document(pdf: Path) -> LabelledDocument:
    truth = json.loads(pdf.with_suffix(".json").read_text("utf-8"))[0]
    fields = {name: (str(value),) for name, value in truth.items() if not isinstance(value, list)}
    return LabelledDocument(pdf.stem, pdf, fields)

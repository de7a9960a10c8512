"""Recognition alone: true crops read by each recognizer, exact match and crops a second.

    python -m eval.crops --data funsd --engines docagent,rapidocr,tesseract --limit 10
    python -m eval.crops --data sroie --json --errors runs/crop-errors.txt

FUNSD gives word crops, SROIE line crops (its segments), cut with a margin (--margin). A crop
is right if it equals the truth, spaces and case ignored; exact match with case and spaces is
beside it. One thread; crops a second of processor time, start of the process included only for
Tesseract (one process reads all crops of a page, psm 7, with the white border it asks for).
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from docagent.errors import DocAgentError, SettingsError
from docagent.ocr.engine import OcrEngine
from docagent.settings import Settings
from docagent.text.language_model import load_language_model
from eval.cost import Stopwatch
from eval.datasets import OcrPage, load_ocr_pages
from eval.log import run_file, this_command
from eval.metrics import ErrorRate, cer, fold_text
from eval.metrics.matching import TextBox
from eval.systems.engines import check_installed
from eval.systems.tesseract_engine import TesseractEngine
from eval.systems.threads import THREAD_LIMITS
from eval.table_output import rows_to_table, write_json

MARGIN = 2
BORDER = 10
Crop = NDArray[np.uint8]
Recognizer = Callable[[Sequence[Crop]], list[str]]
COLUMNS = {
    "engine": "engine",
    "crops": "crops",
    "exact": "exact (case, spaces ignored)",
    "exact_strict": "exact",
    "cer": "CER",
    "crops_per_s": "crops/cpu s",
}


@dataclass(frozen=True)
class CropReading:
    """A crop's truth and what was read."""

    page: str
    truth: str
    read: str


def page_crops(page: OcrPage, margin: int = MARGIN) -> list[tuple[TextBox, Crop]]:
    """Grey crops of the page's true segments (for FUNSD, words), shape (height, width)."""
    with Image.open(page.path) as opened:
        image = opened.convert("L")
    pixels = np.asarray(image)
    crops = []
    for item in page.segments:
        x0, y0, x1, y1 = (round(value) for value in item.box)
        top, left = max(0, y0 - margin), max(0, x0 - margin)
        crop = pixels[top : y1 + margin, left : x1 + margin]
        if min(crop.shape) >= 2 * margin + 1:
            crops.append((item, np.ascontiguousarray(crop)))
    return crops


def docagent_recognizer() -> Recognizer:
    """The shipped recognizer with its language model, as pages are read with it. Raises ModelError
    if its weights are missing."""
    settings = Settings.from_env().replace(threads=1)
    engine = OcrEngine(settings, load_language_model())

    def recognize(crops: Sequence[Crop]) -> list[str]:
        return [line.text for line in engine.read_crops(crops)]

    return recognize


def rapidocr_recognizer() -> Recognizer:
    """RapidOCR without detection and angle classifier."""
    import rapidocr

    engine = rapidocr.RapidOCR(
        params={
            "Global.log_level": "critical",
            "EngineConfig.onnxruntime.intra_op_num_threads": 1,
            "EngineConfig.onnxruntime.inter_op_num_threads": 1,
        }
    )

    def recognize(crops: Sequence[Crop]) -> list[str]:
        images: list[Any] = [np.repeat(crop[:, :, None], 3, axis=2) for crop in crops]
        return list(engine.recognize_txt(images).txts or ()) if images else []

    return recognize


def tesseract_recognizer() -> Recognizer:
    """Tesseract with psm 7 over a list of crop files."""
    engine = TesseractEngine()

    def recognize(crops: Sequence[Crop]) -> list[str]:
        with tempfile.TemporaryDirectory() as folder:
            names = []
            for index, crop in enumerate(crops):
                path = Path(folder) / f"{index}.png"
                ImageOps.expand(Image.fromarray(crop), BORDER, fill=255).save(path)
                names.append(str(path))
            listing = Path(folder) / "crops.txt"
            listing.write_text("\n".join(names))
            pages = engine.run(listing, 7).split("\f")
        return [page.strip() for page in pages[: len(crops)]]

    return recognize


RECOGNIZERS: dict[str, Callable[[], Recognizer]] = {
    "docagent": docagent_recognizer,
    "rapidocr": rapidocr_recognizer,
    "tesseract": tesseract_recognizer,
}


@dataclass
class Reader:
    """A recognizer and what it has read, in how many processor seconds."""

    name: str
    recognize: Recognizer
    readings: list[CropReading] = field(default_factory=list)
    seconds: float = 0.0

    def read(self, page: OcrPage, crops: Sequence[tuple[TextBox, Crop]]) -> None:
        """Read the crops of a page. Raises SettingsError if some got no text."""
        watch = Stopwatch()
        texts = self.recognize([crop for _, crop in crops])
        self.seconds += watch.cost().cpu_s
        if len(texts) != len(crops):
            raise SettingsError(f"{self.name} gave {len(texts)} texts for {len(crops)} crops")
        pairs = zip(crops, texts, strict=True)
        self.readings += [CropReading(page.name, item.text, text) for (item, _), text in pairs]


def read_crops(
    recognizers: Mapping[str, Recognizer], pages: Sequence[OcrPage], margin: int = MARGIN
) -> list[Reader]:
    """Readings of all crops by recognizers that take turns, page by page, so that other work on
    the machine falls on all of them; the first page is read once untimed."""
    readers = [Reader(name, recognize) for name, recognize in recognizers.items()]
    for reader in readers:
        reader.recognize([crop for _, crop in page_crops(pages[0], margin)])
    for index, page in enumerate(pages, start=1):
        crops = page_crops(page, margin)
        for reader in readers:
            reader.read(page, crops)
        print(f"\r{index}/{len(pages)} pages ", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    return readers


def squeeze(text: str) -> str:
    """Folded text without case and spaces."""
    return fold_text(text, case=False).replace(" ", "")


def summarise(name: str, readings: Sequence[CropReading], seconds: float) -> dict[str, Any]:
    """One row of the table."""
    right = sum(squeeze(r.read) == squeeze(r.truth) for r in readings)
    strict = sum(fold_text(r.read) == fold_text(r.truth) for r in readings)
    errors = sum((cer(squeeze(r.read), squeeze(r.truth)) for r in readings), ErrorRate())
    return {
        "engine": name,
        "crops": len(readings),
        "exact": right / len(readings),
        "exact_strict": strict / len(readings),
        "cer": errors.rate,
        "crops_per_s": len(readings) / seconds,
    }


def compare(args: argparse.Namespace) -> dict[str, Any]:
    """Run the recognizers and score them."""
    pages = load_ocr_pages(args.data, args.split, args.limit)
    recognizers = {}
    for name in args.engines.split(","):
        if name not in RECOGNIZERS:
            allowed = ", ".join(RECOGNIZERS)
            raise SettingsError(f"recognizer {name!r} is not known; allowed are {allowed}")
        check_installed(name)
        recognizers[name] = RECOGNIZERS[name]()
    readers = read_crops(recognizers, pages, args.margin)
    rows = [summarise(reader.name, reader.readings, reader.seconds) for reader in readers]
    wrong = [
        f"{reader.name}\t{r.page}\t{r.truth}\t{r.read}"
        for reader in readers
        for r in reader.readings
        if squeeze(r.read) != squeeze(r.truth)
    ]
    if args.errors:
        args.errors.parent.mkdir(parents=True, exist_ok=True)
        args.errors.write_text("\n".join(wrong) + "\n", "utf-8")
    return {"data": args.data, "split": args.split, "limit": args.limit, "rows": rows}


def main() -> int:
    """Parse the command line, compare, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", choices=("funsd", "sroie"), required=True)
    parser.add_argument("--engines", default="docagent,rapidocr,tesseract")
    parser.add_argument("--split", default="dev")
    parser.add_argument("--limit", type=int, help="pages, spaced evenly over the set")
    parser.add_argument("--margin", type=int, default=MARGIN, help="pixels around true boxes")
    parser.add_argument("--json", action="store_true", help="JSON on stdout instead of a table")
    parser.add_argument("--errors", type=Path, help="file for the crops read wrongly")
    args = parser.parse_args()
    os.environ.update(THREAD_LIMITS)
    try:
        results = compare(args)
    except DocAgentError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    write_json(
        run_file("crops", args.data, args.split, args.limit), results | {"command": this_command()}
    )
    print(json.dumps(results, indent=1) if args.json else rows_to_table(results["rows"], COLUMNS))
    return 0

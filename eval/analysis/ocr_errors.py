"""Where OCR errors come from: every true word in exactly one class, and what mending it is worth.

    python -m eval.ocr_errors --data funsd --limit 12 --picture runs/errors.png
    python -m eval.ocr_errors --data sroie --split adapt --engine tesseract --json

Classes: right; missed (nothing read there); split (read, but joined with a neighbour or cut);
box off (right text, IoU < 0.5); misread; and extra words, which are none of the true ones. "F1
gain" is by how much word F1 would rise if a class were mended and all else stayed. SROIE's true
words are its segments cut in proportion to characters, so a part of its splits and boxes off is
the truth's own; its case is ignored. Readings of the same code are taken from the log.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from docagent.errors import DocAgentError, ModelError
from eval.analysis.character_errors import CHARACTERS, DIGITS, character_kind, character_rows
from eval.analysis.crop_quality import CropQuality, crop_quality
from eval.analysis.error_picture import save_error_picture
from eval.analysis.word_errors import (
    CLASSES,
    EXTRA,
    KINDS,
    MISREAD,
    PageErrors,
    WordFate,
    bucket,
    class_shares,
    confusions,
    f1_gains,
    find_errors,
    shares_by,
    split_causes,
    text_kind,
)
from eval.datasets import CASE_SENSITIVE, OcrPage, load_ocr_pages
from eval.log import run_file, this_command
from eval.metrics import Counts
from eval.metrics.matching import TextBox
from eval.run import run_worker
from eval.systems.readings import json_to_lines
from eval.table_output import rows_to_table, write_json

HEIGHTS = (8, 10, 12, 15, 18, 22, 28, 40)
CONTRASTS = (40, 80, 120, 160, 200)
GRAINS = (1, 2, 4, 8, 16)
CHARACTER_COLUMNS = {
    "group": "characters of words found",
    "characters": "characters",
    "wrong": "wrong",
    "read_as": "most often read as",
}
WORST_PAGES = 8
CONFUSIONS = 25


@dataclass(frozen=True)
class ReadPage:
    """A page, what was read on it, what became of its words and how well each is printed."""

    page: OcrPage
    words: tuple[TextBox, ...]
    errors: PageErrors
    quality: tuple[CropQuality, ...]


def read_pages(args: argparse.Namespace) -> list[ReadPage]:
    """Have the engine read the pages and sort the errors. Raises ModelError if it fails."""
    pages = load_ocr_pages(args.data, args.split, args.limit)
    rows = run_worker(args.engine, args.data, args.split, args.limit, resume=True)
    if rows is None:
        raise ModelError(f"engine {args.engine!r} failed; its own message is above")
    found = []
    for page in pages:
        lines = json_to_lines(rows[page.name]["lines"])
        words = tuple(word for line in lines for word in line.words)
        errors = find_errors(words, page.words, CASE_SENSITIVE[args.data])
        with Image.open(page.path) as opened:
            pixels = np.asarray(opened.convert("L"))
        quality = tuple(crop_quality(pixels, word.box) for word in page.words)
        found.append(ReadPage(page, words, errors, quality))
    return found


def summarise(found: Sequence[ReadPage], case: bool) -> dict[str, Any]:
    """All tables, as lists of rows by name."""
    pages = [item.errors for item in found]
    fates = [fate for page in pages for fate in page.fates]
    quality = dict(zip(map(id, fates), (q for item in found for q in item.quality), strict=True))
    heights = _names(HEIGHTS)
    tables = {
        "height (px)": shares_by(fates, lambda f: bucket(_height(f), HEIGHTS), heights),
        "kind": shares_by(fates, lambda f: text_kind(f.truth.text), KINDS),
        "contrast": shares_by(
            fates, lambda f: bucket(quality[id(f)].contrast, CONTRASTS), _names(CONTRASTS)
        ),
        "grain": shares_by(fates, lambda f: bucket(quality[id(f)].grain, GRAINS), _names(GRAINS)),
    }
    pairs = [(fate.truth.text, fate.read) for fate in fates if fate.kind == MISREAD]
    return {
        "words": len(fates),
        "word_f1": sum((page.counts for page in pages), Counts()).f1,
        "classes": class_rows(pages),
        "splits": dict(sum((split_causes(page) for page in pages), Counter()).most_common()),
        "by": tables,
        "characters": character_rows(fates, case, character_kind, CHARACTERS)
        + character_rows(fates, case, str, DIGITS),
        "pages": sorted((page_row(item) for item in found), key=lambda row: float(row["word_f1"])),
        "confusions": [
            {"printed": printed, "read": read, "count": count}
            for (printed, read), count in confusions(pairs, case).most_common(CONFUSIONS)
        ],
    }


def _names(edges: Sequence[float]) -> list[str]:
    return [bucket(value, edges) for value in (edges[0] - 1, *edges)]


def _height(fate: WordFate) -> float:
    return fate.truth.box[3] - fate.truth.box[1]


def class_rows(pages: Sequence[PageErrors]) -> list[dict[str, Any]]:
    """Number, share of the true words and gain of word F1 of every class."""
    counts = Counter(fate.kind for page in pages for fate in page.fates)
    counts[EXTRA] = sum(len(page.extra) for page in pages)
    total = max(1, sum(len(page.fates) for page in pages))
    gains = f1_gains(pages)
    return [
        {
            "class": kind,
            "words": counts[kind],
            "share": counts[kind] / total,
            "gain": gains.get(kind),
        }
        for kind in (*CLASSES, EXTRA)
    ]


def page_row(item: ReadPage) -> dict[str, Any]:
    """A page's name, word F1, shares of the classes and number of extra words."""
    counts = Counter(fate.kind for fate in item.errors.fates)
    return {
        "page": item.page.name,
        "word_f1": item.errors.counts.f1,
        **class_shares(counts),
        EXTRA: len(item.errors.extra),
    }


def tables_text(result: dict[str, Any]) -> str:
    """The result as Markdown tables."""
    shares = {"words": "words", **{kind: kind for kind in CLASSES}}
    head = {"class": "class", "words": "words", "share": "share", "gain": "F1 gain if mended"}
    parts = [f"word F1 {result['word_f1']:.3f}", rows_to_table(result["classes"], head)]
    splits = [{"group": name, "words": count} for name, count in result["splits"].items()]
    parts.append(rows_to_table(splits, {"group": "how split", "words": "words"}))
    for name, rows in result["by"].items():
        parts.append(rows_to_table(rows, {"group": name, **shares}))
    parts.append(rows_to_table(result["characters"], CHARACTER_COLUMNS))
    columns = {"page": "worst pages", "word_f1": "word F1", **shares, EXTRA: EXTRA}
    parts.append(rows_to_table(result["pages"][:WORST_PAGES], columns))
    visible = [
        {**row, "printed": row["printed"] or "(nothing)", "read": row["read"] or "(nothing)"}
        for row in result["confusions"]
    ]
    parts.append(
        rows_to_table(visible, {"printed": "printed", "read": "read as", "count": "times"})
    )
    return "\n\n".join(parts)


def main() -> int:
    """Parse the command line, sort the errors, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", choices=sorted(CASE_SENSITIVE), required=True)
    parser.add_argument("--engine", default="docagent")
    parser.add_argument("--split", default="dev")
    parser.add_argument("--limit", type=int, help="pages, spaced evenly over the set")
    parser.add_argument("--json", action="store_true", help="JSON on stdout instead of tables")
    parser.add_argument("--picture", type=Path, help="PNG of the worst pages and crops")
    args = parser.parse_args()
    try:
        found = read_pages(args)
    except DocAgentError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    case = CASE_SENSITIVE[args.data]
    result = {"engine": args.engine, "data": args.data, "split": args.split, "limit": args.limit}
    result |= summarise(found, case) | {"command": this_command()}
    write_json(run_file("ocr-errors", args.data, args.split, args.limit, args.engine), result)
    if args.picture:
        save_error_picture([(i.page, i.words, i.errors) for i in found], args.picture, case)
    print(json.dumps(result, indent=1) if args.json else tables_text(result))
    return 0

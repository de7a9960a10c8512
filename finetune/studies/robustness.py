"""Degrade pages step by step and measure when they are misread, beside other engines.

    python -m finetune.robustness --pages 6 --picture runs/ladder.png
    python -m finetune.robustness --engines docagent,tesseract --rungs "skew,blur 2" --json

Synthetic documents, printed clean at 300 dpi, are degraded in one way at a time and in steps
(``eval.analysis.degradations.LEVELS``). Word F1 asks for IoU >= 0.5 and equal text, bag F1 for
the text alone; CER ignores case and spaces. The true boxes go from ascender to descender, so
engines whose boxes hug the ink lose some of word F1 on every rung: compare rungs, and bag F1
between engines. Seconds are of the processor, one thread, a page. The pages are of the kind
docagent was trained on: the ladder tells what a degradation costs, not how good an engine is on
real documents.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2

from docagent.errors import DocAgentError, SettingsError
from eval.analysis.degradation_ladder import (
    CleanPage,
    ladder_table,
    run_ladder,
    save_ladder_picture,
)
from eval.analysis.degradations import FINEST_DPI, Rung, parse_rungs
from eval.log import this_command
from eval.metrics.matching import TextBox
from eval.paths import RUNS
from eval.systems.engines import THREAD_LIMITS, load_engine
from eval.table_output import write_json
from finetune.synthesis.canvas import Canvas, PlacedWord, Shape
from finetune.synthesis.documents import generate

KINDS = ("invoice", "letter", "lab_report", "bank_statement", "form", "memo")
PICTURE = RUNS / "ladder.png"
PAPER_WIDTH = 8.27
"""Inches across A4; layouts are drawn with more or fewer pixels, but all for such a sheet."""


def clean_pages(count: int, seed: int) -> list[CleanPage]:
    """First pages of ``count`` synthetic documents of several kinds, drawn at FINEST_DPI."""
    pages = []
    for index in range(count):
        kind = KINDS[index % len(KINDS)]
        document = generate(kind, random.Random(f"ladder {seed} {index}"))
        drawn = document.pages[0]
        canvas = enlarge(drawn, PAPER_WIDTH * FINEST_DPI / drawn.width)
        words = tuple(TextBox(word.text, word.bbox) for word in canvas.words)
        pages.append(CleanPage(f"{kind} {index}", canvas.draw(), words))
    return pages


def enlarge(canvas: Canvas, factor: float) -> Canvas:
    """The same page with more pixels: type is set again at its size, not blown up."""
    larger = Canvas(round(canvas.width * factor), round(canvas.height * factor), canvas.background)
    larger.words += [_larger_word(word, factor) for word in canvas.words]
    larger.shapes += [
        Shape(
            shape.kind,
            _scaled(shape.bbox, factor),
            max(1, round(shape.width * factor)),
            shape.outline,
            shape.fill,
        )
        for shape in canvas.shapes
    ]
    return larger


def _larger_word(word: PlacedWord, factor: float) -> PlacedWord:
    font = word.font.at(round(word.font.size * factor))
    x0, y0, _, y1 = _scaled(word.bbox, factor)
    # Sizes are whole pixels, so the width is that of the new size and not quite the scaled one.
    box = (x0, y0, x0 + font.width(word.text), y1)
    return PlacedWord(
        word.text, box, word.baseline * factor, font, word.fill, word.field, word.label
    )


def _scaled(box: tuple[float, float, float, float], factor: float) -> Any:
    return tuple(value * factor for value in box)


def measure(
    engines: Sequence[str], pages: Sequence[CleanPage], rungs: Sequence[Rung]
) -> list[dict[str, Any]]:
    """Load the engines and climb. Raises SettingsError for an unknown engine."""
    loaded = [load_engine(name) for name in engines]
    return run_ladder(loaded, pages, rungs, lambda line: print(line, file=sys.stderr, flush=True))


def main() -> int:
    """Parse the command line, climb the ladder, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--engines", default="docagent,tesseract,rapidocr")
    parser.add_argument("--pages", type=int, default=6)
    parser.add_argument("--rungs", help="families or names, with commas; all if not given")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true", help="JSON on stdout instead of a table")
    parser.add_argument(
        "--picture", type=Path, help=f"PNG with a sample of every rung ({PICTURE.name})"
    )
    args = parser.parse_args()
    os.environ.update(THREAD_LIMITS)
    cv2.setNumThreads(1)
    engines = args.engines.split(",")
    try:
        if args.pages < 1:
            raise SettingsError(f"--pages {args.pages} is not allowed; give 1 or more")
        rungs = parse_rungs(args.rungs)
        pages = clean_pages(args.pages, args.seed)
        rows = measure(engines, pages, rungs)
    except (DocAgentError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    result = {"pages": [page.name for page in pages], "seed": args.seed, "rows": rows}
    result |= {"command": this_command()}
    save_ladder_picture(pages[0], rungs, rows, args.picture or PICTURE)
    write_json(RUNS / "ladder.json", result)
    print(json.dumps(result, indent=1) if args.json else ladder_table(rows, engines))
    return 0

"""Count words of clean pages that the language model breaks, while decoding and in ``correct``.

    python -m finetune.no_harm --pages 40

Clean synthetic documents at 150 dpi are read without and with the language model, and corrected.
A word that was right without it and is not with it, or after correction, is broken. Words are
compared at their place (IoU >= 0.5, one to one, case counts). The exit status is 1 if any is.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from docagent import DocAgent
from docagent.document import Document
from docagent.settings import Settings
from eval.analysis.degradation_ladder import CleanPage
from eval.log import this_command
from eval.metrics.matching import TextBox, equal_text, match_boxes
from eval.paths import RUNS
from eval.systems.engines import document_to_lines
from eval.table_output import rows_to_table, write_json
from finetune.studies.robustness import FINEST_DPI, clean_pages

DPI = 150
COLUMNS = {
    "step": "step",
    "words": "true words",
    "right": "right",
    "mended": "mended",
    "broken": "broken",
    "examples": "broken words",
}


@dataclass
class Tally:
    """Words of one way of reading against another: how many it mends and breaks."""

    right: int = 0
    mended: int = 0
    broken: int = 0
    examples: tuple[str, ...] = ()


def right_words(document: Document, size: tuple[int, int], truth: Sequence[TextBox]) -> set[int]:
    """Indices of the true words that were read right."""
    words = [word for line in document_to_lines(document, size) for word in line.words]
    return {j for _, j in match_boxes(words, truth, equal_text(True))}


def add(tally: Tally, before: set[int], after: set[int], truth: Sequence[TextBox]) -> None:
    """Count what changed on one page."""
    broken = before - after
    tally.right += len(after)
    tally.mended += len(after - before)
    tally.broken += len(broken)
    tally.examples += tuple(truth[i].text for i in sorted(broken))


def measure(pages: Sequence[CleanPage]) -> list[dict[str, Any]]:
    """Rows of the table: greedy decoding, with the language model, and after correction."""
    plain = DocAgent(Settings(threads=1, language_model=False))
    usual = DocAgent(Settings(threads=1))
    greedy, decoded, corrected, words = Tally(), Tally(), Tally(), 0
    for number, page in enumerate(pages, start=1):
        factor = DPI / FINEST_DPI
        image = cv2.resize(page.image, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
        image = np.asarray(image, np.uint8)
        truth = [TextBox(w.text, tuple(v * factor for v in w.box)) for w in page.words]
        size = (image.shape[1], image.shape[0])
        read = usual.read(image)
        before = right_words(plain.read(image), size, truth)
        after = right_words(read, size, truth)
        add(greedy, before, before, truth)
        add(decoded, before, after, truth)
        add(corrected, after, right_words(usual.correct(image).apply(read), size, truth), truth)
        words += len(truth)
        print(f"\r{number}/{len(pages)} pages", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    steps = {"as decoded": greedy, "language model": decoded, "then correct": corrected}
    return [
        {
            "step": name,
            "words": words,
            "right": tally.right,
            "mended": tally.mended,
            "broken": tally.broken,
            "examples": " ".join(tally.examples[:8]),
        }
        for name, tally in steps.items()
    ]


def main() -> int:
    """Parse the command line, read, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pages", type=int, default=40)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true", help="JSON on stdout instead of a table")
    args = parser.parse_args()
    rows = measure(clean_pages(args.pages, args.seed))
    result = {"pages": args.pages, "seed": args.seed, "rows": rows}
    result |= {"command": this_command()}
    write_json(RUNS / f"no-harm-{args.seed}.json", result)
    print(json.dumps(rows, indent=1) if args.json else rows_to_table(rows, COLUMNS))
    return 1 if any(row["broken"] for row in rows) else 0

"""Where the time of reading a page goes: processor seconds of each stage, one thread.

    python -m eval.stages --data funsd --limit 12

Stages are those that ``docagent.usage.traced`` tells of; one with a dot is a part of the stage
before the dot, other stages do not overlap.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections import defaultdict
from typing import Any

import numpy as np
from PIL import Image

from docagent.errors import DocAgentError
from docagent.ocr.engine import OcrEngine
from docagent.settings import Settings
from docagent.text.language_model import load_language_model
from docagent.usage import StageRun, traced
from eval.datasets import load_ocr_pages
from eval.log import this_command
from eval.paths import RUNS
from eval.systems.threads import THREAD_LIMITS
from eval.systems.weights import weights_dir
from eval.table_output import rows_to_table, write_json

WHOLE = "recognise_page"
"""The stage that has all others inside of it."""
COLUMNS = {"stage": "stage", "seconds": "cpu s/page", "share": "share", "count": "items/page"}


class StageTotals:
    """Adds up what stages take and give."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)
        self.counts: dict[str, int] = defaultdict(int)

    def __call__(self, run: StageRun) -> None:
        self.seconds[run.stage] += run.cpu_seconds
        self.counts[run.stage] += run.count or 0

    def rows(self, whole: str, pages: int) -> list[dict[str, Any]]:
        """Rows of a table, the longest stage first; shares are of the stage ``whole``."""
        return [
            {
                "stage": stage,
                "seconds": seconds / pages,
                "share": seconds / self.seconds[whole] if self.seconds[whole] else 0.0,
                "count": self.counts[stage] / pages or None,
            }
            for stage, seconds in sorted(self.seconds.items(), key=lambda item: -item[1])
        ]


def measure(data: str, split: str, limit: int | None) -> list[dict[str, Any]]:
    """Rows of the table: the whole page first, then its stages."""
    engine = OcrEngine(Settings(threads=1, weights_dir=weights_dir()), load_language_model())
    images = []
    for page in load_ocr_pages(data, split, limit):
        with Image.open(page.path) as opened:
            images.append(np.asarray(opened.convert("L")))
    engine.read_image(images[0])
    totals = StageTotals()
    with traced(totals):
        for image in images:
            engine.read_image(image)
    return totals.rows(WHOLE, len(images))


def main() -> int:
    """Parse the command line, measure, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", choices=("funsd", "sroie"), required=True)
    parser.add_argument("--split", default="dev")
    parser.add_argument("--limit", type=int, default=12, help="pages, spaced evenly over the set")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    os.environ.update(THREAD_LIMITS)
    try:
        rows = measure(args.data, args.split, args.limit)
    except DocAgentError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    result = {"data": args.data, "split": args.split, "limit": args.limit, "rows": rows}
    result |= {"command": this_command()}
    write_json(RUNS / f"stages-{args.data}-{args.split}.json", result)
    print(json.dumps(rows, indent=1) if args.json else rows_to_table(rows, COLUMNS))
    return 0

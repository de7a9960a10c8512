"""Where the time of reading a page goes: processor seconds of each stage, one thread.

    python -m eval.stages --data funsd --limit 12

``recognise`` includes what stands under it; other stages do not overlap.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from typing import Any

import numpy as np
from PIL import Image

from docagent.errors import DocAgentError
from docagent.ocr import engine as ocr
from docagent.ocr.recognition import recognizer as recognition
from docagent.settings import Settings
from docagent.text.language_model import load_language_model
from eval.datasets import load_ocr_pages
from eval.log import this_command
from eval.paths import RUNS
from eval.systems.threads import THREAD_LIMITS
from eval.systems.weights import weights_dir
from eval.tables import rows_to_table, write_json

COLUMNS = {"stage": "stage", "seconds": "cpu s/page", "share": "share"}


class StageClock:
    """Adds up the processor time of functions it is put around."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)

    def put_around(self, owner: Any, name: str, stage: str) -> None:
        """Replace ``owner.name`` by itself with a clock."""
        timed: Callable[..., Any] = getattr(owner, name)

        def run(*args: Any, **options: Any) -> Any:
            start = time.process_time()
            try:
                return timed(*args, **options)
            finally:
                self.seconds[stage] += time.process_time() - start

        setattr(owner, name, run)


def measure(data: str, split: str, limit: int | None) -> list[dict[str, Any]]:
    """Rows of the table: the whole page first, then its stages."""
    engine = ocr.OcrEngine(Settings(threads=1, weights_dir=weights_dir()), load_language_model())
    images = []
    for page in load_ocr_pages(data, split, limit):
        with Image.open(page.path) as opened:
            images.append(np.asarray(opened.convert("L")))
    engine.read_image(images[0])
    clock = StageClock()
    clock.put_around(engine, "read_image", "whole page")
    clock.put_around(ocr, "_preprocessed", "even out the light")
    clock.put_around(engine.detector, "probability_map", "detect: network")
    clock.put_around(engine.detector, "detect", "detect")
    clock.put_around(ocr, "split_stacked_lines", "split stacked lines")
    clock.put_around(ocr, "_crop", "cut crops")
    clock.put_around(engine.recognizer, "recognize", "recognise")
    clock.put_around(engine.recognizer, "_scores", "recognise: network")
    clock.put_around(recognition, "decode_beam", "recognise: beam search")
    clock.put_around(engine, "_build_lines", "words, reading order")
    for image in images:
        engine.read_image(image)
    whole = clock.seconds["whole page"]
    return [
        {"stage": stage, "seconds": seconds / len(images), "share": seconds / whole}
        for stage, seconds in sorted(clock.seconds.items(), key=lambda item: -item[1])
    ]


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

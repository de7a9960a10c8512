"""What kinds of page the router finds: one row a data set, one column a kind.

    python -m eval.kinds --limit 40

FUNSD is scanned forms, SROIE receipts (scanned, a few photographed), the first pages of
invoice2data's and Kleister's PDFs, as pictures, are mostly drawn by software, some scanned. There
is no labelled set of photos: FUNSD's pages in perspective and under a shadow stand for them.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, get_args

import numpy as np

from docagent import DocAgent
from docagent.document import PageKind
from docagent.errors import DocAgentError, SettingsError
from docagent.ocr.engines.page_features import page_features, page_kind
from eval.analysis.degradations import Image, perspective, shadow
from eval.datasets import load_documents, load_ocr_pages
from eval.log import this_command
from eval.paths import RUNS
from eval.table_output import rows_to_table, write_json

KINDS: tuple[str, ...] = get_args(PageKind)
COLUMNS = {
    "data": "data",
    "pages": "pages",
    "expected": "expected",
    **{kind: kind.replace("_", " ") for kind in KINDS},
    "share": "as expected",
}
PERSPECTIVE, SHADOW_DEPTH = 0.08, 0.5


def pictures(paths: Iterable[Path]) -> Iterator[Image]:
    """The first page of each file as a grey picture, whatever text layer it has."""
    agent = DocAgent()
    for path in paths:
        yield agent.load(path).pages[0].image()


def photographed(images: Iterable[Image]) -> Iterator[Image]:
    """Pages as a phone might take them: in perspective, a shadow over one side."""
    for seed, image in enumerate(images):
        draw = np.random.default_rng(seed)
        yield shadow(perspective(image, PERSPECTIVE, draw)[0], SHADOW_DEPTH, draw)


def kinds_row(data: str, expected: PageKind, images: Iterable[Image]) -> dict[str, Any]:
    """How many pages were taken for each kind, and the share of the expected one."""
    found = Counter(page_kind(page_features(image)) for image in images)
    pages = sum(found.values())
    if not pages:
        raise SettingsError(f"{data}: there is no page")
    return {
        "data": data,
        "pages": pages,
        "expected": expected,
        **{kind: found[kind] for kind in get_args(PageKind)},
        "share": found[expected] / pages,
    }


def measure(limit: int | None) -> list[dict[str, Any]]:
    """Rows of all sets. Raises SettingsError where one is not there."""

    def documents(data: str) -> Iterator[Image]:
        return pictures(document.path for document in load_documents(data, "dev", limit))

    def pages(data: str) -> Iterator[Image]:
        return pictures(page.path for page in load_ocr_pages(data, "dev", limit))

    sets: list[tuple[str, PageKind, Callable[[], Iterator[Image]]]] = [
        ("funsd", "scan", lambda: pages("funsd")),
        ("sroie", "receipt", lambda: pages("sroie")),
        ("funsd, photographed (made)", "photo", lambda: photographed(pages("funsd"))),
        ("invoice2data", "born_digital", lambda: documents("invoice2data")),
        ("kleister-nda", "born_digital", lambda: documents("kleister-nda")),
    ]
    return [kinds_row(name, expected, images()) for name, expected, images in sets]


def main() -> int:
    """Parse the command line, look, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--limit", type=int, default=40, help="of each set, spaced evenly over it")
    parser.add_argument("--json", action="store_true", help="JSON on stdout instead of a table")
    args = parser.parse_args()
    try:
        rows = measure(args.limit)
    except DocAgentError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    result = {"limit": args.limit, "rows": rows, "command": this_command()}
    write_json(RUNS / "kinds.json", result)
    print(json.dumps(rows, indent=1) if args.json else rows_to_table(rows, COLUMNS))
    return 0

"""What reading side by side gains: wall seconds with one worker and with several.

    python -m eval.parallel --workers 1,2

``pages``: one file of many pages; ``files``: as many files of one page. The pages are parts of the
shipped sample invoice, enlarged to a scan of 200 dpi, so anyone can repeat it. ``docagent read``
runs in this process, after one run that loads the models; the fastest of three counts.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PIL import Image

import docagent
from docagent.cli import main as docagent_main
from docagent.errors import SettingsError
from eval.log import this_command
from eval.paths import RUNS
from eval.table_output import rows_to_table, write_json

SAMPLE = Path(docagent.__file__).parent / "samples" / "invoice.png"
A4_200_DPI = (1654, 2339)
TIMES = 3
COLUMNS = {
    "what": "what",
    "count": "pages",
    "workers": "workers",
    "wall_s": "wall s",
    "page_s": "wall s/page",
    "gain": "times as fast",
}


def write_pages(folder: Path, count: int) -> tuple[Path, list[Path]]:
    """One file of ``count`` pages and as many files of one, all different in content."""
    with Image.open(SAMPLE) as opened:
        sheet = opened.convert("L").resize(A4_200_DPI)
    pages = []
    for number in range(count):
        page = Image.new("L", A4_200_DPI, 255)
        # Moved down a little each time: a page that was read before is remembered.
        page.paste(sheet, (0, number))
        pages.append(page)
    together = folder / "pages.tif"
    pages[0].save(together, save_all=True, append_images=pages[1:])
    files = [folder / f"{number:03}.png" for number in range(count)]
    for page, path in zip(pages, files, strict=True):
        page.save(path)
    return together, files


def wall_seconds(inputs: Sequence[Path], workers: int) -> float:
    """Of ``docagent read`` of the inputs with so many threads. Raises SettingsError if it fails."""
    os.environ["DOCAGENT_THREADS"] = str(workers)
    with contextlib.redirect_stdout(io.StringIO()):
        start = time.perf_counter()
        code = docagent_main(["read", "--json", "--quiet", *map(str, inputs)])
    if code:
        raise SettingsError(f"docagent read ended with exit code {code}")
    return time.perf_counter() - start


def measure(count: int, workers: Sequence[int]) -> list[dict[str, Any]]:
    """Rows of the table; the gain is over the first number of workers."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        together, files = write_pages(Path(folder), count)
        for what, inputs in (("pages of a file", [together]), ("files of a page", files)):
            first = 0.0
            for number in workers:
                wall_seconds(inputs[:2], number)  # models load
                seconds = min(wall_seconds(inputs, number) for _ in range(TIMES))
                first = first or seconds
                row = {"what": what, "count": count, "workers": number, "wall_s": seconds}
                rows.append(row | {"page_s": seconds / count, "gain": first / seconds})
    return rows


def main() -> int:
    """Parse the command line, measure, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pages", type=int, default=8)
    parser.add_argument("--workers", default="1,2", help="numbers of threads, with commas")
    parser.add_argument("--json", action="store_true", help="JSON on stdout instead of a table")
    args = parser.parse_args()
    workers = [int(number) for number in args.workers.split(",")]
    if args.pages < 2 or min(workers) < 1:
        print("error: give 2 pages or more, and 1 worker or more", file=sys.stderr)
        return 2
    rows = measure(args.pages, workers)
    result = {"cores": os.cpu_count(), "rows": rows, "command": this_command()}
    write_json(RUNS / "parallel.json", result)
    print(json.dumps(rows, indent=1) if args.json else rows_to_table(rows, COLUMNS))
    return 0

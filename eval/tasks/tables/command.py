"""Tables that are found on drawn pages, compared with what was drawn.

    python -m eval.tables
    python -m eval.tables --sets tatqa --part held-out --limit 50

Sets: ``drawn`` (ten tables, as PDF) and ``scans`` (the same as noisy, slightly skewed scans);
``tatqa`` (tables of annual reports, TAT-QA, drawn as PDF pages between lines of text; half of them
are for development, the other half is held out). Figures: TEDS, and the share of cells with exactly
their text at their place. Of a page's tables the one with most cells counts. Of the drawn sets
nothing is needed; tatqa needs the labelled sets (DOCAGENT_DATA).
"""

from __future__ import annotations

import argparse
import hashlib
import json
import lzma
import random
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from docagent import DocAgent, Document, Settings
from docagent.errors import SettingsError
from docagent.tables import tables_of
from eval.datasets.folders import set_dir, spread
from eval.log import run_file, this_command
from eval.metrics.tables import Grid, GridCell, cells_right, grid_of, teds
from eval.table_output import rows_to_table, write_json
from eval.tasks.tables.drawn import DRAWN
from eval.tasks.tables.pages import (
    LEFT,
    WIDTH,
    Style,
    encodable,
    scanned,
    table_page,
    text_width,
)

SETS = ("drawn", "scans", "tatqa")
PARTS = ("develop", "held-out", "all")
COLUMNS = {
    "set": "set",
    "tables": "tables",
    "teds": "TEDS",
    "cells": "cells right",
    "seconds": "s",
}
MIN_SIZE = 6.0
"""Smallest print, in points; wider tables are left out."""


@dataclass(frozen=True)
class DrawnPage:
    """A page and the table on it."""

    name: str
    data: bytes
    truth: Grid


def drawn_pages(name: str, part: str, limit: int | None) -> Iterator[DrawnPage]:
    """The pages of a set."""
    if name == "tatqa":
        yield from _report_pages(part, limit)
        return
    for n, (title, (grid, style)) in enumerate(spread(list(DRAWN.items()), limit)):
        pdf = table_page(grid, style, "The table below is part of a longer document.")
        yield DrawnPage(title, scanned(pdf, n) if name == "scans" else pdf, grid)


def _report_pages(part: str, limit: int | None) -> Iterator[DrawnPage]:
    path = set_dir("questions") / "tatqa-dev.jsonl.xz"
    with lzma.open(path, "rt", encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    chosen = [row for row in rows if part == "all" or _part(row["table"]["uid"]) == part]
    for row in spread(chosen, limit):
        uid = row["table"]["uid"]
        truth = grid_of([[encodable(text) for text in line] for line in row["table"]["table"]])
        style = _style(truth, random.Random(uid))
        if style is None:
            continue
        texts = [paragraph["text"] for paragraph in row["paragraphs"]] or [""]
        yield DrawnPage(uid, table_page(truth, style, texts[0], texts[-1]), truth)


def _part(uid: str) -> str:
    return PARTS[hashlib.blake2b(uid.encode()).digest()[0] % 2]


def _style(grid: Grid, rng: random.Random) -> Style | None:
    """Print that fits the page; None if none does. Half of the tables have no lines."""
    lines = rng.choice(("none", "none", "header", "rows", "all"))
    padding, gap = rng.choice((0.25, 0.4)), rng.choice((1.4, 2.0))
    shaded = lines == "none" and rng.random() < 0.3
    for size in (9.0, 8.0, 7.0, MIN_SIZE):
        wrap = 24 * size
        style = Style(lines, size, padding, gap, True, wrap, shaded)  # type: ignore[arg-type]
        widths = [0.0] * grid.columns
        for cell in grid.cells:
            width = min(wrap, text_width(cell.text, size))
            widths[cell.column] = max(widths[cell.column], width)
        if sum(widths) + gap * size * grid.columns <= WIDTH - 2 * LEFT:
            return style
    return None


def found_table(document: Document) -> Grid | None:
    """The table with most cells; None without any."""
    table = max(tables_of(document), key=lambda t: len(t.cells), default=None)
    if table is None:
        return None
    cells = tuple(GridCell(c.row, c.column, c.text, c.row_span, c.column_span) for c in table.cells)
    return Grid(len(table.rows), table.columns, cells)


def measured(agent: DocAgent, name: str, part: str, limit: int | None) -> dict[str, Any]:
    """The figures of a set, with those of each table."""
    started = time.perf_counter()
    tables: list[dict[str, Any]] = []
    right = wanted = 0
    for page in drawn_pages(name, part, limit):
        found = found_table(agent.read(page.data))
        hits, cells = cells_right(found, page.truth)
        right, wanted = right + hits, wanted + cells
        score = round(teds(found, page.truth), 3)
        tables.append({"table": page.name, "teds": score, "cells": round(hits / max(1, cells), 3)})
    return {
        "set": f"{name} ({part})" if name == "tatqa" else name,
        "tables": len(tables),
        "teds": sum(t["teds"] for t in tables) / max(1, len(tables)),
        "cells": right / max(1, wanted),
        "seconds": round(time.perf_counter() - started, 1),
        "each": tables,
    }


def parse_sets(text: str) -> list[str]:
    """Names of sets in the order given. Raises SettingsError naming one that is not there."""
    names = [name.strip() for name in text.split(",") if name.strip()]
    for name in names:
        if name not in SETS:
            raise SettingsError(f"no set {name!r}; allowed are {', '.join(SETS)}")
    return names


def main(given: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sets", default=",".join(SETS), help="names, separated by commas")
    parser.add_argument("--part", default="held-out", choices=PARTS, help="of tatqa")
    parser.add_argument("--limit", type=int, help="tables of a set, spaced evenly over it")
    parser.add_argument("--json", action="store_true", help="JSON on stdout instead of a table")
    args = parser.parse_args(given)
    names = parse_sets(args.sets)
    agent = DocAgent(Settings.from_env())
    rows = [measured(agent, name, args.part, args.limit) for name in names]
    result = {"command": this_command(), "rows": rows}
    write_json(run_file("tables", "-".join(names), args.part, args.limit), result)
    if args.json:
        json.dump(result, sys.stdout, indent=1, ensure_ascii=False)
        print()
        return
    print(rows_to_table(rows, COLUMNS))

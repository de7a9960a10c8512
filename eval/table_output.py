"""Results as tables for people and as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any


def rows_to_table(rows: Sequence[Mapping[str, Any]], columns: Mapping[str, str]) -> str:
    """A Markdown table. ``columns``: key of a row -> heading; absent values show as ``-``."""
    cells = [list(columns.values())]
    cells += [[_show(row.get(key)) for key in columns] for row in rows]
    widths = [max(len(line[i]) for line in cells) for i in range(len(columns))]
    lines = [
        "| "
        + " | ".join(_pad(c, w, i) for i, (c, w) in enumerate(zip(line, widths, strict=True)))
        + " |"
        for line in cells
    ]
    rule = (
        "|" + "|".join("-" * (w + 1) + ("-" if i == 0 else ":") for i, w in enumerate(widths)) + "|"
    )
    return "\n".join([lines[0], rule, *lines[1:]])


def _pad(cell: str, width: int, index: int) -> str:
    return cell.ljust(width) if index == 0 else cell.rjust(width)


def _show(value: Any) -> str:
    if value is None:
        return "-"
    # A bar would end the cell.
    return f"{value:.3f}" if isinstance(value, float) else str(value).replace("|", "\\|")


def write_json(path: Path, result: Any) -> None:
    """Write a result, making its folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", "utf-8")

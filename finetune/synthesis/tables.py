"""Tables on a page: columns sized to their content, rules, shades; cells wrap."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from finetune.synthesis.canvas import Canvas
from finetune.synthesis.fonts import Font
from finetune.synthesis.layout import (
    ASCENT,
    MINIMUM_SIZE,
    Run,
    put_items,
    tokens,
    width_of,
    width_of_tokens,
    wrap,
)


@dataclass(frozen=True)
class Column:
    """A table column. flexible: takes what is left and wraps."""

    title: str
    align: str = "left"
    flexible: bool = False


@dataclass(frozen=True)
class TableStyle:
    """rules: none, head, rows, grid or columns. shade: grey of the head and of every other row
    (None: none). gap: space between columns and around rows, in em."""

    rules: str = "head"
    shade: int | None = None
    zebra: bool = False
    gap: float = 1.0
    padding: float = 0.2
    upper: bool = False


def sample_table_style(rng: random.Random) -> TableStyle:
    """A random look of tables."""
    return TableStyle(
        rules=rng.choices(("none", "head", "rows", "grid", "columns"), (2, 4, 3, 4, 2))[0],
        shade=rng.choice((None, None, 235, 215, 200)),
        zebra=rng.random() < 0.12,
        gap=rng.uniform(0.8, 1.6),
        padding=rng.choice((0.05, 0.15, 0.3, 0.5)),
        upper=rng.random() < 0.25,
    )


Row = Sequence[Sequence[Run]]


def table(
    canvas: Canvas,
    columns: Sequence[Column],
    rows: Sequence[Row],
    box: tuple[float, float, float],
    fonts: tuple[Font, Font],
    style: TableStyle,
) -> float:
    """Place a table in box (x0, x1, y) with (body, head) fonts; returns the y under it."""
    x0, x1, y = box
    body, head = fonts
    heads = [[Run(c.title.upper() if style.upper else c.title, label=True)] for c in columns]
    while True:
        widths = _column_widths(columns, heads, rows, x1 - x0, (body, head), style.gap)
        if widths or body.size <= MINIMUM_SIZE:
            break
        body, head = body.at(body.size - 1), head.at(head.size - 1)
    if not widths:
        widths = [(x1 - x0) / len(columns)] * len(columns)
    edges = [x0]
    for wide in widths:
        edges.append(edges[-1] + wide)
    top = y
    if any(c.title for c in columns):
        y = _row(canvas, columns, heads, (edges, y), head, style, style.shade)
        if style.rules != "none":
            canvas.rule(x0, y, x1, y, 1 + body.size // 24)
    for number, row in enumerate(rows):
        fill = 240 if style.zebra and number % 2 else None
        y = _row(canvas, columns, row, (edges, y), body, style, fill)
        if style.rules in ("rows", "grid"):
            canvas.rule(x0, y, x1, y)
    if style.rules in ("grid", "columns"):
        canvas.box(x0, top, x1, y, 1 + body.size // 30)
        for edge in edges[1:-1]:
            canvas.rule(edge, top, edge, y)
    elif style.rules == "head":
        canvas.rule(x0, top, x1, top)
        canvas.rule(x0, y, x1, y)
    return y


def _column_widths(
    columns: Sequence[Column],
    heads: Row,
    rows: Sequence[Row],
    room: float,
    fonts: tuple[Font, Font],
    gap: float,
) -> list[float]:
    """Natural widths, the flexible column taking or giving; empty if the table cannot fit."""
    body, head = fonts
    space = gap * body.size
    natural = [width_of(h, head) + space for h in heads]
    longest = [0.0] * len(columns)
    for row in rows:
        for i, cell in enumerate(row):
            items = tokens(cell, body)
            natural[i] = max(natural[i], width_of_tokens(items) + space)
            if columns[i].flexible:
                longest[i] = max([longest[i], *(width_of_tokens([item]) + space for item in items)])
    flexible = [i for i, c in enumerate(columns) if c.flexible]
    left = room - sum(natural)
    if not flexible:
        return [] if left < 0 else [n + left / len(columns) for n in natural]
    share = left / len(flexible)
    widths = [n + (share if i in flexible else 0.0) for i, n in enumerate(natural)]
    if any(widths[i] < max(longest[i], width_of(heads[i], head) + space) for i in flexible):
        return []
    return widths


def _row(
    canvas: Canvas,
    columns: Sequence[Column],
    cells: Row,
    place: tuple[list[float], float],
    font: Font,
    style: TableStyle,
    fill: int | None,
) -> float:
    edges, top = place
    pad = 0.5 * style.gap * font.size
    step = 1.15 * font.size
    wrapped = [
        wrap(tokens(cell, font), edges[i + 1] - edges[i] - 2 * pad + 0.5)
        for i, cell in enumerate(cells)
    ]
    lines = max(1, *(len(w) for w in wrapped))
    bottom = top + lines * step + 2 * style.padding * font.size
    if fill is not None:
        canvas.box(edges[0], top, edges[-1], bottom, ink=None, fill=fill)
    for i, cell_lines in enumerate(wrapped):
        left, right = edges[i] + pad, edges[i + 1] - pad
        x = {"left": left, "right": right, "center": (left + right) / 2}[columns[i].align]
        y = top + style.padding * font.size
        for line in cell_lines:
            baseline = y + ASCENT * font.size
            put_items(canvas, line, x, baseline, columns[i].align, right - left + 1)
            y += step
    return bottom

"""Pages with one table each, drawn as PDF or as a scan of it."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pypdfium2 as pdfium
from pdfminer.fontmetrics import FONT_METRICS
from PIL import Image

from eval.metrics.tables import Grid, GridCell, plain

WIDTH, HEIGHT = 595.0, 842.0
LEFT, TOP = 50.0, 90.0
SCAN_DPI = 200
LINE_RATIO = 1.15
"""Distance of lines of one cell, in sizes of the font."""
USUAL_ADVANCE = 556.0
"""Width of a letter that the table of the font lacks, in thousandths of its size."""
Lines = Literal["none", "all", "rows", "header"]
_ADVANCES: dict[str, float] = FONT_METRICS["Helvetica"][1]


@dataclass(frozen=True)
class Style:
    """How a table is drawn. size: of the font, in points. padding: above and below each row, in
    sizes of the font. gap: least space between columns, in sizes. numbers_right: whether columns
    but the first are aligned at the right. wrap: widest text, in points."""

    lines: Lines = "none"
    size: float = 9.0
    padding: float = 0.3
    gap: float = 1.6
    numbers_right: bool = True
    wrap: float = 190.0
    is_shaded: bool = False


def encodable(text: str) -> str:
    """The text in the letters that the drawn font has."""
    return plain(text).encode("cp1252", "ignore").decode("cp1252")


def text_width(text: str, size: float) -> float:
    """Width of a text in Helvetica, in points."""
    return sum(_ADVANCES.get(char, USUAL_ADVANCE) for char in text) * size / 1000


def table_page(grid: Grid, style: Style, above: str = "", below: str = "") -> bytes:
    """A PDF of one page: a line of text, the table, and more text below it."""
    page = _Page(style)
    y = page.paragraph(above, TOP) if above else TOP
    y = page.table(grid, y + style.size)
    if below:
        page.paragraph(below, y + 2.5 * style.size)
    return page.pdf()


class _Page:
    def __init__(self, style: Style) -> None:
        self.style = style
        self.shapes: list[str] = []
        self.texts: list[str] = []

    def paragraph(self, text: str, y: float) -> float:
        """Draw running text from ``y`` (from the top of the page); returns where it ends."""
        for line in _wrapped(encodable(text), WIDTH - 2 * LEFT, self.style.size)[:5]:
            self.text(LEFT, y, line)
            y += LINE_RATIO * self.style.size
        return y

    def text(self, x: float, y: float, text: str) -> None:
        """Draw a text whose baseline is one size below ``y``."""
        safe = text.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
        baseline = HEIGHT - y - self.style.size
        self.texts.append(f"BT /F1 {self.style.size:g} Tf {x:.2f} {baseline:.2f} Td ({safe}) Tj ET")

    def line(self, x0: float, y0: float, x1: float, y1: float) -> None:
        """Draw a line."""
        self.shapes.append(f"{x0:.2f} {HEIGHT - y0:.2f} m {x1:.2f} {HEIGHT - y1:.2f} l S")

    def table(self, grid: Grid, top: float) -> float:
        """Draw a table from ``top``; returns where it ends."""
        style = self.style
        wrapped = {
            (c.row, c.column): _wrapped(encodable(c.text), self._limit(c), style.size)
            for c in grid.cells
        }
        xs = self._columns(grid, wrapped)
        ys = [top]
        for row in range(grid.rows):
            own = [
                len(wrapped[c.row, c.column])
                for c in grid.cells
                if c.row == row and c.row_span == 1
            ]
            lines = max(own, default=1)
            ys.append(ys[-1] + style.size * (1 + LINE_RATIO * (lines - 1) + 2 * style.padding))
        for cell in grid.cells:
            self._cell(grid, cell, wrapped[cell.row, cell.column], xs, ys)
        self._lines(grid, xs, ys)
        return ys[-1]

    def _limit(self, cell: GridCell) -> float:
        return self.style.wrap * cell.column_span

    def _columns(self, grid: Grid, wrapped: dict[tuple[int, int], list[str]]) -> list[float]:
        size, gap = self.style.size, self.style.gap * self.style.size
        widths = [size] * grid.columns
        for cell in sorted(grid.cells, key=lambda c: c.column_span):
            need = max(text_width(t, size) for t in wrapped[cell.row, cell.column])
            last = cell.column + cell.column_span
            have = sum(widths[cell.column : last]) + gap * (cell.column_span - 1)
            widths[last - 1] += max(0.0, need - have)
        xs = [LEFT]
        for width in widths:
            xs.append(xs[-1] + width + gap)
        return xs

    def _cell(
        self, grid: Grid, cell: GridCell, lines: Sequence[str], xs: list[float], ys: list[float]
    ) -> None:
        style = self.style
        half = style.gap * style.size / 2
        left, right = xs[cell.column] + half, xs[cell.column + cell.column_span] - half
        y = ys[cell.row] + style.padding * style.size
        for text in lines:
            width = text_width(text, style.size)
            x = left
            if cell.column_span > 1 and cell.column:
                x = (left + right - width) / 2
            elif cell.column and style.numbers_right:
                x = right - width
            self.text(x, y, text)
            y += LINE_RATIO * style.size

    def _lines(self, grid: Grid, xs: list[float], ys: list[float]) -> None:
        style = self.style
        if style.is_shaded:
            for row in range(0, grid.rows, 2):
                box = (xs[0], HEIGHT - ys[row + 1], xs[-1] - xs[0], ys[row + 1] - ys[row])
                self.shapes.append("0.9 g {:.2f} {:.2f} {:.2f} {:.2f} re f 0 g".format(*box))
        if style.lines == "none":
            return
        if style.lines == "header":
            for y in (ys[0], ys[1], ys[-1]):
                self.line(xs[0], y, xs[-1], y)
            return
        inside = {
            (row, column): cell
            for cell in grid.cells
            for row in range(cell.row, cell.row + cell.row_span)
            for column in range(cell.column, cell.column + cell.column_span)
        }

        def joined(a: tuple[int, int], b: tuple[int, int]) -> bool:
            return a in inside and inside[a] is inside.get(b)

        for row in range(grid.rows + 1):
            for column in range(grid.columns):
                if not joined((row - 1, column), (row, column)):
                    self.line(xs[column], ys[row], xs[column + 1], ys[row])
        if style.lines == "all":
            for row in range(grid.rows):
                for column in range(grid.columns + 1):
                    if not joined((row, column - 1), (row, column)):
                        self.line(xs[column], ys[row], xs[column], ys[row + 1])

    def pdf(self) -> bytes:
        """The page as a file."""
        content = "\n".join(["0.6 w", *self.shapes, *self.texts]).encode("cp1252", "ignore")
        bodies = [
            b"<< /Type /Catalog /Pages 2 0 R >>",
            b"<< /Type /Pages /Kids [4 0 R] /Count 1 >>",
            b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 5 0 R "
            b"/Resources << /Font << /F1 3 0 R >> >> >>",
            b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content),
        ]
        data, offsets = b"%PDF-1.7\n", []
        for number, body in enumerate(bodies, 1):
            offsets.append(len(data))
            data += b"%d 0 obj\n%s\nendobj\n" % (number, body)
        start = len(data)
        data += b"xref\n0 6\n0000000000 65535 f \n"
        data += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
        return data + b"trailer\n<< /Size 6 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % start


def _wrapped(text: str, width: float, size: float) -> list[str]:
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and text_width(longer, size) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines or [""]


def scanned(pdf: bytes, seed: int) -> bytes:
    """The page as a grey scan with noise and a slight skew, as a PNG."""
    document = pdfium.PdfDocument(pdf)
    try:
        picture = document[0].render(scale=SCAN_DPI / 72, grayscale=True).to_pil().convert("L")
    finally:
        document.close()
    rng = np.random.default_rng(seed)
    turned = picture.rotate(float(rng.uniform(-0.6, 0.6)), Image.Resampling.BICUBIC, fillcolor=255)
    pixels = np.asarray(turned, np.float32) * 0.92 + 10 + rng.normal(0, 6, turned.size[::-1])
    stream = io.BytesIO()
    Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).save(stream, "PNG", dpi=(200, 200))
    return stream.getvalue()

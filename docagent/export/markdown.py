"""Markdown (CommonMark with pipe tables): headings by size, tables by alignment, paragraphs.

The text of a document is data. Everything that Markdown or HTML would interpret is escaped, so that
opening the file never loads a picture, runs a script or follows a link.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import groupby, pairwise
from statistics import median

from docagent.document import Document, Line, Page
from docagent.export.blocks import Row, block_to_rows, page_to_blocks, words_to_bbox

# A heading is a short line this many times taller than the page's median line.
MIN_HEADING_HEIGHT_RATIO = 1.4
MAX_HEADING_WORDS = 12
PAGE_RULE = "\n\n---\n\n"

_ACTIVE = re.compile(r"([\\`*_\[\]<>|~&$])")
_BLOCK_START = re.compile(r"^(\s*)(#{1,6}(?=\s)|[-+=](?=\s|[-=]*$)|\d+(?=[.)]\s))")
_AUTOLINK = re.compile(r"(?i)\b(https?|ftp|www)([:.])")


def document_to_markdown(document: Document) -> str:
    """Convert a document to Markdown, with a rule between pages and a final newline."""
    return PAGE_RULE.join(page_to_markdown(page) for page in document.pages) + "\n"


def page_to_markdown(page: Page) -> str:
    """Convert a page to Markdown blocks, separated by empty lines."""
    heights = [_height(line, page) for line in page.lines if line.words]
    typical = median(heights) if heights else 0.0
    parts: list[str] = []
    for block in page_to_blocks(page):
        for is_heading, run in groupby(block, key=lambda line: _is_heading(line, page, typical)):
            lines = list(run)
            if is_heading:
                parts.extend("## " + escape_markdown(line.text) for line in lines)
            else:
                parts.extend(_rows_to_parts(block_to_rows(lines, page)))
    return "\n\n".join(parts)


def escape_markdown(text: str) -> str:
    """Escape a text so that Markdown shows it unchanged; bare addresses do not become links."""
    escaped = _ACTIVE.sub(r"\\\1", text).replace("\\&", "&amp;").replace("\\<", "&lt;")
    escaped = _AUTOLINK.sub(r"\1\\\2", escaped)
    return _BLOCK_START.sub(_escape_block_start, escaped)


def _escape_block_start(match: re.Match[str]) -> str:
    space, mark = match.groups()
    # The dot after a number is escaped instead, because "1\." is the only form Markdown accepts.
    return f"{space}{mark}\\" if mark.isdigit() else f"{space}\\{mark}"


def _height(line: Line, page: Page) -> float:
    box = words_to_bbox(line.words, page)
    return box[3] - box[1]


def _is_heading(line: Line, page: Page, typical: float) -> bool:
    return (
        len(line.words) <= MAX_HEADING_WORDS
        and _height(line, page) > MIN_HEADING_HEIGHT_RATIO * typical
    )


def _rows_to_parts(rows: Sequence[Row]) -> list[str]:
    """Convert runs of aligned rows with the same number of cells (at least two) to tables, the rest
    to text."""
    parts: list[str] = []
    for width, run in groupby(rows, key=len):
        members = list(run)
        if width >= 2 and len(members) >= 2 and _is_aligned(members):
            parts.append(_rows_to_table(members))
        else:
            parts.append("\n".join(_row_to_text(row) for row in members))
    return parts


def _is_aligned(rows: Sequence[Row]) -> bool:
    """Whether the cells of every column overlap those of the row above."""
    for above, below in pairwise(rows):
        for column, (upper, lower) in enumerate(zip(above, below, strict=True)):
            left = upper.bbox[0] if column == 0 else above[column - 1].bbox[2]
            last = column == len(above) - 1
            right = upper.bbox[2] + _margin(rows) if last else above[column + 1].bbox[0]
            if lower.bbox[2] <= left or lower.bbox[0] >= right:
                return False
    return True


def _margin(rows: Sequence[Row]) -> float:
    return max(cell.bbox[3] - cell.bbox[1] for cell in rows[0])


def _row_to_text(row: Row) -> str:
    return escape_markdown("  ".join(cell.text for cell in row))


def _rows_to_table(rows: Sequence[Row]) -> str:
    lines = ["| " + " | ".join(escape_markdown(cell.text) for cell in row) + " |" for row in rows]
    rule = "|" + " --- |" * len(rows[0])
    return "\n".join([lines[0], rule, *lines[1:]])

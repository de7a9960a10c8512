"""Markdown (CommonMark with pipe tables): headings by size, tables, paragraphs.

The text of a document is data. Everything that Markdown or HTML would interpret is escaped, so that
opening the file never loads a picture, runs a script or follows a link.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import groupby
from statistics import median

from docagent.document import Document, Line, Page, Table
from docagent.export.blocks import Row, block_to_rows, words_to_bbox
from docagent.export.page_parts import Part, page_parts

# A heading is a short line this many times taller than the page's median line.
MIN_HEADING_HEIGHT_RATIO = 1.4
MAX_HEADING_WORDS = 12
PAGE_RULE = "\n\n---\n\n"

_ACTIVE = re.compile(r"([\\`*_\[\]<>|~&$])")
_BLOCK_START = re.compile(r"^(\s*)(#{1,6}(?=\s)|[-+=](?=\s|[-=]*$)|\d+(?=[.)]\s))")
_AUTOLINK = re.compile(r"(?i)\b(https?|ftp|www)([:.])")


def document_to_markdown(document: Document) -> str:
    """Convert a document to Markdown, with a rule between pages and a final newline.

    Every row of a table has all of its columns. Markdown has no cells over several rows or columns:
    their text is in the first one.
    """
    pages = (_page_to_markdown(page, parts) for page, parts in page_parts(document))
    return PAGE_RULE.join(pages) + "\n"


def _page_to_markdown(page: Page, parts: Sequence[Part]) -> str:
    heights = [_height(line, page) for line in page.lines if line.words]
    typical = median(heights) if heights else 0.0
    texts: list[str] = []
    for part in parts:
        if isinstance(part, Table):
            texts.append(_table_to_text(part))
            continue
        for is_heading, run in groupby(part, key=lambda line: _is_heading(line, page, typical)):
            lines = list(run)
            if is_heading:
                texts.extend("## " + escape_markdown(line.text) for line in lines)
            else:
                texts.append("\n".join(map(_row_to_text, block_to_rows(lines, page))))
    return "\n\n".join(texts)


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


def _row_to_text(row: Row) -> str:
    return escape_markdown("  ".join(cell.text for cell in row))


def _table_to_text(table: Table) -> str:
    lines = ["| " + " | ".join(map(escape_markdown, row)) + " |" for row in table.texts]
    rule = "|" + " --- |" * table.columns
    return "\n".join([lines[0], rule, *lines[1:]])

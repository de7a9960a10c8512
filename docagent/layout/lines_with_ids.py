"""The text of pages as given to a vision-language model: laid out as printed, each line with an id.

Unsure words are followed by ``(?)``. The text is fenced with a code derived from the text that does
not occur in it, so that no document can close its own fence.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from docagent.document import Document
from docagent.geometry import BBox, union_bbox

PAGE_WIDTH_CHARS = 96
"""Characters that the width of a page is mapped to."""
UNSURE_MARK = "(?)"
MIN_ROW_OVERLAP_RATIO = 0.5
"""Vertical overlap of two lines of one row, as a share of the lower height."""

_CONTROL = re.compile(
    r"<(?=[|/!\w])|(?<=\|)>|\[(?=/?(?:INST|SYS|IMG|TOOL|AVAILABLE|SYSTEM))|(?<=[<\[])(?=<)", re.I
)


@dataclass(frozen=True)
class NumberedLine:
    """A line with words.

    id: ``L1``, ``L2``, ... in reading order through the whole document. start, end: its words in
    ``Document.words``, end exclusive.
    """

    id: str
    page: int
    start: int
    end: int


def number_lines(document: Document) -> tuple[NumberedLine, ...]:
    """The lines of a document that have words, in reading order."""
    lines: list[NumberedLine] = []
    start = 0
    for (page, _), words in groupby(document.words, key=lambda word: (word.page, word.line)):
        end = start + len(list(words))
        lines.append(NumberedLine(f"L{len(lines) + 1}", page, start, end))
        start = end
    return tuple(lines)


def split_lines(
    document: Document, lines: Sequence[NumberedLine], most: int
) -> list[tuple[NumberedLine, ...]]:
    """Split lines into parts of at most ``most`` characters of laid-out text.

    Parts are cut between pages where possible, between rows if a page is longer (so that a label
    and its value stay together), and between lines if a row is longer.
    """
    parts: list[list[NumberedLine]] = [[]]
    used = 0
    for _, on_page in groupby(lines, key=lambda line: line.page):
        page = list(on_page)
        costs = {line.id: _cost(document, line) for line in page}
        if used and used + sum(costs.values()) > most:
            parts.append([])
            used = 0
        for row in lines_in_rows(document, page):
            fits = sum(costs[line.id] for line in row) <= most
            for piece in [row] if fits else [[line] for line in row]:
                cost = sum(costs[line.id] for line in piece)
                if used and used + cost > most:
                    parts.append([])
                    used = 0
                parts[-1] += piece
                used += cost
    return [tuple(part) for part in parts if part]


def rows_of_lines(
    document: Document, lines: Sequence[NumberedLine]
) -> list[tuple[NumberedLine, ...]]:
    """Group lines into the rows they are laid out in, page after page."""
    rows: list[tuple[NumberedLine, ...]] = []
    for _, on_page in groupby(lines, key=lambda line: line.page):
        rows += map(tuple, lines_in_rows(document, list(on_page)))
    return rows


def lines_in_rows(document: Document, lines: Sequence[NumberedLine]) -> list[list[NumberedLine]]:
    """Group the lines of one page that stand beside each other into rows."""
    return _rows(lines, {line.id: _box(document, line) for line in lines})


def lay_out(document: Document, lines: Sequence[NumberedLine], unsure: float) -> str:
    """The lines as fenced text, row under row, page after page.

    unsure: confidence below which a word is marked. Characters that end a line, control a terminal
    or look like a control token of a chat template are neutralised.
    """
    parts = []
    for page, on_page in groupby(lines, key=lambda line: line.page):
        parts.append(f"page {page}")
        parts += _page_rows(document, list(on_page), unsure)
    return fence("\n".join(parts))


def fence(text: str) -> str:
    """Enclose a text between two lines with a code that does not occur in it."""
    code = hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:12]
    while code in text:
        code = hashlib.sha256(code.encode()).hexdigest()[:12]
    return f"BEGIN DOCUMENT {code}\n{text}\nEND DOCUMENT {code}"


def line_text(document: Document, line: NumberedLine, unsure: float) -> str:
    """The words of a line, marked where unsure and neutralised."""
    words = (location.word for location in document.words[line.start : line.end])
    return " ".join(
        defuse(word.text)
        + (UNSURE_MARK if (1.0 if word.confidence is None else word.confidence) < unsure else "")
        for word in words
    )


def defuse(text: str) -> str:
    """Neutralise characters and tokens that may control a terminal or a chat template.

    Line ends and invisible characters become spaces, and a space is inserted into everything that
    chat templates use as control tokens (``<|im_end|>``, ``</s>``, ``<image>``, ``[INST]``).
    """
    visible = "".join(
        " " if unicodedata.category(c) in ("Cc", "Cf", "Zl", "Zp", "Cs") else c for c in text
    )
    return _CONTROL.sub(lambda m: f" {m[0]}" if m[0] == ">" else f"{m[0]} ", visible)


def _cost(document: Document, line: NumberedLine) -> int:
    words = document.words[line.start : line.end]
    return sum(len(word.word.text) + 1 for word in words) + len(line.id) + 4


def _page_rows(document: Document, lines: Sequence[NumberedLine], unsure: float) -> Iterator[str]:
    boxes = {line.id: _box(document, line) for line in lines}
    left = min(box[0] for box in boxes.values())
    width = max(max(box[2] for box in boxes.values()) - left, 1e-6)
    for row in _rows(lines, boxes):
        text = ""
        for line in sorted(row, key=lambda line: boxes[line.id][0]):
            column = int((boxes[line.id][0] - left) / width * PAGE_WIDTH_CHARS)
            gap = column - len(text) if text else 0
            text += " " * max(gap, 2 if text else 0)
            text += f"{line.id}| {line_text(document, line, unsure)}"
        yield text


def _rows(lines: Sequence[NumberedLine], boxes: dict[str, BBox]) -> list[list[NumberedLine]]:
    """Group lines that stand beside each other and follow in reading order; columns of running text
    stay whole."""
    rows: list[list[NumberedLine]] = []
    for line in lines:
        if rows and _beside(boxes[rows[-1][-1].id], boxes[line.id]):
            rows[-1].append(line)
        else:
            rows.append([line])
    return rows


def _beside(before: BBox, box: BBox) -> bool:
    shared = min(before[3], box[3]) - max(before[1], box[1])
    lower = min(before[3] - before[1], box[3] - box[1])
    return shared > 0 and shared >= MIN_ROW_OVERLAP_RATIO * lower and box[0] >= before[2]


def _box(document: Document, line: NumberedLine) -> BBox:
    return union_bbox(document.level_boxes[line.start : line.end])

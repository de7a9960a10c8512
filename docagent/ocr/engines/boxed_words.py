"""Words of other engines with boxes in pixels, parsed from the engines' own formats.

Imports only the standard library and ``geometry``, so that it adds no memory where engines are
measured.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from docagent.geometry import BBox, polygon_to_bbox, union_bbox

Piece = tuple[str, float, Sequence[Sequence[float]]]
"""A word or a part of one: text, confidence 0-1, corners in pixels."""


@dataclass(frozen=True)
class BoxedWord:
    """A word: its text, its box in pixels of the image that was read, and its confidence (0-1)."""

    text: str
    box: BBox
    confidence: float


def tsv_to_lines(tsv: str, scale: float) -> list[list[BoxedWord]]:
    """Parse Tesseract's TSV into lines of words; boxes are multiplied by ``scale``."""
    lines: dict[tuple[str, ...], list[BoxedWord]] = {}
    for row in tsv.splitlines()[1:]:
        cells = row.split("\t")
        if len(cells) < 12 or cells[0] != "5" or not cells[11].strip():
            continue
        left, top, width, height = (float(cell) * scale for cell in cells[6:10])
        box = (left, top, left + width, top + height)
        word = BoxedWord(cells[11].strip(), box, float(cells[10]) / 100)
        lines.setdefault(tuple(cells[1:5]), []).append(word)
    return list(lines.values())


def line_to_words(
    text: str, score: float, box: Sequence[Sequence[float]], pieces: Sequence[Piece]
) -> list[BoxedWord]:
    """Split a line into words with boxes.

    pieces: words or parts of words with corners. They are joined to the words of ``text``; if they
    do not spell it, the line's box is split in proportion to characters.
    """
    grouped = _group_pieces(text.split(), pieces)
    if grouped is None:
        return segment_to_words(text, polygon_to_bbox([(p[0], p[1]) for p in box]), float(score))
    words = []
    for word, members in zip(text.split(), grouped, strict=True):
        corners = union_bbox(polygon_to_bbox([(p[0], p[1]) for p in m[2]]) for m in members)
        confidence = sum(m[1] for m in members) / len(members)
        words.append(BoxedWord(word, corners, float(confidence)))
    return words


def _group_pieces(words: Sequence[str], pieces: Sequence[Piece]) -> list[list[Piece]] | None:
    """Pieces grouped by the word they spell; None if they do not spell the words."""
    if "".join(words) != "".join(piece[0] for piece in pieces):
        return None
    groups: list[list[Piece]] = []
    rest = list(pieces)
    for word in words:
        group: list[Piece] = []
        while rest and len("".join(piece[0] for piece in group)) < len(word):
            group.append(rest.pop(0))
        if "".join(piece[0] for piece in group) != word:
            return None
        groups.append(group)
    return groups


def segment_to_words(text: str, box: BBox, confidence: float) -> list[BoxedWord]:
    """Split a line into words, sharing its width in proportion to characters (spaces too)."""
    x0, y0, x1, y1 = box
    text = " ".join(text.split())
    step = (x1 - x0) / max(1, len(text))
    words: list[BoxedWord] = []
    start = 0
    for word in text.split():
        place = (x0 + start * step, y0, x0 + (start + len(word)) * step, y1)
        words.append(BoxedWord(word, place, confidence))
        start += len(word) + 1
    return words

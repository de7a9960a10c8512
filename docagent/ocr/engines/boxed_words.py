"""Words as other engines give them, with boxes in pixels. Nothing here but the standard library
and ``geometry``, so that it costs no memory where engines are measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from docagent.geometry import BBox, polygon_to_bbox, union_bbox

Piece = tuple[str, float, Sequence[Sequence[float]]]
"""A word or a part of one: text, confidence 0-1, corners in pixels."""


@dataclass(frozen=True)
class BoxedWord:
    """A word: box in pixels of the image that was read, confidence 0-1."""

    text: str
    box: BBox
    confidence: float


def tsv_to_lines(tsv: str, scale: float) -> list[list[BoxedWord]]:
    """Lines of words of Tesseract's TSV; boxes are multiplied by ``scale``, confidences 0-1."""
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
    """The words of a line. ``pieces`` are joined to the words of ``text``; where they do not
    spell it, words are cut in proportion to characters."""
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
    """Cut a line into words, its width shared in proportion to characters (spaces too)."""
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

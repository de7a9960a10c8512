"""Words of a page as rows of pieces: runs of words without a wide gap or a ruling line.

Coordinates are in heights of the page (square units), y down.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from statistics import median

from docagent.geometry import BBox, union_bbox
from docagent.text.normalise.currencies import CODES

MIN_GAP_RATIO = 0.85
"""Space between two pieces of a row, in heights of a word. Word spaces are about 0.25-0.5."""
MIN_ROW_OVERLAP_RATIO = 0.5
"""Vertical overlap of two words of one row, as a share of the lower one's height."""
MIN_SHIFT_OVERLAP = 0.3
"""The same of two rows that are one with shifted cells."""
_CURRENCY = "|".join((*sorted(CODES), "RM", r"Rs\.?"))
_NUMBER = re.compile(
    rf"[^\w\s]{{0,3}}\s?(?:{_CURRENCY})?\s?"
    r"[^\w\s]{0,3}\s?\d[\d.,'’:/ \u00a0]*[^\w\s]{0,3}"
    r"(?:\s?[^\W\d_]{1,7}[²³.]?)?[^\w\s]{0,2}"
)
_CODE = re.compile(r"\d{7}|\d[-/]\d+[-/]\d")
"""Part of a code, a phone number or a date, which are no amounts."""
_NOTHING = re.compile(r"[^\w\s](?:\s?[^\w\s]){0,3}|n/?[am]|nil|k\.?\s?a\.?", re.I)
_YEAR = re.compile(
    r"\D{0,3}(?:(?:FY|Q[1-4]|H[12])\s?)?['’]?(?:(?:19|20)?\d\d)(?:[/–-]\d{2,4})?\D{0,3}", re.I
)


@dataclass(frozen=True)
class PageWord:
    """A word of a page. index: its place in ``Document.words``."""

    index: int
    text: str
    box: BBox


@dataclass(frozen=True)
class Piece:
    """Words beside each other, from left to right."""

    words: tuple[PageWord, ...]
    box: BBox

    @cached_property
    def text(self) -> str:
        """The words joined by one space."""
        return " ".join(word.text for word in self.words)

    @cached_property
    def is_number(self) -> bool:
        """Whether this is a number, with or without a currency or a unit, or a mark for none."""
        return bool(_NUMBER.fullmatch(self.text)) and not _CODE.search(self.text)

    @property
    def is_value(self) -> bool:
        """Whether this is a number, or a mark for none, such as a dash."""
        return self.is_number or bool(_NOTHING.fullmatch(self.text))

    @property
    def is_year(self) -> bool:
        """Whether this may be a year, which heads a column rather than being in it."""
        return bool(_YEAR.fullmatch(self.text)) and any(
            1900 <= int(found) <= 2100 for found in re.findall(r"\d{4}", self.text)
        )


@dataclass(frozen=True)
class VisualRow:
    """Pieces at one height, from left to right."""

    pieces: tuple[Piece, ...]

    @cached_property
    def box(self) -> BBox:
        """Around all pieces."""
        return union_bbox(piece.box for piece in self.pieces)

    @property
    def center(self) -> float:
        """Height of the middle, by the first piece."""
        return (self.box[1] + self.box[3]) / 2

    @property
    def is_single(self) -> bool:
        """Whether there is one piece only."""
        return len(self.pieces) == 1


def text_height(words: Sequence[PageWord]) -> float:
    """Median height of the words; never 0."""
    return max(median(word.box[3] - word.box[1] for word in words), 1e-6) if words else 1e-6


def words_to_rows(words: Sequence[PageWord], upright: Sequence[BBox] = ()) -> list[VisualRow]:
    """Rows from the top. upright: lines that part the pieces of a row."""
    rows: list[list[PageWord]] = []
    for word in sorted(words, key=lambda w: (w.box[1] + w.box[3], w.box)):
        for row in reversed(rows[-3:]):
            if _is_level(row[0].box, word.box):
                row.append(word)
                break
        else:
            rows.append([word])
    made = [VisualRow(_pieces(sorted(row, key=lambda w: w.box[0]), upright)) for row in rows]
    return _without_shifts(sorted(made, key=lambda row: row.center))


def _without_shifts(rows: Sequence[VisualRow]) -> list[VisualRow]:
    """Rows with those joined that overlap in height and have nothing below each other, as where
    numbers stand half a line below their descriptions."""
    made: list[VisualRow] = []
    for row in rows:
        if made and _is_shifted(made[-1], row):
            pieces = sorted((*made[-1].pieces, *row.pieces), key=lambda p: p.box[0])
            made[-1] = VisualRow(tuple(pieces))
        else:
            made.append(row)
    return made


def _is_shifted(above: VisualRow, row: VisualRow) -> bool:
    lower = min(p.box[3] - p.box[1] for p in (*above.pieces, *row.pieces))
    if min(above.box[3], row.box[3]) - max(above.box[1], row.box[1]) < MIN_SHIFT_OVERLAP * lower:
        return False
    return not any(
        p.box[0] < q.box[2] and p.box[2] > q.box[0] for p in above.pieces for q in row.pieces
    )


def _is_level(first: BBox, box: BBox) -> bool:
    shared = min(first[3], box[3]) - max(first[1], box[1])
    return shared >= MIN_ROW_OVERLAP_RATIO * min(first[3] - first[1], box[3] - box[1])


def _pieces(row: Sequence[PageWord], upright: Sequence[BBox]) -> tuple[Piece, ...]:
    height = text_height(row)
    top, bottom = min(w.box[1] for w in row), max(w.box[3] for w in row)
    middle = (top + bottom) / 2
    lines = [line[0] for line in upright if line[1] <= middle <= line[3]]
    runs = [[row[0]]]
    for left, right in pairwise(row):
        ruled = any(_center(left) < x < _center(right) for x in lines)
        if ruled or right.box[0] - left.box[2] > MIN_GAP_RATIO * height:
            runs.append([])
        runs[-1].append(right)
    return tuple(piece_of(run) for run in runs)


def _center(word: PageWord) -> float:
    return (word.box[0] + word.box[2]) / 2


def piece_of(words: Sequence[PageWord]) -> Piece:
    """A piece of words that are in order."""
    return Piece(tuple(words), union_bbox(word.box for word in words))

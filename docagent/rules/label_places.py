"""Where a label is printed, and what stands at its place: beside it, below it, or nothing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from docagent.rules.labels import label_key
from docagent.rules.page_cells import Cell, PageCells

Place = Literal["inside", "right", "below", "blank"]
"""inside: in the label's cell, behind it. blank: the label is printed and nothing stands there."""
EDIT_LETTERS = 7
"""Letters of a label for each of which (whole ones) it may have one misread."""
MAX_EDITS = 3
MAX_LABEL_LINES = 3
"""Lines over which a label wraps."""
BELOW_REACH = 1.6
"""Heights of a word below a label within which its value begins."""
LINE_REACH = 0.9
"""Heights between two lines of one value."""
MAX_VALUE_LINES = 4
MAX_VALUE_WORDS = 24
HEADER_CELLS = 3
"""Cells of a row from which it is taken for the header of a grid, if none has a digit."""
_COLON = re.compile(r"[:：]\W*$")
_MARK = re.compile(r"[:：#]\W*$")
_FILLER = re.compile(r"^[\W_]*$")
_DIGIT = re.compile(r"\d")


@dataclass(frozen=True)
class LabelMatch:
    """A printed label. words: its words; cell: that of the last of them, of which it takes the
    first ``end`` words. likeness: 0-1. begins: whether it begins a cell. is_marked: whether a
    colon or a number sign follows."""

    words: tuple[int, ...]
    cell: Cell
    end: int
    likeness: float
    begins: bool
    is_marked: bool

    @property
    def is_whole(self) -> bool:
        """Whether it begins a cell, and ends it or is marked."""
        return self.begins and (self.is_marked or self.end == len(self.cell.words))


@dataclass(frozen=True)
class Placed:
    """What stands at a label's place: words (empty for a blank) and how they stand to it."""

    label: LabelMatch
    words: tuple[int, ...]
    place: Place


class LabelPlaces:
    """Finds labels and their values on the pages of one document."""

    def __init__(self, cells: PageCells, labels: Iterable[str] = ()) -> None:
        """labels: phrases that are labels of something else where they fill a cell."""
        self.cells = cells
        self._known = frozenset(map(label_key, labels)) - {""}
        words = cells.document.words
        self.texts = [word.word.text for word in words]
        self.keys = [label_key(text) for text in self.texts]
        self._starts: dict[str, list[tuple[Cell, int]]] = {}
        self._beginnings: dict[str, list[tuple[Cell, int]]] = {}
        for cell in cells:
            for start, index in enumerate(cell.words):
                self._starts.setdefault(self.keys[index][:1], []).append((cell, start))
            first = self.keys[cell.words[0]][:1]
            self._beginnings.setdefault(first, []).append((cell, 0))

    def matches(self, phrase: str, *, whole: bool = False) -> Iterator[LabelMatch]:
        """Places where a phrase is printed, with few letters but the first misread, or with its
        words in another order; time is proportional to the words of the document.

        whole: only labels that fill a cell, or begin it and are marked.
        """
        wanted = label_key(phrase)
        if not wanted:
            return
        bag = sorted(filter(None, map(label_key, phrase.split())))
        is_share = "%" in phrase
        edits = min(MAX_EDITS, len(wanted) // EDIT_LETTERS)
        for letter in sorted({word[0] for word in bag}):
            starts = self._beginnings if whole else self._starts
            for cell, start in starts.get(letter, ()):
                # Most places are none, which their first word shows without a distance.
                key = self.keys[cell.words[start]]
                if not (_is_prefix(key, wanted) or key in bag):
                    continue
                found = self._match(cell, start, wanted, bag, edits)
                if found and whole and not found.is_whole:
                    continue
                if found and (is_share or not self._is_share(found)):
                    yield found

    def best(self, phrase: str) -> Placed | None:
        """The place that is most like a label, the first of equal ones; None if there is none."""
        found = list(self.matches(phrase))
        if not found:
            return None
        label = max(found, key=lambda m: m.likeness + 0.1 * m.is_whole + 0.1 * m.is_marked)
        return self.placed(label)

    def _match(
        self, cell: Cell, start: int, wanted: str, bag: Sequence[str], edits: int
    ) -> LabelMatch | None:
        """The phrase from a word of a cell on, wrapped into the cells below if it has to be."""
        key, words, line, at = "", list[int](), cell, start
        best: LabelMatch | None = None
        for _ in range(MAX_LABEL_LINES):
            while at < len(line.words) and len(key) < len(wanted) + edits:
                words.append(line.words[at])
                key += self.keys[line.words[at]]
                at += 1
                apart = _distance(key, wanted, edits)
                if apart > edits and len(words) == len(bag) and self._bag(words) == bag:
                    apart = 0
                likeness = 1 - apart / len(wanted)
                if apart <= edits and (best is None or likeness > best.likeness):
                    best = self._labelled(tuple(words), line, at, start == 0, likeness)
            rest = wanted[len(key) :]
            if best or at < len(line.words) or not rest or start > 0:
                return best
            if _distance(key, wanted[: len(key)], edits) > edits or not key:
                return None
            under = self.cells.below(line, self.cells.box(words), LINE_REACH)
            if under is None:
                return None
            line, at = under, 0
        return best

    def _bag(self, words: Sequence[int]) -> list[str]:
        return sorted(filter(None, (self.keys[index] for index in words)))

    def _is_share(self, label: LabelMatch) -> bool:
        """Whether a percent sign makes it another label: "Order %" is not "Order #"."""
        return any("%" in self.texts[index] for index in label.words)

    def _labelled(
        self, words: tuple[int, ...], cell: Cell, end: int, begins: bool, likeness: float
    ) -> LabelMatch:
        first = end
        while end < len(cell.words) and _FILLER.match(self.texts[cell.words[end]]):
            end += 1
        words = (*words, *cell.words[first:end])
        marked = any(_MARK.search(self.texts[i]) for i in words[-2:])
        return LabelMatch(words, cell, end, likeness, begins, marked)

    def placed(self, label: LabelMatch) -> Placed:
        """The value of a label: behind it, to its right or below it; whole where it wraps."""
        rest = label.cell.words[label.end :]
        if rest:
            words = self._until_label(rest)
            if not words:
                return Placed(label, (), "blank")
            return Placed(label, self._wrapped(label, label.cell, words), "inside")
        right, below = self._right(label), self._below(label)
        if self._is_header(label, bool(below)):
            right = None
        if right:
            words = self._wrapped(label, right, self._until_label(right.words))
            return Placed(label, words, "right")
        if below:
            alone = len(self.cells.rows[label.cell.row]) == 1
            words = below.words
            if alone:
                words = self._wrapped(label, below, words)
            return Placed(label, words, "below")
        return Placed(label, (), "blank")

    def _right(self, label: LabelMatch) -> Cell | None:
        cell = self.cells.right_of(label.cell)
        while cell and _FILLER.match(self.cells.text(cell.words)):
            cell = self.cells.right_of(cell)
        if cell is None or self._is_label(cell.words):
            return None
        return cell if self._until_label(cell.words) else None

    def _below(self, label: LabelMatch) -> Cell | None:
        box = self.cells.box(label.words)
        cell = self.cells.below(label.cell, box, BELOW_REACH)
        if cell is None or not self._until_label(cell.words) or self._has_label(cell.words):
            return None
        wide = self.cells.widths[self.cells.pages[cell.row]]
        has_digit = any(_DIGIT.search(self.texts[i]) for i in cell.words)
        if not (label.is_marked or has_digit or self._is_grid(label, cell)):
            return None
        level = abs(cell.box[0] - box[0]) <= 2 * wide
        centred = abs(cell.box[0] + cell.box[2] - box[0] - box[2]) / 2 <= 2 * wide
        return cell if level or centred else None

    def _is_header(self, label: LabelMatch, has_below: bool) -> bool:
        """Whether a label stands in a row of labels, over a row of values or of blanks."""
        row = self.cells.rows[label.cell.row]
        texts = [self.cells.text(cell.words) for cell in row]
        if label.is_marked or any(_COLON.search(text) or _DIGIT.search(text) for text in texts):
            return False
        return len(row) >= HEADER_CELLS or (has_below and label.cell.position == 0)

    def _is_grid(self, label: LabelMatch, below: Cell) -> bool:
        """Whether a row of labels stands over a row with cells at their left edges."""
        row = self.cells.rows[label.cell.row]
        if len(row) < HEADER_CELLS or not self._is_header(label, True):
            return False
        wide = self.cells.widths[self.cells.pages[label.cell.row]]
        lefts = [cell.box[0] for cell in self.cells.rows[below.row]]
        level = [c for c in row if any(abs(c.box[0] - left) <= wide for left in lefts)]
        return len(level) >= 2

    def _has_label(self, words: Sequence[int]) -> bool:
        return any(_COLON.search(self.texts[i]) for i in words) or self._is_label(words)

    def _is_label(self, words: Sequence[int]) -> bool:
        """Whether words are a label that is known, or one such as "Order #"."""
        key = "".join(self.keys[index] for index in words)
        return self.texts[words[-1]].endswith("#") or key in self._known

    def _until_label(self, words: Sequence[int]) -> tuple[int, ...]:
        """The words before the next label, which a colon tells."""
        for k, index in enumerate(words):
            if _COLON.search(self.texts[index]) and not _DIGIT.search(self.texts[index]):
                return tuple(words[: self._label_start(words, k)])
        return tuple(words)

    def _label_start(self, words: Sequence[int], colon: int) -> int:
        """Where the label ends whose last word is at ``colon`` began: at the widest space of the
        words before it that has a digit or a mark before it, or else at the widest one."""
        best, widest = 0, 0.0
        for k in range(max(1, colon - 4), colon + 1):
            gap = self.cells.boxes[words[k]][0] - self.cells.boxes[words[k - 1]][2]
            if gap > 1.3 * widest:
                best, widest = k, gap
        return best

    def _wrapped(self, label: LabelMatch, cell: Cell, words: tuple[int, ...]) -> tuple[int, ...]:
        """The value with the lines below that have its left edge and no label of their own."""
        page = self.cells.pages[cell.row]
        wide, left = self.cells.widths[page], self.cells.boxes[words[0]][0]
        line = cell
        for _ in range(MAX_VALUE_LINES - 1):
            box = self.cells.box([i for i in words if i in line.words])
            under = self.cells.below(line, box, LINE_REACH)
            if under is None or abs(under.box[0] - left) > wide or self._has_label(under.words):
                break
            # A cell to its left has a label of its own.
            if under.position > 0 or len(words) + len(under.words) > MAX_VALUE_WORDS:
                break
            words, line = (*words, *under.words), under
        return words


def _is_prefix(key: str, wanted: str) -> bool:
    """Whether a word may begin a phrase: with its first or its last two letters as they are."""
    return key[:2] == wanted[: len(key)][:2] or key[-2:] == wanted[: len(key)][-2:]


def _distance(a: str, b: str, most: int) -> int:
    """Levenshtein distance of two texts, or ``most + 1`` if it is greater; time is linear in
    their length, because only a band of the table is filled (Ukkonen 1985)."""
    if abs(len(a) - len(b)) > most:
        return most + 1
    if a == b:
        return 0
    # Of most + 1 pieces of one text, at least one is whole in the other.
    size = len(b) // (most + 1)
    if most == 0 or not any(b[k * size : (k + 1) * size] in a for k in range(most + 1)):
        return most + 1
    far = most + 1
    row = {j: j for j in range(min(len(b), most) + 1)}
    for i, char in enumerate(a, start=1):
        fresh = {0: i} if i <= most else {}
        for j in range(max(1, i - most), min(len(b), i + most) + 1):
            fresh[j] = min(
                row.get(j - 1, far) + (char != b[j - 1]),
                row.get(j, far) + 1,
                fresh.get(j - 1, far) + 1,
            )
        row = fresh
        if not row or min(row.values()) > most:
            return far
    return min(row.get(len(b), far), far)

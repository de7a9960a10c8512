"""Labels of the lexicon where they are printed, whatever the schema: "Bestell-Datum" is found too,
so that its date is no invoice date."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from docagent.document import Document
from docagent.rules.lexicon import RolePhrase, fold_label, printed_phrases, word_endings
from docagent.rules.page_cells import Cell, PageCells

MAX_LABEL_WORDS = 6
"""Words of the longest label."""
_MARKED = re.compile(r"[:：#]\W*$")
_FILLER = re.compile(r"^[\W_]*$")
_SPLIT = re.compile(r"(?<=[^\W\d_])[:#](?=\w)")
_BRACKET = re.compile(r"^\([^)]*\):?$")


@dataclass(frozen=True)
class RoleLabel:
    """A printed label. phrases: what it may be the label of. cell: its cell, of which it takes the
    words from ``start`` to ``end``. is_marked: whether a colon or a number sign ends it.

    glued: whether its last word goes on with the value, as ``No:123``."""

    phrases: tuple[RolePhrase, ...]
    cell: Cell
    start: int
    end: int
    is_marked: bool
    glued: bool = False

    @property
    def is_alone(self) -> bool:
        """Whether it fills its cell."""
        return self.start == 0 and self.end == len(self.cell.words)

    def of(self, role: str) -> RolePhrase | None:
        """Its phrase for a role, if it can be the label of that."""
        return next((phrase for phrase in self.phrases if phrase.role == role), None)


class RoleLabels:
    """The labels of one document.

    cells: its pages' cells. cell_by_word: the cell of each word. by_cell: labels by row and
    position of their cell, from left to right.
    """

    def __init__(self, document: Document) -> None:
        self.document = document
        self.cells = PageCells(document)
        self.texts = [word.word.text for word in document.words]
        self._keys = [fold_label(text) for text in self.texts]
        self.by_cell: dict[tuple[int, int], list[RoleLabel]] = {}
        self.cell_by_word = {index: cell for cell in self.cells for index in cell.words}
        for cell in self.cells:
            found = list(self._in_cell(cell))
            if found:
                self.by_cell[cell.row, cell.position] = found

    def __iter__(self) -> Iterator[RoleLabel]:
        return (label for labels in self.by_cell.values() for label in labels)

    def of(self, role: str) -> Iterator[tuple[RoleLabel, RolePhrase]]:
        """The labels that may be those of a role, from the top."""
        for label in self:
            phrase = label.of(role)
            if phrase:
                yield label, phrase

    def first_in(self, cell: Cell) -> RoleLabel | None:
        """The label that begins a cell, if nothing but its value follows: "Total 5.00", but not
        the "Gross" of a name."""
        labels = self.by_cell.get((cell.row, cell.position), ())
        label = next((label for label in labels if label.start == 0), None)
        if label is None or label.is_alone or label.is_marked:
            return label
        following = self.texts[cell.words[label.end]]
        return label if any(char.isdigit() for char in following) else None

    def text(self, words: Sequence[int]) -> str:
        """Words joined by one space."""
        return " ".join(self.texts[index] for index in words)

    def _in_cell(self, cell: Cell) -> Iterator[RoleLabel]:
        start = 0
        while start < len(cell.words):
            label = self._at(cell, start)
            if label:
                yield label
            start = label.end if label else start + 1

    def _at(self, cell: Cell, start: int) -> RoleLabel | None:
        """The longest label from a word of a cell on."""
        key, best = "", None
        for end in range(start + 1, min(len(cell.words), start + MAX_LABEL_WORDS) + 1):
            text = self.texts[cell.words[end - 1]]
            head, *tail = _SPLIT.split(text, maxsplit=1)
            key += fold_label(head) if tail else self._keys[cell.words[end - 1]]
            phrases = printed_phrases().get(key)
            if phrases is None and end == start + 1:
                phrases = _by_ending(key)
            if phrases:
                best = self._label(phrases, cell, start, end, bool(tail))
            if tail or text.endswith((":", ".:")):
                break
        return best

    def _label(
        self, phrases: tuple[RolePhrase, ...], cell: Cell, start: int, end: int, glued: bool
    ) -> RoleLabel:
        marked = glued or bool(_MARKED.search(self.texts[cell.words[end - 1]]))
        while not glued and end < len(cell.words):
            text = self.texts[cell.words[end]]
            if not (_FILLER.match(text) or _BRACKET.match(text)):
                break
            marked |= bool(_MARKED.search(text))
            end += 1
        return RoleLabel(phrases, cell, start, end, marked, glued)


def _by_ending(key: str) -> tuple[RolePhrase, ...] | None:
    is_title = any(key.endswith(ending) for ending in word_endings("title"))
    return (RolePhrase("title"),) if is_title else None

"""Blocks of a page that name a party: a heading with lines below, an address, a return address.

A block is a column of lines with one left edge. Its heading ("Verkäufer", "Bill to") says whose it
is; without one, its place does: the line of the sender stands above the address in the window of an
envelope, the letterhead at the top, company data at the foot.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from docagent.rules.field_roles import Side
from docagent.rules.lexicon import has_postcode
from docagent.rules.page_cells import Cell
from docagent.rules.party_names import (
    has_legal_form,
    is_address_line,
    is_contact,
    is_country,
    is_detail,
    is_salutation,
    is_street,
    may_be_name,
)
from docagent.rules.role_labels import RoleLabel, RoleLabels

SIDES: tuple[Side, ...] = ("seller", "buyer", "ship_to")
MAX_BLOCK_LINES = 14
MAX_ADDRESS_LINES = 6
HEADING_REACH = 2.6
"""Heights of a word between a heading and the first line of its block."""
LINE_REACH = 1.7
"""The same between two lines of a block."""
WINDOW_BOTTOM = 0.5
"""Part of the first page above whose lower edge an address may stand in a window."""
LEFT_TOLERANCE = 2.0
"""Distance of left edges of the lines of a block, in widths of a character."""
_SEPARATOR = re.compile(r"\s+[·|•‧∙*–—-]\s+|\s*[|·•]\s*|,\s+")


@dataclass(frozen=True)
class Line:
    """One line of a block: words, and the text."""

    words: tuple[int, ...]
    text: str


@dataclass(frozen=True)
class PartyBlock:
    """name: its words, or none. address: the lines of its postal address. words: all of its words
    with those of values beside labels. box_bottom and page say where it ends. how: ``heading``,
    ``return``, ``window``, ``top`` or ``foot``."""

    side: Side
    how: str
    name: tuple[int, ...]
    address: tuple[tuple[int, ...], ...]
    words: frozenset[int]


def headed_blocks(labels: RoleLabels) -> Iterator[PartyBlock]:
    """The blocks under headings of parties, from the top."""
    for label in labels:
        side = _side(label)
        if side is None or not _is_heading(labels, label):
            continue
        block = _block_of(labels, label, side)
        if block and (block.name or block.address):
            yield block


def _side(label: RoleLabel) -> Side | None:
    sides = [side for side in SIDES if label.of(side)]
    return sides[0] if len(sides) == 1 and label.start == 0 else None


def _is_heading(labels: RoleLabels, label: RoleLabel) -> bool:
    """Whether a label fills its cell, or a value stands behind its colon."""
    return label.is_alone or label.is_marked


def _block_of(labels: RoleLabels, label: RoleLabel, side: Side) -> PartyBlock | None:
    lines = list(_lines_of(labels, label))
    if not lines:
        return None
    keyed = _keyed(labels, lines)
    name = keyed.get("name") or _name_of(labels, lines)
    address = _keyed_address(labels, lines) or address_of(lines)
    words = frozenset(i for line in lines for i in line.words) | frozenset(
        i for line in lines for cell in _beside(labels, line) for i in cell.words
    )
    return PartyBlock(side, "heading", name, address, words)


def _lines_of(labels: RoleLabels, label: RoleLabel) -> Iterator[Line]:
    """The lines of a heading: behind it, in the cell beside it, and below."""
    cell = label.cell
    behind = cell.words[label.end :]
    if behind:
        yield Line(behind, labels.text(behind))
        yield from _below(labels, cell, labels.cells.boxes[behind[0]][0], LINE_REACH)
        return
    below = list(_below(labels, cell, cell.box[0], HEADING_REACH))
    if below:
        yield from below
        return
    beside = labels.cells.right_of(cell)
    if beside and not labels.first_in(beside):
        words = _without_colon(labels, beside.words)
        if words:
            yield Line(words, labels.text(words))
            left = labels.cells.boxes[words[0]][0]
            yield from _below(labels, beside, left, LINE_REACH)


def _without_colon(labels: RoleLabels, words: Sequence[int]) -> tuple[int, ...]:
    kept = list(words)
    while kept and not any(c.isalnum() for c in labels.texts[kept[0]]):
        kept.pop(0)
    return tuple(kept)


def _below(labels: RoleLabels, cell: Cell, left: float, reach: float) -> Iterator[Line]:
    """Lines below a cell at its left edge, up to another heading or a wide space."""
    cells = labels.cells
    wide = LEFT_TOLERANCE * cells.widths[cells.pages[cell.row]]
    for _ in range(MAX_BLOCK_LINES):
        box = (left - wide, cell.box[1], left + wide, cell.box[3])
        under = cells.below(cell, box, reach)
        starts = () if under is None else under.words
        start = next(
            (k for k, i in enumerate(starts) if abs(cells.boxes[i][0] - left) <= wide), None
        )
        if under is None or start is None:
            return
        first = labels.first_in(under)
        if first and _ends_block(labels, first):
            return
        words = under.words[start:]
        yield Line(words, labels.text(words))
        cell, reach = under, LINE_REACH


def _ends_block(labels: RoleLabels, label: RoleLabel) -> bool:
    """Whether a label is the heading of another block."""
    kinds = {phrase.role for phrase in label.phrases}
    if kinds & {"section", "title", *SIDES}:
        return label.is_alone or (label.is_marked and not kinds & {"section"})
    return False


def _beside(labels: RoleLabels, line: Line) -> Iterator[Cell]:
    cell = labels.cell_by_word[line.words[0]]
    beside = labels.cells.right_of(cell)
    if beside and labels.first_in(cell):
        yield beside


def _keyed(labels: RoleLabels, lines: Sequence[Line]) -> dict[str, tuple[int, ...]]:
    """Values beside the labels of a block ("Name: ..."), by role."""
    found: dict[str, tuple[int, ...]] = {}
    for line in lines:
        for label, value in _labelled(labels, line):
            for phrase in label.phrases:
                if value:
                    found.setdefault(phrase.role, value)
    return found


def _labelled(labels: RoleLabels, line: Line) -> Iterator[tuple[RoleLabel, tuple[int, ...]]]:
    cell = labels.cell_by_word[line.words[0]]
    label = labels.first_in(cell)
    if label is None:
        return
    behind = _without_colon(labels, cell.words[label.end :])
    beside = labels.cells.right_of(cell)
    if not behind and beside and not labels.first_in(beside):
        behind = _without_colon(labels, beside.words)
    yield label, behind


def _keyed_address(labels: RoleLabels, lines: Sequence[Line]) -> tuple[tuple[int, ...], ...]:
    """The lines beside "Anschrift:" in a block, down to the next label of its column."""
    for line in lines:
        for label, value in _labelled(labels, line):
            if not value or not label.of("address"):
                continue
            cell = labels.cell_by_word[value[0]]
            found = [value]
            left = labels.cells.boxes[value[0]][0]
            for under in _below(labels, cell, left, LINE_REACH):
                row = labels.cells.rows[labels.cell_by_word[under.words[0]].row]
                if row[0].words != under.words and labels.first_in(row[0]):
                    break
                found.append(under.words)
            return tuple(found[:MAX_ADDRESS_LINES])
    return ()


def _name_of(labels: RoleLabels, lines: Sequence[Line]) -> tuple[int, ...]:
    """The first line that may be a name, before any line of the address."""
    for line in lines:
        if _labels_itself(labels, line):
            continue
        if may_be_name(line.text):
            return line.words
        if is_address_line(line.text) and not is_salutation(line.text):
            break
    return ()


def _labels_itself(labels: RoleLabels, line: Line) -> bool:
    """Whether a line begins with a label: "GLN 4304171000002", "Name:"."""
    cell = labels.cell_by_word[line.words[0]]
    return cell.words[0] == line.words[0] and labels.first_in(cell) is not None


def address_of(lines: Sequence[Line]) -> tuple[tuple[int, ...], ...]:
    """The lines of a postal address among those of a block: from the street to the country."""
    cities = [k for k, line in enumerate(lines) if has_postcode(line.text)]
    if not cities:
        streets = [k for k, line in enumerate(lines) if is_street(line.text)]
        return tuple(lines[k].words for k in streets[:1])
    city = cities[0]
    start = city
    while start > 1 and city - start < MAX_ADDRESS_LINES and _in_address(lines[start - 1].text):
        start -= 1
    streets = [k for k in range(start, city) if is_street(lines[k].text)]
    start = streets[0] if streets else max(start, city - 1 if city > 1 else city)
    end = city + 1
    if end < len(lines) and is_country(lines[end].text):
        end += 1
    return tuple(line.words for line in lines[start:end])


def _in_address(text: str) -> bool:
    return not (is_detail(text) or is_contact(text) or is_salutation(text))


def segments(labels: RoleLabels, words: Sequence[int]) -> list[tuple[int, ...]]:
    """Parts of a line between separators ("Kraxi GmbH · Allee 17 · 12345 Papierfeld")."""
    parts: list[list[int]] = [[]]
    for index in words:
        text = labels.texts[index]
        if not any(c.isalnum() for c in text) and text not in ("&", "+"):
            parts.append([])
            continue
        parts[-1].append(index)
        if text.endswith((",", ";", "·", "|", "•")):
            parts.append([])
    return [tuple(part) for part in parts if part]


def return_lines(labels: RoleLabels) -> Iterator[tuple[Cell, list[tuple[int, ...]]]]:
    """Cells on one line with name, street and city between separators, from the top."""
    for cell in labels.cells:
        text = labels.text(cell.words)
        if not 3 < len(cell.words) < 20 or not has_postcode(text) or not _SEPARATOR.search(text):
            continue
        parts = segments(labels, cell.words)
        first = labels.text(parts[0])
        if len(parts) >= 2 and not has_postcode(first) and may_be_name(first):
            yield cell, parts


def address_blocks(labels: RoleLabels) -> Iterator[list[Line]]:
    """Columns of lines on the first page, from a line that may be a name to a city."""
    cells = labels.cells
    seen: set[int] = set()
    for cell in cells:
        if cells.pages[cell.row] != cells.pages[0] or cell.words[0] in seen:
            continue
        if cell.box[1] > WINDOW_BOTTOM:
            return
        column = [Line(cell.words, labels.text(cell.words))]
        column += _below(labels, cell, cell.box[0], LINE_REACH)
        cities = [k for k, line in enumerate(column) if has_postcode(line.text)]
        if cities and 0 < cities[0] <= MAX_ADDRESS_LINES + 1 and not has_postcode(column[0].text):
            seen.update(i for line in column for i in line.words)
            yield column


def named_lines(labels: RoleLabels) -> Iterator[tuple[Cell, str]]:
    """Cells with a company's name and its legal form."""
    for cell in labels.cells:
        text = labels.text(cell.words)
        if len(cell.words) <= 14 and has_legal_form(text):
            yield cell, text

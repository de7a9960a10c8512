"""Whether what stands at a printed label is its value, or belongs to something else.

A blank label has a neighbour all the same: the next label, or the value of another one. A logistic
regression for each place (inside the label's cell, to its right, below it) over the layout and the
look of both, fitted by ``python -m finetune.answers labels`` on synthetic forms.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from pathlib import Path

from docagent.document import Document
from docagent.errors import ModelError
from docagent.layout.remembered import remembered
from docagent.models import MODELS
from docagent.rules.label_places import BELOW_REACH, Placed
from docagent.rules.page_cells import Cell, PageCells
from docagent.text.tokens import tokens

LABEL_VALUES_FILE = Path(__file__).parent.parent / "weights" / "label_values.json"
PLACES = ("inside", "right", "below")
Weights = Mapping[str, Mapping[str, float]]
"""Weight of each feature by place."""
_COLON = re.compile(r"[:：]\W*$")
_NUMBER_WORDS = frozenset(
    """no nr number num date amount total qty quantity phone tel telephone fax zip code age price
    cost fee sum rate percent year time id account serial invoice hours weight size""".split()
)
"""Words of a label whose value has digits."""
_NAME_WORDS = frozenset("name by manager agent inspector contact attention to from person".split())
_HINT = re.compile(r"\([^()\d]*[^\W\d_]{2}[^()\d]*\)|\(\W*0+\W*s?\)|[%°]")
"""Printed with the form, to say how to fill it in: "(please print)", "($000)", "%"."""
MIN_LIST = 5
"""Cells of one look, one beside the other, from which words are items of a list rather than labels
and values in turn."""
_RULE = re.compile(r"_{3,}|\.{4,}|-{4,}")


def label_value_features(document: Document, placed: Placed) -> dict[str, float]:
    """What tells whether words at a label are its value, each about 0-1. Raises ValueError for
    a blank, which has none."""
    if not placed.words:
        raise ValueError("a blank label has no words at its place")
    cells = remembered(document, PageCells)
    page = document.words[placed.words[0]].page
    label, value = cells.box(placed.label.words), cells.box(placed.words)
    text = cells.text(placed.words)
    wide, high = cells.widths[page], cells.heights[page]
    across = max(0.0, value[0] - label[2]) / wide
    down = max(0.0, value[1] - label[3]) / high
    row = cells.rows[placed.label.cell.row]
    last = max(c.box[2] for c in row)
    digits = sum(c.isdigit() for c in text)
    letters = sum(c.isalpha() for c in text)
    asked = set(tokens(cells.text(placed.label.words)))
    wants_digit = bool(asked & _NUMBER_WORDS)
    is_label_like = not digits and len(placed.words) <= 4 and text[:1].isupper()
    return {
        "constant": 1.0,
        "marked": float(placed.label.is_marked),
        "whole": float(placed.label.is_whole),
        "begins": float(placed.label.begins),
        "misread": 1 - placed.label.likeness,
        "across": math.log1p(across) / 3,
        "far across": float(across > 12),
        "down": math.log1p(down) / 2,
        "left edge apart": min(1.0, abs(value[0] - label[0]) / wide / 10),
        "words": math.log1p(len(placed.words)) / 3,
        "many words": float(len(placed.words) > 8),
        "digits": digits / max(1, digits + letters),
        "has digit": float(digits > 0),
        "digit wanted": float(wants_digit and digits > 0),
        "digit missing": float(wants_digit and not digits),
        "name wanted": float(bool(asked & _NAME_WORDS) and not digits),
        "like a label": float(is_label_like),
        "capitals": float(text.isupper()),
        "small": float(text[:1].islower()),
        "has colon": float(":" in text),
        "ruled": float(bool(_RULE.search(text))),
        "first cell": float(placed.label.cell.position == 0),
        "cells of row": min(1.0, len(row) / 6),
        "last of row": float(value[2] >= last - 1e-6),
        "below has left neighbour": float(_has_left_neighbour(cells, placed)),
        "at edge of labels": _label_share(cells, placed, page, value[0], wide),
        "filled below": float(_is_filled_below(cells, placed)),
    }


def label_value_probability(document: Document, placed: Placed) -> float:
    """Probability (0-1) that words at a label are its value; 0 for a blank."""
    if not placed.words:
        return 0.0
    weights = load_label_values()[placed.place]
    found = label_value_features(document, placed)
    total = sum(weights.get(name, 0.0) * value for name, value in found.items())
    return 1 / (1 + math.exp(-total))


def is_printed_with_form(document: Document, placed: Placed) -> bool:
    """Whether words beside a label are no value but part of the form: a hint how to fill it in, or
    another label of the same list ("MAY 27" beside "AUG 26", "Nevada" over "New Hampshire").

    Labels with a colon stand in no such list. A look is that of ``_look``; words without digits
    have the same one often, so that it takes a row or column of several cells.
    """
    if not placed.words:
        return False
    cells = remembered(document, PageCells)
    text, label = cells.text(placed.words), cells.text(placed.label.words)
    if _HINT.fullmatch(text.strip()):
        return True
    if placed.label.is_marked or placed.place == "inside" or _look(text) != _look(label):
        return False
    if any(c.isdigit() for c in label):
        return True
    return _list_around(cells, placed) >= MIN_LIST


def _list_around(cells: PageCells, placed: Placed) -> int:
    """How many cells of the label's look stand one beside the other: the label's and its neighbours
    in its row, or for a value below it at its left edge."""
    label = placed.label.cell
    look = _look(cells.text(placed.label.words))
    page = cells.pages[label.row]
    if placed.place == "right":
        line = list(cells.rows[label.row])
    else:
        line = [
            cell
            for cell in cells
            if cells.pages[cell.row] == page
            and abs(cell.box[0] - label.box[0]) <= cells.widths[page]
        ]
    looks = [_look(cells.text(cell.words)) == look for cell in line]
    at = line.index(label)
    before = next((n for n, same in enumerate(reversed(looks[:at])) if not same), at)
    after = next((n for n, same in enumerate(looks[at:]) if not same), len(line) - at)
    return before + after


def _look(text: str) -> str:
    """Kinds of characters of a text in their order, runs and repeated words once: "MAY 27" is
    "A 9", "New Hampshire" is "Aa"."""
    words = []
    for word in text.split():
        kinds = ["9" if c.isdigit() else "A" if c.isupper() else "a" for c in word if c.isalnum()]
        runs = [kind for n, kind in enumerate(kinds) if n == 0 or kinds[n - 1] != kind]
        words.append("".join(runs))
    kept = [word for word in words if word]
    return " ".join(word for n, word in enumerate(kept) if n == 0 or kept[n - 1] != word)


def load_label_values(path: Path = LABEL_VALUES_FILE) -> Weights:
    """The weights by place, read once. Raises ModelError if the file cannot be used."""
    return MODELS.get(_read_label_values, path)


def _read_label_values(path: Path) -> Weights:
    try:
        weights: Weights = json.loads(path.read_text("utf-8"))
        missing = set(PLACES) - set(weights)
    except (OSError, ValueError) as error:
        raise ModelError(f"{path}: not a file of weights ({error}); install it again") from error
    if missing:
        raise ModelError(f"{path}: no weights for {', '.join(sorted(missing))}; fit them again")
    return weights


def _has_left_neighbour(cells: PageCells, placed: Placed) -> bool:
    """Whether a cell stands to the left of a value below its label: it may be that cell's value."""
    return placed.place == "below" and _cell_of(cells, placed.words[0]).position > 0


def _cell_of(cells: PageCells, word: int) -> Cell:
    return next(cell for cell in cells if word in cell.words)


def _label_share(cells: PageCells, placed: Placed, page: int, left: float, wide: float) -> float:
    """Share of the page's cells at the value's left edge that end in a colon."""
    aligned = [
        cell
        for cell in cells
        if cells.pages[cell.row] == page
        and abs(cell.box[0] - left) <= wide
        and not set(cell.words) & set(placed.words)
    ]
    marked = sum(bool(_COLON.search(cells.text(cell.words))) for cell in aligned)
    return marked / len(aligned) if aligned else 0.0


def _is_filled_below(cells: PageCells, placed: Placed) -> bool:
    """Whether something stands just below the label."""
    box = cells.box(placed.label.words)
    return cells.below(placed.label.cell, box, BELOW_REACH) is not None

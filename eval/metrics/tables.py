"""Similarity of two tables: TEDS, and the share of cells that are right.

TEDS is the tree-edit-distance-based similarity of Zhong, ShafieiBavani and Jimeno Yepes,
"Image-based table recognition: data, model, and evaluation" (2020): a table is a tree of rows and
cells, a changed text costs its normalised edit distance, any other change 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from apted import APTED, Config
from rapidfuzz.distance import Levenshtein


@dataclass(frozen=True)
class GridCell:
    """A cell that begins at row and column (from 0) and covers further ones."""

    row: int
    column: int
    text: str = ""
    row_span: int = 1
    column_span: int = 1


@dataclass(frozen=True)
class Grid:
    """A table. Places that no cell covers are empty cells."""

    rows: int
    columns: int
    cells: tuple[GridCell, ...]

    def texts(self) -> dict[tuple[int, int], str]:
        """Texts that are not empty, by row and column."""
        return {(c.row, c.column): plain(c.text) for c in self.cells if plain(c.text)}


def grid_of(rows: Sequence[Sequence[str]]) -> Grid:
    """A table without spans."""
    cells = [
        GridCell(r, c, text) for r, row in enumerate(rows) for c, text in enumerate(row) if text
    ]
    return Grid(len(rows), max(map(len, rows)), tuple(cells))


def plain(text: str) -> str:
    """The text with single spaces."""
    return " ".join(text.split())


@dataclass
class _Node:
    tag: str
    text: str = ""
    children: list[_Node] = field(default_factory=list)


class _Costs(Config):  # type: ignore[misc]
    def rename(self, a: _Node, b: _Node) -> float:
        if a.tag != b.tag:
            return 1.0
        return float(Levenshtein.normalized_distance(a.text, b.text))


def teds(found: Grid | None, truth: Grid) -> float:
    """Similarity of a found table to the true one, 0-1; 0 for none."""
    if found is None:
        return 0.0
    trees = [_tree(found), _tree(truth)]
    largest = max(1 + sum(1 + len(row.children) for row in tree.children) for tree in trees)
    return float(1 - APTED(*trees, _Costs()).compute_edit_distance() / largest)


def _tree(grid: Grid) -> _Node:
    covered = {
        (row, column)
        for c in grid.cells
        for row in range(c.row, c.row + c.row_span)
        for column in range(c.column, c.column + c.column_span)
    }
    cells = {(c.row, c.column): c for c in grid.cells}
    table = _Node("table")
    for r in range(grid.rows):
        row = _Node("tr")
        for c in range(grid.columns):
            cell = cells.get((r, c))
            if cell is not None:
                row.children.append(
                    _Node(f"td {cell.row_span} {cell.column_span}", plain(cell.text))
                )
            elif (r, c) not in covered:
                row.children.append(_Node("td 1 1"))
        table.children.append(row)
    return table


def cells_right(found: Grid | None, truth: Grid) -> tuple[int, int]:
    """How many cells with text are at their place with exactly their text, and how many there
    are."""
    wanted = truth.texts()
    given = found.texts() if found else {}
    return sum(given.get(place) == text for place, text in wanted.items()), len(wanted)

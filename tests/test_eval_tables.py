"""Tables that eval draws come back, and its similarity is that of the paper."""

from __future__ import annotations

import pytest

from docagent import DocAgent
from eval.metrics.tables import Grid, GridCell, cells_right, grid_of, teds
from eval.tasks.tables.command import found_table
from eval.tasks.tables.drawn import DRAWN
from eval.tasks.tables.pages import table_page

SMALL = grid_of([["item", "price"], ["nut", "1.00"]])


@pytest.mark.parametrize(
    ("found", "expected", "right"),
    [
        (SMALL, 1.0, 4),
        (None, 0.0, 0),
        # One of seven nodes differs in one letter of three.
        (grid_of([["item", "price"], ["net", "1.00"]]), 1 - 1 / 3 / 7, 3),
        # A row of three nodes is missing.
        (grid_of([["item", "price"]]), 1 - 3 / 7, 2),
        # One wide cell instead of two: one changed, one deleted.
        (
            Grid(2, 2, (GridCell(0, 0, "item", 1, 2), *SMALL.cells[2:])),
            1 - 2 / 7,
            3,
        ),
    ],
)
def test_similarity_and_cells(found: Grid | None, expected: float, right: int) -> None:
    assert teds(found, SMALL) == pytest.approx(expected)
    assert cells_right(found, SMALL) == (right, 4)


@pytest.mark.parametrize("title", DRAWN)
def test_drawn_tables_come_back(title: str) -> None:
    grid, style = DRAWN[title]
    document = DocAgent().read(table_page(grid, style, "The table below is part of a report."))
    assert teds(found_table(document), grid) > 0.95

"""A picture of where OCR fails: the worst pages, then crops of every class with what was read."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from eval.analysis.contact_sheet import (
    BLUE,
    ORANGE,
    RED,
    WORD_COLUMNS,
    WORD_TILE,
    page_sheet,
    save_stacked,
    tile_grid,
    word_tile,
)
from eval.analysis.word_errors import BOX_OFF, MISREAD, MISSED, SPLIT, PageErrors, WordFate
from eval.datasets import OcrPage
from eval.metrics import edit_distance
from eval.metrics.matching import TextBox

GREEN = (20, 130, 60)
COLOURS = {MISREAD: ORANGE, MISSED: RED, SPLIT: BLUE, BOX_OFF: GREEN}
CROPS = {MISREAD: 60, MISSED: 36, SPLIT: 24, BOX_OFF: 12}
"""How many crops of each class the picture has room for, whole rows of them."""

ReadPage = tuple[OcrPage, Sequence[TextBox], PageErrors]


def save_error_picture(found: Sequence[ReadPage], path: Path, case: bool) -> None:
    """Write a PNG: the pages with the lowest word F1, then the worst crops, class by class.

    Under a crop's caption ``truth > read`` stands what is printed: misread in orange, missed in
    red, split in blue, box off in green. The pages take turns, so that none fills the picture.
    """
    pages = page_sheet([(page, words, e.counts.f1) for page, words, e in found], case)
    save_stacked([pages, *crop_grids(found)], path)


def crop_grids(found: Sequence[ReadPage]) -> list[Image.Image]:
    """The worst crops, one picture a class; none for a class without words."""
    grids = []
    for kind, room in CROPS.items():
        chosen = worst_crops([errors for _, _, errors in found], kind, room)
        tiles = _tiles([found[index][0] for index, _ in chosen], [fate for _, fate in chosen])
        grids += [tile_grid(tiles, WORD_COLUMNS, WORD_TILE)] if tiles else []
    return grids


def worst_crops(pages: Sequence[PageErrors], kind: str, room: int) -> list[tuple[int, WordFate]]:
    """At most ``room`` words of a class as (page index, fate): the worst of each page in turn.

    Worst is what needs most edits; longer words come first among equals.
    """
    ranked = [
        sorted((fate for fate in page.fates if fate.kind == kind), key=_badness, reverse=True)
        for page in pages
    ]
    turns = [
        (rank, index, fate) for index, fates in enumerate(ranked) for rank, fate in enumerate(fates)
    ]
    turns.sort(key=lambda item: item[:2])
    return [(index, fate) for _, index, fate in turns[:room]]


def _badness(fate: WordFate) -> tuple[int, int]:
    return edit_distance(fate.truth.text, fate.read), len(fate.truth.text)


def _tiles(pages: Sequence[OcrPage], fates: Sequence[WordFate]) -> list[Image.Image]:
    tiles = []
    for page, fate in zip(pages, fates, strict=True):
        with Image.open(page.path) as opened:
            image = opened.convert("RGB")
        label = f"{fate.truth.text} > {fate.read}" if fate.read else f"{fate.truth.text} missed"
        tiles.append(word_tile(image, fate.truth, label, COLOURS[fate.kind]))
    return tiles

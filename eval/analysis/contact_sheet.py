"""A picture of the worst pages and words: misses in red, misreads in orange."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from docagent.geometry import BBox
from eval.datasets import OcrPage
from eval.metrics.matching import TextBox, equal_text, match_boxes

RED, ORANGE, BLUE = (220, 30, 30), (240, 140, 0), (40, 90, 220)
PAGES, COLUMNS, TILE = 6, 3, (620, 860)
WORDS, WORD_COLUMNS, WORD_TILE = 60, 6, (310, 78)

Scored = tuple[OcrPage, Sequence[TextBox], float]


@dataclass(frozen=True)
class Mistakes:
    """missed: true words with no box read there. misread: (true, read) at the same place.
    extra: read words where there is none."""

    missed: tuple[TextBox, ...]
    misread: tuple[tuple[TextBox, TextBox], ...]
    extra: tuple[TextBox, ...]


def find_mistakes(read: Sequence[TextBox], truth: Sequence[TextBox], case: bool) -> Mistakes:
    """Sort the words that are not right into missed, misread and extra."""
    right = match_boxes(read, truth, equal_text(case))
    used, found = {i for i, _ in right}, {j for _, j in right}
    rest_read = [word for i, word in enumerate(read) if i not in used]
    rest_true = [word for j, word in enumerate(truth) if j not in found]
    pairs = match_boxes(rest_read, rest_true)
    paired_read, paired_true = {i for i, _ in pairs}, {j for _, j in pairs}
    return Mistakes(
        tuple(word for j, word in enumerate(rest_true) if j not in paired_true),
        tuple((rest_true[j], rest_read[i]) for i, j in pairs),
        tuple(word for i, word in enumerate(rest_read) if i not in paired_read),
    )


def save_contact_sheet(scored: Sequence[Scored], path: Path, case: bool) -> None:
    """Write a PNG: the pages with the lowest word F1, then misread and missed words of them."""
    worst = sorted(scored, key=lambda item: item[2])[:PAGES]
    crops: list[Image.Image] = []
    share = max(1, WORDS // max(1, len(worst)))
    for page, words, _ in worst:
        crops += _word_tiles(page, find_mistakes(words, page.words, case), share)
    save_stacked([page_sheet(worst, case), tile_grid(crops, WORD_COLUMNS, WORD_TILE)], path)


def page_sheet(scored: Sequence[Scored], case: bool) -> Image.Image:
    """The pages with the lowest word F1, mistakes framed, in rows of three."""
    worst = sorted(scored, key=lambda item: item[2])[:PAGES]
    tiles = [_page_tile(item, find_mistakes(item[1], item[0].words, case)) for item in worst]
    return tile_grid(tiles, COLUMNS, TILE)


def save_stacked(pictures: Sequence[Image.Image], path: Path) -> None:
    """Write pictures one below the other as one file, making its folder."""
    size = (max(p.width for p in pictures), sum(p.height for p in pictures))
    sheet = Image.new("RGB", size, "white")
    top = 0
    for picture in pictures:
        sheet.paste(picture, (0, top))
        top += picture.height
    path.parent.mkdir(parents=True, exist_ok=True)
    sheet.save(path)


def tile_grid(tiles: Sequence[Image.Image], columns: int, size: tuple[int, int]) -> Image.Image:
    """Tiles of one size (width, height) in rows of ``columns``."""
    width, height = size
    rows = -(-len(tiles) // columns)
    sheet = Image.new("RGB", (columns * width, rows * height), "white")
    for index, tile in enumerate(tiles):
        sheet.paste(tile, (index % columns * width, index // columns * height))
    return sheet


def _page_tile(item: Scored, found: Mistakes) -> Image.Image:
    page, _, f1 = item
    with Image.open(page.path) as opened:
        image = opened.convert("RGB")
    width, height = TILE[0] - 10, TILE[1] - 30
    scale = min(width / image.width, height / image.height)
    image = image.resize((max(1, int(image.width * scale)), max(1, int(image.height * scale))))
    draw = ImageDraw.Draw(image)
    for word in found.extra:
        draw.rectangle(_scaled(word.box, scale), outline=BLUE)
    for word in found.missed:
        draw.rectangle(_scaled(word.box, scale), outline=RED, width=2)
    for true, _ in found.misread:
        draw.rectangle(_scaled(true.box, scale), outline=ORANGE, width=2)
    tile = Image.new("RGB", TILE, "white")
    tile.paste(image, (5, 25))
    label = f"{page.name}  F1 {f1:.2f}  missed {len(found.missed)} (red), "
    label += f"misread {len(found.misread)} (orange), extra {len(found.extra)} (blue)"
    ImageDraw.Draw(tile).text((5, 5), label, fill="black", font=ImageFont.load_default(13))
    return tile


def _scaled(box: BBox, scale: float) -> BBox:
    # An empty or inverted box cannot be drawn.
    x0, y0, x1, y1 = (value * scale for value in box)
    return (x0, y0, max(x0, x1), max(y0, y1))


def _word_tiles(page: OcrPage, found: Mistakes, limit: int) -> list[Image.Image]:
    items = [(true, f"{true.text} > {read.text}", ORANGE) for true, read in found.misread]
    items += [(true, f"{true.text} missed", RED) for true in found.missed]
    step = max(1, len(items) // limit)
    with Image.open(page.path) as opened:
        image = opened.convert("RGB")
    return [word_tile(image, *item) for item in items[::step][:limit]]


def word_tile(
    image: Image.Image, word: TextBox, label: str, colour: tuple[int, int, int]
) -> Image.Image:
    """A word cut out of its page and blown up, under a caption."""
    x0, y0, x1, y1 = word.box
    crop = image.crop((int(x0) - 4, int(y0) - 4, int(max(x0, x1)) + 5, int(max(y0, y1)) + 5))
    room = (WORD_TILE[0] - 10, WORD_TILE[1] - 28)
    scale = min(room[0] / crop.width, room[1] / crop.height, 3.0)
    crop = crop.resize((max(1, int(crop.width * scale)), max(1, int(crop.height * scale))))
    tile = Image.new("RGB", WORD_TILE, "white")
    tile.paste(crop, (5, 22))
    ImageDraw.Draw(tile).text((5, 4), label[:42], fill=colour, font=ImageFont.load_default(13))
    return tile

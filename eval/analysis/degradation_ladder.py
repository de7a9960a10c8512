"""Engines on the same pages, degraded rung by rung: scores, times and a picture.

Where the pages come from is the caller's business (``finetune.robustness`` draws them).
"""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image as Pillow
from PIL import ImageDraw, ImageFont

from docagent.geometry import BBox
from eval.analysis.contact_sheet import save_stacked, tile_grid
from eval.analysis.degradations import Image, Matrix, Rung, degrade_page, move_box, move_points
from eval.cost import Stopwatch
from eval.metrics import ErrorRate
from eval.metrics.matching import EMPTY_SCORE, TextBox, page_cer, score_page
from eval.systems.engines import Engine
from eval.table_output import rows_to_table

TILE, TILES_ACROSS = (520, 170), 3
SAMPLE = (14.0, 4.5)
"""Width and height of the sample in heights of its word."""


@dataclass(frozen=True)
class CleanPage:
    """A page as drawn at FINEST_DPI, grey (height, width), with its true words in pixels."""

    name: str
    image: Image
    words: tuple[TextBox, ...]


def run_ladder(
    engines: Sequence[Engine],
    pages: Sequence[CleanPage],
    rungs: Sequence[Rung],
    report: Callable[[str], None] = lambda line: None,
) -> list[dict[str, Any]]:
    """One row a rung and engine: rung, engine, word_f1, bag_f1, cer, cpu_s (a page, mean).

    Engines are warmed up before they are timed. ``report`` is called with a line per rung.
    """
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "page.png"
        for number, rung in enumerate(rungs):
            moved = [degrade_page(page.image, rung, seed) for seed, page in enumerate(pages)]
            for engine in engines:
                if number == 0:
                    cv2.imwrite(str(path), moved[0][0])
                    engine.read(path)
                row = {"rung": rung.name, "engine": engine.name}
                rows.append(row | _score(engine, pages, moved, path))
            last = rows[-len(engines) :]
            report(f"{rung.name}: " + ", ".join(f"{r['engine']} {r['word_f1']:.3f}" for r in last))
    return rows


def _score(
    engine: Engine,
    pages: Sequence[CleanPage],
    moved: Sequence[tuple[Image, Matrix]],
    path: Path,
) -> dict[str, float]:
    total, errors, seconds = EMPTY_SCORE, ErrorRate(), []
    for page, (image, matrix) in zip(pages, moved, strict=True):
        cv2.imwrite(str(path), image)
        watch = Stopwatch()
        lines = engine.read(path)
        seconds.append(watch.cost().cpu_s)
        read = [word for line in lines for word in line.words]
        truth = [TextBox(word.text, move_box(word.box, matrix)) for word in page.words]
        total += score_page(read, truth)
        errors += upright_cer(read, page.words, matrix)
    return {
        "word_f1": total.words.f1,
        "bag_f1": total.bag.f1,
        "cer": errors.rate,
        "cpu_s": statistics.mean(seconds),
    }


def upright_cer(read: Sequence[TextBox], truth: Sequence[TextBox], matrix: Matrix) -> ErrorRate:
    """Character errors of a page, case and spaces ignored, in the order of the clean page.

    On a leaning or turned page rows are hard to tell by upright boxes. The middles of what was
    read are therefore moved back to the clean page, and all words get one size on both sides.
    """
    if not truth:
        return page_cer(read, truth)
    size = statistics.median(word.box[3] - word.box[1] for word in truth)
    back = np.asarray(np.linalg.inv(matrix), np.float64)
    centres = [_centre(word.box) for word in read]
    upright = [
        TextBox(word.text, _square(point, size))
        for word, point in zip(read, move_points(centres, back) if centres else [], strict=True)
    ]
    return page_cer(upright, [TextBox(w.text, _square(_centre(w.box), size)) for w in truth])


def _centre(box: BBox) -> tuple[float, float]:
    return (box[0] + box[2]) / 2, (box[1] + box[3]) / 2


def _square(centre: tuple[float, float], size: float) -> BBox:
    x, y = centre
    return (x - size / 2, y - size / 2, x + size / 2, y + size / 2)


def wide_rows(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """One row a rung, keys ``<engine> <measure>``."""
    wide: dict[str, dict[str, Any]] = {}
    for row in rows:
        target = wide.setdefault(row["rung"], {"rung": row["rung"]})
        target.update(
            {f"{row['engine']} {key}": row[key] for key in ("word_f1", "bag_f1", "cer", "cpu_s")}
        )
    return list(wide.values())


def ladder_table(rows: Sequence[dict[str, Any]], engines: Sequence[str]) -> str:
    """Rungs as rows; word F1 of every engine, then bag F1, CER and seconds."""
    measures = {"word_f1": "word F1", "bag_f1": "bag F1", "cer": "CER", "cpu_s": "cpu s"}
    columns = {"rung": "rung"}
    for key, heading in measures.items():
        columns |= {f"{engine} {key}": f"{engine} {heading}" for engine in engines}
    return rows_to_table(wide_rows(rows), columns)


def save_ladder_picture(
    page: CleanPage, rungs: Sequence[Rung], rows: Sequence[dict[str, Any]], path: Path
) -> None:
    """Write a PNG with the same place of a page on every rung, over it the engines' word F1."""
    tiles = []
    for rung in rungs:
        scores = [f"{r['engine']} {r['word_f1']:.2f}" for r in rows if r["rung"] == rung.name]
        tiles.append(_tile(page, rung, "   ".join([rung.name, *scores])))
    save_stacked([tile_grid(tiles, TILES_ACROSS, TILE)], path)


def _tile(page: CleanPage, rung: Rung, caption: str) -> Pillow.Image:
    image, matrix = degrade_page(page.image, rung)
    x0, y0, x1, y1 = move_box(sample_place(page), matrix)
    crop = Pillow.fromarray(image).crop((int(x0), int(y0), int(x1) + 1, int(y1) + 1))
    room = (TILE[0] - 12, TILE[1] - 34)
    scale = min(room[0] / crop.width, room[1] / crop.height)
    # Pixels stay visible, since they are what a low resolution is about.
    how = Pillow.Resampling.NEAREST if scale > 1 else Pillow.Resampling.BOX
    crop = crop.resize((max(1, int(crop.width * scale)), max(1, int(crop.height * scale))), how)
    tile = Pillow.new("RGB", TILE, "white")
    tile.paste(crop, (6, 26))
    ImageDraw.Draw(tile).text((6, 5), caption, fill="black", font=ImageFont.load_default(14))
    return tile


def sample_place(page: CleanPage) -> BBox:
    """A place of the page, a few words wide, around the word in the middle of its reading order."""
    word = page.words[len(page.words) // 2]
    x, y = _centre(word.box)
    height = word.box[3] - word.box[1]
    across, down = (side * height / 2 for side in SAMPLE)
    return (x - across, y - down, x + across, y + down)

"""Count errors by typeface: pages set in serif, sans, fixed-width, typewriter and printer faces.

    python -m finetune.font_errors --pages 2
    python -m finetune.font_errors --pages 4 --rung "dpi 100" --engine tesseract --json

Each group of faces gets pages of its own, its families taking turns line by line, in text of all
sorts at 7 to 14 points; all groups print the same texts. They are drawn at 300 dpi, degraded by one
rung of the ladder and read. Words are judged as ``eval.ocr_errors`` has it. The picture shows the
worst crops; nothing on it is from a real document.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2

from docagent.errors import DocAgentError, SettingsError
from eval.analysis.contact_sheet import save_stacked
from eval.analysis.degradations import FINEST_DPI, Rung, degrade_page, move_box, parse_rungs
from eval.analysis.error_picture import crop_grids
from eval.analysis.word_errors import (
    CLASSES,
    KINDS,
    PageErrors,
    WordFate,
    find_errors,
    shares_by,
    text_kind,
)
from eval.datasets import OcrPage
from eval.log import this_command
from eval.metrics.matching import TextBox
from eval.paths import RUNS
from eval.systems.engines import THREAD_LIMITS, Engine, load_engine
from eval.table_output import rows_to_table, write_json
from finetune.synthesis.canvas import Canvas
from finetune.synthesis.fonts import PRINTER, TYPEWRITER, Font, FontFace, find_faces
from finetune.synthesis.text import sample_text

GROUPS = ("serif", "sans", "fixed width", "typewriter", "printer")
PAGE = (2481, 3508)
MARGIN, LINE = 200, 1.7
"""Pixels at the edges, and distance of baselines in em."""
POINTS = (7, 8, 9, 10, 11, 12, 14)
WORST_FAMILIES, LEAST_WORDS = 12, 10
PICTURE = RUNS / "font-errors.png"


@dataclass(frozen=True)
class FontPage:
    """A page of one group as drawn, and the face of each of its words."""

    group: str
    canvas: Canvas

    @property
    def faces(self) -> tuple[FontFace, ...]:
        return tuple(word.font.face for word in self.canvas.words)


def face_group(face: FontFace) -> str:
    """One of GROUPS. printer: fixed patterns of dots."""
    name = face.family.lower()
    if any(word in name for word in PRINTER):
        return "printer"
    if any(word in name for word in TYPEWRITER):
        return "typewriter"
    return {"mono": "fixed width"}.get(face.style, face.style)


def face_style(face: FontFace) -> str:
    """Regular, bold, italic or both."""
    return {
        (False, False): "regular",
        (True, False): "bold",
        (False, True): "italic",
        (True, True): "bold italic",
    }[face.bold, face.italic]


def font_pages(count: int, seed: int, faces: Sequence[FontFace] | None = None) -> list[FontPage]:
    """``count`` pages of each group that has faces; all faces found on the system if not given."""
    grouped: dict[str, dict[str, list[FontFace]]] = {group: {} for group in GROUPS}
    for face in find_faces() if faces is None else faces:
        grouped[face_group(face)].setdefault(face.family, []).append(face)
    return [
        FontPage(group, _draw(families, f"fonts {seed} {number}"))
        for group, families in grouped.items()
        if families
        for number in range(count)
    ]


def _draw(families: dict[str, list[FontFace]], seed: str) -> Canvas:
    """A page of lines, another family in each. Texts and sizes hang on the seed alone."""
    texts, looks = random.Random(seed), random.Random(f"{seed} looks")
    order = sorted(families)
    looks.shuffle(order)
    canvas = Canvas(*PAGE)
    baseline, size, number = float(MARGIN), 0, 0
    while baseline < PAGE[1] - MARGIN:
        above, size = size, round(texts.choice(POINTS) * FINEST_DPI / 72)
        baseline += LINE * max(above, size)
        font = Font(looks.choice(families[order[number % len(order)]]), size)
        _set_line(canvas, texts, font, baseline)
        number += 1
    return canvas


def _set_line(canvas: Canvas, texts: random.Random, font: Font, baseline: float) -> None:
    x: float = MARGIN
    # As many texts for any face, so that all groups print the same; wide faces drop the last.
    for text in [sample_text(texts, 24) for _ in range(4)]:
        if text.isascii() and x + font.width(text) < PAGE[0] - MARGIN:
            x = canvas.text(x, baseline, text, font) + 3 * font.size


@dataclass(frozen=True)
class FontFate:
    """What became of a word, and the face it was set in."""

    fate: WordFate
    group: str
    face: FontFace


def read_pages(
    engine: Engine, pages: Sequence[FontPage], rung: Rung, folder: Path
) -> list[tuple[OcrPage, tuple[TextBox, ...], PageErrors]]:
    """Degrade, store in ``folder`` and read the pages: each with what was read and its errors."""
    found = []
    for number, page in enumerate(pages):
        image, matrix = degrade_page(page.canvas.draw(), rung, number)
        path = folder / f"{page.group}-{number}.png"
        cv2.imwrite(str(path), image)
        truth = tuple(TextBox(w.text, move_box(w.bbox, matrix)) for w in page.canvas.words)
        words = tuple(word for line in engine.read(path) for word in line.words)
        item = OcrPage(path.stem, path, truth, truth)
        found.append((item, words, find_errors(words, truth, case=True)))
        print(f"\r{number + 1}/{len(pages)} pages", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    return found


def summarise(fates: Sequence[FontFate]) -> dict[str, Any]:
    """Shares of the classes by group, by style, by group and sort of text, and the worst families
    (of LEAST_WORDS or more)."""
    where = {id(item.fate): item for item in fates}

    def rows(key: Any, order: Sequence[str] = ()) -> list[dict[str, Any]]:
        return shares_by([item.fate for item in fates], lambda f: key(where[id(f)]), order)

    by_text = [f"{group}, {kind}" for group in GROUPS for kind in KINDS]
    families = rows(lambda item: f"{item.face.family} ({item.group})")
    known = [row for row in families if row["words"] >= LEAST_WORDS]
    return {
        "group": rows(lambda item: item.group, GROUPS),
        "style": rows(lambda item: face_style(item.face)),
        "group and text": rows(lambda i: f"{i.group}, {text_kind(i.fate.truth.text)}", by_text),
        "worst families": sorted(known, key=lambda row: float(row["right"]))[:WORST_FAMILIES],
    }


def measure(engine: Engine, pages: Sequence[FontPage], rung: Rung, picture: Path) -> dict[str, Any]:
    """All tables, and the picture of the worst crops."""
    with tempfile.TemporaryDirectory() as folder:
        found = read_pages(engine, pages, rung, Path(folder))
        fates = [
            FontFate(fate, page.group, face)
            for page, (_, _, errors) in zip(pages, found, strict=True)
            for fate, face in zip(errors.fates, page.faces, strict=True)
        ]
        grids = crop_grids(found)
        if grids:
            save_stacked(grids, picture)
    return {"by": summarise(fates)}


def tables_text(result: dict[str, Any]) -> str:
    """The result as Markdown tables."""
    shares = {"words": "words", **{kind: kind for kind in CLASSES}}
    tables = result["by"].items()
    return "\n\n".join(rows_to_table(rows, {"group": name, **shares}) for name, rows in tables)


def main() -> int:
    """Parse the command line, draw, read, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--engine", default="docagent")
    parser.add_argument("--pages", type=int, default=2, help="of each group")
    parser.add_argument("--rung", default="dpi 150", help="one rung of the ladder")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true", help="JSON on stdout instead of tables")
    args = parser.parse_args()
    os.environ.update(THREAD_LIMITS)
    cv2.setNumThreads(1)
    try:
        if args.pages < 1:
            raise SettingsError(f"--pages {args.pages} is not allowed; give 1 or more")
        rung, *more = parse_rungs(args.rung)
        if more:
            raise SettingsError(
                f"--rung {args.rung!r} is several rungs; give one, as {rung.name!r}"
            )
        pages = font_pages(args.pages, args.seed)
        result = {"engine": args.engine, "pages": args.pages, "rung": rung.name, "seed": args.seed}
        result |= measure(load_engine(args.engine), pages, rung, PICTURE)
    except (DocAgentError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    write_json(RUNS / "font-errors.json", result | {"command": this_command()})
    print(json.dumps(result, indent=1) if args.json else tables_text(result))
    return 0

"""Errors by typeface: groups, the pages drawn for them, and the tables."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

pytest.importorskip("faker", reason="the train extra is not installed")
pytest.importorskip("fontTools", reason="the train extra is not installed")

from eval.analysis.degradations import Rung, degrade_page, move_box
from eval.analysis.word_errors import MISREAD, RIGHT
from eval.metrics.matching import TextBox
from eval.systems.line_readings import ReadLine
from finetune.studies.font_errors import (
    FontPage,
    face_group,
    face_style,
    font_pages,
    measure,
    tables_text,
)
from finetune.synthesis.fonts import FontFace, find_faces

SANS = FontFace("a.ttf", 0, "Liberation Sans", "sans", True, False, frozenset())


@pytest.mark.parametrize(
    ("family", "style", "group"),
    [
        ("Liberation Sans", "sans", "sans"),
        ("TeX Gyre Termes", "serif", "serif"),
        ("DejaVu Sans Mono", "mono", "fixed width"),
        ("Courier Prime", "mono", "typewriter"),
        ("Spleen 8x16", "mono", "printer"),
        ("DotGothic16", "sans", "printer"),
    ],
)
def test_groups(family: str, style: str, group: str) -> None:
    assert face_group(replace(SANS, family=family, style=style)) == group


def test_styles() -> None:
    assert face_style(SANS) == "bold"
    assert face_style(replace(SANS, italic=True)) == "bold italic"


@pytest.fixture(scope="module")
def pages() -> list[FontPage]:
    found = find_faces()
    first = [next(f for f in found if face_group(f) == group) for group in ("sans", "serif")]
    return font_pages(1, seed=1, faces=first)


def test_groups_print_the_same_texts(pages: list[FontPage]) -> None:
    serif, sans = pages
    assert (serif.group, sans.group) == ("serif", "sans")
    assert {face_group(face) for face in sans.faces} == {"sans"}
    texts = [{word.text for word in page.canvas.words} for page in pages]
    assert len(texts[0] & texts[1]) > 0.7 * max(map(len, texts))


class Reader:
    """Reads every word of the sans page rightly, and none of the serif page."""

    name = "reader"
    weights_mb = 0.0

    def __init__(self, page: FontPage) -> None:
        matrix = degrade_page(page.canvas.draw(), Rung("dpi", 75))[1]
        words = [TextBox(w.text, move_box(w.bbox, matrix)) for w in page.canvas.words]
        self.right = [ReadLine(tuple(words))]
        self.wrong = [ReadLine(tuple(replace(word, text="#") for word in words))]

    def read(self, path: Path) -> list[ReadLine]:
        return self.right if path.name.startswith("sans") else self.wrong


def test_errors_by_group_and_their_picture(pages: list[FontPage], tmp_path: Path) -> None:
    picture = tmp_path / "worst.png"
    result = measure(Reader(pages[1]), pages, Rung("dpi", 75), picture)
    rows = {row["group"]: row for row in result["by"]["group"]}
    assert rows["sans"][RIGHT] == 1.0
    assert rows["serif"][RIGHT] < 0.1 < rows["serif"][MISREAD]
    assert result["by"]["worst families"][0][RIGHT] == rows["serif"][RIGHT]
    assert "sans, digits" in tables_text(result)
    with Image.open(picture) as opened:
        assert min(opened.size) > 70

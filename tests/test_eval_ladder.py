"""Degradations carry the true boxes along, and the ladder scores engines on what comes out."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as Pillow

from docagent.geometry import BBox
from eval.analysis.degradation_ladder import (
    CleanPage,
    run_ladder,
    sample_place,
    save_ladder_picture,
    upright_cer,
    wide_rows,
)
from eval.analysis.degradations import (
    BASE_DPI,
    FINEST_DPI,
    LEVELS,
    Image,
    Rung,
    degrade_page,
    move_box,
    move_points,
    parse_rungs,
    quarter_turn,
    resize,
    skew,
)
from eval.metrics.matching import TextBox
from eval.systems.line_readings import ReadLine

WIDTH, HEIGHT = 620, 460


def page_with_square(x: int, y: int, side: int) -> tuple[Image, BBox]:
    page = np.full((HEIGHT, WIDTH), 255, np.uint8)
    page[y : y + side, x : x + side] = 0
    return page, (x, y, x + side, y + side)


def found_square(image: Image, near: BBox) -> BBox:
    """The connected patch in the middle of ``near`` that differs from the paper beside it."""
    cleaned = cv2.medianBlur(image, 5)  # salt and pepper
    middle = int(near[1] + near[3]) // 2, int(near[0] + near[2]) // 2
    left, top, right, bottom = (round(value) for value in near)
    ring = cleaned[max(0, top - 9) : bottom + 9, max(0, left - 9) : right + 9]
    ink = float(cleaned[middle])
    paper = float(ring[0].mean() + ring[-1].mean()) / 2
    patch = np.abs(cleaned - ink) < np.abs(cleaned - paper)
    _, labels = cv2.connectedComponents(patch.astype(np.uint8))
    ys, xs = np.nonzero(labels == labels[middle])
    return (xs.min(), ys.min(), xs.max() + 1, ys.max() + 1)


@pytest.mark.parametrize("rung", parse_rungs(), ids=lambda rung: rung.name)
@settings(max_examples=8)
@given(
    x=st.integers(60, 480), y=st.integers(60, 320), side=st.integers(45, 75), seed=st.integers(0, 9)
)
def test_the_box_stays_on_the_square(rung: Rung, x: int, y: int, side: int, seed: int) -> None:
    page, box = page_with_square(x, y, side)
    image, matrix = degrade_page(page, rung, seed)
    moved = move_box(box, matrix)
    assert found_square(image, moved) == pytest.approx(moved, abs=2.1)


@given(degrees=st.floats(-45, 45), factor=st.floats(0.3, 1.5))
@settings(max_examples=20)
def test_any_angle_and_size(degrees: float, factor: float) -> None:
    page, box = page_with_square(250, 180, 60)
    turned, first = skew(page, degrees)
    image, second = resize(turned, factor)
    moved = move_box(box, second @ first)
    assert found_square(image, moved) == pytest.approx(moved, abs=2.1)
    assert int(image[0, 0]) == 255  # the corners that were added are paper


@pytest.mark.parametrize("rung", parse_rungs(), ids=lambda rung: rung.name)
def test_a_seed_gives_one_page(rung: Rung) -> None:
    page, _ = page_with_square(100, 100, 60)
    first, second = degrade_page(page, rung, 3), degrade_page(page, rung, 3)
    assert np.array_equal(first[0], second[0])
    assert np.array_equal(first[1], second[1])
    if rung.family in ("salt", "shadow", "perspective"):
        assert not np.array_equal(first[0], degrade_page(page, rung, 4)[0])


def test_turned_by_hand() -> None:
    page = np.array([[1, 2, 3], [4, 5, 6]], np.uint8)
    turned, matrix = quarter_turn(page, 90)
    assert turned.tolist() == [[4, 1], [5, 2], [6, 3]]
    assert move_box((2, 0, 3, 1), matrix) == (1, 2, 2, 3)  # the 3
    turned, matrix = quarter_turn(page, 270)
    assert turned.tolist() == [[3, 6], [2, 5], [1, 4]]
    assert move_box((2, 0, 3, 1), matrix) == (0, 0, 1, 1)
    assert move_box((2, 0, 3, 1), quarter_turn(page, 180)[1]) == (0, 1, 1, 2)
    with pytest.raises(ValueError, match="45 degrees; allowed are 90, 180 and 270"):
        quarter_turn(page, 45)


def test_positive_skew_is_clockwise() -> None:
    _, matrix = skew(np.full((100, 200), 255, np.uint8), 10)
    (x0, y0), (x1, y1) = move_points([(0, 50), (200, 50)], matrix)
    assert x1 > x0
    assert y1 - y0 == pytest.approx(200 * np.sin(np.deg2rad(10)))


def test_resolution() -> None:
    page = np.full((600, 300), 255, np.uint8)
    assert degrade_page(page, Rung("dpi", 75))[0].shape == (150, 75)
    assert degrade_page(page, Rung("dpi", FINEST_DPI))[0].shape == (600, 300)
    assert degrade_page(page, Rung("blur", 1))[0].shape[0] == 600 * BASE_DPI / FINEST_DPI


def test_rungs_by_family_and_name() -> None:
    assert parse_rungs("contrast, skew +5,inverted") == [
        *(Rung("contrast", level) for level in LEVELS["contrast"]),
        Rung("skew", 5),
        Rung("inverted", 1),
    ]
    assert len(parse_rungs()) == sum(map(len, LEVELS.values()))
    with pytest.raises(ValueError, match="rung 'fog' is not known; give families"):
        parse_rungs("skew,fog")


class Reader:
    """An engine that knows a page and finds its words where the square of each is."""

    name = "reader"
    weights_mb = 0.0

    def __init__(self, words: tuple[TextBox, ...]) -> None:
        self.words, self.shapes = words, []

    def read(self, path: Path) -> list[ReadLine]:
        with Pillow.open(path) as image:
            self.shapes.append(image.size)
        return [ReadLine(self.words)]


@pytest.fixture
def page() -> CleanPage:
    image, box = page_with_square(90, 90, 60)
    words = (TextBox("Ab", box), TextBox("cd", (300, 90, 360, 150)))
    return CleanPage("squares", image, (*words, TextBox("ef", (90, 200, 150, 260))))


def test_ladder_scores_every_rung(page: CleanPage) -> None:
    factor = BASE_DPI / FINEST_DPI
    where = [tuple(value * factor for value in word.box) for word in page.words]
    words = tuple(TextBox(w.text, box) for w, box in zip(page.words, where, strict=True))
    reader, lines = Reader(words), []
    rows = run_ladder([reader], [page], parse_rungs("clean,turn 180"), lines.append)
    assert [row["rung"] for row in rows] == ["clean", "turn 180"]
    assert rows[0] | {"cpu_s": 0} == {
        "rung": "clean",
        "engine": "reader",
        "word_f1": 1.0,
        "bag_f1": 1.0,
        "cer": 0.0,
        "cpu_s": 0,
    }
    assert (rows[1]["word_f1"], rows[1]["bag_f1"]) == (0.0, 1.0)
    assert len(reader.shapes) == 3  # the first page twice: once to warm up
    assert lines == ["clean: reader 1.000", "turn 180: reader 0.000"]
    wide = wide_rows(rows)
    assert [row["reader word_f1"] for row in wide] == [1.0, 0.0]


@pytest.mark.parametrize("rung", parse_rungs("clean,skew,turn,perspective"), ids=lambda r: r.name)
def test_character_errors_do_not_hang_on_the_turn(rung: Rung, page: CleanPage) -> None:
    _, matrix = degrade_page(page.image, rung)
    read = [TextBox(word.text.upper(), move_box(word.box, matrix)) for word in page.words]
    assert upright_cer(read[::-1], page.words, matrix).edits == 0
    assert upright_cer(read[1:], page.words, matrix).edits == 2
    assert upright_cer([], page.words, matrix).rate == 1.0


def test_picture_of_the_ladder(page: CleanPage, tmp_path: Path) -> None:
    rows = [{"rung": "blur 2", "engine": "reader", "word_f1": 0.5}]
    rungs = parse_rungs("blur 2,turn,dpi")
    save_ladder_picture(page, rungs, rows, tmp_path / "out" / "ladder.png")
    with Pillow.open(tmp_path / "out" / "ladder.png") as picture:
        assert picture.width > picture.height > 400
    x0, y0, x1, y1 = sample_place(page)
    assert (x1 - x0) / (y1 - y0) == pytest.approx(14 / 4.5)

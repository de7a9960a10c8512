"""What engines return, turned into lines; no engine is needed."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from docagent.document import Document, Line, Page, Word
from docagent.errors import SettingsError
from docagent.geometry import bbox_to_polygon
from eval.log import run_file
from eval.metrics.matching import TextBox
from eval.systems.engines import load_engine, networks_mb
from eval.systems.line_readings import ReadLine, document_to_lines, enlargement, upright_to_stored
from eval.systems.rapidocr_engine import rapid_line
from eval.systems.readings import json_to_lines, lines_to_json
from eval.systems.tesseract_engine import tsv_to_lines

TSV = "\n".join(
    [
        "level\tpage_num\tblock_num\tpar_num\tline_num\tword_num\tleft\ttop\twidth\theight\tconf\ttext",
        "4\t1\t1\t1\t1\t0\t0\t0\t90\t10\t-1\t",
        "5\t1\t1\t1\t1\t1\t0\t0\t40\t10\t96.5\tTotal",
        "5\t1\t1\t1\t1\t2\t50\t0\t40\t10\t80\t12.50",
        "5\t1\t1\t1\t2\t1\t0\t20\t40\t10\t50\t ",
        '5\t1\t1\t1\t3\t1\t0\t40\t40\t10\t50\t"x',
    ]
)


def test_tsv_lines():
    lines = tsv_to_lines(TSV, 0.5)
    assert [line.text for line in lines] == ["Total 12.50", '"x']
    assert lines[0].words[1] == TextBox("12.50", (25, 0, 45, 5), 0.8)
    assert lines[0].box == (0, 0, 45, 5)


def corners(x0: float, x1: float) -> list[list[float]]:
    return [[x0, 0], [x1, 0], [x1, 10], [x0, 10]]


def test_rapid_pieces_are_joined_to_words():
    # RapidOCR cuts at wide gaps inside a word too.
    pieces = [
        ("To", 0.9, corners(0, 20)),
        ("tal", 0.7, corners(22, 50)),
        ("5", 1.0, corners(60, 70)),
    ]
    line = rapid_line("Total 5", 0.8, corners(0, 70), pieces, 1.0)
    assert [(w.text, w.box) for w in line.words] == [
        ("Total", (0, 0, 50, 10)),
        ("5", (60, 0, 70, 10)),
    ]
    assert line.words[0].confidence == pytest.approx(0.8)


@pytest.mark.parametrize(
    "pieces", [[], [("Tota", 0.9, corners(0, 20))], [("Total5", 1, corners(0, 70))]]
)
def test_rapid_words_fall_back_to_proportion(pieces):
    line = rapid_line("Total 5", 0.8, corners(0, 70), pieces, 0.5)
    assert line.words == (TextBox("Total", (0, 0, 25, 5), 0.8), TextBox("5", (30, 0, 35, 5), 0.8))


@pytest.mark.parametrize(
    ("rotation", "stored"),
    # The word is at the top-left of the upright page: where was it before it was turned?
    [
        (0, (0, 0, 20, 20)),
        (90, (0, 180, 10, 200)),
        (180, (80, 180, 100, 200)),
        (270, (90, 0, 100, 20)),
    ],
)
def test_boxes_are_turned_back_to_the_stored_image(rotation, stored):
    size = (100, 200)
    upright = (0, 0, 0.2, 0.1) if rotation in (0, 180) else (0, 0, 0.1, 0.1)
    word = Word(text="x", polygon=bbox_to_polygon(upright), confidence=0.5)
    page = Page(number=1, width=100, height=200, lines=(Line(words=(word,)),), rotation=rotation)
    lines = document_to_lines(Document(id="0", pages=(page,)), size)
    assert lines[0].words[0].box == pytest.approx(stored)


@given(st.floats(0, 1), st.floats(0, 1))
def test_turning_four_times_by_ninety_comes_back(x, y):
    point = (x, y)
    for _ in range(4):
        point = upright_to_stored(point, 90)
    assert point == pytest.approx((x, y))


def test_lines_without_words_are_left_out():
    page = Page(number=1, width=10, height=10, lines=(Line(words=()),))
    assert document_to_lines(Document(id="0", pages=(page,)), (10, 10)) == []


def test_lines_survive_json():
    lines = [
        ReadLine((TextBox("a", (0.0, 1.0, 2.5, 3.0), 0.5), TextBox("b", (4.0, 1.0, 5.0, 3.0))))
    ]
    assert json_to_lines(lines_to_json(lines)) == lines


def test_unknown_engine_is_named():
    with pytest.raises(SettingsError, match=r"'doctr'.*tesseract"):
        load_engine("doctr")


@pytest.mark.parametrize(
    ("size", "wanted", "scale"),
    [((760, 1000), 2, 2), ((760, 1000), 1, 1), ((2480, 3200), 2, 1.25), ((4961, 7016), 2, 1)],
)
def test_large_pages_are_enlarged_less(size, wanted, scale):
    assert enlargement(size, wanted) == scale


def test_weights_are_of_what_ocr_loads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The reader that finds fields is in the same folder and does not count."""
    for name, size in {"detector": 1, "recognizer": 2, "reader": 9}.items():
        (tmp_path / f"{name}.onnx").write_bytes(bytes(size * 1_000_000))
    (tmp_path / "language_model.bin").write_bytes(bytes(500_000))
    monkeypatch.setenv("DOCAGENT_WEIGHTS_DIR", str(tmp_path))
    assert load_engine("docagent").weights_mb == 3.5
    assert networks_mb("docagent") == 3.0
    (tmp_path / "language_model.bin").unlink()
    shipped = load_engine("docagent").weights_mb
    assert shipped > 3.0, "the language model that ships is loaded with any weights"


def test_detector_and_recognizer_of_an_unknown_engine() -> None:
    with pytest.raises(SettingsError, match="'doctr'"):
        networks_mb("doctr")


def test_runs_of_a_part_and_of_all_of_a_set_are_kept_apart() -> None:
    names = [run_file("ocr", "funsd", "dev", limit).name for limit in (None, 20)]
    assert names == ["ocr-funsd-dev.json", "ocr-funsd-dev-20.json"]

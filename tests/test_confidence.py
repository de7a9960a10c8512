"""Combining and calibrating confidence."""

from __future__ import annotations

import json
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from docagent.cli import main
from docagent.cli.arguments import AGGREGATES as NAMES
from docagent.confidence import (
    Calibration,
    WordConfidence,
    fit_isotonic,
    fit_temperature,
    geometric_mean,
    load_calibrations,
    minimum,
    save_calibrations,
    with_confidences,
)
from docagent.document import Document, Line, Page, Word
from docagent.errors import ModelError
from docagent.settings import Aggregate
from docagent.tasks.correction.embedded import correct
from tests.documents import document_of
from tests.test_ocr_engine import page as drawn_page

probabilities = st.floats(0, 1)
labelled = st.lists(st.tuples(probabilities, st.booleans()), min_size=1, max_size=60)


@pytest.mark.parametrize(
    ("values", "weakest", "mean"),
    [([], 1, 1), ([0.25, 1.0], 0.25, 0.5), ([None, 0.25], 0.25, 0.5), ([0.0, 1.0], 0, 0)],
)
def test_combinations(values, weakest, mean):
    assert minimum(values) == weakest
    assert geometric_mean(values) == pytest.approx(mean)


@pytest.mark.parametrize(("how", "raw"), [("minimum", 0.4), ("geometric_mean", 0.6)])
def test_a_words_confidence_is_the_calibrated_aggregate_of_its_characters(how, raw):
    chars = (0.9, 0.4, 0.6)
    assert WordConfidence(how)(chars) == pytest.approx(raw)
    halved = Calibration(kind="piecewise", scores=(0.0, 1.0), probabilities=(0.0, 0.5))
    assert WordConfidence(how, halved)(chars) == pytest.approx(raw / 2)
    assert WordConfidence(how, halved)(()) == 1


def test_lines_and_pages_are_as_sure_as_their_words():
    place = ((0.0, 0.0), (0.1, 0.0), (0.1, 0.1), (0.0, 0.1))
    line = Line(words=tuple(Word(text="a", polygon=place, confidence=c) for c in (0.25, 1.0)))
    page = Page(number=1, width=10, height=10, lines=(line, line))
    for how, value in (("geometric_mean", 0.5), ("minimum", 0.25)):
        sure = with_confidences(page, how)
        assert [sure.confidence, *(line.confidence for line in sure.lines)] == [value] * 3
        assert Page.model_validate_json(sure.model_dump_json()) == sure
    native = Line(words=(Word(text="a", polygon=place),))
    for lines in ((), (native,)):
        sure = with_confidences(Page(number=1, width=10, height=10, lines=lines), "minimum")
        assert [sure.confidence, *(line.confidence for line in sure.lines)] == [None] * (
            1 + len(lines)
        )


@given(labelled, probabilities, probabilities)
def test_fitted_calibrations_are_monotone_probabilities(data, a, b):
    scores, right = zip(*data, strict=True)
    for calibration in (fit_isotonic(scores, right), fit_temperature(scores, right)):
        low, high = calibration.apply(min(a, b)), calibration.apply(max(a, b))
        assert 0 <= low <= high <= 1


def test_isotonic_recovers_the_rate():
    scores = [0.2] * 100 + [0.9] * 100
    right = [True] * 50 + [False] * 50 + [True] * 99 + [False]
    calibration = fit_isotonic(scores, right)
    assert calibration.apply(0.2) == pytest.approx(0.5, abs=0.02)
    assert calibration.apply(0.9) == pytest.approx(0.985, abs=0.02)


def test_temperature_softens_an_overconfident_reader():
    calibration = fit_temperature([0.99] * 10, [True] * 7 + [False] * 3)
    assert calibration.apply(0.99) == pytest.approx(0.7, abs=0.02)


def test_no_file_means_no_calibration_and_a_saved_one_comes_back(tmp_path):
    path = tmp_path / "calibration.json"
    assert load_calibrations(tmp_path / "none.json") == {}
    made = {"field": fit_isotonic([0.1, 0.8], [False, True]), "answer": Calibration()}
    save_calibrations(made, path)
    assert load_calibrations(path) == made


@pytest.mark.parametrize("text", ["nonsense", "[]", '{"field": {"temperature": 0}}'])
def test_a_damaged_file_is_named(tmp_path, text):
    path = tmp_path / "calibration.json"
    path.write_text(text)
    with pytest.raises(ModelError, match="not a calibration file"):
        load_calibrations(path)


def test_the_command_line_chooses_how_confidence_is_made(tmp_path, capsys):
    path = tmp_path / "page.png"
    Image.fromarray(drawn_page()).save(path)
    told = {}
    for how in ("minimum", "geometric_mean"):
        assert main(["read", str(path), "--json", "--confidence", how]) == 0
        (page,) = json.loads(capsys.readouterr().out)["pages"]
        words = [word["confidence"] for line in page["lines"] for word in line["words"]]
        together = minimum if how == "minimum" else geometric_mean
        assert page["confidence"] == pytest.approx(together(words), abs=1e-3)
        for line in page["lines"]:
            own = together([word["confidence"] for word in line["words"]])
            assert line["confidence"] == pytest.approx(own, abs=1e-3)
        told[how] = page["confidence"]
    assert told["minimum"] < told["geometric_mean"]
    assert get_args(Aggregate) == NAMES


def test_an_edit_leaves_the_confidence_of_its_line():
    document = document_of(["tbe end"], confidence=0.5)
    page = with_confidences(document.pages[0], "minimum")
    document = Document(id=document.id, pages=(page,))
    edited = correct(document).apply(document)
    assert [line.confidence for line in edited.pages[0].lines] == [0.5]
    assert edited.pages[0].confidence == 0.5

"""Combining and calibrating confidence."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from docagent.confidence import (
    Calibration,
    fit_isotonic,
    fit_temperature,
    geometric_mean,
    load_calibrations,
    minimum,
    save_calibrations,
    word_confidence,
)
from docagent.errors import ModelError

probabilities = st.floats(0, 1)
labelled = st.lists(st.tuples(probabilities, st.booleans()), min_size=1, max_size=60)


@pytest.mark.parametrize(
    ("values", "weakest", "mean"),
    [([], 1, 1), ([0.25, 1.0], 0.25, 0.5), ([None, 0.25], 0.25, 0.5), ([0.0, 1.0], 0, 0)],
)
def test_combinations(values, weakest, mean):
    assert minimum(values) == weakest
    assert geometric_mean(values) == pytest.approx(mean)


def test_a_word_is_as_sure_as_its_weakest_character():
    assert word_confidence((0.9, 0.4, 0.99)) == 0.4


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

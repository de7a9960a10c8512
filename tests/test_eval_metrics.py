"""Text scores against values worked out by hand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.metrics import (
    Counts,
    ErrorRate,
    anls,
    bag_of_words,
    cer,
    ece,
    edit_distance,
    fold_text,
    percentile,
    reliability,
    risk_coverage,
    wer,
)

TEXT = st.text(alphabet="abcA 1.é", max_size=12)


@pytest.mark.parametrize(
    ("a", "b", "distance"),
    [
        ("", "", 0),
        ("", "abc", 3),
        ("kitten", "sitting", 3),
        ("flaw", "lawn", 2),
        ("RM 12.50", "RM12.5O", 2),
        (["a", "b", "c"], ["a", "c"], 1),
    ],
)
def test_edit_distance(a, b, distance):
    assert edit_distance(a, b) == distance


@given(TEXT, TEXT, TEXT)
def test_edit_distance_is_a_metric(a, b, c):
    assert edit_distance(a, b) == edit_distance(b, a)
    assert edit_distance(a, c) <= edit_distance(a, b) + edit_distance(b, c)
    assert abs(len(a) - len(b)) <= edit_distance(a, b) <= max(len(a), len(b))


def test_cer_and_wer_by_hand():
    # One character of ten; one word of three.
    assert cer("the cat sit", "the cat sat") == ErrorRate(1, 11)
    assert wer("the cat sit", "the cat sat") == ErrorRate(1, 3)
    assert wer("the  cat", "the cat sat").rate == pytest.approx(1 / 3)


def test_error_rates_of_empty_truth():
    assert cer("", "").rate == 0.0
    assert cer("x", "").rate == 1.0
    assert cer("", "abc").rate == 1.0


def test_error_rates_add_before_they_divide():
    total = cer("a", "b") + cer("abcdefghi", "abcdefghi")
    assert total.rate == pytest.approx(0.1)


@given(TEXT, TEXT)
def test_cer_is_zero_only_for_equal_text(a, b):
    assert (cer(a, b).rate == 0) == (a == b)


def test_bag_of_words_counts_repeats():
    # a twice on the page, three times read; c is missed; d is made up.
    counts = bag_of_words(["a", "a", "a", "b", "d"], ["a", "a", "b", "c"])
    assert counts == Counts(right=3, predicted=5, true=4)
    assert counts.precision == pytest.approx(3 / 5)
    assert counts.recall == pytest.approx(3 / 4)
    assert counts.f1 == pytest.approx(2 * 3 / 9)


def test_counts_of_nothing():
    assert Counts().f1 == 1.0
    assert Counts(0, 3, 0).f1 == 0.0
    assert Counts(0, 0, 3).precision == 0.0


@given(st.integers(0, 9), st.integers(0, 9), st.integers(0, 9))
def test_f1_is_the_harmonic_mean(right, more_predicted, more_true):
    counts = Counts(right, right + more_predicted, right + more_true)
    p, r = counts.precision, counts.recall
    if p + r:
        assert counts.f1 == pytest.approx(2 * p * r / (p + r))


@pytest.mark.parametrize(
    ("predicted", "truths", "score"),
    [
        ("Delaware", ["delaware"], 1.0),
        ("12.50", ["12.5O", "12.60"], 0.8),
        ("abcd", ["abxy"], 0.0),  # half wrong is not less than tau
        ("abcde", ["abcxy"], 0.6),
        ("", ["x"], 0.0),
    ],
)
def test_anls(predicted, truths, score):
    assert anls(predicted, truths) == pytest.approx(score)


def test_anls_needs_a_truth():
    with pytest.raises(ValueError, match="at least one true answer"):
        anls("x", [])


def test_fold_text_unifies_look_alikes_and_spaces():
    assert fold_text(" “A”\u00a0–  Ｂ ") == '"A" - B'
    assert fold_text("ÉTÉ", case=False) == "été"
    assert fold_text("Total") != fold_text("total")


@given(st.text(max_size=20))
def test_folding_twice_changes_nothing_more_for_plain_text(text):
    once = fold_text(text)
    assert fold_text(once) == once


def test_ece_by_hand():
    # Bin 0.9-1: confidence 0.95, half right, 2 of 4. Bin 0.1-0.2: 0.15, none right, 2 of 4.
    confidences, right = [0.95, 0.95, 0.15, 0.15], [True, False, False, False]
    assert ece(confidences, right) == pytest.approx(0.5 * 0.45 + 0.5 * 0.15)
    low, high = reliability(confidences, right)
    assert (low.count, low.accuracy) == (2, 0.0)
    assert (high.low, high.high, high.accuracy) == (0.9, 1.0, 0.5)


def test_confidence_one_is_in_the_last_bin():
    assert [b.low for b in reliability([1.0, 0.0], [True, False])] == [0.0, 0.9]
    assert ece([1.0, 0.0], [True, False]) == 0.0
    assert ece([], []) == 0.0


def test_calibration_rejects_what_is_no_probability():
    with pytest.raises(ValueError, match=r"confidence 1\.2"):
        ece([1.2], [True])
    with pytest.raises(ValueError, match="1 confidences for 2 answers"):
        ece([0.5], [True, False])


def test_risk_coverage_by_hand():
    points = risk_coverage([0.9, 0.5, 0.5, 0.1], [True, False, True, False])
    assert [(p.confidence, p.coverage, p.risk) for p in points] == [
        (0.9, 0.25, 0.0),
        (0.5, 0.75, pytest.approx(1 / 3)),
        (0.1, 1.0, 0.5),
    ]


@pytest.mark.parametrize(("share", "value"), [(0.0, 1), (0.5, 2), (0.51, 3), (1.0, 4)])
def test_percentile(share, value):
    assert percentile([4, 1, 3, 2], share) == value

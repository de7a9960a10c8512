"""Word matching, reading order and page CER on pages small enough to work out by hand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from docagent.geometry import bbox_iou
from eval.metrics import Counts, ErrorRate
from eval.metrics.matching import (
    TextBox,
    boxes_to_text,
    detection_counts,
    iou_matrix,
    match_boxes,
    page_cer,
    reading_order,
    score_page,
    segment_to_words,
    word_counts,
)


def box(text: str, x: float, y: float, width: float = 10, height: float = 10) -> TextBox:
    return TextBox(text, (x, y, x + width, y + height))


TRUTH = [box("Total", 0, 0), box("12.50", 20, 0), box("Date", 0, 20)]

BOXES = st.lists(
    st.builds(
        box,
        st.sampled_from(["a", "b", "A"]),
        st.integers(0, 12),
        st.integers(0, 12),
        st.integers(0, 10),
        st.integers(0, 10),
    ),
    max_size=6,
)


def test_words_need_text_and_place():
    read = [
        box("Total", 1, 0),  # right, IoU 9/11
        box("12.5O", 20, 0),  # misread
        box("Date", 7, 20),  # right text, IoU 3/17
        box("x", 50, 50),  # made up
    ]
    assert word_counts(read, TRUTH) == Counts(1, 4, 3)
    assert detection_counts(read, TRUTH) == Counts(2, 4, 3)


def test_case_counts_only_when_asked():
    read = [box("TOTAL", 0, 0)]
    assert word_counts(read, TRUTH).right == 0
    assert word_counts(read, TRUTH, case=False).right == 1


def test_one_true_word_is_found_once():
    assert word_counts([box("Date", 0, 20), box("Date", 0, 20)], TRUTH) == Counts(1, 2, 3)


def test_iou_of_exactly_half_is_enough():
    assert word_counts([box("Date", 0, 20, width=20)], TRUTH).right == 1
    assert word_counts([box("Date", 0, 20, width=21)], TRUTH).right == 0


def test_matching_is_as_large_as_possible():
    # The first read box fits both true boxes, the second only one: both must find a partner.
    true = [box("a", 0, 0, 10), box("a", 3, 0, 10)]
    read = [box("a", 2, 0, 10), box("a", 6, 0, 10)]
    assert len(match_boxes(read, true)) == 2
    assert len(match_boxes(read[::-1], true[::-1])) == 2


@given(BOXES, BOXES)
def test_matching_is_symmetric_and_one_to_one(read, true):
    pairs = match_boxes(read, true, lambda a, b: a == b)
    assert len({i for i, _ in pairs}) == len({j for _, j in pairs}) == len(pairs)
    assert all(bbox_iou(read[i].box, true[j].box) >= 0.5 for i, j in pairs)
    assert all(read[i].text == true[j].text for i, j in pairs)
    assert len(match_boxes(true, read, lambda a, b: a == b)) == len(pairs)


@given(BOXES, BOXES)
def test_iou_matrix_agrees_with_geometry(read, true):
    matrix = iou_matrix([r.box for r in read], [t.box for t in true])
    for i, r in enumerate(read):
        for j, t in enumerate(true):
            assert matrix[i, j] == pytest.approx(bbox_iou(r.box, t.box))


@given(BOXES)
def test_a_page_read_right_scores_full(true):
    true = [t for t in true if t.box[2] > t.box[0] and t.box[3] > t.box[1]]
    score = score_page(true, true)
    assert score.words.f1 == score.bag.f1 == score.detection.f1 == 1.0
    assert score.page_cer.rate == score.cer.rate == score.wer.rate == 0.0


def test_reading_order_is_rows_then_x():
    # A row that slopes down by 4 of 10 pixels, and one clearly below; given in any order.
    items = [box("d", 0, 20), box("c", 40, 4), box("a", 0, 0), box("b", 20, 2), box("e", 9, 21)]
    assert [item.text for item in reading_order(items)] == ["a", "b", "c", "d", "e"]


def test_a_small_mark_stays_in_its_row():
    items = [box("A", 0, 0, 10, 20), box(".", 12, 16, 3, 3), box("B", 20, 0, 10, 20)]
    assert boxes_to_text(items) == "A . B"


@given(st.permutations([box(c, 15 * i, 3 * (i % 2)) for i, c in enumerate("abcdef")]))
def test_reading_order_does_not_depend_on_the_order_given(items):
    assert boxes_to_text(items) == "a b c d e f"


def test_page_cer_ignores_case_spaces_and_how_lines_are_cut():
    truth = [TextBox("TOTAL RM", (0, 0, 60, 10)), TextBox("12.50", (100, 0, 140, 10))]
    read = [box("Total", 0, 1, 40), box("RM12.50", 42, 1, 98)]
    assert page_cer(read, truth) == ErrorRate(0, 12)
    assert page_cer(read[:1], truth) == ErrorRate(7, 12)


def test_page_scores_by_hand():
    score = score_page([box("Total", 0, 0), box("12.5", 20, 0)], TRUTH)
    assert score.words == Counts(1, 2, 3)
    assert score.bag == Counts(1, 2, 3)
    assert score.cer == ErrorRate(6, 16)  # "Total 12.5" for "Total 12.50 Date"
    assert score.wer == ErrorRate(2, 3)
    assert score.page_cer == ErrorRate(5, 14)
    assert (score + score).words == Counts(2, 4, 6)


def test_segments_are_cut_in_proportion_to_characters():
    words = segment_to_words(TextBox("AB  C", (0, 5, 40, 15)))
    assert words == [TextBox("AB", (0, 5, 20, 15)), TextBox("C", (30, 5, 40, 15))]
    assert segment_to_words(TextBox(" ", (0, 0, 1, 1))) == []

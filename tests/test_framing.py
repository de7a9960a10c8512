"""Framing of crops: the text fills them alike, and nothing of it is lost."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from docagent.ocr.recognition.crop_framing import MAX_TRIM_RATIO, frame_text

PAPER, INK = 230, 20


def text_crop(above: int, below: int, height: int = 32, width: int = 120) -> NDArray[np.uint8]:
    """Black letters with so many rows of paper above and below."""
    crop = np.full((height, width), PAPER, np.uint8)
    for x in range(6, width - 10, 12):
        crop[above : height - below, x : x + 4] = INK
    return crop


def ink_rows(crop: NDArray[np.uint8]) -> NDArray[np.intp]:
    return np.flatnonzero((crop < 128).any(axis=1))


def test_wide_margins_are_cut_and_the_aspect_is_kept():
    crop = text_crop(4, 4)
    framed = frame_text(crop)
    assert framed.shape[0] == 32
    assert len(ink_rows(framed)) > len(ink_rows(crop))
    grown = framed.shape[1] / crop.shape[1]
    assert len(ink_rows(framed)) == pytest.approx(len(ink_rows(crop)) * grown, abs=2)


def test_a_tight_crop_is_left_as_it_is():
    crop = text_crop(1, 2)
    assert frame_text(crop) is crop


@pytest.mark.parametrize("edge", ["above", "below"])
def test_slivers_of_neighbouring_lines_vanish(edge):
    crop = text_crop(5, 5)
    rows = slice(0, 3) if edge == "above" else slice(29, 32)
    crop[rows, 20:90] = INK
    framed = frame_text(crop)
    assert np.array_equal(framed, frame_text(text_crop(5, 5)))


@pytest.mark.parametrize(
    "crop",
    [
        np.full((32, 40), 255, np.uint8),
        np.full((32, 40), 0, np.uint8),
        np.tile(np.uint8([200, 210]), (32, 20)),
        np.full((1, 1), 7, np.uint8),
    ],
)
def test_without_ink_nothing_is_done(crop):
    assert frame_text(crop) is crop


def test_a_dot_far_above_stays():
    """The dot of an i is parted from it by white rows, but does not touch the edge."""
    crop = text_crop(12, 4)
    crop[5:8, 30:34] = INK
    framed = frame_text(crop)
    assert len(np.flatnonzero((framed[:, 25:45] < 128).any(axis=1))) >= 3
    assert ink_rows(framed)[0] < 6


@given(
    st.integers(0, 14),
    st.integers(0, 14),
    st.sampled_from([16, 32, 48]),
    st.integers(0, 2**32 - 1),
)
def test_at_most_a_share_of_the_height_is_cut(above, below, height, seed):
    crop = text_crop(min(above, height // 3), min(below, height // 3), height)
    noise = np.random.default_rng(seed).normal(0, 8, crop.shape)
    crop = np.clip(crop + noise, 0, 255).astype(np.uint8)
    framed = frame_text(crop)
    assert framed.shape[0] == height
    assert framed.dtype == np.uint8
    most = 1 / (1 - 2 * MAX_TRIM_RATIO - 2 / height)
    assert crop.shape[1] <= framed.shape[1] <= round(crop.shape[1] * most) + 1
    # What was ink of the line is still there, resized.
    before = int((crop < 128).sum()) * framed.shape[1] / crop.shape[1]
    after = int((framed < 128).sum())
    assert after >= 0.8 * before


def test_any_picture_is_survived():
    rng = np.random.default_rng(3)
    for shape in ((1, 3), (2, 2), (5, 400), (32, 1), (64, 64)):
        for _ in range(20):
            crop = rng.integers(0, 256, shape, dtype=np.uint8)
            assert frame_text(crop).shape[0] == shape[0]
            assert frame_text(cv2.blur(crop, (3, 3))).shape[0] == shape[0]


def test_light_type_on_dark_ground_is_framed_as_dark_on_light() -> None:
    crop = text_crop(6, 6)
    assert np.array_equal(frame_text(255 - crop), frame_text(crop))


def test_bold_type_is_not_taken_for_light_type() -> None:
    crop = np.full((32, 120), PAPER, np.uint8)
    for x in range(6, 110, 12):
        crop[5:27, x : x + 7] = INK
    assert ink_rows(frame_text(crop)).size and frame_text(crop)[:, :4].min() > 128

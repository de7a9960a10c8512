"""Boxes that hold several lines are cut into them; other boxes stay as they are."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from docagent.ocr.detection.stacked_lines import split_stacked_lines


def quad(x0: float, y0: float, x1: float, y1: float) -> NDArray[np.float32]:
    return np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]], np.float32)


LINES = [quad(20, 20 + 40 * i, 300, 40 + 40 * i) for i in range(4)]


def page(*texts: tuple[str, int, int, float]) -> NDArray[np.uint8]:
    """Texts at (left, baseline) in a size; 1 is 21 pixels from baseline to top."""
    image = np.full((400, 700), 250, np.uint8)
    for text, x, y, size in texts:
        cv2.putText(image, text, (x, y), cv2.FONT_HERSHEY_SIMPLEX, size, 20, 2)
    return image


def cut(image: NDArray[np.uint8], tall: NDArray[np.float32]) -> NDArray[np.float32]:
    return split_stacked_lines(image, np.array([*LINES, tall], np.float32))[len(LINES) :]


def test_a_column_of_numbers_is_cut_into_its_lines():
    numbers = [("28.90", 400, 60, 0.7), ("0.00", 400, 95, 0.7), ("1.64", 400, 130, 0.7)]
    found = cut(page(*numbers), quad(395, 40, 480, 136))
    assert len(found) == 3
    for line, (_, x, baseline, _) in zip(found, numbers, strict=True):
        assert line[0, 1] < baseline - 5 < baseline < line[3, 1] + 1
        assert line[0, 0] == pytest.approx(395) and x > line[0, 0]
    assert (np.diff(found[:, 0, 1]) > 0).all()


@pytest.mark.parametrize(
    ("texts", "tall"),
    [
        ([("TOTAL", 400, 100, 2.0)], quad(395, 45, 640, 110)),  # large type is one line
        ([("i", 400, 100, 2.0)], quad(395, 45, 430, 110)),  # a dot is no line
        ([], quad(395, 45, 480, 110)),  # nothing there
        ([("12", 400, 60, 0.5), ("34", 400, 150, 2.5)], quad(395, 40, 520, 160)),  # unlike lines
    ],
)
def test_other_tall_boxes_stay(texts, tall):
    found = cut(page(*texts), tall)
    assert len(found) == 1 and np.allclose(found[0], tall)


def test_few_boxes_stay():
    one = np.array([quad(0, 0, 50, 200)], np.float32)
    assert split_stacked_lines(page(), one) is one
    assert split_stacked_lines(page(), one[:0]).shape == (0, 4, 2)

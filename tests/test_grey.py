"""Grey levels by histogram say what sorting says."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from numpy.typing import NDArray

from docagent.ocr.grey_levels import grey_levels, map_levels

IMAGES = arrays(np.uint8, array_shapes(min_dims=2, max_dims=2, max_side=24))


@given(IMAGES, st.floats(0.5, 99.5))
def test_levels_are_those_of_sorting(image: NDArray[np.uint8], percent: float) -> None:
    (level,) = grey_levels(image, percent)
    assert np.mean(image <= level) >= percent / 100 - 1e-6
    assert np.mean(image < level) <= percent / 100 + 1e-6


@given(IMAGES, st.floats(-2, 2), st.floats(-1, 1))
def test_levels_are_mapped(image: NDArray[np.uint8], slope: float, offset: float) -> None:
    mapped = map_levels(image, slope, offset, -1.5, 1.5)
    expected = np.clip(image.astype(np.float64) * slope + offset, -1.5, 1.5)
    assert mapped.shape == image.shape and mapped.dtype == np.float32
    assert mapped == pytest.approx(expected, abs=1e-4)


def test_views_are_taken() -> None:
    image = np.arange(256, dtype=np.uint8).reshape(16, 16)
    assert grey_levels(image[::2, ::2], 0, 100)[1] == image[::2, ::2].max()


def test_nothing_has_no_levels() -> None:
    with pytest.raises(ValueError, match="no grey levels"):
        grey_levels(np.zeros((0, 4), np.uint8), 50)

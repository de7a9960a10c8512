"""The ladder's synthetic pages: their words stand where their boxes say, at the size wanted."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("faker", reason="the train extra is not installed")
pytest.importorskip("fontTools", reason="the train extra is not installed")

from eval.analysis.degradation_ladder import ladder_table
from finetune.studies.robustness import clean_pages


def test_clean_pages() -> None:
    pages = clean_pages(2, seed=1)
    assert [page.name for page in pages] == ["invoice 0", "letter 1"]
    for page in pages:
        height, width = page.image.shape
        assert width == 2481  # A4 at 300 dpi
        assert np.median([word.box[3] - word.box[1] for word in page.words]) > 30
        for word in page.words:
            x0, y0, x1, y1 = (round(value) for value in word.box)
            assert 0 <= x0 < x1 <= width
            assert 0 <= y0 < y1 <= height
            assert page.image[y0:y1, x0:x1].min() < 160, word  # there is ink


def test_a_seed_gives_the_same_pages() -> None:
    first, again, other = clean_pages(1, 1)[0], clean_pages(1, 1)[0], clean_pages(1, 2)[0]
    assert np.array_equal(first.image, again.image)
    assert first.words == again.words != other.words


def test_table_puts_a_measure_of_all_engines_side_by_side() -> None:
    row = {"rung": "clean", "word_f1": 0.5, "bag_f1": 0.75, "cer": 0.1, "cpu_s": 1.0}
    text = ladder_table([row | {"engine": "a"}, row | {"engine": "b"}], ["a", "b"])
    head, _, cells = text.splitlines()
    assert head.split("|")[2:4] == [" a word F1 ", " b word F1 "]
    assert cells.split("|")[1].strip() == "clean"

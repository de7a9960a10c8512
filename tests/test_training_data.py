"""What crops and networks of the trainings here are made of; needs the 'train' extra."""

from __future__ import annotations

import random

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

torch = pytest.importorskip("torch")

from finetune.ocr.detector.model import shuffle_pixels  # noqa: E402
from finetune.ocr.recognizer.batches import augment, ruled, slivered, specked  # noqa: E402
from finetune.ocr.recognizer.model import RecognizerModel  # noqa: E402


def word(text: str = "word") -> NDArray[np.uint8]:
    image = np.full((32, 120), 245, np.uint8)
    cv2.putText(image, text, (8, 24), cv2.FONT_HERSHEY_SIMPLEX, 0.8, 10, 2)
    return image


def test_a_sliver_stands_a_gap_away_at_one_end() -> None:
    crop, other = word(), word("next")
    sides = set()
    for seed in range(20):
        longer = slivered(crop, other, random.Random(seed))
        added = longer.shape[1] - crop.shape[1]
        assert 4 <= added <= 19
        first = bool((longer[:, : crop.shape[1]] == crop).all())
        sides.add(first)
        part = longer[:, crop.shape[1] :] if first else longer[:, :added]
        assert (part < 128).any()  # ink
        assert (part.min(axis=0) > 200).any()  # and the gap
    assert sides == {True, False}


def test_specks_are_fainter_than_the_print() -> None:
    for seed in range(20):
        crop = word()
        spotted = specked(crop, random.Random(seed))
        changed = spotted[:, : crop.shape[1]] != crop
        assert (spotted[:, crop.shape[1] :] > 120).all()
        assert (spotted[:, : crop.shape[1]][changed] > 120).all()


def test_rules_run_above_or_below() -> None:
    rows = set()
    for seed in range(40):
        lined = ruled(word(), random.Random(seed))
        full = np.flatnonzero((lined < 200).mean(axis=1) > 0.9)
        rows.update("above" if row < 8 else "below" for row in full.tolist())
    assert rows == {"above", "below"}


@pytest.mark.parametrize("crop", [np.zeros((32, 9), np.uint8), np.full((32, 40), 255, np.uint8)])
def test_empty_crops_are_survived(crop: NDArray[np.uint8]) -> None:
    for seed in range(30):
        worn = augment(crop, random.Random(seed), word())
        assert worn.shape[0] == 32 and worn.dtype == np.uint8


@given(st.integers(1, 3), st.integers(1, 5), st.integers(1, 5))
def test_pixels_are_shuffled_as_by_torch(channels: int, rows: int, columns: int) -> None:
    x = torch.arange(4.0 * channels * rows * columns).reshape(1, -1, rows, columns)
    order = x.reshape(1, 4, channels, rows, columns).transpose(1, 2).reshape(x.shape)
    ours = shuffle_pixels(x, 2 * rows, 2 * columns)
    assert torch.equal(ours, torch.nn.functional.pixel_shuffle(order, 2))


def test_a_deeper_network_starts_as_the_shallower_one() -> None:
    torch.manual_seed(0)
    deep = RecognizerModel(12).eval()
    state = {
        name: value
        for name, value in deep.state_dict().items()
        if not name.startswith(("features.7.", "mix."))
    }
    crops = torch.rand(2, 1, 32, 64)
    grown = [RecognizerModel(12).eval() for _ in range(2)]
    for model in grown:
        model.load_shallower(state)
    with torch.no_grad():
        first, second = (model(crops) for model in grown)
    assert torch.allclose(first, second, atol=1e-6)


@pytest.mark.parametrize("name", ["head.weight", "features.2.conv.weight"])
def test_other_networks_are_refused(name: str) -> None:
    state = RecognizerModel(12).state_dict()
    del state[name]
    with pytest.raises(RuntimeError, match="missing"):
        RecognizerModel(12).load_shallower(state)

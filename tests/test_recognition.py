"""The recognizer reads crops in batches by width, and gives readings in the order of the crops."""

from __future__ import annotations

from difflib import SequenceMatcher
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageFont

import docagent
from docagent.ocr.recognition.crops import CROP_HEIGHT_PX
from docagent.ocr.recognition.postprocess import merge_to_word
from docagent.ocr.recognition.recognizer import (
    MAX_BATCH_COLUMNS,
    MAX_PADDING_COLUMNS,
    TextRecognizer,
    group_into_batches,
)
from docagent.ocr.types import CharReading, LineReading, WordReading
from docagent.ocr.types import Image as Pixels

TEXTS = (
    "Total",
    "Northfield Supplies Limited, Brighton",
    "48213",
    "Date",
    "Delivery by courier",
    "March 2025",
    "Thank you for your order of pencils",
    "12.75",
    "Paper and pencils 36.40",
)


def draw(text: str) -> Pixels:
    font = ImageFont.load_default(24)
    image = Image.new("L", (round(font.getlength(text)) + 12, CROP_HEIGHT_PX), 250)
    ImageDraw.Draw(image).text((6, 1), text, font=font, fill=20)
    return np.asarray(image).copy()


def drawn_as(reading: LineReading) -> str:
    """The text of TEXTS that was read: a letter may be wrong, its place among the others not."""
    return max(TEXTS, key=lambda text: SequenceMatcher(None, text, reading.text).ratio())


@pytest.fixture(scope="module")
def recognizer() -> TextRecognizer:
    return TextRecognizer(Path(docagent.__file__).parent / "weights" / "recognizer.onnx")


def test_readings_are_in_the_order_of_the_crops(recognizer: TextRecognizer) -> None:
    crops = [draw(text) for text in TEXTS]
    widths = [crop.shape[1] for crop in crops]
    assert sum(widths) > MAX_BATCH_COLUMNS, "several batches"
    assert widths != sorted(widths), "not in the order that batches are made in"
    assert [drawn_as(reading) for reading in recognizer.recognize(crops)] == list(TEXTS)
    backwards = recognizer.recognize(crops[::-1])
    assert [drawn_as(reading) for reading in backwards] == list(TEXTS[::-1])


def test_a_crop_is_read_alike_alone_and_among_others(recognizer: TextRecognizer) -> None:
    crops = [draw(text) for text in TEXTS]
    for crop, together in zip(crops, recognizer.recognize(crops), strict=True):
        (alone,) = recognizer.recognize([crop])
        assert alone.text == together.text
        assert alone.confidence == pytest.approx(together.confidence, abs=0.05)


def test_no_crops_no_readings(recognizer: TextRecognizer) -> None:
    assert recognizer.recognize([]) == []


@given(st.lists(st.integers(8, 3200), max_size=60))
def test_batches_hold_every_crop_once_with_little_padding(widths: list[int]) -> None:
    made = group_into_batches(widths)
    assert sorted(index for batch in made for index in batch) == list(range(len(widths)))
    for batch in made:
        held = [widths[index] for index in batch]
        assert len(held) == 1 or max(held) * len(held) <= MAX_BATCH_COLUMNS
        assert all(new - old <= MAX_PADDING_COLUMNS for old, new in pairwise(held))


def spelt(*texts: str) -> LineReading:
    words = tuple(
        WordReading(tuple(CharReading(char, 0.9, 0.0, 0.0) for char in text)) for text in texts
    )
    return LineReading(words, 0.9)


@pytest.mark.parametrize(
    ("read", "text"),
    [
        (("Date", ":"), "Date:"),
        (("(", "49", ")"), "(49)"),
        (("s.",), "S."),
        (("p.,",), "P.,"),
        (("e.",), "e."),  # a small letter of its own shape
        (("s",), "s"),
        (("of", "the"), "of the"),
        (("see", "s."), "see s."),
        ((":",), ":"),
        ((), ""),
    ],
)
def test_a_short_crop_is_a_word_with_its_marks(read: tuple[str, ...], text: str) -> None:
    made = merge_to_word(spelt(*read))
    assert made.text == text
    assert made.confidence == 0.9

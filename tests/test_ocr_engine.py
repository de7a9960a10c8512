"""The OCR engine with the shipped weights on pages drawn here: any rotation, skew and light."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from docagent.document import Page
from docagent.errors import ModelError
from docagent.geometry import bbox_iou, polygon_to_bbox
from docagent.models import open_session
from docagent.ocr.engine import OcrEngine
from docagent.ocr.preprocess import is_negative, rotate, rotate_right_angle
from docagent.ocr.recognition.recognizer import rescore
from docagent.ocr.types import CharReading, LineReading, WordReading
from docagent.settings import Settings
from docagent.sources.scan import load
from docagent.text.language_model import load_language_model
from eval.analysis.degradations import LEVELS, Rung, degrade_page, parse_rungs

ROWS = (
    "Northfield Supplies Limited",
    "Invoice number 48213",
    "Date 14 March 2025",
    "Paper and pencils 36.40",
    "Delivery by courier 12.75",
    "Total amount due 49.15",
    "Thank you for your order",
)


def page(size: int = 30, ink: int = 20, paper: int = 250) -> NDArray[np.uint8]:
    image = Image.new("L", (900, 620), paper)
    pen = ImageDraw.Draw(image)
    font = ImageFont.load_default(size)
    for row, text in enumerate(ROWS):
        pen.text((60, 50 + 75 * row), text, font=font, fill=ink)
    return np.asarray(image).copy()


@pytest.fixture(scope="module")
def engine() -> OcrEngine:
    return OcrEngine(Settings(threads=1))


def words_right(read: Page) -> float:
    """Share of the drawn words that come out, in order, exactly."""
    wanted = " ".join(ROWS).split()
    got = read.text.split()
    table = np.zeros((len(wanted) + 1, len(got) + 1), int)
    for i, a in enumerate(wanted):
        for j, b in enumerate(got):
            table[i + 1, j + 1] = max(table[i, j] + (a == b), table[i, j + 1], table[i + 1, j])
    return float(table[-1, -1]) / len(wanted)


def test_clean_page_is_read_in_order_with_boxes_in_place(engine: OcrEngine) -> None:
    read = engine.read_image(page())
    assert words_right(read) >= 0.95
    assert read.rotation == 0 and abs(read.skew) < 0.5
    font = ImageFont.load_default(30)
    for line, (row, text) in zip(read.lines, enumerate(ROWS), strict=True):
        right = 60 + font.getlength(text)
        drawn = (60 / 900, (50 + 75 * row) / 620, right / 900, (88 + 75 * row) / 620)
        assert bbox_iou(polygon_to_bbox(line.polygon), drawn) > 0.6
        for word in line.words:
            assert word.confidence is not None and 0 <= word.confidence <= 1
            assert len(word.char_confidences) == len(word.text)
        edges = [polygon_to_bbox(w.polygon) for w in line.words]
        assert all(a[2] <= b[0] + 0.004 for a, b in pairwise(edges))


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_turned_pages_are_turned_back(engine: OcrEngine, degrees: int) -> None:
    read = engine.read_image(rotate_right_angle(page(), degrees))
    assert read.rotation == (360 - degrees) % 360
    assert words_right(read) >= 0.9
    assert (read.width, read.height) == (900, 620)


@pytest.mark.parametrize("lean", [-9.0, 4.0, 12.0])
def test_leaning_pages_are_straightened(engine: OcrEngine, lean: float) -> None:
    turned, _ = rotate(page(), lean)
    read = engine.read_image(turned)
    assert words_right(read) >= 0.9
    assert read.skew == pytest.approx(-lean, abs=1.0)


def test_uneven_light_low_contrast_and_white_on_black(engine: OcrEngine) -> None:
    shade = np.linspace(1.0, 0.4, 900)
    assert words_right(engine.read_image((page() * shade).astype(np.uint8))) >= 0.85
    assert words_right(engine.read_image(page(ink=130, paper=190))) >= 0.85
    assert words_right(engine.read_image(255 - page())) >= 0.7


READABLE = (
    "clean,dpi 100,dpi 75,blur 1,blur 2,jpeg 20,jpeg 10,skew -15,skew +15,perspective,shadow 0.5,"
    "bleed 0.15,salt 0.005,contrast 0.25,turn,inverted"
)
"""Rungs of the ladder that are to be read, at least one of each family."""


@pytest.mark.parametrize("rung", parse_rungs(READABLE), ids=lambda rung: rung.name)
def test_every_degradation_of_the_ladder_is_read(engine: OcrEngine, rung: Rung) -> None:
    drawn = cv2.resize(page(), None, fx=1.5, fy=1.5, interpolation=cv2.INTER_CUBIC)
    image, _ = degrade_page(np.asarray(drawn, np.uint8), rung)
    assert words_right(engine.read_image(image)) >= 0.85


def test_no_family_of_the_ladder_is_left_out() -> None:
    assert {rung.family for rung in parse_rungs(READABLE)} == set(LEVELS)


@pytest.mark.parametrize("factor", [0.5, 3.0])
def test_resolution_does_not_matter(engine: OcrEngine, factor: float) -> None:
    flag = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    resized = cv2.resize(page(), None, fx=factor, fy=factor, interpolation=flag)
    assert words_right(engine.read_image(resized)) >= 0.85


@pytest.mark.parametrize("level", [0, 128, 255])
def test_pages_without_text_have_no_lines(engine: OcrEngine, level: int) -> None:
    assert engine.read_image(np.full((400, 300), level, np.uint8)).lines == ()
    assert engine.read_image(np.full((9, 9), level, np.uint8)).lines == ()


def test_noise_is_not_read_as_a_page_of_text(engine: OcrEngine) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (500, 400)).astype(np.uint8)
    assert len(engine.read_image(noise).text) < 40


def test_second_read_of_a_place(engine: OcrEngine) -> None:
    scan = load(page())
    read = engine.read_page(scan.pages[0])
    word = next(w for line in read.lines for w in line.words if w.text == "48213")
    assert engine.read_again(scan.pages[0], read, word.polygon) == "48213"


@pytest.mark.parametrize("size", [14, 30])
def test_a_language_model_breaks_no_word_that_was_right(engine: OcrEngine, size: int) -> None:
    with_language = OcrEngine(Settings(threads=1), load_language_model())
    image = page(size)
    truth = set(" ".join(ROWS).split())
    right = [
        {w for w in e.read_image(image).text.split() if w in truth} for e in (engine, with_language)
    ]
    assert right[0] <= right[1]


@pytest.mark.parametrize(
    ("text", "options", "chosen"),
    [
        ("tbe", {"tbe": 0.5, "the": 0.4}, "the"),
        ("tbe", {"tbe": 0.95, "the": 0.001}, "tbe"),  # too sure to be overruled
        ("Tota1", {"Tota1": 0.5, "Total": 0.4}, "Tota1"),  # digits are not its business
        ("1.56", {"1.56": 0.5, "1,56": 0.45}, "1.56"),  # nor are signs
        ("Kedai", {"Kedai": 0.5, "Kedal": 0.45}, "Kedai"),  # not a word, maybe a name
        ("tbe", {"the": 0.9}, "tbe"),  # the beam lost the text as read
        ("tbe", {}, "tbe"),
        ("Irán,", {"Irán,": 0.52, "Iran,": 0.48}, "Irán,"),  # accents are not taken away
        ("P-", {"P-": 0.25, "A-": 0.24}, "P-"),  # a letter alone has no spelling
        ("In", {"In": 0.497, "in": 0.496}, "In"),  # nor have usual capitals
        ("thE", {"thE": 0.5, "the": 0.45}, "the"),
        ("mg/dL", {"mg/dL": 0.4, "mg/AL": 0.33}, "mg/dL"),  # a unit
        ("Abn", {"Abn": 0.35, "bn": 0.114}, "Abn"),  # an abbreviation loses no letter
        ("Holc", {"Holc": 0.839, "Hole": 0.152}, "Holc"),  # a name, rather sure
        ("Whittaker", {"Whittaker": 0.836, "Whitaker": 0.027}, "Whittaker"),
        ("Holc", {"Holc": 0.45, "Hole": 0.4}, "Hole"),
        ("eGFR", {"eGFR": 0.5, "eGER": 0.45}, "eGFR"),  # nor is one bent that looks like none
    ],
)
def test_language_settles_unsure_words_only(text, options, chosen):
    best, share = rescore(text, list(options.items()), load_language_model())
    assert best == chosen
    assert 0 <= share <= 1


def test_missing_and_broken_weights_are_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no such weights file"):
        open_session(tmp_path / "none.onnx")
    (tmp_path / "bad.onnx").write_bytes(b"not a model")
    with pytest.raises(ModelError, match=r"bad\.onnx: not a usable ONNX model"):
        open_session(tmp_path / "bad.onnx")


def test_light_type_on_dark_ground_is_read(engine: OcrEngine) -> None:
    assert words_right(engine.read_image(255 - page())) >= 0.9


@pytest.mark.parametrize("ground", [0, 100], ids=["black", "grey"])
@pytest.mark.parametrize("rows", [slice(45, 92), slice(30, 320)], ids=["one line", "a block"])
def test_light_type_on_a_bar_of_a_light_page_is_read(
    engine: OcrEngine, rows: slice, ground: int
) -> None:
    """A bar has its own polarity, and a large one is not to be evened out as a shadow."""
    image = page()
    image[rows] = 255 - (image[rows] * ((255 - ground) / 255)).astype(np.uint8)
    assert words_right(engine.read_image(image)) >= 0.9


def test_a_receipt_on_a_dark_desk_is_no_negative() -> None:
    desk = np.full((900, 1400), 30, np.uint8)
    desk[100:720, 200:1100] = page()
    assert not is_negative(desk)
    assert is_negative(255 - page())
    assert not is_negative(page())


def test_print_that_shines_through_is_no_text(engine: OcrEngine) -> None:
    front = page()
    back = np.roll(front[:, ::-1], 37, axis=0).astype(np.float32)
    pale = (255 - (250 - back) * 0.15).clip(0, 255).astype(np.uint8)
    read = engine.read_image(np.minimum(front, pale))
    assert words_right(read) >= 0.9
    assert len(read.text.split()) <= 1.15 * len(" ".join(ROWS).split())


@pytest.mark.parametrize("margin", [0, 4, 9])
def test_crops_are_read_with_any_paper_around_them(engine: OcrEngine, margin: int) -> None:
    image = page()
    found = engine.read_image(image)
    words = [word for line in found.lines for word in line.words]
    crops = []
    for word in words:
        x0, y0, x1, y1 = polygon_to_bbox(word.polygon)
        rows = slice(max(0, round(y0 * 620) - margin), round(y1 * 620) + margin)
        columns = slice(max(0, round(x0 * 900) - margin), round(x1 * 900) + margin)
        crops.append(image[rows, columns])
    read = ["".join(c.text for w in r.words for c in w.chars) for r in engine.read_crops(crops)]
    same = sum(a == b.text for a, b in zip(read, words, strict=True))
    assert same >= 0.85 * len(words)


def test_standing_crops_are_read(engine: OcrEngine) -> None:
    line = page()[100:160, 30:500]
    texts = [
        " ".join("".join(c.text for c in w.chars) for w in reading.words)
        for reading in engine.read_crops(
            [line, rotate_right_angle(line, 90), rotate_right_angle(line, 270)]
        )
    ]
    assert texts[0]
    assert set(texts) == {texts[0]}


def test_an_unsure_word_is_read_at_other_widths_and_votes_count() -> None:
    def reading(text: str, confidence: float) -> LineReading:
        chars = tuple(CharReading(c, confidence, 0.0, 1.0) for c in text)
        return LineReading((WordReading(chars),), confidence)

    class Votes:
        """Reads "wom" at first and "worn" at other widths; is sure of the second word."""

        def __init__(self) -> None:
            self.counts: list[int] = []

        def recognize(self, crops: Sequence[NDArray[np.uint8]]) -> list[LineReading]:
            self.counts.append(len(crops))
            if len(self.counts) == 1:
                return [reading("wom", 0.7), reading("sure", 0.99), reading("a line", 0.5)]
            return [reading("worn", 0.6) for _ in crops]

    engine = OcrEngine(Settings(threads=1))
    votes = Votes()
    engine.recognizer = votes
    word, line = np.full((20, 60), 200, np.uint8), np.full((20, 400), 200, np.uint8)
    assert [r.text for r in engine.read_crops([word, word, line])] == ["worn", "sure", "a line"]
    assert votes.counts[:3] == [3, 1, 1]

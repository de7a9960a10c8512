"""What cannot be read is said to be so: values of smeared words, and places without text."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageFont

from docagent.agent import DocAgent
from docagent.cli import main
from docagent.confidence import THRESHOLDS, Calibration, load_calibrations
from docagent.document import Document
from docagent.export import document_to_alto, document_to_hocr
from docagent.geometry import polygon_to_bbox
from docagent.ocr.reading import SourceReader
from docagent.reader.scripted import ScriptedReader
from docagent.settings import Settings
from docagent.sources.scan import load
from tests.test_ocr_engine import ROWS, page

Pixels = NDArray[np.uint8]
ONE_THREAD = Settings(threads=1)
SCHEMA = {
    "title": "Bill",
    "type": "object",
    "properties": {"total": {"type": ["number", "null"], "description": "all"}},
}


def smeared(image: Pixels, row: int, sigma: float, left: float = 0) -> Pixels:
    """The page with a row of ROWS blurred from ``left`` (pixels) on."""
    top, x = 50 + 75 * row - 10, round(left)
    made = image.copy()
    made[top : top + 56, x:] = cv2.GaussianBlur(made[top : top + 56, x:], (0, 0), sigma)
    return made


@pytest.fixture(scope="module")
def agent() -> DocAgent:
    return DocAgent(ONE_THREAD)


@pytest.mark.parametrize("how", ["minimum", "geometric_mean"])
def test_words_can_be_as_unsure_as_illegible_is(how: str) -> None:
    table = load_calibrations()[f"word_{how}"]
    assert isinstance(table, Calibration)
    assert table.apply(0.0) < THRESHOLDS.illegible / 2
    assert table.apply(0.25) < THRESHOLDS.illegible < table.apply(0.9)


def test_a_smeared_amount_is_illegible(agent: DocAgent) -> None:
    row = ROWS.index("Total amount due 49.15")
    left = 55 + ImageFont.load_default(30).getlength("Total amount due ")
    statuses = {}
    for sigma in (0.1, 3.0, 3.5, 4.0, 4.5):
        document = agent.read(smeared(page(), row, sigma, left))
        line = next(line for line in document.pages[0].lines if "otal" in line.text)
        reader = ScriptedReader({"all": [(line.words[-1].text, 0.95)]})
        field = DocAgent(ONE_THREAD, reader=reader).extract(document, SCHEMA)["total"]
        statuses[sigma] = field.status
        assert (field.value is None) == (field.status != "found")
    assert statuses[0.1] == "found"
    assert "illegible" in statuses.values(), statuses


@pytest.mark.parametrize("sigma", [5, 6])
def test_a_line_too_blurred_to_read_is_unreadable(agent: DocAgent, sigma: float) -> None:
    read = agent.read(smeared(page(), 3, sigma)).pages[0]
    assert len(read.lines) == len(ROWS) - 1
    assert 1 <= len(read.unreadable) <= 4
    for polygon in read.unreadable:
        x0, y0, x1, y1 = polygon_to_bbox(polygon)
        assert 265 <= y0 * 620 < y1 * 620 <= 325
        assert 50 <= x0 * 900 < x1 * 900 <= 400


def test_what_is_blurred_less_is_read(agent: DocAgent) -> None:
    read = agent.read(smeared(page(), 3, 2)).pages[0]
    assert (len(read.lines), read.unreadable) == (len(ROWS), ())


def test_noise_specks_and_print_of_the_back_are_not_unreadable(agent: DocAgent) -> None:
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 255, (500, 400)).astype(np.uint8)
    specks = page()
    for x, y in rng.integers(0, (896, 616), (400, 2)):
        specks[y : y + rng.integers(1, 5), x : x + rng.integers(1, 5)] = 30
    back = np.roll(page()[:, ::-1], 37, axis=0).astype(np.float32)
    pale = (255 - (250 - back) * 0.15).clip(0, 255).astype(np.uint8)
    for image in (noise, specks, np.minimum(page(), pale), np.full((400, 300), 255, np.uint8)):
        assert len(agent.read(image).pages[0].unreadable) <= 3


def test_blank_paper_gives_no_text(agent: DocAgent) -> None:
    image = page()
    engine = SourceReader(ONE_THREAD).engine()
    scan_page = load(image).pages[0]
    read = engine.read_page(scan_page)
    blank = ((0.6, 0.0), (0.9, 0.0), (0.9, 0.06), (0.6, 0.06))
    assert engine.read_again(scan_page, read, blank) is None
    grain = np.random.default_rng(0).normal(240, 4, (40, 200)).clip(0, 255).astype(np.uint8)
    papers = [np.full((40, 200), 250, np.uint8), grain, np.full((200, 40), 250, np.uint8)]
    assert [reading.words for reading in engine.read_crops(papers)] == [(), (), ()]


@pytest.fixture(scope="module")
def picture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("unreadable") / "page.png"
    Image.fromarray(smeared(page(), 3, 5)).save(path)
    return path


def test_the_command_line_says_how_many_and_draws_where(
    picture: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    drawn = tmp_path / "boxes.png"
    assert main(["read", str(picture), "--json", "--annotate", str(drawn)]) == 0
    out, err = capsys.readouterr()
    (polygon,) = json.loads(out)["pages"][0]["unreadable"]
    assert "page 1: 1 place looks like text but could not be read" in err
    with Image.open(drawn) as image:
        x, y = polygon[0]
        around = np.asarray(image)[round(y * 620) - 3 : round(y * 620) + 4, round(x * 900)]
    assert (around[:, 2].astype(int) < around[:, 0].astype(int) - 60).any(), "a yellow outline"
    assert main(["read", str(picture), "--quiet"]) == 0
    assert capsys.readouterr().err == ""


def test_hocr_and_alto_have_the_places(agent: DocAgent, picture: Path) -> None:
    document: Document = agent.read(picture)
    x0, y0, x1, y1 = polygon_to_bbox(document.pages[0].unreadable[0])
    box = [round(x0 * 900), round(y0 * 620), round(x1 * 900), round(y1 * 620)]
    blocks = ET.fromstring(document_to_hocr(document)).iter("{http://www.w3.org/1999/xhtml}div")
    (title,) = [e.attrib["title"] for e in blocks if e.attrib["class"] == "ocrx_block"]
    assert title == "bbox {} {} {} {}; x_unreadable 1".format(*box)
    namespace = "{http://www.loc.gov/standards/alto/ns-v4#}"
    (place,) = ET.fromstring(document_to_alto(document)).iter(f"{namespace}Illustration")
    assert place.attrib["TYPE"] == "unreadable"
    assert [int(place.attrib[name]) for name in ("HPOS", "VPOS")] == box[:2]

"""Other OCR engines behind the same door: the same Page, honest names, clear errors."""

from __future__ import annotations

import json
import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path
from typing import get_args

import cv2
import pytest
from PIL import Image

from docagent.agent import DocAgent
from docagent.cli import main
from docagent.cli.arguments import ENGINES
from docagent.document import Document, Page
from docagent.errors import MissingExtraError, SettingsError, SourceError
from docagent.geometry import Polygon, bbox_iou, bbox_to_polygon, polygon_to_bbox
from docagent.ocr.engine import OcrEngine
from docagent.ocr.engines import registry as engines
from docagent.ocr.engines import tesseract
from docagent.ocr.engines.fused_engine import FusedEngine
from docagent.ocr.engines.rapidocr import RapidOcrEngine
from docagent.ocr.engines.registry import load_engine
from docagent.ocr.engines.routed_engine import FUSED_WITH_RAPIDOCR, RoutedEngine
from docagent.ocr.engines.tesseract import TesseractEngine
from docagent.ocr.preprocess import rotate_right_angle
from docagent.ocr.reading import SourceReader
from docagent.settings import EngineName, Settings
from docagent.sources.scan import ScanPage, load
from tests.documents import page_of
from tests.pdf_files import PdfPage, pdf_bytes, text_at
from tests.test_ocr_engine import ROWS, page, words_right

needs_tesseract = pytest.mark.skipif(
    shutil.which("tesseract") is None, reason="there is no tesseract command"
)
needs_rapidocr = pytest.mark.skipif(
    find_spec("rapidocr") is None, reason="the package rapidocr is not installed"
)
INSTALLED = [
    pytest.param("docagent"),
    pytest.param("tesseract", marks=needs_tesseract),
    pytest.param("rapidocr", marks=needs_rapidocr),
    pytest.param("fused", marks=needs_tesseract),
]


BOX = bbox_to_polygon((0.1, 0.1, 0.2, 0.12))


@pytest.fixture(scope="module")
def picture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("engines") / "page.png"
    Image.fromarray(page()).save(path)
    return path


@pytest.fixture
def nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a machine where only docagent is installed."""
    monkeypatch.setattr("shutil.which", lambda command: None)
    monkeypatch.setattr(engines, "find_spec", lambda package: None)


@pytest.mark.parametrize("name", INSTALLED)
def test_every_engine_gives_the_same_page(name: EngineName) -> None:
    document = DocAgent(Settings(engine=name, threads=1)).read(page())
    (read,) = document.pages
    assert words_right(read) >= 0.9
    assert (read.width, read.height, read.source) == (900, 620, "ocr")
    assert name in read.engine or (name == "fused" and "docagent+tesseract" in read.engine)
    due = next(w for line in read.lines for w in line.words if w.text == "49.15")
    assert due.confidence is not None and 0.5 < due.confidence <= 1
    assert len(due.char_confidences) in (0, len(due.text))
    assert Document.model_validate_json(document.model_dump_json()) == document


@needs_tesseract
@needs_rapidocr
def test_boxes_of_all_engines_are_on_the_same_words() -> None:
    places = {}
    for name in ("docagent", "tesseract", "rapidocr"):
        read = DocAgent(Settings(engine=name, threads=1)).read(page()).pages[0]
        line = next(line for line in read.lines if "Northfield" in line.text)
        places[name] = polygon_to_bbox(line.polygon)
    assert bbox_iou(places["docagent"], places["tesseract"]) > 0.4
    assert bbox_iou(places["docagent"], places["rapidocr"]) > 0.5


@pytest.mark.parametrize("name", INSTALLED)
def test_a_text_layer_is_used_as_it_is(name: EngineName) -> None:
    rows = b"".join(text_at(60, 700 - 20 * i, "This agreement is made in May") for i in range(9))
    (read,) = DocAgent(Settings(engine=name)).read(pdf_bytes(PdfPage(rows))).pages
    assert (read.source, read.engine) == ("text_layer", "")


@needs_tesseract
@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_tesseract_turns_pages(degrees: int) -> None:
    engine = TesseractEngine(Settings(threads=1))
    read = engine.read_page(load(rotate_right_angle(page(), degrees)).pages[0])
    assert read.rotation == (360 - degrees) % 360
    assert words_right(read) >= 0.9


@needs_tesseract
def test_tesseract_reads_small_type_enlarged() -> None:
    small = cv2.resize(page(), None, fx=0.4, fy=0.4, interpolation=cv2.INTER_AREA)
    read = TesseractEngine(Settings(threads=1)).read_page(load(small).pages[0])
    assert (read.width, read.height) == (360, 248)
    assert words_right(read) >= 0.8


@pytest.mark.parametrize("name", INSTALLED)
def test_second_read_of_a_place(name: EngineName) -> None:
    # The fused engine is read through docagent's own; each reads the page first, then the word.
    engine = SourceReader(Settings(engine=name, threads=1)).engine()
    scan = load(page())
    read = engine.read_page(scan.pages[0])
    word = next(w for line in read.lines for w in line.words if w.text == "48213")
    assert engine.read_again(scan.pages[0], read, word.polygon) == "48213"
    # What was told for one word must not stay for the next page.
    assert engine.read_page(scan.pages[0]).text == read.text


def test_names_are_those_of_the_settings() -> None:
    assert get_args(EngineName) == ENGINES


@pytest.mark.usefixtures("nothing_else")
def test_what_is_missing_is_said_with_what_to_install() -> None:
    with pytest.raises(SettingsError, match=r"no tesseract command.*install it"):
        DocAgent(Settings(engine="tesseract"))
    with pytest.raises(MissingExtraError, match=r"pip install .\.\[rapidocr\]"):
        DocAgent(Settings(engine="rapidocr"))
    with pytest.raises(SettingsError, match=r"'fused'.*no other is installed"):
        DocAgent(Settings(engine="fused"))
    assert engines.installed_engines() == ("docagent", "auto")
    DocAgent(Settings(engine="auto"))


@pytest.mark.usefixtures("nothing_else")
@pytest.mark.parametrize("name", ["tesseract", "rapidocr", "fused"])
def test_the_command_line_says_it_too(
    name: str, picture: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["read", str(picture), "--engine", name]) == 2
    err = capsys.readouterr().err
    assert f"engine '{name}'" in err and "install" in err
    assert "Traceback" not in err


def test_an_unknown_engine_is_refused(
    picture: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["read", str(picture), "--engine", "abbyy"])
    assert "abbyy" in capsys.readouterr().err
    monkeypatch.setenv("DOCAGENT_ENGINE", "abbyy")
    assert main(["read", str(picture)]) == 2
    assert "DOCAGENT_ENGINE='abbyy' is not allowed" in capsys.readouterr().err


@needs_tesseract
def test_option_and_variable_choose_the_engine(
    picture: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCAGENT_ENGINE", "tesseract")
    assert main(["read", str(picture), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["pages"][0]["engine"] == "tesseract"
    assert main(["read", str(picture), "--json", "--engine", "docagent"]) == 0
    assert json.loads(capsys.readouterr().out)["pages"][0]["engine"] == "docagent"


@needs_tesseract
def test_results_of_engines_are_kept_apart(
    picture: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for engine in ("docagent", "tesseract"):
        assert main(["read", str(picture), "-o", str(tmp_path), "--engine", engine]) == 0
    assert sorted(path.name for path in tmp_path.glob("[!.]*")) == [
        "page.png.docagent.txt",
        "page.png.tesseract.txt",
    ]


@pytest.mark.parametrize(
    ("script", "seconds", "said"),
    [
        ("#!/bin/sh\necho 'no language data' >&2\nexit 1\n", 60, "no language data"),
        ("#!/bin/sh\nexec sleep 60\n", 0.5, "more than 0.5 s"),
    ],
)
def test_a_tesseract_that_fails_is_an_error_of_the_page(
    script: str, seconds: float, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = tmp_path / "tesseract"
    command.write_text(script)
    command.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setattr(tesseract, "MAX_PAGE_SECONDS", seconds)
    with pytest.raises(SourceError, match=said):
        TesseractEngine().read_page(load(page()).pages[0])


class Own:
    """Finds the page turned, and reads one line; or fails."""

    def __init__(self, fails: bool = False) -> None:
        self.fails = fails

    def read_page(self, scan_page: ScanPage) -> Page:
        if self.fails:
            raise RuntimeError("own failed")
        return page_of([ROWS[0]]).replace(rotation=90, engine="docagent")

    def read_again(self, scan_page: ScanPage, page: Page, polygon: Polygon) -> str | None:
        if self.fails:
            raise RuntimeError("own failed")
        return "own"


class Other:
    """Finds the page upside down, or reads it as it is told; or fails."""

    def __init__(self, fails: bool = False) -> None:
        self.fails, self.turns = fails, list[int]()

    def read_page(self, scan_page: ScanPage) -> Page:
        return self.read_rotated(scan_page, 180)

    def read_again(self, scan_page: ScanPage, page: Page, polygon: Polygon) -> str | None:
        return "other"

    def read_rotated(self, scan_page: ScanPage, rotation: int) -> Page:
        if self.fails:
            raise SourceError("page 1", "failed")
        self.turns.append(rotation)
        return page_of([ROWS[0]]).replace(rotation=rotation, engine="other")


def test_the_others_read_the_page_turned_as_docagent_found_it() -> None:
    other = Other()
    fused = FusedEngine(Own(), [other, Other(fails=True)])
    scan_page = load(page()).pages[0]
    read = fused.read_page(scan_page)
    assert (other.turns, read.rotation, read.engine) == ([90], 90, "docagent+other")
    assert fused.read_again(scan_page, read, read.lines[0].polygon) == "own"


def test_a_page_that_docagent_cannot_read_is_read_by_the_first_that_can() -> None:
    first, second = Other(), Other()
    fused = FusedEngine(Own(fails=True), [Other(fails=True), first, second])
    scan_page = load(page()).pages[0]
    read = fused.read_page(scan_page)
    assert (first.turns, second.turns, read.rotation) == ([180], [180], 180)
    assert (read.text, read.engine) == (ROWS[0], "other")
    assert fused.read_again(scan_page, read, read.lines[0].polygon) is None


def test_a_page_that_no_engine_can_read_raises_what_docagent_raised() -> None:
    fused = FusedEngine(Own(fails=True), [Other(fails=True)])
    with pytest.raises(RuntimeError, match="own failed"):
        fused.read_page(load(page()).pages[0])


@pytest.mark.parametrize("name", ["auto", "fused"])
def test_pages_side_by_side_load_each_engine_once(
    name: EngineName, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []

    def make(kind: str, reader: object) -> object:
        made.append(kind)
        time.sleep(0.05)
        return reader

    monkeypatch.setattr(engines, "installed_engines", lambda: ("docagent", "tesseract", "fused"))
    monkeypatch.setattr(engines, "check_engine", lambda name: None)
    monkeypatch.setattr(engines, "TesseractEngine", lambda settings: make("tesseract", Other()))
    monkeypatch.setattr(engines, "RapidOcrEngine", lambda settings: make("rapidocr", Other()))
    engine = engines.load_engine(Settings(engine=name), lambda: make("docagent", Own()))
    scan_page = load(page()).pages[0]
    with ThreadPoolExecutor(8) as pool:
        read = [pool.submit(engine.read_page, scan_page) for _ in range(8)]
        again = [pool.submit(engine.read_again, scan_page, page_of(["a"]), BOX) for _ in range(8)]
        assert {future.result().text for future in read} == {ROWS[0]}
        assert {future.result() for future in again} == {"own"}
    assert len(made) == len(set(made)), made
    assert "docagent" in made


def test_the_pair_of_the_router_is_there_with_rapidocr(monkeypatch: pytest.MonkeyPatch) -> None:
    """Engines are made when a page needs them, so nothing is loaded here."""
    for names, there in (
        (("docagent", "rapidocr", "fused", "auto"), True),
        (("docagent", "auto"), False),
    ):
        monkeypatch.setattr(engines, "installed_engines", lambda names=names: names)
        routed = load_engine(Settings(engine="auto"), OcrEngine)
        assert isinstance(routed, RoutedEngine)
        assert (FUSED_WITH_RAPIDOCR in routed._engines) is there


@needs_rapidocr
def test_rapidocr_leaves_its_angle_classifier_out_where_the_turn_is_known() -> None:
    asked: list[bool] = []

    class Nothing:
        txts = boxes = word_results = None

    def run(image: object, use_det: bool, use_cls: bool, return_word_box: bool) -> Nothing:
        asked.append(use_cls)
        return Nothing()

    engine = RapidOcrEngine(Settings(threads=1))
    engine._engine = run
    scan_page = load(page()).pages[0]
    engine.read_page(scan_page)
    engine.read_rotated(scan_page, 90)
    assert asked == [True, False]

"""Kinds of pages, and which engine reads them, on pages drawn here."""

from __future__ import annotations

from functools import partial

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from docagent.agent import DocAgent
from docagent.document import Page
from docagent.geometry import Polygon
from docagent.ocr.engines.page_features import page_features, page_kind
from docagent.ocr.engines.routed_engine import FUSED_WITH_RAPIDOCR, ROUTES, RoutedEngine
from docagent.ocr.preprocess import rotate
from docagent.settings import Settings
from docagent.sources.scan import ScanPage, load
from tests.documents import page_of
from tests.pdf_files import PdfPage, pdf_bytes, text_at
from tests.test_ocr_engine import page as small_page

Pixels = NDArray[np.uint8]
PDF = pdf_bytes(
    PdfPage(b"".join(text_at(60, 700 - 20 * i, "This agreement is made in May") for i in range(9)))
)


def letter(size: tuple[int, int] = (1240, 1754), width: int = 22) -> Pixels:
    """A white page (width, height in pixels) full of lines of text, ``width`` letters a line."""
    image = np.full((size[1], size[0]), 255, np.uint8)
    scale = size[0] / width / 20
    for y in range(80, size[1] - 60, round(50 * scale) + 12):
        text = "Paper and pencils 36.40 delivery by courier 12.75 in total"[:width]
        at = (round(20 * scale), y)
        cv2.putText(image, text, at, cv2.FONT_HERSHEY_SIMPLEX, scale, 0, 2, cv2.LINE_AA)
    return image


def noisy(image: Pixels) -> Pixels:
    noise = np.random.default_rng(0).normal(0, 6, image.shape)
    return np.clip(image * 0.92 + noise, 0, 255).astype(np.uint8)


def lamp(image: Pixels) -> Pixels:
    """Light from the left, falling to half at the right edge."""
    return (noisy(image) * np.linspace(1, 0.5, image.shape[1])).astype(np.uint8)


def from_below(image: Pixels) -> Pixels:
    """Seen at an angle from one corner: lines lean at the top and not at the bottom."""
    height, width = image.shape
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    moved = corners.copy()
    moved[0] = (0, 0.14 * width)
    matrix = cv2.getPerspectiveTransform(corners, moved)
    return cv2.warpPerspective(noisy(image), matrix, (width, height), borderValue=230)


PAGE = letter(width=44)
CASES = {
    "born_digital": PAGE,
    "scan": noisy(PAGE),
    "leaning scan": rotate(noisy(PAGE), 4)[0],
    "photo": lamp(PAGE),
    "photo from an angle": from_below(PAGE),
    "receipt": noisy(letter((600, 1400), 22)),
    "receipt photo": lamp(letter((600, 1400), 22)),
}


@pytest.mark.parametrize("case", CASES)
def test_kinds(case: str) -> None:
    expected = next(kind for kind in ROUTES if kind in case)
    if case == "receipt photo":
        expected = "receipt"
    assert page_kind(page_features(CASES[case])) == expected, page_features(CASES[case])


@pytest.mark.parametrize("level", [0, 128, 255])
@pytest.mark.parametrize("shape", [(8, 8), (900, 8), (300, 400)])
def test_empty_pages_have_a_kind(shape: tuple[int, int], level: int) -> None:
    assert page_kind(page_features(np.full(shape, level, np.uint8))) in ROUTES


class Named:
    """An engine that reads its own name."""

    def __init__(self, name: str) -> None:
        self.name = name

    def read_page(self, scan_page: ScanPage) -> Page:
        return page_of([self.name]).replace(engine=self.name)

    def read_again(self, scan_page: ScanPage, page: Page, polygon: Polygon) -> str | None:
        return f"{self.name} again"


def test_only_the_engine_that_is_needed_is_made() -> None:
    made: list[str] = []

    def make(name: str) -> Named:
        made.append(name)
        return Named(name)

    routed = RoutedEngine(
        {name: partial(make, name) for name in ("docagent", "fused", FUSED_WITH_RAPIDOCR)}
    )
    read = routed.read_page(load(CASES["scan"]).pages[0])
    assert (read.kind, read.engine) == ("scan", FUSED_WITH_RAPIDOCR)
    assert routed.read_page(load(PDF).pages[0]).source == "text_layer"
    assert made == [FUSED_WITH_RAPIDOCR]


def test_two_engines_read_scans_and_one_reads_the_rest() -> None:
    routed = RoutedEngine(
        {name: partial(Named, name) for name in ("docagent", "fused", FUSED_WITH_RAPIDOCR)}
    )
    read = {case: routed.read_page(load(image).pages[0]).engine for case, image in CASES.items()}
    assert {case for case, engine in read.items() if engine == FUSED_WITH_RAPIDOCR} == {
        "scan",
        "leaning scan",
    }
    assert set(read.values()) == {"docagent", FUSED_WITH_RAPIDOCR}


def test_what_is_installed_reads_scans() -> None:
    """Without RapidOCR that is what else there is, fused; without any, docagent's engine."""
    scan_page = load(CASES["scan"]).pages[0]
    for names, engine in ((("docagent", "fused"), "fused"), (("docagent",), "docagent")):
        routed = RoutedEngine({name: partial(Named, name) for name in names})
        assert routed.read_page(scan_page).engine == engine


@pytest.mark.parametrize("case", CASES)
def test_with_docagents_engine_alone_it_reads_every_page(case: str) -> None:
    routed = RoutedEngine({"docagent": lambda: Named("docagent")})
    scan_page = load(CASES[case]).pages[0]
    read = routed.read_page(scan_page)
    assert read.engine == "docagent" and read.kind is not None
    assert routed.read_again(scan_page, read, read.lines[0].polygon) == "docagent again"


def test_every_kind_can_be_read_by_docagents_engine() -> None:
    assert all("docagent" in names for names in ROUTES.values())


def test_the_kind_is_in_the_json(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "docagent.ocr.engines.registry.installed_engines", lambda: ("docagent", "auto")
    )
    agent = DocAgent(Settings(engine="auto", threads=1))
    document = agent.read(small_page())
    assert document.pages[0].engine == "docagent"
    assert f'"kind":"{document.pages[0].kind}"' in document.model_dump_json()
    assert "Northfield" in document.text
    layer = agent.read(PDF).pages[0]
    assert (layer.kind, layer.engine, layer.source) == ("born_digital", "", "text_layer")

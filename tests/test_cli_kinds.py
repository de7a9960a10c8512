"""``docagent classify`` and ``docagent summarise``, run in this process on scripted pages."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image

from docagent.cli import main
from docagent.document import Page
from docagent.geometry import Polygon
from docagent.results import Classification, Summary
from docagent.sources.scan import ScanPage
from tests.documents import page_of
from tests.test_classification import INVOICE, LETTER, WAYBILL

Captured = pytest.CaptureFixture[str]


class Reads:
    """Reads an invoice off white pages, and a letter off grey ones."""

    def read_page(self, scan_page: ScanPage) -> Page:
        lines = INVOICE if scan_page.image().max() == 255 else LETTER
        return page_of(lines, scan_page.number)

    def read_again(self, scan_page: ScanPage, page: Page, polygon: Polygon) -> str | None:
        return None


@pytest.fixture(autouse=True)
def engine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("docagent.ocr.reading.load_engine", lambda settings, own: Reads())


@pytest.fixture
def scans(tmp_path: Path) -> tuple[Path, Path]:
    paths = tmp_path / "invoice.png", tmp_path / "letter.png"
    for path, grey in zip(paths, (255, 200), strict=True):
        Image.new("L", (500, 700), grey).save(path)
    return paths


def test_kinds_for_people(scans: tuple[Path, Path], capsys: Captured) -> None:
    assert main(["classify", *map(str, scans)]) == 0
    out = capsys.readouterr().out
    assert "invoice.png: invoice, finance" in out
    assert "“TAX INVOICE”" in out
    assert "letter.png: unknown (the page does not have enough words of a known kind)" in out


def test_kinds_as_json(scans: tuple[Path, Path], capsys: Captured) -> None:
    assert main(["classify", str(scans[0]), "--json"]) == 0
    assert Classification.model_validate_json(capsys.readouterr().out).kind == "invoice"
    assert main(["classify", *map(str, scans), "--json"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["result"]["kind"] for line in lines] == ["invoice", None]


def test_kinds_of_ones_own(scans: tuple[Path, Path], tmp_path: Path, capsys: Captured) -> None:
    schema = tmp_path / "waybill.json"
    schema.write_text(json.dumps(WAYBILL))
    command = ["classify", str(scans[0]), "-s", str(schema)]
    assert main(command) == 0
    assert "unknown" in capsys.readouterr().out
    assert main([*command, "-s", "invoice"]) == 0
    assert "invoice, finance" in capsys.readouterr().out
    assert main([*command, "-s", "no_such"]) == 2


def test_a_summary_for_people_and_as_json(scans: tuple[Path, Path], capsys: Captured) -> None:
    assert main(["summarise", str(scans[0]), "--sentences", "2"]) == 0
    out = capsys.readouterr().out
    assert out.count("\n- ") == 2
    assert "(page 1, " in out
    assert main(["summarise", str(scans[0]), "-n", "2", "--json"]) == 0
    assert len(Summary.model_validate_json(capsys.readouterr().out).sentences) == 2


def test_a_wrong_number_of_sentences(scans: tuple[Path, Path], capsys: Captured) -> None:
    assert main(["summarise", str(scans[0]), "-n", "0"]) == 2
    assert "ask for 1 to 20" in capsys.readouterr().err


@pytest.mark.parametrize("verb", ["classify", "summarise"])
def test_results_are_kept_and_drawn(
    verb: str, scans: tuple[Path, Path], tmp_path: Path, capsys: Captured
) -> None:
    folder, picture = tmp_path / "out", tmp_path / "boxes.png"
    command = [verb, str(scans[0]), "-o", str(folder), "--annotate", str(picture)]
    assert main(command) == 0
    (written,) = folder.glob("[!.]*")
    assert json.loads(written.read_text())["document_id"]
    with Image.open(picture) as drawn:
        assert len(drawn.getcolors(100_000) or []) > 10
    assert main(command) == 0
    assert "already done" in capsys.readouterr().err
    if verb == "summarise":
        assert main([*command, "-n", "1"]) == 0
        assert len(list(folder.glob("[!.]*"))) == 2

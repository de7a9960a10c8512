"""Several files given to the command line are read side by side; what comes out is as in turn."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from docagent.cli import main
from docagent.ocr.engine import OcrEngine
from docagent.sources.scan import ScanPage
from tests.test_ocr_engine import page


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Five different pages, one file that is no picture, and one of two pages."""
    inputs = tmp_path / "in"
    inputs.mkdir()
    image = page()
    for number in range(5):
        part = np.ascontiguousarray(image[: 240 + 75 * number])
        Image.fromarray(part).save(inputs / f"{number}.png")
    (inputs / "2b.png").write_bytes(b"\x89PNG no picture")
    first, second = Image.fromarray(image[:200]), Image.fromarray(image[200:400])
    first.save(inputs / "4b.tif", save_all=True, append_images=[second])
    return inputs


def read(folder: Path, threads: int, monkeypatch: pytest.MonkeyPatch, capsys) -> tuple[int, str]:
    monkeypatch.setenv("DOCAGENT_THREADS", str(threads))
    code = main(["read", str(folder), "--json"])
    return code, capsys.readouterr().out


def test_results_and_errors_are_as_in_turn(folder: Path, monkeypatch, capsys) -> None:
    in_turn = read(folder, 1, monkeypatch, capsys)
    together = read(folder, 4, monkeypatch, capsys)
    assert together == in_turn
    code, out = together
    rows = [json.loads(line) for line in out.splitlines()]
    assert code == 2
    names = [Path(row["source"]).name for row in rows]
    assert names == ["0.png", "1.png", "2.png", "2b.png", "3.png", "4.png", "4b.tif"]
    assert "error" in rows[3] and all("result" in row for row in rows if row is not rows[3])
    assert len(rows[-1]["result"]["pages"]) == 2


def test_files_are_under_way_at_the_same_time(folder: Path, monkeypatch, capsys) -> None:
    whole, met = OcrEngine.read_page, threading.Barrier(3, timeout=60)

    def waits(self: OcrEngine, scan_page: ScanPage) -> object:
        met.wait()  # breaks, and the page has an error, unless three come together
        return whole(self, scan_page)

    for name in ("2b.png", "3.png", "4.png", "4b.tif"):
        (folder / name).unlink()
    monkeypatch.setattr(OcrEngine, "read_page", waits)
    code, out = read(folder, 3, monkeypatch, capsys)
    assert code == 0
    assert out.count('"result"') == 3


def test_what_is_done_already_is_not_read_ahead(
    folder: Path, tmp_path: Path, monkeypatch, capsys
) -> None:
    output = tmp_path / "out"
    monkeypatch.setenv("DOCAGENT_THREADS", "3")
    assert main(["read", str(folder), "--output", str(output), "--quiet"]) == 2
    (output / "3.png.txt").unlink()
    seen: list[int] = []
    whole = OcrEngine.read_page

    def counts(self: OcrEngine, scan_page: ScanPage) -> object:
        seen.append(scan_page.number)
        return whole(self, scan_page)

    monkeypatch.setattr(OcrEngine, "read_page", counts)
    main(["read", str(folder), "--output", str(output), "--quiet"])
    assert len(seen) == 1
    assert "Northfield" in (output / "3.png.txt").read_text()
    capsys.readouterr()

"""Pages of one source read side by side."""

from __future__ import annotations

import io
import time
from pathlib import Path

import pytest
from PIL import Image

from docagent import DocAgent
from docagent.errors import SourceError
from docagent.ocr.engine import OcrEngine
from docagent.settings import Settings
from docagent.sources.scan import ScanPage

SAMPLES = Path(__file__).parents[1] / "docagent" / "samples"


@pytest.fixture(scope="module")
def tiff() -> bytes:
    """Five pages, each another part of a sample."""
    with Image.open(SAMPLES / "invoice.png") as image:
        grey = image.convert("L")
    height = grey.height // 5
    parts = [grey.crop((0, i * height, grey.width, (i + 1) * height)) for i in range(5)]
    stream = io.BytesIO()
    parts[0].save(stream, "TIFF", save_all=True, append_images=parts[1:])
    return stream.getvalue()


def test_pages_are_as_if_read_one_by_one(tiff: bytes) -> None:
    one_by_one = DocAgent(Settings(threads=1)).read(tiff)
    together = DocAgent(Settings(threads=3)).read(tiff)
    assert together.pages == one_by_one.pages
    assert [page.number for page in together.pages] == [1, 2, 3, 4, 5]
    assert len(together.text) > 200


def test_progress_only_goes_up(tiff: bytes) -> None:
    seen: list[tuple[int, int]] = []
    DocAgent(Settings(threads=3)).read(tiff, lambda done, total: seen.append((done, total)))
    assert seen == [(done, 5) for done in range(6)]


def test_a_bad_page_does_not_cost_the_others(tiff: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = OcrEngine.read_page

    def fails_on_two(self: OcrEngine, page: ScanPage) -> object:
        if page.number == 2:
            raise SourceError("page 2", "it is torn")
        return whole(self, page)

    monkeypatch.setattr(OcrEngine, "read_page", fails_on_two)
    document = DocAgent(Settings(threads=4)).read(tiff)
    assert [page.error for page in document.pages] == ["", "it is torn", "", "", ""]
    assert all(page.lines for page in document.pages if page.number != 2)


def test_a_stop_does_not_wait_for_the_rest(tiff: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []

    def stops(self: OcrEngine, page: ScanPage) -> object:
        read.append(page.number)
        if page.number > 1:
            time.sleep(0.3)
        raise KeyboardInterrupt

    monkeypatch.setattr(OcrEngine, "read_page", stops)
    with pytest.raises(KeyboardInterrupt):
        DocAgent(Settings(threads=2)).read(tiff)
    assert len(read) < 5

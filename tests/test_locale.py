"""One page, read as one locale or another, through every door."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from docagent.agent import DocAgent
from docagent.cli import documents, main
from docagent.document import Page
from docagent.geometry import Polygon
from docagent.reader.scripted import ScriptedReader
from docagent.results import Extraction
from docagent.settings import Settings
from docagent.sources.scan import ScanPage
from tests.documents import page_of

SCHEMA = {
    "type": "object",
    "properties": {
        "date": {"type": "string", "format": "date", "description": "Date of issue"},
        "length": {"type": "number", "description": "Length of the pipe"},
    },
}
SCRIPT = {"date": [("03/04/2025", 0.9)], "length": [("1.234", 0.9)]}
VALUES = [
    ("en-US", "2025-03-04", 1.234),
    ("en-GB", "2025-04-03", 1.234),
    ("de-DE", "2025-04-03", 1234),
]


class Engine:
    def read_page(self, scan_page: ScanPage) -> Page:
        return page_of(["Date  03/04/2025", "Length  1.234"], scan_page.number)

    def read_again(self, scan_page: ScanPage, page: Page, polygon: Polygon) -> str | None:
        return None


def agent(settings: Settings) -> DocAgent:
    return DocAgent(settings, engine=Engine(), reader=ScriptedReader(SCRIPT))


@pytest.fixture
def page(tmp_path: Path) -> Path:
    path = tmp_path / "page.png"
    Image.new("L", (60, 80), 255).save(path)
    return path


@pytest.fixture
def command(
    page: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., str]:
    schema = page.with_name("slip.json")
    schema.write_text(json.dumps(SCHEMA))
    monkeypatch.setattr(documents, "DocAgent", agent)

    def run(*options: str, code: int = 0) -> str:
        assert main(["extract", str(page), "-s", str(schema), "--json", *options]) == code
        out, err = capsys.readouterr()
        return out or err

    return run


def values(extraction: Extraction) -> tuple[object, object]:
    return extraction["date"].value, extraction["length"].value


@pytest.mark.parametrize(("locale", "date", "length"), VALUES)
def test_every_door_gives_the_values_of_the_locale(
    page: Path,
    command: Callable[..., str],
    monkeypatch: pytest.MonkeyPatch,
    locale: str,
    date: str,
    length: float,
) -> None:
    told = command("--locale", locale)
    assert values(Extraction.model_validate_json(told)) == (date, length)
    assert values(agent(Settings()).extract(page, SCHEMA, locale=locale)) == (date, length)
    assert values(agent(Settings(locale=locale)).extract(page, SCHEMA)) == (date, length)
    monkeypatch.setenv("DOCAGENT_LOCALE", locale)
    assert values(Extraction.model_validate_json(command())) == (date, length)


def test_the_option_outranks_the_variable(
    command: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCAGENT_LOCALE", "en-US")
    told = command("--locale", "de_de")
    assert values(Extraction.model_validate_json(told)) == ("2025-04-03", 1234)


def test_a_wrong_locale_is_named_with_what_is_allowed(
    command: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    told = command("--locale", "german", code=2)
    assert "'german' is not allowed: give a language code with an optional region" in told
    monkeypatch.setenv("DOCAGENT_LOCALE", "german")
    assert "DOCAGENT_LOCALE='german' is not allowed" in command(code=2)

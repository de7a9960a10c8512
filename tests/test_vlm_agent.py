"""The cascade behind DocAgent and the command: pictures are sent, results keep their shape."""

from __future__ import annotations

import base64
import io
import json
from typing import Any

import numpy as np
import pytest
from PIL import Image

from docagent.agent import DocAgent
from docagent.cli import main
from docagent.document import Page
from docagent.geometry import Polygon
from docagent.sources.scan import ScanPage
from docagent.vlm.scripted import ScriptedChatModel
from tests.documents import page_of
from tests.vlm_models import ABSENT, BILL_SCHEMA, FAST, DoubtfulReader, cell, wanted
from tests.vlm_server import Act, serving

READER = {"who sells": [("ACMF Widgcts", 0.5)]}


class PaperEngine:
    """Reads the same two lines off every page, turned by 90 degrees, unsure of all."""

    def __init__(self, second: str = "") -> None:
        self.second = second

    def read_page(self, scan_page: ScanPage) -> Page:
        page = page_of(["ACMF Widgcts", "Due 1E2.00"], scan_page.number, 0.5)
        return page.replace(rotation=90)

    def read_again(self, scan_page: ScanPage, page: Page, polygon: Polygon) -> str | None:
        return self.second or None


def sheet() -> np.ndarray[Any, np.dtype[np.uint8]]:
    """A page 600 wide and 400 high; upright it is 400 wide."""
    return np.full((400, 600), 200, np.uint8)


def script(messages: list[Any], options: dict[str, Any]) -> dict[str, Any]:
    said = {"total": cell("L2", "132.00", "corrected"), "items": []}
    return {key: said.get(key, ABSENT) for key in wanted(messages)}


def pictures(messages: list[Any]) -> list[Image.Image]:
    blocks = [b for b in messages[-1].content if b["type"] == "image_url"]
    data = [b["image_url"]["url"].partition(",")[2] for b in blocks]
    return [Image.open(io.BytesIO(base64.b64decode(item))) for item in data]


def test_the_upright_page_and_crops_of_what_is_doubtful_are_sent():
    model = ScriptedChatModel(script=script)
    agent = DocAgent(FAST, engine=PaperEngine(), reader=DoubtfulReader(READER), vlm=model)
    agent.extract(sheet(), BILL_SCHEMA)
    page, crop, small = pictures(model.requests[0][0])
    assert page.size == (400, 600)
    captions = [b["text"] for b in model.requests[0][0][-1].content if "enlarged" in str(b)]
    assert captions == ["L1 enlarged:", "L2 enlarged:"]
    assert small.height > 20
    assert crop.height < 200
    assert crop.width > crop.height


@pytest.mark.parametrize(("second", "value"), [("132.00", 132.0), ("182.00", None), ("", None)])
def test_digits_of_a_field_are_mended_only_if_a_second_read_agrees(second, value, monkeypatch):
    # How far "absent" is believed must not hang on the shipped calibration here.
    monkeypatch.setattr("docagent.agent.load_calibrations", lambda path: {})
    agent = DocAgent(
        FAST,
        engine=PaperEngine(second),
        reader=DoubtfulReader({}),
        vlm=ScriptedChatModel(script=script),
    )
    field = agent.extract(sheet(), BILL_SCHEMA)["total"]
    assert field.value == value
    if value:
        assert (field.raw_text, field.how) == ("1E2.00", "corrected")


def test_a_correction_through_the_agent():
    model = ScriptedChatModel(
        script=lambda m, o: {"L1": "ACME Widgets", "L2": "Due 132.00"}, piece=1000
    )
    agent = DocAgent(FAST, engine=PaperEngine("132.00"), vlm=model)
    correction = agent.correct(sheet())
    assert correction.apply(agent.read(sheet())).text.endswith("Due 132.00")
    assert len(pictures(model.requests[0][0])) > 1


def test_without_pictures_there_is_still_text():
    model = ScriptedChatModel(script=script)
    agent = DocAgent(FAST, engine=PaperEngine(), reader=DoubtfulReader(READER), vlm=model)
    agent.extract(agent.read(sheet()), BILL_SCHEMA)
    assert pictures(model.requests[0][0]) == []


def test_the_command_asks_a_server_and_tells_what_it_cost(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("docagent.ocr.reading.load_engine", lambda settings, own: PaperEngine())
    monkeypatch.setattr("docagent.agent.load_reader", lambda settings: DoubtfulReader(READER))
    schema, page = tmp_path / "bill.json", tmp_path / "page.png"
    schema.write_text(json.dumps(BILL_SCHEMA))
    Image.fromarray(sheet()).save(page)
    command = ["extract", str(page), "--schema", str(schema), "--vlm-url"]
    with serving(lambda body: Act(dict.fromkeys(required(body), ABSENT) | {"items": []})) as server:
        assert main([*command, server.url, "--vlm-model", "base"]) == 0
        assert "model base: used, 1 calls, 77 tokens" in capsys.readouterr().out
        assert main([*command, server.url, "--vlm", "never", "--json"]) == 0
        assert json.loads(capsys.readouterr().out)["vlm"] is None
        assert len(server.requests) == 1
    monkeypatch.setenv("DOCAGENT_VLM_RETRIES", "0")
    assert main([*command, server.url]) == 0
    assert "is the server running?" in capsys.readouterr().out


def required(body: dict[str, Any]) -> list[str]:
    return list(body["response_format"]["json_schema"]["schema"]["required"])

"""``docagent chat``, in this process with questions from a pipe or a pretended terminal."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from docagent.cli import main
from docagent.document import Page
from docagent.geometry import Polygon
from docagent.reader.scripted import ScriptedReader
from docagent.results import Turn
from docagent.sources.scan import ScanPage
from tests.documents import page_of
from tests.vlm_models import cell
from tests.vlm_server import Act, serving

LINES = ["Net 120.00", "VAT 12.00 \x1b[31m", "Signed by Clara Whitfield"]
READER = {
    "how much is the net": [("120.00", 0.9)],
    "how much is the vat": [("12.00", 0.9)],
    "who signed": [("Clara Whitfield", 0.3)],
    "colour": [("12.00 \x1b[31m", 0.9)],
}


class PageEngine:
    def read_page(self, scan_page: ScanPage) -> Page:
        return page_of(LINES, scan_page.number)

    def read_again(self, scan_page: ScanPage, page: Page, polygon: Polygon) -> str | None:
        return None


class Typed(io.StringIO):
    """Standard input that is a terminal."""

    def isatty(self) -> bool:
        return True


Chat = Callable[..., tuple[int, str, str]]


@pytest.fixture
def chat(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Chat:
    scan = tmp_path / "scan.png"
    Image.new("L", (500, 700), 255).save(scan)
    monkeypatch.setattr("docagent.ocr.reading.load_engine", lambda settings, own: PageEngine())
    monkeypatch.setattr("docagent.agent.load_reader", lambda settings: ScriptedReader(READER))

    def run(typed: str, *options: str, terminal: bool = False) -> tuple[int, str, str]:
        stdin = Typed(typed) if terminal else io.StringIO(typed)
        monkeypatch.setattr("sys.stdin", stdin)
        code = main(["chat", str(scan), *options])
        return code, *capsys.readouterr()

    return run


def test_one_question_a_line(chat):
    code, out, err = chat("How much is the net?\n\nand the VAT?\nWho is the president?\n")
    assert code == 0
    assert re.sub(r"\(9\d% sure\)", "(sure)", out).splitlines() == [
        "120.00 (sure)",
        "  page 1, 4% right, 5% down: “120.00”",
        "(How much is the VAT?)",
        "12.00 (sure)",
        "  page 1, 4% right, 7% down: “12.00”",
        "not in the document (I did not find an answer to 'Who is the president?': the document "
        "does not seem to say)",
    ]
    assert err == ""


def test_json_is_one_object_a_question(chat):
    code, out, err = chat("How much is the net?\nand the VAT?\n" + "x" * 2000 + "\n", "--json")
    first, second, third = map(json.loads, out.splitlines())
    assert code == 2
    assert (first["text"], second["text"]) == ("120.00", "12.00")
    assert second["read_as"] == "How much is the VAT?"
    assert Turn.model_validate(first).citations[0].quote == "120.00"
    assert "2000 characters" in third["error"]
    assert third["code"] == "settings.invalid"
    assert "2000 characters" in err


def test_a_terminal_is_greeted_and_an_empty_line_ends(chat):
    code, out, err = chat("How much is the net?\n\nand the VAT?\n", terminal=True)
    assert code == 0
    assert "120.00" in out
    assert "12.00 " not in out
    assert "Ask about scan.png (1 page)" in err
    assert chat("", "--quiet", terminal=True)[2] == ""


def test_text_of_the_page_does_not_steer_the_terminal(chat):
    assert "\x1b" not in chat("Which colour?\n")[1]


def test_standard_input_cannot_be_both(capsys):
    assert main(["chat", "-"]) == 2
    assert "questions come from standard input" in capsys.readouterr().err


def test_a_file_that_is_not_there(capsys):
    assert main(["chat", "nowhere.png"]) == 2
    assert "nowhere.png" in capsys.readouterr().err


def test_a_model_is_asked_where_the_reader_is_unsure(chat):
    def act(body):
        if "tools" in body:
            return Act("no tool parser", status=400)
        return Act({"answers": [cell("L3", "Clara Whitfield")]})

    with serving(act) as server:
        options = ("--vlm", "unsure", "--vlm-url", server.url, "--vlm-model", "base")
        code, out, _ = chat("How much is the net?\nWho signed it?\n", *options)
    assert code == 0
    assert "Clara Whitfield (" in out
    assert out.count("model base: used") == 1


def test_a_fault_of_ours_shows_no_traceback(chat: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    def faulty(self: object, question: str) -> None:
        raise TypeError("oops")

    monkeypatch.setattr("docagent.chat.conversation.Chat.stream", faulty)
    code, _, err = chat("How much is the net?\n")
    assert code == 1
    assert "TypeError: oops (a fault in docagent; --debug shows where)" in err
    assert "Traceback" not in err

"""The command line, run in this process with a scripted reader in place of the models."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pdfplumber
import pytest
from PIL import Image

from docagent.agent import DocAgent
from docagent.cli import documents, main
from docagent.document import Document, Page
from docagent.errors import SourceError
from docagent.geometry import Polygon
from docagent.jobs.inputs import expand_inputs
from docagent.reader.scripted import ScriptedReader
from docagent.results import Answer, Correction, Extraction
from docagent.settings import Settings
from docagent.sources.scan import ScanPage
from tests.documents import page_of

LINES = ["Invoice No.  INV-7", "Date  2024-03-01", "Total  [b]12.50 \x1b[31m"]
SCHEMA = {
    "title": "Slip",
    "type": "object",
    "properties": {
        "total": {"type": "number", "description": "Total amount due", "x-normaliser": "amount"},
        "number": {"type": ["string", "null"], "description": "Number of the invoice"},
    },
    "required": ["total"],
}


class FakeEngine:
    """Reads the same lines from every page; a black page cannot be read."""

    def __init__(self) -> None:
        self.pages_read = 0

    def read_page(self, scan_page: ScanPage) -> Page:
        self.pages_read += 1
        if scan_page.image().max() == 0:
            raise SourceError("page", "it is all black")
        return page_of(LINES, scan_page.number)

    def read_again(self, scan_page: ScanPage, page: Page, polygon: Polygon) -> str | None:
        return None


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> FakeEngine:
    engine = FakeEngine()
    script = {"total amount": [("12.50", 0.9)], "number": [("INV-7", 0.8)], "how much": []}

    def agent(settings: Settings) -> DocAgent:
        return DocAgent(settings, engine=engine, reader=ScriptedReader(script))

    monkeypatch.setattr(documents, "DocAgent", agent)
    return engine


@pytest.fixture
def scan(tmp_path: Path) -> Path:
    return picture(tmp_path / "scan.png")


@pytest.fixture
def schema(tmp_path: Path) -> Path:
    path = tmp_path / "slip.json"
    path.write_text(json.dumps(SCHEMA))
    return path


def picture(path: Path, grey: int = 255) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("L", (500, 700), grey).save(path)
    return path


def tiff(path: Path, greys: list[int]) -> Path:
    first, *rest = [Image.new("L", (500, 700), grey) for grey in greys]
    first.save(path, save_all=True, append_images=rest)
    return path


Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], engine: FakeEngine) -> Run:
    def call(*arguments: object) -> tuple[int, str, str]:
        try:
            code = main([str(argument) for argument in arguments])
        except SystemExit as stop:  # argparse ends so after a usage error, --help and --version
            code = int(stop.code or 0)
        out, err = capsys.readouterr()
        return code, out, err

    return call


class TestRead:
    def test_text_is_printed(self, run: Run, scan: Path) -> None:
        code, out, err = run("read", scan)
        assert (code, err) == (0, "")
        assert (
            out == "\n".join(" ".join(line.split(" ")).replace("  ", " ") for line in LINES) + "\n"
        )

    def test_json_is_the_document(self, run: Run, scan: Path) -> None:
        code, out, _ = run("read", scan, "--json")
        assert code == 0
        assert Document.model_validate_json(out).pages[0].lines[0].words[2].text == "INV-7"

    @pytest.mark.parametrize(
        ("name", "suffix", "start"),
        [
            ("text", ".txt", b"Invoice"),
            ("markdown", ".md", b"Invoice"),
            ("hocr", ".hocr", b"<?xml"),
            ("alto", ".alto.xml", b"<?xml"),
            ("pdf", ".searchable.pdf", b"%PDF-"),
            ("json", ".json", b"{"),
        ],
    )
    def test_every_format_is_written(
        self, run: Run, scan: Path, tmp_path: Path, name: str, suffix: str, start: bytes
    ) -> None:
        code, out, _ = run("read", scan, "--format", name, "-o", tmp_path / "out")
        written = tmp_path / "out" / f"scan.png{suffix}"
        assert code == 0
        assert written.read_bytes().startswith(start)
        assert str(written) in out

    def test_several_formats_with_commas_or_repeated(
        self, run: Run, scan: Path, tmp_path: Path
    ) -> None:
        run("read", scan, "-f", "text,hocr", "-f", "alto", "-o", tmp_path / "out")
        names = sorted(path.name for path in (tmp_path / "out").glob("[!.]*"))
        assert names == ["scan.png.alto.xml", "scan.png.hocr", "scan.png.txt"]

    def test_a_single_result_may_be_named(self, run: Run, scan: Path, tmp_path: Path) -> None:
        target = tmp_path / "mine.pdf"
        assert run("read", scan, "-f", "pdf", "-o", target)[0] == 0
        with pdfplumber.open(target) as pdf:
            assert "INV-7" in pdf.pages[0].extract_text()

    def test_a_page_that_fails_does_not_cost_the_others(self, run: Run, tmp_path: Path) -> None:
        source = tiff(tmp_path / "three.tif", [255, 0, 254])
        code, out, err = run("read", source, "--json")
        pages = Document.model_validate_json(out).pages
        assert [bool(page.lines) for page in pages] == [True, False, True]
        assert pages[1].error == "it is all black"
        assert code == 2
        assert "three.tif: page 2 could not be read: it is all black" in err

    def test_a_page_that_fails_is_blank_in_the_pdf(self, run: Run, tmp_path: Path) -> None:
        source = tiff(tmp_path / "two.tif", [0, 255])
        run("read", source, "-f", "pdf", "-o", tmp_path / "two.pdf")
        with pdfplumber.open(tmp_path / "two.pdf") as pdf:
            assert [bool(page.extract_words()) for page in pdf.pages] == [False, True]

    def test_no_page_at_all_is_an_error(self, run: Run, tmp_path: Path) -> None:
        code, out, err = run("read", picture(tmp_path / "black.png", 0))
        assert (code, out) == (2, "")
        assert err.endswith("black.png: it is all black\n")


class TestExtract:
    def test_table_for_people(self, run: Run, scan: Path, schema: Path) -> None:
        code, out, _ = run("extract", scan, "--schema", schema)
        assert code == 0
        row = next(line for line in out.splitlines() if "total" in line)
        for cell in ("12.5", "12.50", "found", "1"):
            assert cell in row
        assert "valid under the schema" in out

    def test_json_is_the_extraction(self, run: Run, scan: Path, schema: Path) -> None:
        code, out, _ = run("extract", scan, "-s", schema, "--json")
        assert code == 0
        assert json.loads(out)["schema"] == "slip"
        extraction = Extraction.model_validate_json(out)
        assert extraction["number"].value == "INV-7"
        assert extraction["number"].evidence[0].quote == "INV-7"

    def test_annotated_picture(self, run: Run, scan: Path, schema: Path, tmp_path: Path) -> None:
        target = tmp_path / "deep" / "boxes.png"
        code, _, err = run("extract", scan, "-s", schema, "--annotate", target)
        assert code == 0
        assert str(target) in err
        with Image.open(target) as drawn:
            assert drawn.size == (500, 700)
            assert len(drawn.getcolors(100_000) or []) > 10

    def test_an_unknown_schema_is_named(self, run: Run, scan: Path, engine: FakeEngine) -> None:
        code, out, err = run("extract", scan, "--schema", "invoce")
        assert (code, out) == (2, "")
        assert "invoce" in err
        assert "did you mean invoice" in err
        assert engine.pages_read == 0


class TestAskAndCorrect:
    def test_ask(self, run: Run, scan: Path) -> None:
        code, out, _ = run("ask", scan, "What is the invoice number?", "--json")
        answer = Answer.model_validate_json(out)
        assert code == 0
        assert answer.question == "What is the invoice number?"
        assert answer.text == "INV-7"

    def test_ask_for_people(self, run: Run, scan: Path) -> None:
        _, out, _ = run("ask", scan, "What is the invoice number?")
        assert "INV-7" in out
        assert "page 1" in out

    def test_ask_abstains_in_words(self, run: Run, scan: Path) -> None:
        code, out, _ = run("ask", scan, "Who signed it?")
        assert code == 0
        assert "no answer" in out

    def test_correct(self, run: Run, scan: Path) -> None:
        code, out, _ = run("correct", scan, "--json")
        assert code == 0
        assert Correction.model_validate_json(out).edits == ()
        assert "no edits" in run("correct", scan)[1]

    def test_the_corrected_text(self, run: Run, scan: Path) -> None:
        assert run("correct", scan, "--format", "text")[1] == run("read", scan)[1]


class TestSeveral:
    def test_json_lines_with_results_and_errors(self, run: Run, tmp_path: Path) -> None:
        good, missing = picture(tmp_path / "a.png"), tmp_path / "b.png"
        code, out, err = run("read", good, missing, picture(tmp_path / "c.png", 250), "--json")
        lines = [json.loads(line) for line in out.splitlines()]
        assert [Path(line["source"]).name for line in lines] == ["a.png", "b.png", "c.png"]
        assert ["result" in line for line in lines] == [True, False, True]
        Document.model_validate(lines[0]["result"])
        assert code == 2
        assert "there is no such file" in lines[1]["error"]
        assert lines[1]["code"] == "source.missing"
        assert "b.png" in err

    def test_a_folder_is_searched_and_sorted(self, run: Run, tmp_path: Path) -> None:
        for name in ("z.png", "a/b.PNG", ".hidden/x.png", "notes.txt"):
            picture(tmp_path / "in" / name if name != "notes.txt" else tmp_path / "in" / "n.png")
        (tmp_path / "in" / "notes.txt").write_text("no document")
        _, out, _ = run("read", tmp_path / "in", "--json")
        found = [json.loads(line)["source"] for line in out.splitlines()]
        assert [str(Path(f).relative_to(tmp_path / "in")) for f in found] == [
            "a/b.PNG",
            "n.png",
            "z.png",
        ]

    def test_an_empty_folder_is_an_error(self, run: Run, tmp_path: Path) -> None:
        code, _, err = run("read", tmp_path)
        assert code == 2
        assert "no documents in this folder" in err

    def test_work_goes_on_where_it_was(self, run: Run, tmp_path: Path, engine: FakeEngine) -> None:
        folder, out = tmp_path / "in", tmp_path / "in" / "out"
        picture(folder / "a.png")
        run("read", folder, "-o", out, "-f", "text,pdf")
        picture(folder / "sub" / "b.png", 250)
        code, printed, err = run("read", folder, "-o", out, "-f", "text,pdf")
        assert code == 0
        assert engine.pages_read == 2
        assert "a.png: already done" in err
        assert (out / "sub" / "b.png.txt").is_file()
        assert "b.png" in printed
        run("read", folder, "-o", out, "-f", "text,pdf", "--force")
        assert engine.pages_read == 4

    def test_stored_results_are_printed_again(
        self, run: Run, scan: Path, schema: Path, tmp_path: Path
    ) -> None:
        command = ("extract", scan, "-s", schema, "-o", tmp_path / "out", "--json", "-q")
        first, second = run(*command), run(*command)
        assert Extraction.model_validate_json(first[1]) == Extraction.model_validate_json(second[1])

    def test_questions_do_not_overwrite_each_other(
        self, run: Run, scan: Path, tmp_path: Path
    ) -> None:
        for question in ("What number?", "How much?"):
            run("ask", scan, question, "-o", tmp_path / "out")
        assert len(list((tmp_path / "out").glob("[!.]*"))) == 2

    def test_pictures_go_to_a_folder_and_pages_are_numbered(self, run: Run, tmp_path: Path) -> None:
        one, two = picture(tmp_path / "one.png"), tiff(tmp_path / "two.tif", [255, 254])
        run("read", one, two, "--annotate", tmp_path / "boxes")
        assert sorted(path.name for path in (tmp_path / "boxes").iterdir()) == [
            "one.png.annotated.png",
            "two.tif.annotated-1.png",
            "two.tif.annotated-2.png",
        ]

    def test_the_same_file_twice_is_done_once(self, scan: Path) -> None:
        inputs, _ = expand_inputs([str(scan), str(scan.parent), str(scan)])
        assert [item.path for item in inputs] == [scan]


class TestWrongUse:
    @pytest.mark.parametrize(
        ("arguments", "reason"),
        [
            (["read", "{scan}", "-f", "docx"], "'docx' is not a format"),
            (["read", "{scan}", "-f", "text,alto"], "several formats need --output"),
            (["read", "{scan}", "{dir}", "-o", "x.txt"], "name a folder"),
            (["read", "{scan}", "-o", "{scan}"], "scan.png is an input"),
            (["read", "{scan}", "--annotate", "{scan}"], "scan.png is an input"),
            (["read", "{dir}", "-o", "{dir}"], "is an input"),
            (["read", "{scan}", "--annotate", "boxes.docx"], "must end in one of"),
            (
                ["read", "{dir}", "--annotate", "{dir}/no.png/x", "-f", "odt"],
                "'odt' is not a format",
            ),
            (["extract", "{scan}"], "--schema"),
            (["ask", "{scan}"], "QUESTION"),
            (["read", "{dir}/none.png"], "none.png: there is no such file"),
            (["schemas", "no_such"], "no such built-in schema"),
            ([], "VERB"),
        ],
    )
    def test_is_said_in_a_sentence(
        self, run: Run, scan: Path, arguments: list[str], reason: str
    ) -> None:
        filled = [a.format(scan=scan, dir=scan.parent) for a in arguments]
        code, out, err = run(*filled)
        assert (code, out) == (2, "")
        assert reason in err
        assert "Traceback" not in err

    def test_two_inputs_of_one_name_do_not_overwrite_each_other(
        self, run: Run, tmp_path: Path
    ) -> None:
        files = [picture(tmp_path / "a" / "x.png"), picture(tmp_path / "b" / "x.png")]
        code, _, err = run("read", *files, "-o", tmp_path / "out")
        assert code == 2
        assert "would both be written" in err

    def test_a_folder_that_cannot_be_written(self, run: Run, scan: Path, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("")
        code, _, err = run("read", scan, "-o", tmp_path / "file" / "sub")
        assert code == 2
        assert "cannot be written" in err

    def test_a_wrong_environment_variable(
        self, run: Run, scan: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("DOCAGENT_MAX_PAGES", "many")
        code, _, err = run("read", scan)
        assert code == 2
        assert "DOCAGENT_MAX_PAGES='many'" in err

    def test_weights_of_no_folder(self, run: Run, scan: Path, tmp_path: Path) -> None:
        code, _, err = run("read", scan, "--weights", tmp_path / "gone")
        assert code == 2
        assert "gone: no such folder" in err

    def test_a_folder_without_networks(
        self, run: Run, scan: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(documents, "DocAgent", DocAgent)
        code, _, err = run("read", scan, "--weights", tmp_path)
        assert code == 2
        assert f"{tmp_path / 'detector.onnx'}: no such weights file" in err


class TestEnds:
    def test_ctrl_c(self, run: Run, scan: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        def interrupt(*_: Any) -> Page:
            raise KeyboardInterrupt

        monkeypatch.setattr(FakeEngine, "read_page", interrupt)
        code, _, err = run("read", scan)
        assert code == 130
        assert "Traceback" not in err

    def test_a_fault_of_ours_is_told_apart_and_the_rest_is_done(
        self, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        real = FakeEngine.read_page

        def faulty(self: FakeEngine, scan_page: ScanPage) -> Page:
            if scan_page.image().max() == 200:
                raise TypeError("oops")
            return real(self, scan_page)

        monkeypatch.setattr(FakeEngine, "read_page", faulty)
        files = [picture(tmp_path / "a.png", 200), picture(tmp_path / "b.png")]
        code, out, err = run("read", *files)
        assert code == 1
        assert "TypeError: oops (a fault in docagent" in err
        assert "INV-7" in out

    def test_version_and_help(self, run: Run) -> None:
        assert run("--version")[1].startswith("docagent 0.")
        for verb in ("read", "correct", "ask", "extract", "classify", "summarise", "schemas"):
            assert verb in run("--help")[1]
            assert run(verb, "--help")[0] == 0

    def test_standard_input(self, run: Run, scan: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        stream = io.TextIOWrapper(io.BytesIO(scan.read_bytes()))
        monkeypatch.setattr(sys, "stdin", stream)
        code, out, _ = run("read", "-")
        assert code == 0
        assert "INV-7" in out


class TestTerminal:
    def test_bar_and_clean_text(
        self, run: Run, scan: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("sys.stderr.isatty", lambda: True)
        monkeypatch.setattr("sys.stdout.isatty", lambda: True)
        code, out, err = run("read", scan, tiff(tmp_path / "t.tif", [255, 254]))
        assert code == 0
        assert "2/2 page 1/2" in err
        assert err.endswith("\r\x1b[K")
        assert "\x1b" not in out, "the document's own escape sequence is not sent to a terminal"
        assert "\ufffd[31m" in out

    def test_quiet(self, run: Run, scan: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("sys.stderr.isatty", lambda: True)
        assert run("read", scan, "-q")[2] == ""

    def test_no_pdf_to_a_terminal(
        self, run: Run, scan: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("sys.stdout.isatty", lambda: True)
        code, _, err = run("read", scan, "-f", "pdf")
        assert code == 2
        assert "not for a terminal" in err


class TestSchemas:
    def test_list(self, run: Run) -> None:
        code, out, _ = run("schemas")
        assert code == 0
        for name in ("invoice", "receipt", "nda", "lab_report"):
            assert name in out

    def test_fields_of_one(self, run: Run) -> None:
        code, out, _ = run("schemas", "invoice")
        assert code == 0
        assert "total" in out

    def test_json(self, run: Run) -> None:
        assert "finance/invoice" in json.loads(run("schemas", "--json")[1])
        assert json.loads(run("schemas", "invoice", "--json")[1])["type"] == "object"

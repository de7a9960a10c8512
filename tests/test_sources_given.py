"""What a source may be (streams too), which of its pages are read, and passwords."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from docagent import DocAgent, Settings, SettingsError, SourceError, load
from docagent.cli import main
from docagent.sources.page_selection import parse_pages
from tests.documents import document_of
from tests.pdf_files import PdfPage, locked_pdf, pdf_bytes, text_at

WORDS = ["alpha first page", "beta second page", "gamma third page", "delta fourth page"]
PAGES = pdf_bytes(*(PdfPage(text_at(72, 700, words)) for words in WORDS))


class Trickle(io.RawIOBase):
    """A stream that gives a few bytes at a time, as sockets do."""

    def __init__(self, data: bytes) -> None:
        self._rest = io.BytesIO(data)

    def read(self, size: int = -1) -> bytes:
        return self._rest.read(min(7, size))


@pytest.fixture(scope="module")
def agent() -> DocAgent:
    return DocAgent()


def test_streams_are_sources(agent: DocAgent, tmp_path: Path) -> None:
    path = tmp_path / "four.pdf"
    path.write_bytes(PAGES)
    whole = agent.read(PAGES)
    with path.open("rb") as file:
        from_file = agent.read(file)
    assert from_file.name == "four.pdf"
    for found in (from_file, agent.read(io.BytesIO(PAGES)), agent.read(Trickle(PAGES))):
        assert (found.id, found.text) == (whole.id, whole.text)


@pytest.mark.parametrize("verb", ["read", "correct", "ask", "chat", "extract", "summarise"])
def test_every_verb_takes_a_stream_that_can_be_read_once(agent: DocAgent, verb: str) -> None:
    arguments = {"ask": ["Which page?"], "extract": ["invoice"]}.get(verb, [])
    result = getattr(agent, verb)(Trickle(PAGES), *arguments)
    document_id = {"read": "id"}.get(verb, "document_id")
    found = result.document.id if verb == "chat" else getattr(result, document_id)
    assert found == agent.read(PAGES).id


def test_a_stream_that_is_no_file_of_bytes_is_an_error(agent: DocAgent) -> None:
    closed = io.BytesIO(PAGES)
    closed.close()
    cases = [(io.StringIO("text"), "mode 'rb'"), (closed, "closed"), (io.BytesIO(), "empty")]
    for stream, reason in cases:
        with pytest.raises(SourceError, match=reason):
            agent.read(stream)


def test_a_stream_is_not_read_beyond_the_limit() -> None:
    endless = io.BytesIO(b"%PDF-" + bytes(5000))
    with pytest.raises(SourceError, match="larger than"):
        load(endless, Settings(max_bytes=100))
    assert endless.tell() == 101


@pytest.mark.parametrize(
    ("pages", "numbers"),
    [
        ("2", [2]),
        ("1-2", [1, 2]),
        ("3-", [3, 4]),
        ("1,3-", [1, 3, 4]),
        (" 4 , 1 - 2 , 2", [1, 2, 4]),
        ("2-99", [2, 3, 4]),
        (3, [3]),
        ([4, 1, 4], [1, 4]),
        (range(2, 4), [2, 3]),
    ],
)
def test_chosen_pages_are_read_and_keep_their_numbers(agent, pages, numbers) -> None:
    document = agent.read(PAGES, pages=pages)
    assert [page.number for page in document.pages] == numbers
    assert document.text == "\n\n".join(WORDS[number - 1] for number in numbers)
    assert document.id == agent.read(PAGES).id
    assert agent.read(agent.read(PAGES), pages=pages).text == document.text
    assert agent.read(load(PAGES), pages=pages).text == document.text


@pytest.mark.parametrize(
    "pages", ["", "x", "0", "3-1", "1;2", "-", "-2", "1--2", 0, -1, [], [0], ["1"], True, 1.5, b"1"]
)
def test_a_choice_of_pages_that_is_wrong_is_refused_before_the_source_is_read(agent, pages) -> None:
    with pytest.raises(SettingsError, match="pages") as caught:
        agent.read("no such file.pdf", pages=pages)
    assert "1-3,7-" in str(caught.value)


@pytest.mark.parametrize("pages", ["5", "1,7-", [1, 9]])
def test_a_page_that_is_not_there_is_an_error_of_the_source(agent: DocAgent, pages) -> None:
    with pytest.raises(SourceError, match="it has 4 pages, so that there is no page") as caught:
        agent.read(PAGES, pages=pages)
    assert caught.value.code == "source.no_page"


@given(st.sets(st.integers(1, 30), min_size=1), st.integers(1, 30))
def test_a_choice_written_as_text_or_numbers_is_the_same(numbers: set[int], count: int) -> None:
    text = ",".join(map(str, numbers))
    inside = {number for number in numbers if number <= count}
    if inside == numbers:
        assert parse_pages(text).numbers(count, "x") == tuple(sorted(numbers))
        assert parse_pages(numbers).numbers(count, "x") == tuple(sorted(numbers))
    else:
        for choice in (text, numbers):
            with pytest.raises(SourceError):
                parse_pages(choice).numbers(count, "x")


def test_evidence_on_chosen_pages_names_their_numbers(agent: DocAgent) -> None:
    schema = {"properties": {"total": {"type": "string", "x-labels": ["Total"]}}}
    pages = pdf_bytes(
        PdfPage(text_at(72, 700, "Total: 11.00")), PdfPage(text_at(72, 700, "Total: 22.00"))
    )
    field = agent.extract(pages, schema, pages="2")["total"]
    assert (field.raw_text, [place.page for place in field.evidence]) == ("22.00", [2])


def test_only_chosen_pages_count_for_the_limit() -> None:
    agent = DocAgent(Settings(max_pages=2))
    with pytest.raises(SourceError, match=r"4 pages, more than the 2 allowed; choose some \(pages"):
        agent.read(PAGES)
    assert len(agent.read(PAGES, pages="3-").pages) == 2
    tiff = io.BytesIO()
    frame = Image.new("L", (40, 40), 255)
    frame.save(tiff, "TIFF", save_all=True, append_images=[frame] * 3)
    with pytest.raises(SourceError, match="4 pages, more than the 2 allowed"):
        load(tiff.getvalue(), Settings(max_pages=2))
    assert [p.number for p in load(tiff.getvalue(), Settings(max_pages=2), pages=[4]).pages] == [4]


def test_a_password_opens_an_encrypted_file_and_nothing_else_does(agent: DocAgent) -> None:
    locked = locked_pdf("Secret total 12.50", "k\u00e4se")
    for wrong, reason in ((None, "give the password"), ("guess", "another password")):
        with pytest.raises(SourceError, match=reason) as caught:
            agent.read(locked, password=wrong)
        assert caught.value.code == "source.encrypted"
        assert "guess" not in str(caught.value)
    assert agent.read(locked, password="k\u00e4se").text == "Secret total 12.50"
    with pytest.raises(SourceError):  # what one has opened is not open for others
        agent.read(locked)
    assert DocAgent(Settings(pdf_password="k\u00e4se")).read(locked).text == "Secret total 12.50"


def test_a_password_is_text(agent: DocAgent) -> None:
    with pytest.raises(SettingsError, match="password"):
        agent.read(PAGES, password=5)  # type: ignore[arg-type]


def test_the_command_line_takes_pages_and_a_password(tmp_path, capsys, monkeypatch) -> None:
    (tmp_path / "four.pdf").write_bytes(PAGES)
    (tmp_path / "locked.pdf").write_bytes(locked_pdf("Opened", "k"))
    assert main(["read", str(tmp_path / "four.pdf"), "--pages", "2,4"]) == 0
    assert capsys.readouterr().out.split("\n\n") == [WORDS[1], WORDS[3] + "\n"]
    assert main(["read", str(tmp_path / "locked.pdf"), "--password", "k"]) == 0
    assert capsys.readouterr().out == "Opened\n"
    monkeypatch.setenv("DOCAGENT_PDF_PASSWORD", "k")
    assert main(["read", str(tmp_path / "locked.pdf")]) == 0
    assert main(["read", str(tmp_path / "four.pdf"), "--pages", "0", "--json"]) == 2
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["code"] == "settings.invalid"


def test_results_of_other_pages_are_not_current(tmp_path, capsys) -> None:
    (tmp_path / "four.pdf").write_bytes(PAGES)
    command = ["read", str(tmp_path / "four.pdf"), "--output", str(tmp_path / "out")]
    for pages, note in (("1", ""), ("1", "already done"), ("2", "other options")):
        assert main([*command, "--pages", pages]) == 0
        assert note in capsys.readouterr().err
    assert WORDS[1] in (tmp_path / "out/four.pdf.txt").read_text()


def test_a_document_is_exported_by_its_methods(agent: DocAgent) -> None:
    document = agent.read(PAGES)
    assert document.to_text() == document.text + "\n"
    assert "alpha first page" in document.to_markdown()
    assert "ocrx_word" in document.to_hocr() and "<alto" in document.to_alto()
    assert type(document).model_validate_json(document.to_json()) == document
    made = document.to_searchable_pdf(io.BytesIO(PAGES))
    assert DocAgent().read(made).text.split() == document.text.split()
    with pytest.raises(SourceError, match="not the source"):
        document_of(["other"]).to_searchable_pdf(PAGES)

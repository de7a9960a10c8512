"""Results as HTML, in files and notebooks: what is shown, and that documents stay inert in it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from types import SimpleNamespace
from typing import Any

import pytest
from PIL import Image

from docagent import (
    Answer,
    Check,
    Classification,
    Correction,
    DocAgent,
    Document,
    Edit,
    Evidence,
    Extraction,
    Field,
    Sentence,
    SourceError,
    Span,
    Summary,
    load,
)
from docagent.export import result_to_fragment
from docagent.sources.recent import MAX_DOCUMENTS, RECENT
from tests.documents import document_of
from tests.pdf_files import PdfPage, pdf_bytes, text_at

PAGES = pdf_bytes(
    *(PdfPage(text_at(72, 700, f"Page {number} of this document")) for number in range(1, 8))
)
BOX = ((0.1, 0.1), (0.3, 0.1), (0.3, 0.2), (0.1, 0.2))
HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "\"><svg onload='alert(1)'>",
    "</title></svg><iframe src=//evil>",
    "</style><link rel=stylesheet href=//evil>",
    "javascript:alert(1)\x00\x1b[31m",
]
ALLOWED = {
    *("html", "head", "meta", "title", "body", "div", "style", "table", "caption", "tr", "th"),
    *("td", "p", "figure", "svg", "image", "polygon"),
}


class Tags(HTMLParser):
    """The tags and attributes of HTML, and its text without those of the style."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.words: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    handle_startendtag = handle_starttag

    def handle_data(self, data: str) -> None:
        if self.tags[-1:] != ["style"]:
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(self.words)


def place(page: int, quote: str = "x") -> Evidence:
    return Evidence(page=page, span=Span(start=0, end=1), quote=quote, polygons=(BOX,))


def results(text: str, document_id: str, page: int = 1) -> list[Any]:
    """A result of every kind that says a text."""
    evidence = (place(page, text),)
    field = Field(path="total", raw_text=text, value=text, confidence=0.9, status="found",
                  evidence=evidence)  # fmt: skip
    check = Check(kind="sum", name=text, status="failed", message=text, paths=("total",))
    edit = Edit(page=page, span=Span(start=0, end=1), before=text, after=text, polygon=BOX,
                confidence=0.4, source="words", accepted=True, reason=text)  # fmt: skip
    shared = {"document_id": document_id}
    return [
        Extraction(**shared, schema_name=text, fields=(field,), checks=(check,), data={},
                   valid=False, errors=(text,)),
        Answer(**shared, question=text, text=text, confidence=0.9, citations=evidence,
               message=text),
        Classification(**shared, kind=text, confidence=0.9, evidence=evidence),
        Summary(**shared, sentences=(Sentence(text=text, evidence=evidence),), message=text),
        Correction(**shared, edits=(edit,)),
    ]  # fmt: skip


@pytest.fixture
def notebook(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    ipython = SimpleNamespace(get_ipython=lambda: object())
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    yield
    RECENT.clear()


@pytest.mark.parametrize("text", HOSTILE)
def test_html_in_a_document_is_inert(text: str) -> None:
    scan = load(PAGES)
    document = document_of([text]).replace(id=scan.id, name=text)
    for result in [document, *results(text, scan.id)]:
        for html in (result.to_html(scan), result.to_html(), result._repr_html_()):
            found = Tags(html)
            assert set(found.tags) <= ALLOWED
            names = {name for name, _ in found.attributes}
            assert not any(name.startswith("on") or name == "src" for name in names)
            addresses = [value for name, value in found.attributes if name == "href"]
            assert all(value.startswith("data:image/webp;base64,") for value in addresses)
            assert text.rstrip("\x00\x1b[31m") in found.text
            assert "\x00" not in html and "\x1b" not in html


def test_a_file_forbids_whatever_it_does_not_have() -> None:
    html = document_of(["Total 12.50"]).to_html()
    assert html.startswith("<!DOCTYPE html>") and "default-src 'none'" in html


def test_values_places_and_doubts_are_shown() -> None:
    scan = load(PAGES)
    doubtful = Field(path="date", value=None, status="ambiguous", evidence=(place(2),))
    made = results("12.50", scan.id)[0]
    html = made.replace(fields=(*made.fields, doubtful)).to_html(scan)
    found = Tags(html)
    assert found.tags.count("svg") == 2
    assert found.tags.count("polygon") == 2
    assert "ambiguous" in found.text and "90%" in found.text
    assert "Check failed: 12.50" in found.text and "Not valid: 12.50" in found.text
    (points, *_) = [value for name, value in found.attributes if name == "points"]
    box = next(value for name, value in found.attributes if name == "viewbox").split()
    assert points.split()[0] == f"{0.1 * int(box[2]):.1f},{0.1 * int(box[3]):.1f}"


def test_few_pages_and_rows_are_shown() -> None:
    scan = load(PAGES)
    evidence = tuple(place(number) for number in range(1, 8))
    answer = Answer(document_id=scan.id, question="q", text="a", citations=evidence)
    found = Tags(answer.to_html(scan))
    assert found.tags.count("svg") == 5
    assert "2 more pages are not shown." in found.text
    long = document_of([f"line {number}" for number in range(400)])
    assert "100 more rows are not shown." in Tags(long.to_html()).text


def test_a_turned_page_is_shown_upright(tmp_path) -> None:
    path = tmp_path / "wide.png"
    Image.new("L", (400, 200), 255).save(path)
    scan = load(path)
    page = document_of(["x"]).pages[0].replace(rotation=90)
    turned = Document(id=scan.id, pages=(page,))
    answer = Answer(document_id=scan.id, question="q", text="a", citations=(place(1),))
    for html in (turned.to_html(path), answer.to_html(path, document=turned)):
        assert 'viewBox="0 0 200 400"' in html
    assert 'viewBox="0 0 400 200"' in answer.to_html(path)


def test_another_source_is_refused() -> None:
    with pytest.raises(SourceError, match="not the source"):
        document_of(["x"]).to_html(PAGES)


def test_a_notebook_shows_the_pages_of_what_it_read(notebook: None) -> None:
    agent = DocAgent()
    document = agent.read(PAGES)
    assert "<svg" in document._repr_html_()
    assert (
        "<svg"
        in agent.ask(PAGES, "Which page is this?", pages=[2])
        .replace(citations=(place(2),))
        ._repr_html_()
    )
    for number in range(MAX_DOCUMENTS):
        agent.read(pdf_bytes(PdfPage(text_at(72, 700, f"Other {number}"))))
    assert "<svg" not in document._repr_html_()


def test_elsewhere_nothing_is_kept() -> None:
    document = DocAgent().read(PAGES)
    assert RECENT.find(document.id) is None
    assert "to_html(source)" in result_to_fragment(document)

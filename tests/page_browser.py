"""Chromium for tests of the page, and libraries of documents made without reading anything."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Browser, ConsoleMessage, Page

from docagent.document import Document, Line, Word
from docagent.document import Page as DocumentPage
from docagent.geometry import bbox_to_polygon
from docagent.results import Check, Evidence, Extraction, Field
from docagent.store import open_store
from docagent.store.store import Library
from tests.api_server import ROOT, ApiServer

AXE = ROOT / ".browser/node_modules/axe-core/axe.min.js"
"""``.ci/browser`` puts it there."""

TIMEOUT_MS = 60_000
"""Times on a shared machine say nothing about the code."""


@contextmanager
def open_page(browser: Browser, address: str, **options: Any) -> Iterator[Page]:
    """A page in a context of its own. Anything that the browser complains of fails the test: errors
    of scripts, and whatever the content security policy blocked."""
    context = browser.new_context(viewport={"width": 1280, "height": 860}, **options)
    page = context.new_page()
    page.set_default_timeout(TIMEOUT_MS)
    complaints: list[str] = []

    def on_console(message: ConsoleMessage) -> None:
        # A 401 before logging in is what the page asks for.
        if message.type == "error" and "401" not in message.text:
            complaints.append(message.text)

    page.on("console", on_console)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("dialog", lambda dialog: complaints.append(f"dialog: {dialog.message}"))
    try:
        page.goto(address)
        yield page
        assert not complaints
    finally:
        context.close()


@contextmanager
def library_of(server: ApiServer, owner: str = "local") -> Iterator[Library]:
    """The library that a server shows, to put documents into it."""
    store = open_store(server.settings)
    try:
        yield store.library(owner)
    finally:
        store.close()


def add_document(library: Library, name: str, rows: Sequence[Sequence[str]]) -> Document:
    """A white page that was read: one line for each row, words in columns."""
    encoded = io.BytesIO()
    shade = 200 + len(library.documents.list(1000).items) % 55  # so that each file is another one
    Image.new("L", (600, 800), shade).save(encoded, "PNG")
    stored, _ = library.documents.add(encoded.getvalue(), name, "image/png")
    height, width = 1 / (len(rows) + 1), 1 / (max(map(len, rows)) + 1)
    lines = []
    for y, row in enumerate(rows):
        boxes = [
            ((x + 0.5) * width, (y + 0.5) * height, (x + 1.3) * width, (y + 1.2) * height)
            for x in range(len(row))
        ]
        words = [
            Word(text=text, polygon=bbox_to_polygon(box), confidence=0.9)
            for text, box in zip(row, boxes, strict=True)
        ]
        lines.append(Line(words=tuple(words)))
    page = DocumentPage(number=1, width=600, height=800, lines=tuple(lines))
    document = Document(id=stored.id, name=name, pages=(page,))
    library.documents.save_reading(document)
    return document


def add_extraction(
    library: Library,
    document: Document,
    found: Mapping[str, tuple[str, Any, float]],
    absent: Sequence[str] = (),
    failed: Sequence[Check] = (),
) -> str:
    """An extraction as a receipt; the id of the result. found: by path of the field the word that
    proves it, its value, and the confidence. absent: fields that the page does not have."""
    fields = [_found(document, path, *said) for path, said in found.items()]
    fields += [Field(path=path, status="not_present", absence=0.7) for path in absent]
    extraction = Extraction(
        document_id=document.id,
        schema_name="receipt",
        fields=tuple(fields),
        checks=tuple(failed),
        data={path: value for path, (_, value, _) in found.items()},
        valid=True,
    )
    saved = library.results.save(document.id, "extract", {"schema": "receipt"}, extraction)
    return saved.id


def _found(document: Document, path: str, text: str, value: Any, confidence: float) -> Field:
    place = next(word for word in document.words if word.word.text == text)
    evidence = Evidence(page=1, span=place.span, quote=text, polygons=(place.word.polygon,))
    return Field(
        path=path,
        raw_text=text,
        value=value,
        confidence=confidence,
        status="found",
        evidence=(evidence,),
    )


def serious_faults(page: Page) -> list[str]:
    """What axe finds on a page that is serious or critical."""
    page.evaluate(Path(AXE).read_text("utf-8"))
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{fault['id']}: {node['html'][:120]} {node['failureSummary'][:200]}"
        for fault in found["violations"]
        if fault["impact"] in ("serious", "critical")
        for node in fault["nodes"]
    ]

"""Which pictures a model gets: the same pages whatever is asked, and what is doubtful or small."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

from docagent.cascade.document_view import DocumentView, Place
from docagent.document import Document, Line, Page, Word
from docagent.geometry import bbox_to_polygon
from docagent.schemas import load_schema
from docagent.settings import Settings
from docagent.tasks.extraction.cascade import extract_unsure
from docagent.tasks.extraction.embedded import ExtractionOptions, extract
from docagent.vlm.calls import Asker, count_images, keep_images
from docagent.vlm.scripted import ScriptedChatModel
from tests.vlm_models import ABSENT, BILL_SCHEMA, FAST, DoubtfulReader, wanted


def printed(texts: list[str], number: int = 1, height: float = 0.016) -> Page:
    """A page of 1000 x 1400 pixels with lines of a height, relative to the page."""
    lines = []
    for row, text in enumerate(texts):
        words, x = [], 0.1
        for piece in text.split():
            box = (x, 0.05 + 0.02 * row, x + 0.1, 0.05 + 0.02 * row + height)
            words.append(Word(text=piece, polygon=bbox_to_polygon(box), confidence=0.99))
            x += 0.15
        lines.append(Line(words=tuple(words)))
    return Page(number=number, width=1000, height=1400, lines=tuple(lines))


def document_of(*pages: Page) -> Document:
    return Document(id="0" * 64, pages=pages)


def look_of(document: Document, images: int = 4, **settings: Any) -> DocumentView:
    page = np.full((1400, 1000), 200, np.uint8)
    values = {"vlm_images": images, "vlm_pixels": 1_500_000, **settings}
    return DocumentView(document, Settings(**values), lambda number: page)


def blocks(view: DocumentView, places: list[Place] | None, part: int = 0) -> list[str]:
    """What is sent of the user's message, pictures by their URL."""
    values = {"question": "?", "complaints": []}
    request = view.request(
        "ask", values, view.parts[part], [], json_schema=None, is_usable=bool, places=places
    )
    assert count_images(request.messages) <= view.settings.vlm.images
    sent = request.messages[1]["content"]
    return [b.get("text") or b["image_url"]["url"] for b in sent]


def captions(sent: list[str]) -> list[str]:
    return [text for text in sent if text.endswith(" enlarged:")]


def place(document: Document, line: int, page: int = 1) -> Place:
    return page, document.pages[page - 1].lines[line].words[0].polygon


@pytest.mark.parametrize("images", range(6))
@pytest.mark.parametrize("pages", [1, 3])
def test_the_pages_shown_do_not_hang_on_what_is_asked(images: int, pages: int):
    document = document_of(*(printed(["a b", "c d"] * 8, n + 1) for n in range(pages)))
    view = look_of(document, images)
    asked = [[], [place(document, 3)], [place(document, n) for n in (0, 4, 8, 12, 15)]]
    sent = [blocks(view, places) for places in asked]
    shown = min(pages, images - images // 2)
    assert all(s[: shown + 2] == sent[0] for s in sent)
    assert [len(captions(s)) for s in sent] == [0, *(min(n, images - shown) for n in (1, 5))]


def test_crops_are_captioned_with_the_lines_they_show():
    document = document_of(printed(["a b", "c d"] * 8))
    places = [place(document, n) for n in (2, 3, 4, 12)]
    assert captions(blocks(look_of(document, 2), places)) == ["L3-L13 enlarged:"]
    assert captions(blocks(look_of(document, 3), places)) == ["L3-L5 enlarged:", "L13 enlarged:"]


def test_places_in_another_part_of_a_page_are_not_shown():
    document = document_of(printed(["word " * 6] * 40))
    view = look_of(document, vlm_chars=400)
    assert len(view.parts) > 2
    assert captions(blocks(view, [place(document, 39)])) == []
    assert captions(blocks(view, [place(document, 39)], part=-1)) == ["L40 enlarged:"]


@pytest.mark.parametrize(
    ("height", "pixels", "shown"),
    [(0.016, 1_500_000, []), (0.006, 1_500_000, ["L1-L4"]), (0.016, 250_000, ["L1-L4"])],
)
def test_lines_too_small_on_the_page_picture_are_enlarged(height, pixels, shown):
    document = document_of(printed(["a b"] * 4, height=height))
    view = look_of(document, 2, vlm_pixels=pixels)
    assert captions(blocks(view, [])) == [f"{ids} enlarged:" for ids in shown]
    assert captions(blocks(view, None)) == []


def test_what_is_doubtful_comes_before_what_is_small():
    document = document_of(printed(["a b"] * 4, height=0.006))
    view = look_of(document, 2, vlm_pixels=1_500_000)
    assert captions(blocks(view, [place(document, 2)])) == ["L3 enlarged:"]
    more = look_of(document, 5, vlm_pixels=1_500_000)
    assert captions(blocks(more, [place(document, 2)])) == [
        "L3 enlarged:",
        "L1 enlarged:",
        "L2 enlarged:",
        "L4 enlarged:",
    ]


def test_doubtful_cells_of_a_table_are_shown():
    document = document_of(printed(["What Price", "Nuts 20.00", "Bolts 5.00", "Pins 7.00"]))
    reader = {
        "what": [("Nuts", 0.99), ("Bolts", 0.99), ("Pins", 0.99)],
        "how dear": [("20.00", 0.99), ("5.00", 0.6), ("7.00", 0.99)],
    }
    schema = load_schema(BILL_SCHEMA)
    model = ScriptedChatModel(
        script=lambda m, o: {k: [] if k == "items" else ABSENT for k in wanted(m)}
    )
    view = look_of(document)
    embedded = extract(document, schema, DoubtfulReader(reader), ExtractionOptions(calibrations={}))
    extract_unsure(view, schema, embedded, Asker(model, FAST))
    content = model.requests[0][0][-1].content
    shown = captions([b.get("text", "") for b in content])
    assert "L3 enlarged:" in shown
    assert not any("L2" in caption or "L4" in caption for caption in shown)


def test_a_picture_that_is_left_out_takes_its_caption_along():
    document = document_of(printed(["a b", "c d"] * 8))
    view = look_of(document)
    request = view.request(
        "ask",
        {"question": "?", "complaints": []},
        view.parts[0],
        [],
        json_schema=None,
        is_usable=bool,
        places=[place(document, 1), place(document, 9)],
    )
    for most in (0, 1, 2):
        kept = keep_images(request.messages, most)
        text = " ".join(b.get("text", "") for b in kept[1]["content"])
        assert count_images(kept) == most
        assert len(re.findall(r"enlarged:", text)) == max(0, most - 1)
        assert "BEGIN DOCUMENT" in text
        assert len(kept[1]["content"]) == 2 + most + max(0, most - 1)

"""Marks are where the evidence is, in its colours, and labels keep out of the way."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from docagent.document import Page, Span
from docagent.export.annotated_pages import (
    BLUE,
    GREEN,
    GREY,
    MIN_DOUBTFUL_CONFIDENCE,
    MIN_SURE_CONFIDENCE,
    ORANGE,
    PALETTE,
    VERMILION,
    Mark,
    answer_to_marks,
    draw_marks,
    edits_to_marks,
    extraction_to_marks,
    page_picture,
    words_to_marks,
)
from docagent.geometry import Polygon, bbox_to_polygon
from docagent.results import Answer, Edit, Evidence, Extraction, Field
from tests.documents import page_of

BOX = bbox_to_polygon((0.2, 0.4, 0.6, 0.6))


def evidence(page: int = 1, polygons: tuple[Polygon, ...] = (BOX,)) -> Evidence:
    return Evidence(page=page, span=Span(start=0, end=1), quote="x", polygons=polygons)


def field(path: str, page: int = 1, confidence: float | None = 0.87) -> Field:
    return Field(path=path, status="found", confidence=confidence, evidence=(evidence(page),))


def extraction(*fields: Field) -> Extraction:
    return Extraction(document_id="0", schema="s", fields=fields, data={}, valid=True)


def test_fields_have_their_own_colours_and_labels() -> None:
    marks = extraction_to_marks(extraction(field("total"), field("date", confidence=None)), 1)
    assert [m.label for m in marks] == ["total 87%", "date"]
    assert [m.colour for m in marks] == list(PALETTE[:2])
    assert not any(m.thin for m in marks)


def test_table_columns_are_thin_share_a_colour_and_one_label() -> None:
    paths = ["items[0].name", "items[1].name", "items[1].price", "items[2].price"]
    marks = extraction_to_marks(extraction(*map(field, paths)), 1)
    assert all(m.thin for m in marks)
    assert [m.label for m in marks] == ["name", "", "price", ""]
    assert marks[0].colour == marks[1].colour != marks[2].colour == marks[3].colour


def test_only_the_evidence_of_the_page_is_marked() -> None:
    result = extraction(field("a", page=1), field("b", page=2))
    assert [m.label for m in extraction_to_marks(result, 2)] == ["b 87%"]


def test_a_value_over_two_lines_is_labelled_once() -> None:
    two = Field(path="a", status="found", confidence=1.0, evidence=(evidence(polygons=(BOX, BOX)),))
    assert [m.label for m in extraction_to_marks(extraction(two), 1)] == ["a 100%", ""]


@pytest.mark.parametrize(
    ("confidence", "colour"),
    [
        (1.0, BLUE),
        (MIN_SURE_CONFIDENCE, BLUE),
        (0.7, ORANGE),
        (MIN_DOUBTFUL_CONFIDENCE, ORANGE),
        (0.1, VERMILION),
        (None, GREY),
    ],
)
def test_words_are_coloured_by_confidence(confidence: float | None, colour: object) -> None:
    marks = words_to_marks(page_of(["one two"], confidence=confidence))
    assert [m.colour for m in marks] == [colour, colour]


def test_answers_and_edits() -> None:
    answer = Answer(document_id="0", question="?", text="x", citations=(evidence(), evidence(2)))
    assert [m.label for m in answer_to_marks(answer, 2)] == ["citation 2"]
    edit = Edit(
        page=1,
        span=Span(start=0, end=2),
        before="rn",
        after="m",
        polygon=BOX,
        confidence=0.5,
        source="alternative",
        accepted=True,
        reason="",
    )
    rejected = edit.replace(accepted=False)
    marks = edits_to_marks([edit, rejected], 1)
    assert [(m.colour, m.label) for m in marks] == [(GREEN, "rn \u2192 m"), (GREY, "")]
    assert edits_to_marks([edit], 2) == ()


def test_the_outline_is_drawn_on_the_polygon_and_nowhere_else() -> None:
    picture = Image.new("L", (400, 400), 255)
    drawn = np.asarray(draw_marks(picture, [Mark(BOX, BLUE)]))
    assert tuple(drawn[160, 160]) == BLUE
    assert drawn.shape == (400, 400, 3)
    coloured = (drawn != 255).any(axis=2)
    ys, xs = np.nonzero(coloured)
    assert xs.min() == pytest.approx(80, abs=2)
    assert xs.max() == pytest.approx(240, abs=2)
    assert ys.min() == pytest.approx(160, abs=2)
    assert ys.max() == pytest.approx(240, abs=2)
    assert np.asarray(picture).min() == 255, "the page image itself is not changed"


def test_labels_are_legible_and_cover_no_mark() -> None:
    picture = Image.new("L", (800, 800), 255)
    above = bbox_to_polygon((0.2, 0.3, 0.6, 0.39))
    plain = np.asarray(draw_marks(picture, [Mark(above, GREEN), Mark(BOX, BLUE)])).astype(int)
    labelled = np.asarray(draw_marks(picture, [Mark(above, GREEN), Mark(BOX, BLUE, "total")]))
    ys, xs = np.nonzero((plain != labelled).any(axis=2))
    assert ys.max() - ys.min() >= 10
    inside_above = (xs > 160) & (xs < 480) & (ys > 240) & (ys < 312)
    inside_own = (xs > 162) & (xs < 478) & (ys > 322) & (ys < 478)
    assert not (inside_above | inside_own).any()


def test_a_label_avoids_words_that_are_not_marked() -> None:
    picture = Image.new("L", (800, 800), 255)
    word = bbox_to_polygon((0.2, 0.3, 0.9, 0.398))
    drawn = np.asarray(draw_marks(picture, [Mark(BOX, BLUE, "total")], avoid=[word]))
    assert (drawn[241:317, 160:720] == 255).all()


@pytest.mark.parametrize("corner", [(0.0, 0.0), (0.98, 0.0), (0.0, 0.98), (0.98, 0.98)])
def test_labels_stay_on_the_page(corner: tuple[float, float]) -> None:
    x, y = corner
    mark = Mark(bbox_to_polygon((x, y, x + 0.02, y + 0.02)), GREY, "a rather long label")
    drawn = np.asarray(draw_marks(Image.new("L", (300, 300), 255), [mark]))
    plain = np.asarray(draw_marks(Image.new("L", (300, 300), 255), [Mark(mark.polygon, GREY)]))
    _, xs = np.nonzero((drawn != plain).any(axis=2))
    assert xs.max() - xs.min() > 60, "the whole label is drawn"


@pytest.mark.parametrize(
    ("rotation", "expected"), [(0, (0, 0)), (90, (0, 1)), (180, (1, 3)), (270, (3, 0))]
)
def test_the_picture_is_turned_clockwise(rotation: int, expected: tuple[int, int]) -> None:
    pixels = np.full((2, 4), 255, np.uint8)
    pixels[0, 0] = 0
    page = Page.model_validate({"number": 1, "width": 4, "height": 2, "rotation": rotation})
    upright = np.asarray(page_picture(pixels, page))
    assert upright[expected] == 0
    assert upright.shape == ((2, 4) if rotation in (0, 180) else (4, 2))


def test_colours_of_the_page_are_kept() -> None:
    blue_green_red = np.zeros((2, 2, 3), np.uint8)
    blue_green_red[..., 2] = 200
    picture = page_picture(blue_green_red, Page(number=1, width=2, height=2))
    assert picture.getpixel((0, 0)) == (200, 0, 0)

"""Word ranges and text from elsewhere become evidence."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from docagent.document import Span
from docagent.evidence.grounding import (
    OneEditIndex,
    edit_distance,
    evidence_text,
    ground_ranges,
    ground_text,
    ground_words,
    is_one_edit,
)
from docagent.geometry import polygon_to_bbox
from tests.documents import document_of, documents, texts

EDGE = ".,;:!?'\"()[]{}*#_|/\\$€£¥₹"
INVOICE = document_of(
    ["ACME Widgets Ltd.", "Invoice No: INV-2041", "Subtotal 1,200.00", "Total due $1,284.00"],
    ["Page 2", "Total 1,284.00 payable to Acme", "Widgets Ltd by 3 March"],
)


@given(documents, st.data())
def test_any_word_range_grounds_to_its_own_words(document, data):
    if not document.words:
        return
    start = data.draw(st.integers(0, len(document.words) - 1))
    end = data.draw(st.integers(start + 1, len(document.words)))
    words = document.words[start:end]

    evidence = ground_words(document, start, end)

    assert evidence_text(evidence) == " ".join(word.word.text for word in words)
    for item in evidence:
        assert document.text[item.span.start : item.span.end] == item.quote
        assert item.match == "exact"
    assert [item.page for item in evidence] == sorted({word.page for word in words})
    lines = {(word.page, word.line) for word in words}
    assert sum(len(item.polygons) for item in evidence) == len(lines)


@given(documents, st.data())
def test_printed_words_are_found_again_exactly(document, data):
    if not document.words:
        return
    start = data.draw(st.integers(0, len(document.words) - 1))
    end = data.draw(st.integers(start + 1, min(start + 4, len(document.words))))
    text = " ".join(word.word.text for word in document.words[start:end])
    evidence = ground_text(document, text)
    if not any(c.isalnum() for c in text):
        return  # punctuation alone is no value
    assert evidence
    assert all(item.match == "exact" for item in evidence)


@given(documents, texts)
def test_what_is_grounded_is_what_was_asked_for(document, text):
    evidence = ground_text(document, text)
    printed = "".join("".join(item.quote.split()) for item in evidence).strip(EDGE)
    if not evidence:
        return
    if evidence[0].match == "exact":
        assert printed == text.strip(EDGE)
    else:
        assert edit_distance(printed.lower(), text.strip(EDGE).lower()) <= 0.2 * len(text)


@pytest.mark.parametrize(
    ("text", "quotes", "match"),
    [
        ("INV-2041", ["INV-2041"], "exact"),
        ("1,284.00", ["$1,284.00"], "exact"),
        ("ACME Widgets Ltd", ["ACME Widgets Ltd."], "exact"),
        ("Acme Widgets Ltd", ["Acme\nWidgets Ltd"], "exact"),
        ("acme widgest ltd", ["ACME Widgets Ltd."], "fuzzy"),
        ("INV-2O41", ["INV-2041"], "fuzzy"),
        ("INV-2042", [], None),  # another digit is another number
        ("1,234.00", [], None),
        ("Globex", [], None),
        ("", [], None),
        ("...", [], None),
    ],
)
def test_ground_text_cases(text, quotes, match):
    evidence = ground_text(INVOICE, text)
    assert [item.quote for item in evidence] == quotes
    assert all(item.match == match for item in evidence)


def test_the_place_nearest_to_a_span_is_taken():
    second = INVOICE.text.rindex("1,284.00")
    near = ground_text(INVOICE, "1,284.00", near=Span(start=second, end=second))
    assert [item.page for item in near] == [2]
    assert [item.page for item in ground_text(INVOICE, "1,284.00")] == [1]


def test_a_range_over_two_pages_gives_one_item_per_page():
    last = [w.page for w in INVOICE.words].index(2)
    evidence = ground_words(INVOICE, last - 1, last + 1)
    assert [(item.page, item.quote) for item in evidence] == [(1, "$1,284.00"), (2, "Page")]


def test_polygons_enclose_the_words_of_each_line():
    evidence = ground_words(INVOICE, 0, 3)[0]
    boxes = [polygon_to_bbox(word.word.polygon) for word in INVOICE.words[:3]]
    assert polygon_to_bbox(evidence.polygons[0]) == pytest.approx(
        (boxes[0][0], boxes[0][1], boxes[2][2], boxes[2][3])
    )


def test_ranges_keep_their_order():
    assert evidence_text(ground_ranges(INVOICE, [(5, 6), (0, 1)])) == "INV-2041 ACME"


@pytest.mark.parametrize(("start", "end"), [(3, 3), (-1, 2), (0, 10_000)])
def test_ranges_outside_the_document_are_refused(start, end):
    with pytest.raises(ValueError, match="not inside 0:"):
        ground_words(INVOICE, start, end)


@given(st.text(max_size=8), st.text(max_size=8))
def test_edit_distance_is_a_distance(a, b):
    assert edit_distance(a, b) == edit_distance(b, a)
    assert (edit_distance(a, b) == 0) == (a == b)
    assert abs(len(a) - len(b)) <= edit_distance(a, b) <= max(len(a), len(b))


@given(st.text("abc", max_size=6), st.text("abc", max_size=6))
def test_one_edit_is_a_distance_of_one(a, b):
    assert is_one_edit(a, b) == (edit_distance(a, b) == 1)


@given(st.lists(st.text("abc", max_size=6), max_size=12), st.text("abc", max_size=6))
def test_texts_one_edit_away_are_found_in_their_order(texts, text):
    known = [t for t in dict.fromkeys(texts) if edit_distance(t, text) == 1]
    assert OneEditIndex(texts).near(text) == known


@pytest.mark.parametrize(
    ("a", "b", "n"), [("kitten", "sitting", 3), ("", "abc", 3), ("ab", "b", 1)]
)
def test_edit_distance_cases(a, b, n):
    assert edit_distance(a, b) == n

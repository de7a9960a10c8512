"""Synthetic documents: their words, fields and queries agree with each other."""

from __future__ import annotations

import datetime
import random
import re

import pytest

pytest.importorskip("faker", reason="the train extra is not installed")
pytest.importorskip("fontTools", reason="the train extra is not installed")

from finetune.synthesis import content
from finetune.synthesis.canvas import Canvas
from finetune.synthesis.documents import KINDS, SyntheticDocument, generate
from finetune.synthesis.fonts import find_faces
from finetune.synthesis.layout import Run, flow, overlapping, sample_look, tokens
from finetune.synthesis.queries import expand, phrases, schema_leaves, spell
from finetune.synthesis.receipt_items import Basket, Item
from finetune.synthesis.truth import QueryTruth


def _fonts_missing() -> bool:
    try:
        return len(find_faces()) < 20
    except RuntimeError:
        return True


needs_fonts = pytest.mark.skipif(_fonts_missing(), reason="fewer than 20 fonts are installed")


@pytest.fixture(scope="module")
def documents() -> dict[str, list[SyntheticDocument]]:
    rng = random.Random(11)
    return {kind: [generate(kind, rng) for _ in range(6)] for kind in KINDS}


@needs_fonts
@pytest.mark.parametrize("kind", KINDS)
def test_words_stay_on_the_page_and_apart(
    kind: str, documents: dict[str, list[SyntheticDocument]]
) -> None:
    for document in documents[kind]:
        for page in document.pages:
            assert not overlapping(page)
            assert page.words


@needs_fonts
@pytest.mark.parametrize("kind", KINDS)
def test_fields_are_what_the_marked_words_say(
    kind: str, documents: dict[str, list[SyntheticDocument]]
) -> None:
    for document in documents[kind]:
        marked = {w.field for page in document.pages for w in page.words if w.field}
        assert marked == set(document.fields)
        for path, truth in document.fields.items():
            assert truth.text and truth.occurrences
            for occurrence in truth.occurrences:
                words = [document.pages[occurrence.page].words[i] for i in occurrence.words]
                assert {w.field for w in words} == {path}
            first = truth.occurrences[0]
            printed = " ".join(document.pages[first.page].words[i].text for i in first.words)
            assert truth.text in printed


@needs_fonts
@pytest.mark.parametrize("kind", KINDS)
def test_a_share_of_the_queries_has_no_answer(
    kind: str, documents: dict[str, list[SyntheticDocument]]
) -> None:
    queries = [(d, q) for d in documents[kind] for q in d.queries]
    absent = sum(not d.answers(q) for d, q in queries)
    assert 0.08 < absent / len(queries) < 0.4
    assert all(q.text.strip() for _, q in queries)


@needs_fonts
def test_same_seed_same_document() -> None:
    once, again = (generate("receipt", random.Random(5)) for _ in range(2))
    assert once.fields == again.fields
    assert once.queries == again.queries
    assert [w.bbox for w in once.pages[0].words] == [w.bbox for w in again.pages[0].words]


def test_unknown_kind_is_named() -> None:
    with pytest.raises(ValueError, match=r"'recipe'.*receipt"):
        generate("recipe", random.Random(0))


@needs_fonts
def test_receipt_sums_agree(documents: dict[str, list[SyntheticDocument]]) -> None:
    for document in documents["receipt"]:
        fields = {p: t.value for p, t in document.fields.items()}
        amounts = [float(v) for p, v in fields.items() if re.fullmatch(r"line.*\.amount", p)]
        if "subtotal" in fields:
            assert sum(amounts) == pytest.approx(float(fields["subtotal"]))
        if "change" in fields:
            paid = float(fields["amount_paid"]) - float(fields["total"])
            assert paid == pytest.approx(float(fields["change"]))


@needs_fonts
def test_dates_and_amounts_are_normalised(documents: dict[str, list[SyntheticDocument]]) -> None:
    for document in documents["receipt"] + documents["invoice"]:
        for path, truth in document.fields.items():
            if path in ("date", "invoice_date", "due_date"):
                assert re.fullmatch(r"\d{4}-\d\d-\d\d", truth.value)
                assert ":" not in truth.text
            if path in ("total", "subtotal", "tax"):
                assert re.fullmatch(r"-?\d+\.\d\d", truth.value)
                digits = re.sub(r"\D", "", truth.text)
                assert digits.lstrip("0") == re.sub(r"\D", "", truth.value).lstrip("0")


@needs_fonts
def test_every_leaf_of_a_shipped_schema_can_be_generated() -> None:
    rng = random.Random(3)
    never = {"tip", "case_name", "citation", "currency"}
    for kind in ("receipt", "invoice", "bank_statement", "nda", "lab_report", "prescription"):
        missing = set(schema_leaves(kind)) - never
        for _ in range(200):
            missing -= {re.sub(r"\[\d+\]", "[*]", p) for p in generate(kind, rng).fields}
            if not missing:
                break
        assert missing == set(), kind


def test_queries_hold_what_extraction_sends() -> None:
    total = phrases("receipt")["total"]
    assert total.exact.startswith("total: ")
    assert "amount due" in total.names


@pytest.mark.parametrize(
    ("path_pattern", "found"),
    [
        ("total", ["total"]),
        ("line_items[*].amount", ["line_items[0].amount", "line_items[11].amount"]),
        ("line_items[0].amount", ["line_items[0].amount"]),
        ("due_date", []),
        ("tot", []),
    ],
)
def test_answers_follow_the_pattern(path_pattern: str, found: list[str]) -> None:
    fields = dict.fromkeys(("total", "line_items[0].amount", "line_items[11].amount"))
    document = SyntheticDocument("receipt", (), fields, ())  # type: ignore[arg-type]
    assert list(document.answers(QueryTruth("?", False, path_pattern))) == found


@pytest.mark.parametrize(
    ("label", "long"),
    [
        ("Batch No", "batch number"),
        ("PO#", "purchase order number"),
        ("D.O.B.", "date of birth"),
        ("Qty", "quantity"),
        ("Note", "note"),
    ],
)
def test_expand(label: str, long: str) -> None:
    assert expand(label) == long


def test_spell_keeps_the_words() -> None:
    rng = random.Random(1)
    for _ in range(50):
        spelled = spell(rng, "invoice number", "invoice_number")
        assert re.sub(r"[\W_]", "", spelled).lower() == "invoicenumber"


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("%d/%m/%Y", "03/07/2019"),
        ("%e. %B %Y", "3. Juli 2019"),
        ("%n/%e/%y", "7/3/19"),
        ("%d-%b-%Y", "03-Jul-2019"),
    ],
)
def test_format_date(pattern: str, text: str) -> None:
    assert content.format_date(datetime.date(2019, 7, 3), pattern, "de") == text


@pytest.mark.parametrize(
    ("style", "cents", "text"),
    [
        (content.MoneyStyle("RM", False, True, ".", ","), 123456, "RM 1,234.56"),
        (content.MoneyStyle("€", True, True, ",", "."), 123456, "1.234,56 €"),
        (content.MoneyStyle("$", False, False, ".", ","), -50, "$-0.50"),
        (content.MoneyStyle("", False, False, ".", ""), 100000, "1000.00"),
    ],
)
def test_money_style(style: content.MoneyStyle, cents: int, text: str) -> None:
    assert style(cents) == text


def test_basket_rounds_to_its_unit() -> None:
    basket = Basket((Item("Tea", "1", 2000, 163),), 0, 0, 6.0, False, 5)
    assert (basket.subtotal, basket.tax, basket.rounding, basket.total) == (326, 20, -1, 345)
    inside = Basket((Item("Tea", "1", 1000, 106),), 0, 0, 6.0, True, 1)
    assert (inside.tax, inside.total) == (6, 106)


@needs_fonts
def test_runs_that_touch_become_one_word() -> None:
    font = sample_look(random.Random(0), 20).body
    runs = [Run('("'), Run("Acme Corp", field="parties[0]"), Run('"), and')]
    found = [(t.text, t.field) for t in tokens(runs, font)]
    assert found == [('("Acme', "parties[0]"), ('Corp"),', "parties[0]"), ("and", None)]


@needs_fonts
def test_flow_wraps_inside_its_box() -> None:
    font = sample_look(random.Random(0), 20).body
    canvas = Canvas(300, 600)
    below = flow(canvas, [Run("word " * 40)], 20, 280, 10, font)
    assert len(canvas.words) == 40
    assert all(w.bbox[0] >= 20 and w.bbox[2] <= 281 for w in canvas.words)
    assert below >= max(w.baseline for w in canvas.words)

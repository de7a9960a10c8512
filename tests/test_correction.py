"""Corrections: few, recorded, reversible; digits only with a second read."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from docagent.document import Alternative, Document, Line, Page, Word
from docagent.errors import ModelError
from docagent.geometry import bbox_to_polygon
from docagent.results import Correction
from docagent.tasks.correction.candidates import candidates
from docagent.tasks.correction.embedded import correct
from docagent.text.language_model import (
    LanguageModel,
    dump_language_model,
    letter_case,
    load_language_model,
    parse_language_model,
)

BOX = bbox_to_polygon((0.1, 0.1, 0.2, 0.12))


def word(text, confidence=0.99, alternatives=(), chars=()):
    return Word(
        text=text,
        polygon=BOX,
        confidence=confidence,
        alternatives=tuple(Alternative(text=t, confidence=c) for t, c in alternatives),
        char_confidences=chars,
    )


def document(*words):
    lines = (Line(words=words),)
    return Document(id="1", pages=(Page(number=1, width=100, height=100, lines=lines),))


def corrected(*words, **options):
    made = document(*words)
    correction = correct(made, **options)
    return correction, correction.apply(made).text


@pytest.mark.parametrize(
    ("read", "confidence", "alternatives", "text"),
    [
        ("lnvoice", 0.6, [("Invoice", 0.3)], "Invoice"),
        ("TOTAI", 0.5, [("TOTAL", 0.4)], "TOTAL"),
        ("lnvoice", 0.95, [("Invoice", 0.04)], "lnvoice"),  # sure: never touched
        ("Xyqar", 0.5, [("Xyqor", 0.45)], "Xyqar"),  # no reason to prefer either
        ("form", 0.8, [("from", 0.1)], "form"),  # both are words: the picture decides
        ("Total", 0.6, [("To tal", 0.4)], "Total"),  # a space would split the word
        ("Total", 0.6, [("", 0.4)], "Total"),
        ("Irán", 0.52, [("Iran", 0.48)], "Irán"),  # accents are not taken away
        ("Søn", 0.52, [("Son", 0.48)], "Søn"),  # nor strokes
        ("Abn", 0.5, [("bn", 0.3)], "Abn"),  # abbreviations are in no lexicon
        ("eGFR", 0.5, [("eGER", 0.45)], "eGFR"),
        ("O.O.", 0.4, [("D.O.", 0.5)], "O.O."),
        ("J.", 0.4, [("I.", 0.5)], "J."),  # an initial
        ("O'Brien", 0.3, [("OBrien", 0.6)], "O'Brien"),  # a sign inside is no misprint
        ("Co-op", 0.3, [("Coop", 0.6)], "Co-op"),
        ("Invo1ce", 0.5, [("Invoice", 0.4)], "Invo1ce"),  # digits need a second read
        ("TOTAI:", 0.5, [("TOTAL:", 0.4)], "TOTAL:"),
    ],
)
def test_words(read, confidence, alternatives, text):
    assert corrected(word(read, confidence, alternatives))[1] == text


@pytest.mark.parametrize(("read", "other"), [("USD0.14", "USDO.14"), ("10.50", "1O.50")])
def test_an_amount_stays_one_even_if_a_second_read_agrees(read, other):
    unsure = word(read, 0.3, [(read, 0.5), (other, 0.45)])
    _, text = corrected(unsure, second_read=lambda page, polygon: other)
    assert text == read


def test_a_letter_that_looks_like_no_digit_stays_even_if_a_second_read_agrees():
    for read, other, text in (("32U740", "320740", "32U740"), ("32O740", "320740", "320740")):
        unsure = word(read, 0.3, [(read, 0.5), (other, 0.45)])
        assert corrected(unsure, second_read=lambda page, polygon: "320740")[1] == text


def test_what_the_recognizer_thinks_far_less_likely_is_no_correction():
    for share, text in ((0.02, "Whittaker"), (0.4, "Whitaker")):
        options = [("Whittaker", 0.5), ("Whitaker", share)]
        assert corrected(word("Whittaker", 0.5, options))[1] == text


def test_a_look_alike_is_found_where_a_character_is_doubted():
    doubted = word("cornpany", 0.5, chars=(0.99, 0.99, 0.5, 0.5, 0.99, 0.99, 0.99, 0.99))
    correction, text = corrected(doubted)
    assert text == "company"
    assert correction.edits[0].source == "look-alike"
    sure = word("cornpany", 0.5, chars=(0.5, 0.99, 0.99, 0.99, 0.99, 0.99, 0.99, 0.99))
    assert corrected(sure)[1] == "cornpany"


def test_a_name_the_document_prints_clearly_elsewhere_is_known():
    name = word("Xyqor", 0.99)
    assert corrected(name, word("Xyqar", 0.5, [("Xyqor", 0.45)]))[1] == "Xyqor Xyqor"


@pytest.mark.parametrize("read", ["mg/dL", "pg/mL"])
def test_a_unit_is_not_taken_for_another_that_the_document_prints(read):
    other = word("mg/L", 0.99)
    assert corrected(other, word(read, 0.4, [("mg/L", 0.55)]))[1] == f"mg/L {read}"


AMOUNT = word("1O.00", 0.5, [("10.00", 0.45)])


@pytest.mark.parametrize(
    ("second", "text", "reason"),
    [
        (None, "1O.00", "no second read"),
        (lambda page, polygon: "10.00", "10.00", "agrees"),
        (lambda page, polygon: "18.00", "1O.00", "gives '18.00'"),
        (lambda page, polygon: None, "1O.00", "gives None"),
    ],
)
def test_digits_change_only_when_a_second_read_agrees(second, text, reason):
    correction, result = corrected(AMOUNT, second_read=second)
    assert result == text
    assert reason in correction.edits[0].reason
    assert correction.edits[0].accepted == (text == "10.00")


@pytest.mark.parametrize(("before", "after", "made"), [("TW0", "TWO", 0), ("T0TAL", "TOTAL", 1)])
def test_a_short_code_is_not_taken_for_a_word(before, after, made):
    doubted = word(before, 0.5, [(after, 0.45)])
    correction, _ = corrected(doubted, second_read=lambda page, polygon: after)
    assert len(correction.accepted) == made


def test_a_decimal_point_is_as_safe_as_a_digit():
    correction, text = corrected(word("1,250", 0.4, [("1.250", 0.6)]))
    assert text == "1,250"
    assert not correction.accepted


def test_a_native_text_layer_is_never_edited():
    assert corrected(word("lnvoice", None, [("Invoice", 0.9)]))[0].edits == ()


def test_an_edit_says_where_and_what():
    made = document(word("Tax"), word("lnvoice", 0.6, [("Invoice", 0.3)]))
    (edit,) = correct(made).edits
    assert made.text[edit.span.start : edit.span.end] == edit.before == "lnvoice"
    assert (edit.after, edit.page, edit.polygon, edit.confidence) == ("Invoice", 1, BOX, 0.6)


letters = st.text("Ilt1O0abcINTOmrn", min_size=1, max_size=7)
words = st.builds(
    word,
    letters,
    st.none() | st.floats(0, 1),
    st.lists(st.tuples(letters, st.floats(0, 1)), max_size=3),
)
MODEL = LanguageModel(words={"in": 3.0, "intact": 8.0, "not": 4.0, "matron": 9.0, "a": 3.0})


@settings(max_examples=200)
@given(st.lists(words, max_size=6), st.booleans())
def test_apply_then_revert_gives_the_original(made_words, agreeing):
    original = document(*made_words)
    second = (
        (lambda page, polygon: made_words[0].alternatives[0].text)
        if (agreeing and made_words and made_words[0].alternatives)
        else None
    )
    correction = correct(original, second_read=second, language_model=MODEL)
    changed = correction.apply(original)

    assert correction.revert(changed) == original
    assert correction.revert(changed).text == original.text
    assert [w.word.polygon for w in changed.words] == [w.word.polygon for w in original.words]
    edited = {edit.span.start for edit in correction.accepted}
    for before, after in zip(original.words, changed.words, strict=True):
        if before.span.start not in edited:
            assert before.word == after.word
        else:
            assert before.word.confidence is not None
            assert before.word.confidence < 0.9
    assert Correction.model_validate_json(correction.model_dump_json()) == correction


def test_edits_belong_to_their_document():
    correction = correct(document(word("lnvoice", 0.6, [("Invoice", 0.3)])))
    with pytest.raises(ValueError, match="use the document that was corrected"):
        correction.apply(document(word("Receipt")))
    with pytest.raises(ValueError, match="use the one corrected"):
        correction.apply(document())


def test_candidates_are_other_texts_without_spaces():
    made = word("a", 0.5, [("a", 0.5), ("o", 0.3), ("o", 0.2), ("a b", 0.1), ("", 0.1)])
    assert [c.text for c in candidates(made)] == ["o"]


@pytest.mark.parametrize(
    ("likely", "unlikely"),
    [
        ("Invoice", "lnvoice"),
        ("TOTAL", "T0TAL"),
        ("Number", "Nurnber"),
        ("Sdn", "5dn"),
        ("haemoglobin", "haernoglobin"),
        ("12.50", "l2.5O"),
        ("Total:", "Tota1:"),
    ],
)
def test_the_shipped_language_model_prefers_words(likely, unlikely):
    model = load_language_model()
    assert model.log_probability(likely) > model.log_probability(unlikely) + 3
    assert likely in model
    assert unlikely not in model


def test_the_word_before_counts():
    model = load_language_model()
    assert model.log_probability("date", "invoice") > model.log_probability("date", "xyqar")


def test_weights_survive_the_file_and_damage_is_named():
    data = dump_language_model(MODEL)
    read = parse_language_model(data, "lm.bin")
    assert read.words == pytest.approx(MODEL.words, abs=0.05)
    for damaged in (b"", data[:-9], b"not lzma"):
        with pytest.raises(ModelError, match=r"lm\.bin"):
            parse_language_model(damaged, "lm.bin")


@pytest.mark.parametrize(
    ("text", "case"),
    [
        ("total", "lower"),
        ("Total", "title"),
        ("A", "title"),
        ("BHD", "upper"),
        ("12", "lower"),
        ("iNv", "mixed"),
        ("McCoy", "mixed"),
    ],
)
def test_letter_case(text, case):
    assert letter_case(text) == case

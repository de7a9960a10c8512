"""Correction with a vision-language model: only unsure words, digits only with a second read."""

from __future__ import annotations

from typing import Any

import pytest

from docagent.cascade.document_view import DocumentView
from docagent.cli.printing import print_correction
from docagent.document import Alternative, Document, Line, Page, Word
from docagent.geometry import bbox_to_polygon
from docagent.results import Correction
from docagent.tasks.correction.cascade import correct_unsure
from docagent.tasks.correction.embedded import correct
from docagent.vlm.calls import Asker
from docagent.vlm.scripted import ScriptedChatModel
from tests.documents import page_of
from tests.vlm_models import FAST

BOX = bbox_to_polygon((0.1, 0.1, 0.2, 0.12))


def word(text: str, confidence: float = 0.99, *alternatives: str) -> Word:
    options = tuple(Alternative(text=t, confidence=0.01) for t in alternatives)
    return Word(text=text, polygon=BOX, confidence=confidence, alternatives=options)


def document(*words: Word) -> Document:
    page = Page(number=1, width=100, height=100, lines=(Line(words=words),))
    return Document(id="1", pages=(page,))


def corrected(said: Any, *words: Word, second: str | None = None) -> tuple[Correction, str]:
    made = document(*words)
    script = said if callable(said) else [{"L1": said}] * 2
    view = DocumentView(made, FAST, second_read=lambda page, place: second)
    asker = Asker(ScriptedChatModel(script=script), FAST)
    correction = correct_unsure(view, correct(made, second_read=view.second_read), asker)
    applied = correction.apply(made)
    assert correction.revert(applied) == made
    return correction, applied.text


@pytest.mark.parametrize(
    ("read", "said", "text"),
    [
        (word("cornpny", 0.5), "company", "company"),  # the lexicon knows one of the two
        (word("cornpny", 0.99), "company", "cornpny"),  # sure: never touched
        (word("Xyqar", 0.5), "Xyqor", "Xyqar"),  # only the model says so
        (word("Xyqar", 0.5, "Xyqor"), "Xyqor", "Xyqor"),  # and so does the recognizer
        (word("form", 0.5), "from", "form"),  # both are words
        (word("cornpny", 0.5), "insurance", "cornpny"),  # too far from what was read
        (word("1O.00", 0.5), "10.00", "1O.00"),  # a number
        (word("GBXK", 0.5), "GBXX", "GBXK"),  # a code
        (word("a@b.de", 0.5), "a@d.de", "a@b.de"),
    ],
)
def test_words(read, said, text):
    assert corrected(said, read)[1] == text


@pytest.mark.parametrize(
    ("second", "text"), [("10.00", "10.00"), ("1O.00", "1O.00"), (None, "1O.00")]
)
def test_digits_change_only_if_a_second_read_agrees(second, text):
    assert corrected("10.00", word("1O.00", 0.5), second=second)[1] == text


def test_coverage_is_told_both_ways():
    words = (word("Pay"), word("the"), word("cornpny", 0.5), word("today"))
    correction, text = corrected("Pay only the company", *words)
    assert text == "Pay the company today"
    assert [word.text for word in correction.coverage.added] == ["only"]
    assert [word.text for word in correction.coverage.dropped] == ["today"]
    correction, text = corrected("Pay this company tomorrow", *words)
    assert text == "Pay the company today"
    assert [word.text for word in correction.coverage.added] == ["this", "tomorrow"]
    assert [word.text for word in correction.coverage.dropped] == ["the", "today"]


def test_coverage_says_on_which_line_and_where(capsys):
    lines = ["Pay the lnvoice", "today in cash"]
    made = page_of(lines, confidence=0.99)
    unsure = [[w.replace(confidence=0.5) for w in r.words[-1:]] for r in made.lines]
    rows = [Line(words=(*r.words[:-1], *last)) for r, last in zip(made.lines, unsure, strict=True)]
    page = made.replace(lines=tuple(rows))
    script = [{"L1": "Pay the Invoice", "L2": "today not at cash"}]
    view = DocumentView(Document(id="1", pages=(page,)), FAST)
    asker = Asker(ScriptedChatModel(script=script), FAST)
    coverage = correct_unsure(view, Correction(document_id="1"), asker).coverage
    assert [(w.text, w.page, w.line) for w in coverage.added] == [("not", 1, "L2"), ("at", 1, "L2")]
    (dropped,) = coverage.dropped
    assert (dropped.text, dropped.line) == ("in", "L2")
    assert dropped.polygon == rows[1].words[1].polygon
    assert rows[1].polygon in [word.polygon for word in coverage.added]
    print_correction(Correction(document_id="1", coverage=coverage), "x")
    assert "in (L2)" in capsys.readouterr().out


def test_lines_without_unsure_words_are_not_asked_for():
    model = ScriptedChatModel(script=[])
    made = document(word("sure"))
    correction = correct_unsure(DocumentView(made, FAST), correct(made), Asker(model, FAST))
    assert correction.vlm.status == "not_needed"
    assert not model.requests


def test_a_line_that_is_missing_is_asked_for_again():
    script = iter([{}, {"L1": "company"}])
    correction, text = corrected(lambda m, o: next(script), word("cornpny", 0.5))
    assert text == "company"
    assert correction.vlm.calls == 2


def test_without_an_answer_the_embedded_correction_stands():
    correction, text = corrected(
        lambda m, o: RuntimeError("gone"), word("lnvoice", 0.6, "Invoice"), word("Zzyx", 0.5)
    )
    assert text == "Invoice Zzyx"
    assert correction.vlm.status == "failed"

"""Conversations without a model: follow-ups, long documents, streaming; all of it cited."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from docagent import Chat, DocAgent, Settings, SettingsError, Turn
from docagent.cascade.document_view import DocumentView
from docagent.chat.follow_up import stand_alone
from docagent.chat.retrieval import Excerpt, PageIndex
from docagent.document import Document
from docagent.evidence.grounding import ground_words
from docagent.reader.scripted import ScriptedReader
from docagent.reader.types import Query, Reading
from tests.chat_documents import NDA, TOWNS, rent, report
from tests.documents import documents

READER = {
    "who signed": [("Clara Whitfield", 0.9)],
    "when signed": [("7 May 2022", 0.9)],
    "how much is the net": [("120.00", 0.9)],
    "how much is the vat": [("12.00", 0.9)],
    "governing law": [("State of Delaware", 0.9)],
}


class Watched(ScriptedReader):
    """A scripted reader that records the pages it was given."""

    def __init__(self, script: Any) -> None:
        super().__init__(script)
        self.pages: list[list[int]] = []

    def read(self, document: Document, queries: Sequence[Query]) -> list[Reading]:
        self.pages.append([page.number for page in document.pages])
        return super().read(document, queries)


def talk(document: Document = NDA, script: Any = READER, **settings: Any) -> Chat:
    return DocAgent(Settings(**settings), reader=ScriptedReader(script)).chat(document)


def assert_cited(document: Document, turn: Turn) -> None:
    """What is shown is printed where it says, word for word."""
    if turn.text is None:
        assert turn.abstained
        assert not turn.citations
        return
    for citation in turn.citations:
        assert document.text[citation.span.start : citation.span.end] == citation.quote
        on_page = [word for word in document.words if word.page == citation.page]
        assert on_page[0].span.start <= citation.span.start < on_page[-1].span.end
    quoted = " ".join(c.quote.replace("\n", " ") for c in turn.citations)
    assert turn.text.replace(";", "").split() == quoted.split()


def test_several_turns_with_follow_ups():
    chat = talk()
    said = [
        chat.ask(q) for q in ("Who signed it?", "when?", "How much is the net?", "and the VAT?")
    ]
    assert [turn.text for turn in said] == ["Clara Whitfield", "7 May 2022", "120.00", "12.00"]
    assert [turn.read_as for turn in said[1::2]] == ["when signed it?", "How much is the VAT?"]
    assert [turn.question for turn in said[1::2]] == ["when?", "and the VAT?"]
    assert chat.turns == tuple(said)
    for turn in said:
        assert_cited(NDA, turn)
        assert Turn.model_validate_json(turn.model_dump_json()) == turn


def test_what_is_not_there_is_said_to_be_not_there():
    turn = talk().ask("Who is the president?")
    assert (turn.text, turn.abstained, turn.citations) == (None, "not_present", ())


@pytest.mark.parametrize(
    ("before", "question", "read_as"),
    [
        (None, "and the tax?", "and the tax?"),
        ("Who signed it?", "When?", "When signed it?"),
        ("How much is the net?", "And the tax?", "How much is the tax?"),
        ("How much is the net?", "What about shipping?", "How much is shipping?"),
        ("How much is the net?", "the tax?", "How much is the tax?"),
        ("What is the rent of Oslo?", "and of Rome?", "What is the rent of Rome?"),
        ("What is the rent of Oslo in May?", "and in June?", "What is the rent of Oslo in June?"),
        ("What is the rent?", "and in June?", "What is the rent in June?"),
        ("What is the total?", "And how much is the tax?", "how much is the tax?"),
        ("What is the total?", "Which law governs?", "Which law governs?"),
        ("What is the total?", "thanks", "thanks"),
        ("What is the total?", "ok", "ok"),
        ("Total?", "and the tax?", "the tax?"),
    ],
)
def test_follow_ups_stand_alone(before, question, read_as):
    assert stand_alone(question, before) == read_as


@given(st.text(max_size=60), st.text(max_size=60))
def test_any_two_questions_make_a_third(before, question):
    read_as = stand_alone(question, before)
    assert len(read_as.split()) <= len(before.split()) + len(question.split())


@pytest.mark.parametrize("pages", [3, 40])
def test_a_wrong_question_leaves_no_turn(pages):
    chat = talk(report(pages))
    for question in ("  ", "x" * 2000):
        with pytest.raises(SettingsError):
            chat.ask(question)
    assert chat.turns == ()
    chat.ask("Who signed it?")
    assert len(chat.turns) == 1


def test_a_follow_up_that_would_get_too_long_is_left_as_it_is():
    chat = talk()
    chat.ask("Who signed it " + "indeed " * 140 + "?")
    assert chat.ask("when was this?").read_as == "when was this?"


def test_a_stream_that_is_left_leaves_no_turn():
    chat = talk()
    next(chat.stream("Who signed it?"))
    assert chat.turns == ()


def test_a_document_without_text():
    turn = talk(Document(id="0", pages=())).ask("Who signed it?")
    assert turn.abstained == "not_present"


@pytest.mark.parametrize("page", [1, 13, 27, 40])
def test_the_right_page_of_forty_is_read(page):
    document = report()
    reader = Watched({"rent": [(rent(n), 0.9) for n in range(1, 41)]})
    chat = DocAgent(reader=reader).chat(document)
    town = TOWNS[page % 10]
    turn = chat.ask(f"How much is the rent of {town} number {page}?")
    assert turn.pages == (page,)
    assert reader.pages == [[page]]
    assert turn.text == rent(page)
    assert [c.page for c in turn.citations] == [page]
    assert_cited(document, turn)


def test_pages_that_fit_as_well_are_read_together_and_not_chosen_from():
    document = report()
    chat = talk(document, {"rent": [(rent(n), 0.9) for n in range(1, 41)]})
    turn = chat.ask("How much is the rent of Oslo?")
    assert sorted(turn.pages) == [2, 12, 22, 32]
    assert turn.abstained == "ambiguous"


def test_a_follow_up_is_searched_with_what_it_follows():
    document = report(extra={33: ["Signed by Clara Whitfield", "on 7 May 2022"]})
    chat = talk(document, {"who signed": [("Clara Whitfield", 0.9)], "when": [("7 May 2022", 0.9)]})
    assert chat.ask("Who signed the Rome report number 33?").citations[0].page == 33
    turn = chat.ask("when?")
    assert (turn.text, turn.citations[0].page) == ("7 May 2022", 33)


def test_a_page_found_second_is_read_when_the_first_does_not_say():
    document = report(extra={7: ["Deposit deposit deposit"], 21: ["The deposit came to 55.00"]})
    turn = talk(document, {"deposit": [("55.00", 0.9)]}).ask("How much is the deposit?")
    assert turn.pages[:2] == (7, 21)
    assert (turn.text, turn.citations[0].page) == ("55.00", 21)


def test_no_page_with_a_word_of_the_question_is_not_guessed_at():
    turn = talk(report(), {"tax": [(rent(1), 0.9)]}).ask("How much is the tax?")
    assert (turn.text, turn.abstained) == (None, "not_present")
    assert "no page" in turn.message


def test_a_word_in_another_form_finds_its_page():
    document = report(extra={18: ["Signature: Clara Whitfield"]})
    view = DocumentView(document)
    part, score = PageIndex(view).rank("Who signed?")[0]
    assert (part[0].page, score > 0) == (18, True)


def test_searching_prints_nothing_into_the_log_of_an_application():
    # A process of its own: the search library sets up its logger when it is first imported.
    code = """
import logging
logging.basicConfig(level=logging.DEBUG)
from docagent.cascade.document_view import DocumentView
from docagent.chat.retrieval import PageIndex
from tests.chat_documents import report
assert PageIndex(DocumentView(report())).rank("Rent due")
import sys
assert "bm25s" in sys.modules
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert not done.stdout + done.stderr


def test_a_page_longer_than_a_call_is_searched_in_parts():
    long = [f"Line {n} says that thing{n} costs {n}.25" for n in range(1, 400)]
    document = Document(id="0", pages=(*report(3).pages, report(4, {4: long}).pages[3]))
    reader = Watched({"thing250": [("250.25", 0.9)]})
    chat = DocAgent(Settings(vlm_chars=2000), reader=reader).chat(document)
    turn = chat.ask("What does thing250 cost?")
    assert (turn.text, turn.citations[0].page) == ("250.25", 4)
    assert_cited(document, turn)


def test_the_indexes_are_built_once_and_only_if_needed(monkeypatch):
    import bm25s

    built = []
    index = bm25s.BM25.index
    monkeypatch.setattr(
        bm25s.BM25, "index", lambda *args, **more: (built.append(1), index(*args, **more))
    )
    short, long = talk(), talk(report())
    for chat in (short, short, long, long):
        chat.ask("Who is the manager of Oslo?")
    # One of the pages of the long document; its sentences are searched for a reader alone.
    assert built == [1]


@given(documents, st.data())
def test_evidence_on_an_excerpt_is_evidence_on_the_whole(document: Document, data: Any):
    lines = DocumentView(document).lines
    kept = tuple(line for line in lines if data.draw(st.booleans()))
    excerpt = Excerpt(document, kept)
    count = len(excerpt.document.words)
    if not count:
        return
    start = data.draw(st.integers(0, count - 1))
    end = data.draw(st.integers(start + 1, count))
    inside = ground_words(excerpt.document, start, end)
    whole = [e for item in inside for e in excerpt.in_whole(item)]
    for item in whole:
        assert document.text[item.span.start : item.span.end] == item.quote
    assert [w for e in whole for w in e.quote.split()] == [
        w for e in inside for w in e.quote.split()
    ]


def test_what_is_streamed_comes_in_order_and_is_printed():
    chat = talk()
    events = list(chat.stream("Who signed it?"))
    assert [event.kind for event in events] == ["pages", "text", "turn"]
    assert events[0].pages == (1, 2, 3)
    assert events[1].text == "Clara Whitfield"
    assert events[2].turn == chat.turns[0]
    silent = list(chat.stream("Who is the president?"))
    assert [event.kind for event in silent] == ["pages", "turn"]


def test_the_pages_are_told_before_they_are_read():
    reader = Watched(READER)
    events = DocAgent(reader=reader).chat(NDA).stream("Who signed it?")
    assert next(events).kind == "pages"
    assert reader.pages == []

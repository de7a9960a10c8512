"""Answers by the cascade: what the embedded reader is unsure of is asked of a model.

The model's words are searched on the lines it names; an answer that is not printed there is not
given.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from docagent.cascade.answer_format import answers_schema, is_object, members, problem, to_claim
from docagent.cascade.combined_confidence import agreed, disputed
from docagent.cascade.document_view import DocumentView, Part
from docagent.cascade.part_splitting import halve_part
from docagent.cascade.request_loop import CascadeTask, Inquiry, count_open, run_cascade
from docagent.cascade.usage_report import Tally
from docagent.cascade.verification import Verified, verify
from docagent.confidence import THRESHOLDS
from docagent.evidence.field_parser import FieldParser
from docagent.layout.lines_with_ids import defuse
from docagent.results import Answer, Field
from docagent.schemas import SchemaField
from docagent.vlm.calls import Asker, Reply, Request

MAX_ANSWERS = 12
_ANY = SchemaField(path="answer", types=("string",), normaliser="text", query="")


@dataclass(frozen=True)
class Conversation:
    """A question that is one of several. parts: those of the document to ask about. earlier:
    questions before it with their answers, oldest first. follows: whether it cannot be
    understood without them, so that the embedded answer to it is not believed alone."""

    parts: tuple[Part, ...]
    earlier: tuple[tuple[str, str], ...] = ()
    follows: bool = False


@dataclass(eq=False, kw_only=True)
class AnswerInquiry(Inquiry):
    """The question asked of a part of the document. fields: the answers of the part, grounded;
    empty if it has none; None while there is no usable reply."""

    fields: tuple[Field, ...] | None = None

    @property
    def is_open(self) -> bool:
        return self.fields is None


@dataclass
class AnswerTask(CascadeTask[AnswerInquiry, Answer]):
    """A question, asked of every part of the document or of those of a conversation."""

    view: DocumentView
    embedded: Answer
    conversation: Conversation | None = None

    def inquiries(self) -> list[AnswerInquiry]:
        vlm = self.view.settings.vlm
        follows = self.conversation is not None and self.conversation.follows
        unsure = is_unsure(self.embedded, vlm.unsure)
        if not self.view.lines or not (follows or unsure or vlm.effective_mode == "always"):
            return []
        parts = self.conversation.parts if self.conversation else self.view.parts
        return [AnswerInquiry(part=part) for part in parts]

    def request(self, inquiry: AnswerInquiry) -> Request:
        values: dict[str, Any] = {
            "question": defuse(self.embedded.question),
            "complaints": list(inquiry.complaints),
        }
        if self.conversation is not None:
            values["earlier"] = earlier_values(self.conversation.earlier)
        citations = self.embedded.citations
        return self.view.request(
            "chat" if self.conversation else "ask",
            values,
            inquiry.part,
            [self.embedded.question],
            json_schema=_schema(inquiry.part),
            is_usable=is_object,
            places=[(c.page, polygon) for c in citations for polygon in c.polygons],
        )

    def apply(self, inquiry: AnswerInquiry, reply: Reply) -> Sequence[AnswerInquiry]:
        """Printed answers count; without any, the reply is final only if it has no fault."""
        found = members(reply.text)
        if "answers" not in found:
            inquiry.complaints = ("answers: it is missing",)
            return ()
        wrong = problem(_schema(inquiry.part), "answers", found["answers"])
        if wrong:
            inquiry.complaints = (f"answers: {wrong}",)
            return ()
        verified = verify_cells(self.view, found["answers"])
        complaints = tuple(v.complaint for v in verified if v.complaint)
        fields = printed_fields(verified)
        is_absent = not complaints and all(v.how == "absent" for v in verified)
        if fields or is_absent:
            inquiry.fields = fields
        else:
            inquiry.complaints = complaints or ("the answer is not printed in the document",)
        return ()

    def halve(self, inquiry: AnswerInquiry) -> Sequence[AnswerInquiry]:
        return [replace(inquiry, part=half) for half in halve_part(self.view, inquiry.part)]

    def weigh(self, inquiries: Sequence[AnswerInquiry]) -> tuple[Answer, Tally]:
        tally = count_open(inquiries)
        if tally.status == "failed":
            return self.embedded.noted("the model gave no usable answer"), tally
        found = [field for inquiry in inquiries for field in inquiry.fields or ()]
        trust = self.view.settings.vlm.trust
        return weigh_answers(self.embedded, found, not tally.unanswered, trust), tally


def answer_unsure(
    view: DocumentView, embedded: Answer, asker: Asker, conversation: Conversation | None = None
) -> Answer:
    """The embedded answer if it is sure, or else that of both readers, weighed. Never raises for
    what the model does; ``vlm`` of the answer tells."""
    return run_cascade(AnswerTask(view, embedded, conversation), asker)


def is_unsure(embedded: Answer, below: float) -> bool:
    """Whether the embedded answer is one to ask a model about: none, or with a confidence below
    the one given."""
    return embedded.abstained is not None or (embedded.confidence or 0.0) < below


def earlier_values(earlier: Sequence[tuple[str, str]]) -> list[dict[str, str]]:
    """Earlier questions and answers for a template, one line each: answers are words of the
    document, and stay data."""
    return [{"question": defuse(question), "answer": defuse(text)} for question, text in earlier]


def verify_cells(view: DocumentView, cells: Sequence[Mapping[str, Any]]) -> list[Verified]:
    """Cells of an answer (lines, how, value), verified on the page."""
    reader = FieldParser(view.document, _ANY)
    return [verify(view, reader, to_claim(cell), "answer") for cell in cells]


def printed_fields(verified: Sequence[Verified]) -> tuple[Field, ...]:
    """What is printed, each place once. Corrected words are left as they are printed: an
    answer is in the words of the page."""
    fields = [v.field for v in verified if v.field is not None and v.field.status == "found"]
    places = {tuple((e.span.start, e.span.end) for e in field.evidence): field for field in fields}
    return tuple(places.values())


def _schema(part: Part) -> dict[str, Any]:
    return answers_schema([line.id for line in part], MAX_ANSWERS)


def weigh_answers(
    embedded: Answer, found: Sequence[Field], is_complete: bool, trust: float
) -> Answer:
    """The answer of the embedded reader and what a model found, weighed.

    is_complete: whether the model answered for every part, so that finding nothing counts. trust:
    how often the model is right (0-1).
    """
    if not found:
        return _unfound(embedded, trust) if is_complete else embedded
    model = _to_answer(embedded, found)
    if embedded.text is None:
        return model
    a, b = embedded.confidence or 0.0, model.confidence or 0.0
    if _same_place(embedded, model):
        return embedded.replace(confidence=agreed(a, b), abstained=None)
    first, second = disputed(a, b), disputed(b, a)
    winner, loser = (embedded, model) if first >= second else (model, embedded)
    confidence = max(first, second)
    if confidence >= THRESHOLDS.answer:
        noted = winner.noted(f"the other reading is {loser.text!r}")
        return noted.replace(confidence=confidence)
    return Answer(
        document_id=embedded.document_id,
        question=embedded.question,
        abstained="conflicting",
        message=f"{embedded.text!r} and, by the model, {model.text!r}",
    )


def _unfound(embedded: Answer, trust: float) -> Answer:
    """The model found no answer: it agrees that there is none, or doubts the one there is."""
    if embedded.text is None:
        if embedded.abstained != "not_present":
            return embedded
        return embedded.replace(absence=agreed(embedded.absence or 0.0, trust))
    left = disputed(embedded.confidence or 0.0, trust)
    if left >= THRESHOLDS.answer:
        return embedded.noted("the model finds no answer").replace(confidence=left)
    return Answer(
        document_id=embedded.document_id,
        question=embedded.question,
        abstained="not_present",
        absence=1 - left,
        message=f"the model finds no answer, and {embedded.text!r} is unsure",
    )


def _to_answer(embedded: Answer, found: Sequence[Field]) -> Answer:
    in_order = sorted(found, key=lambda f: f.evidence[0].span.start)
    return Answer(
        document_id=embedded.document_id,
        question=embedded.question,
        text="; ".join(f.raw_text or "" for f in in_order),
        confidence=min(f.confidence or 0.0 for f in in_order),
        citations=tuple(e for f in in_order for e in f.evidence),
        source="vlm",
    )


def _same_place(a: Answer, b: Answer) -> bool:
    """Whether two answers are the same, or every citation of each overlaps one of the other."""

    def covered(one: Answer, other: Answer) -> bool:
        return all(
            any(c.span.start < d.span.end and d.span.start < c.span.end for d in other.citations)
            for c in one.citations
        )

    same_text = (a.text or "").casefold().split() == (b.text or "").casefold().split()
    return same_text or (covered(a, b) and covered(b, a))

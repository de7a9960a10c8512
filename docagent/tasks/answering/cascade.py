"""Answers by the cascade: what the embedded reader is unsure of is asked of a model.

The model's words are looked for on the lines it names; an answer that is not printed there is
not given.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from docagent.cascade.answer_format import answers_schema, is_object, members, problem, to_claim
from docagent.cascade.document_view import Look, Part
from docagent.cascade.request_loop import ask_in_halves, halves
from docagent.cascade.usage_report import to_use
from docagent.cascade.verification import Held, hold
from docagent.cascade.weighing import agreed, disputed
from docagent.confidence import THRESHOLDS
from docagent.evidence.field_parser import FieldParser
from docagent.layout.numbered_lines import defuse
from docagent.results import Answer, Field
from docagent.schemas import SchemaField
from docagent.vlm.calls import Asker, Reply, Request

MOST_ANSWERS = 12
REPAIRS = 1
_ANY = SchemaField(path="answer", types=("string",), normaliser="text", query="")


@dataclass(frozen=True)
class Conversation:
    """A question that is one of several. parts: those of the document to ask about. earlier:
    questions before it with their answers, oldest first. follows: whether it cannot be
    understood without them, so that the embedded answer to it is not believed alone."""

    parts: tuple[Part, ...]
    earlier: tuple[tuple[str, str], ...] = ()
    follows: bool = False


@dataclass(eq=False)
class _Job:
    """A part of the document that the question is asked of."""

    part: Part
    complaints: tuple[str, ...] = ()
    fields: tuple[Field, ...] | None = None
    """What the part says, grounded; empty if nothing; None while there is no usable answer."""


def answer_unsure(
    look: Look, fast: Answer, asker: Asker, conversation: Conversation | None = None
) -> Answer:
    """The embedded answer if it is sure, or else what it and a model together say. Never raises
    for what the model does; ``vlm`` of the answer tells."""
    mode = look.settings.vlm.effective_mode
    follows = conversation is not None and conversation.follows
    unsure = is_unsure(fast, look.settings.vlm.unsure)
    if not look.lines or not (follows or unsure or mode == "always"):
        return fast.replace(vlm=to_use(mode, asker, 0, 0))
    jobs = [_Job(part) for part in (conversation.parts if conversation else look.parts)]
    for _ in range(REPAIRS + 1):
        waiting = [job for job in jobs if job.fields is None]
        asked = ask_in_halves(
            asker,
            waiting,
            lambda job: _request(look, job, fast, conversation),
            lambda job: [_Job(half, job.complaints) for half in halves(look, job.part)],
        )
        # Halves take the place of a job that was too long.
        jobs = [job for job in jobs if job not in waiting] + [job for job, _ in asked]
        for job, reply in asked:
            _hear(look, job, reply)
    failed = sum(job.fields is None for job in jobs)
    found = [f for job in jobs for f in job.fields or ()]
    use = to_use(mode, asker, len(jobs), failed)
    if failed == len(jobs):
        return fast.noted("the model gave no usable answer").replace(vlm=use)
    weighed = weigh_answers(fast, found, not failed, look.settings.vlm.trust)
    return weighed.replace(vlm=use)


def is_unsure(fast: Answer, below: float) -> bool:
    """Whether the embedded answer is one to ask a model about: none, or with a confidence below
    the one given."""
    return fast.abstained is not None or (fast.confidence or 0.0) < below


def _request(look: Look, job: _Job, fast: Answer, conversation: Conversation | None) -> Request:
    schema = answers_schema([line.id for line in job.part], MOST_ANSWERS)
    values: dict[str, Any] = {"question": defuse(fast.question), "complaints": list(job.complaints)}
    if conversation is not None:
        values["earlier"] = earlier_values(conversation.earlier)
    return look.request(
        "chat" if conversation else "ask",
        values,
        job.part,
        [fast.question],
        json_schema=schema,
        is_usable=is_object,
        places=[(c.page, polygon) for c in fast.citations for polygon in c.polygons],
    )


def earlier_values(earlier: Sequence[tuple[str, str]]) -> list[dict[str, str]]:
    """Earlier questions and answers for a template, one line each: answers are words of the
    document, and stay data."""
    return [{"question": defuse(question), "answer": defuse(said)} for question, said in earlier]


def _hear(look: Look, job: _Job, reply: Reply) -> None:
    """Hold an answer to the page. What holds of it counts once there is nothing to repair."""
    found = members(reply.text)
    if "answers" not in found:
        job.complaints = ("answers: it is missing",)
        return
    schema = answers_schema([line.id for line in job.part], MOST_ANSWERS)
    wrong = problem(schema, "answers", found["answers"])
    if wrong:
        job.complaints = (f"answers: {wrong}",)
        return
    held = hold_cells(look, found["answers"])
    complaints = tuple(h.complaint for h in held if h.complaint)
    fields = proven(held)
    if fields or not held or (not complaints and all(h.how == "absent" for h in held)):
        job.fields = fields
    else:
        job.complaints = complaints or ("the answer is not printed in the document",)


def hold_cells(look: Look, cells: Sequence[Mapping[str, Any]]) -> list[Held]:
    """Cells of an answer (lines, how, value) held to the page."""
    reader = FieldParser(look.document, _ANY)
    return [hold(look, reader, to_claim(cell), "answer") for cell in cells]


def proven(held: Sequence[Held]) -> tuple[Field, ...]:
    """What is printed, each place once. Corrected words are left as they are printed: an
    answer is in the words of the page."""
    fields = [h.field for h in held if h.field is not None and h.field.status == "found"]
    places = {tuple((e.span.start, e.span.end) for e in field.evidence): field for field in fields}
    return tuple(places.values())


def weigh_answers(fast: Answer, found: Sequence[Field], silent: bool, trust: float) -> Answer:
    """The answer of the embedded reader and what a model found, weighed.

    silent: whether a model that found nothing was asked about all that the reader saw. trust: how
    often the model is right (0-1).
    """
    if not found:
        return _unfound(fast, trust) if silent else fast
    model = _to_answer(fast, found)
    if fast.text is None:
        return model
    if _same_place(fast, model):
        confidence = agreed(fast.confidence or 0.0, model.confidence or 0.0)
        return fast.replace(confidence=confidence, abstained=None)
    a, b = fast.confidence or 0.0, model.confidence or 0.0
    winner, loser = (fast, model) if disputed(a, b) >= disputed(b, a) else (model, fast)
    confidence = max(disputed(a, b), disputed(b, a))
    if confidence < THRESHOLDS.answer:
        message = f"{fast.text!r} and, by the model, {model.text!r}"
        return Answer(
            document_id=fast.document_id,
            question=fast.question,
            abstained="conflicting",
            message=message,
        )
    noted = winner.noted(f"the other reading is {loser.text!r}")
    return noted.replace(confidence=confidence)


def _unfound(fast: Answer, trust: float) -> Answer:
    """The model found no answer: it agrees that there is none, or doubts the one there is."""
    if fast.text is None:
        if fast.abstained != "not_present":
            return fast
        return fast.replace(absence=agreed(fast.absence or 0.0, trust))
    left = disputed(fast.confidence or 0.0, trust)
    if left >= THRESHOLDS.answer:
        return fast.noted("the model finds no answer").replace(confidence=left)
    return Answer(
        document_id=fast.document_id,
        question=fast.question,
        abstained="not_present",
        absence=1 - left,
        message=f"the model finds no answer, and {fast.text!r} is unsure",
    )


def _to_answer(fast: Answer, found: Sequence[Field]) -> Answer:
    in_order = sorted(found, key=lambda f: f.evidence[0].span.start)
    return Answer(
        document_id=fast.document_id,
        question=fast.question,
        text="; ".join(f.raw_text or "" for f in in_order),
        confidence=min(f.confidence or 0.0 for f in in_order),
        citations=tuple(e for f in in_order for e in f.evidence),
        source="vlm",
    )


def _same_place(a: Answer, b: Answer) -> bool:
    """Whether two answers say the same, or every citation of each overlaps one of the other."""

    def covered(one: Answer, other: Answer) -> bool:
        return all(
            any(c.span.start < d.span.end and d.span.start < c.span.end for d in other.citations)
            for c in one.citations
        )

    same_text = (a.text or "").casefold().split() == (b.text or "").casefold().split()
    return same_text or (covered(a, b) and covered(b, a))

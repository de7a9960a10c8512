"""Proposed answers of several sources, made comparable by a calibration of each source."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from docagent.confidence import IDENTITY, THRESHOLDS, Calibration
from docagent.document import Document
from docagent.results import Answer, Evidence, Source
from docagent.text.normalise.texts import normalise_text

AnswerSource = Literal["label", "field", "clause", "span", "passage"]
"""label: what stands at a printed label. field: a field of the document's kind, as extracted.
clause: a sentence that is a clause of the kind asked for. span: words the reader points at.
passage: a sentence with the words of the question."""


@dataclass(frozen=True)
class Proposal:
    """An answer that one source proposes.

    score: of the source, 0-1; ``confidence`` is what it is worth after calibration, beside the
    proposals of other sources. stated: the confidence that the answer is given with if that is
    another: of a field the one that ``extract`` gives it, of a label that of the table for values
    that the reader does not point at. is_named: whether the question has the field's own name.
    """

    by: AnswerSource
    text: str
    citations: tuple[Evidence, ...]
    score: float
    confidence: float
    source: Source = "reader"
    message: str = ""
    stated: float | None = None
    is_named: bool = False

    def to_answer(self, document: Document, question: str) -> Answer:
        """The answer that is given if no other is better."""
        return Answer(
            document_id=document.id,
            question=question,
            text=self.text,
            confidence=self.confidence if self.stated is None else self.stated,
            citations=self.citations,
            source=self.source,
            message=self.message,
        )


Weighed = AnswerSource | Literal["label_alone"]
"""What has a table ``answer_...``. label_alone: a label's value that the reader does not point at;
where it does, and without a reader, the score of a label is a probability as it is."""


def calibrated(by: Weighed, score: float, tables: Mapping[str, Calibration]) -> float:
    """The confidence of an answer of a source with a score, by the table ``answer_SOURCE``."""
    return tables.get(f"answer_{by}", IDENTITY).apply(score)


def fields_first(proposals: Sequence[Proposal]) -> list[Proposal]:
    """The proposals, those of fields first, each as sure as the surest one at its place: of one
    place it is the field that answers, in the words and with the confidence of ``extract``. A field
    that the question names, and that is sure enough to be given, comes before any other place."""
    fields = [p for p in proposals if p.by == "field" and p.stated is not None]
    others = [p for p in proposals if p not in fields]
    raised = []
    for field in fields:
        is_first = field.is_named and (field.stated or 0.0) >= THRESHOLDS.answer
        beside = (other for other in others if is_first or overlap(field, other))
        surest = max((other.confidence for other in beside), default=0.0)
        raised.append(replace(field, confidence=max(field.confidence, surest)))
    return [*raised, *others]


def overlap(a: Proposal, b: Proposal) -> bool:
    """Whether two proposals share words of the document."""
    return any(
        c.span.start < d.span.end and d.span.start < c.span.end
        for c in a.citations
        for d in b.citations
    )


def best_proposal(proposals: Sequence[Proposal]) -> Proposal | None:
    """The proposal with the highest confidence, the first of equal ones."""
    return max(proposals, key=lambda proposal: proposal.confidence, default=None)


def values_text(raw_texts: Iterable[str]) -> str:
    """Values as an answer says them: without the marks of the sentence or line around them."""
    told = (str(normalise_text(text).value or text) for text in raw_texts)
    return "; ".join(told)

"""The kind of a document by the cascade: a model is asked where the words of the page are unsure.

The model's kind has its trust as confidence where the lines it names have words of that kind;
without them it is marked as derived and has none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from docagent.cascade.answer_format import is_object, members, problem
from docagent.cascade.combined_confidence import agreed, disputed
from docagent.cascade.document_view import DocumentView, Part
from docagent.cascade.request_loop import CascadeTask, Inquiry, count_open, run_cascade
from docagent.cascade.usage_report import Tally
from docagent.confidence import THRESHOLDS
from docagent.evidence.grounding import ground_words
from docagent.layout.lines_with_ids import defuse
from docagent.results import Classification
from docagent.tasks.classification.embedded import MIN_NAMED, KindWords
from docagent.vlm.calls import Asker, Reply, Request

MAX_LINES = 6


@dataclass(eq=False, kw_only=True)
class KindInquiry(Inquiry):
    """The kind asked of the first part. found: a usable answer, as a classification of its own."""

    found: Classification | None = None

    @property
    def is_open(self) -> bool:
        return self.found is None


@dataclass
class KindTask(CascadeTask[KindInquiry, Classification]):
    """Which of some kinds a document is."""

    max_halvings: ClassVar[int] = 0
    view: DocumentView
    embedded: Classification
    kinds: KindWords

    def inquiries(self) -> list[KindInquiry]:
        always = self.view.settings.vlm.effective_mode == "always"
        if not self.view.lines or not (always or is_unsure(self.embedded)):
            return []
        # What kind a document is stands at its beginning.
        return [KindInquiry(part=self.view.parts[0])]

    def request(self, inquiry: KindInquiry) -> Request:
        kinds = [
            {"name": schema.name, "meaning": defuse(schema.description or schema.title)}
            for schema in self.kinds.schemas
        ]
        return self.view.request(
            "classify",
            {"kinds": kinds, "complaints": list(inquiry.complaints)},
            inquiry.part,
            ["kind"],
            json_schema=kind_schema(inquiry.part, self.kinds),
            is_usable=is_object,
        )

    def apply(self, inquiry: KindInquiry, reply: Reply) -> Sequence[KindInquiry]:
        schema = kind_schema(inquiry.part, self.kinds)
        found = members(reply.text)
        answer = {key: value for key, value in found.items() if key in schema["properties"]}
        wrong = problem({"properties": {"answer": schema}}, "answer", answer)
        if wrong:
            inquiry.complaints = (f"the answer: {wrong}",)
        elif answer["kind"] is None:
            document_id = self.view.document.id
            inquiry.found = Classification(document_id=document_id, source="vlm", how="absent")
        elif not answer["lines"]:
            inquiry.complaints = ("lines: name those that tell",)
        else:
            inquiry.found = _claimed(self.view, self.kinds, answer)
        return ()

    def weigh(self, inquiries: Sequence[KindInquiry]) -> tuple[Classification, Tally]:
        (inquiry,) = inquiries
        if inquiry.found is None:
            result = self.embedded.noted("the model gave no usable answer")
        else:
            result = _weigh(self.embedded, inquiry.found, self.view.settings.vlm.trust)
        return result, count_open(inquiries)


def classify_unsure(
    view: DocumentView, embedded: Classification, asker: Asker, kinds: KindWords
) -> Classification:
    """The kind that the words give if it is sure, or else that of both readings, weighed. Never
    raises for what the model does; ``vlm`` of the result tells."""
    return run_cascade(KindTask(view, embedded, kinds), asker)


def is_unsure(embedded: Classification) -> bool:
    """Whether a model is asked for the kind."""
    return embedded.kind is None or (embedded.confidence or 0.0) < THRESHOLDS.unsure


def kind_schema(part: Part, kinds: KindWords) -> dict[str, Any]:
    """JSON Schema of an answer; line ids can only be those of the page, kinds those there are."""
    names = [schema.name for schema in kinds.schemas]
    ids = [line.id for line in part]
    lines = {"type": "array", "maxItems": MAX_LINES, "items": {"enum": ids}}
    return {
        "type": "object",
        "properties": {"lines": lines, "kind": {"enum": [*names, None]}},
        "required": ["lines", "kind"],
        "additionalProperties": False,
    }


def _claimed(view: DocumentView, kinds: KindWords, answer: Mapping[str, Any]) -> Classification:
    """The kind a model names, with its lines as evidence where they have words of that kind."""
    named = [view.by_id[line] for line in dict.fromkeys(answer["lines"])]
    lines = sorted(named, key=lambda line: line.start)
    kind = str(answer["kind"])
    (schema,) = (schema for schema in kinds.schemas if schema.name == kind)
    found = Classification(
        document_id=view.document.id, kind=kind, domain=schema.domain, source="vlm", how="derived"
    )
    if not kinds.are_shown(view.document, lines, kind):
        ids = ", ".join(line.id for line in lines)
        message = f"concluded by the model from lines {ids}; they have no words of that kind"
        return found.replace(message=message)
    trust = view.settings.vlm.trust
    evidence = tuple(e for n in lines for e in ground_words(view.document, n.start, n.end))
    return found.replace(how="verbatim", confidence=trust, evidence=evidence)


def _weigh(embedded: Classification, model: Classification, trust: float) -> Classification:
    """The kind by the words of the page and by a model."""
    if model.kind is None:
        return _unfound(embedded, trust)
    model = model.replace(kinds=embedded.kinds)
    if model.confidence is None:
        # Without evidence on the page it counts only where there is no other kind.
        return model.replace(domain=embedded.domain) if embedded.kind is None else embedded
    if embedded.kind is None:
        return _beside_unknown(embedded, model)
    if embedded.kind != model.kind:
        return _contested(embedded, model)
    confidence = agreed(embedded.confidence or 0.0, model.confidence)
    return embedded.replace(confidence=confidence)


def _beside_unknown(embedded: Classification, model: Classification) -> Classification:
    """A kind of the model where the words are unsure; their confidence in it still counts."""
    words = next((score.confidence for score in embedded.kinds if score.kind == model.kind), 0.0)
    confidence = agreed(words, model.confidence or 0.0)
    if confidence < MIN_NAMED:
        return embedded.noted(f"the model says {model.kind}")
    return model.replace(confidence=confidence)


def _contested(embedded: Classification, model: Classification) -> Classification:
    a, b = embedded.confidence or 0.0, model.confidence or 0.0
    winner, loser = (embedded, model) if disputed(a, b) >= disputed(b, a) else (model, embedded)
    confidence = max(disputed(a, b), disputed(b, a))
    domain = embedded.domain if embedded.domain == model.domain else ""
    if confidence >= MIN_NAMED:
        return winner.noted(f"the other reading is {loser.kind}").replace(confidence=confidence)
    return Classification(
        document_id=embedded.document_id,
        domain=domain,
        kinds=embedded.kinds,
        abstained="conflicting",
        message=f"{embedded.kind} and, by the model, {model.kind}",
    )


def _unfound(embedded: Classification, trust: float) -> Classification:
    """The model finds none of the kinds: it agrees, or doubts the one there is."""
    if embedded.kind is None:
        if embedded.abstained != "not_present":
            return embedded.noted("the model finds none of the kinds")
        return embedded.replace(absence=agreed(embedded.absence or 0.0, trust))
    left = disputed(embedded.confidence or 0.0, trust)
    if left >= MIN_NAMED:
        return embedded.noted("the model finds none of the kinds").replace(confidence=left)
    return Classification(
        document_id=embedded.document_id,
        absence=1 - left,
        kinds=embedded.kinds,
        abstained="not_present",
        message=f"the model finds none of the kinds, and {embedded.kind} is unsure",
    )

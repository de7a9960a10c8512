"""Summaries by the cascade: sentences of a model count if their facts are on the lines it names.

Only the parts of a long document that the embedded summary rests on are asked about, each for as
many sentences as it has there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from docagent.cascade.answer_format import is_object, members, problem
from docagent.cascade.document_view import DocumentView
from docagent.cascade.request_loop import CascadeTask, Inquiry, count_open, run_cascade
from docagent.cascade.usage_report import Tally
from docagent.cascade.verification import ground_among, named_words
from docagent.evidence.grounding import ground_ranges, ground_words
from docagent.layout.lines_with_ids import defuse
from docagent.results import Sentence, Summary
from docagent.tasks.summarisation.embedded import covered
from docagent.tasks.summarisation.fact_check import find_unproven
from docagent.vlm.calls import Asker, Reply, Request

MAX_SENTENCE_CHARS = 400
MAX_LINES = 12
MAX_UNPROVEN = 20
"""Sentences kept that do not hold."""
MIN_COVERED_RATIO = 0.5
"""Share of the document's words from which on the embedded summary leaves little out."""


@dataclass(eq=False, kw_only=True)
class SummaryInquiry(Inquiry):
    """At most max_sentences asked of a part of the document.

    embedded: the sentences of the embedded summary there. sentences: those of the model that
    hold. unproven: those that do not.
    """

    embedded: tuple[Sentence, ...]
    max_sentences: int
    sentences: tuple[Sentence, ...] = ()
    unproven: list[Sentence] = field(default_factory=list)

    @property
    def is_open(self) -> bool:
        return not self.sentences


@dataclass
class SummaryTask(CascadeTask[SummaryInquiry, Summary]):
    """A summary of at most max_sentences."""

    max_halvings: ClassVar[int] = 0
    view: DocumentView
    embedded: Summary
    max_sentences: int

    def inquiries(self) -> list[SummaryInquiry]:
        """One for each part that embedded sentences begin in."""
        always = self.view.settings.vlm.effective_mode == "always"
        if not self.embedded.sentences or not (always or is_unsure(self.view, self.embedded)):
            return []
        found = []
        is_single = len(self.view.parts) == 1
        for part in self.view.parts:
            words = self.view.document.words[part[0].start : part[-1].end]
            first, last = words[0].span.start, words[-1].span.end
            inside = tuple(
                s for s in self.embedded.sentences if first <= s.evidence[0].span.start < last
            )
            if inside:
                most = self.max_sentences if is_single else len(inside)
                found.append(SummaryInquiry(part=part, embedded=inside, max_sentences=most))
        return found

    def request(self, inquiry: SummaryInquiry) -> Request:
        # Complaints quote the model, and its sentences may be what the document told it to say.
        complaints = [defuse(complaint) for complaint in inquiry.complaints]
        return self.view.request(
            "summarise",
            {"sentences": inquiry.max_sentences, "complaints": complaints},
            inquiry.part,
            ["summary"],
            json_schema=_schema(inquiry),
            is_usable=is_object,
        )

    def apply(self, inquiry: SummaryInquiry, reply: Reply) -> Sequence[SummaryInquiry]:
        """Sentences that hold are kept; if none does, the part is asked again."""
        items = members(reply.text).get("sentences")
        if not isinstance(items, list):
            inquiry.complaints = ("sentences: it is missing",)
            return ()
        form = {
            "$defs": _schema(inquiry)["$defs"],
            "properties": {"one": {"$ref": "#/$defs/sentence"}},
        }
        complaints: list[str] = []
        proven: dict[str, Sentence] = {}
        for number, item in enumerate(items[: inquiry.max_sentences], start=1):
            wrong = problem(form, "one", item)
            if not wrong:
                sentence = _verify(self.view, item)
                wrong = sentence.message
                if sentence.evidence:
                    proven[sentence.text] = sentence
                elif sentence.text:
                    inquiry.unproven.append(sentence)
            if wrong:
                complaints.append(f"sentence {number}: {wrong}")
        inquiry.sentences = tuple(proven.values())
        inquiry.complaints = tuple(complaints) or ("sentences: there is none",)
        return ()

    def weigh(self, inquiries: Sequence[SummaryInquiry]) -> tuple[Summary, Tally]:
        """The model's sentences where any hold, the embedded ones of the other parts."""
        tally = count_open(inquiries)
        in_order = sorted(inquiries, key=lambda inquiry: inquiry.part[0].start)
        unproven = dict.fromkeys(s for inquiry in in_order for s in inquiry.unproven)
        failed = tally.status == "failed"
        result = self.embedded.replace(
            sentences=tuple(s for i in in_order for s in i.sentences or i.embedded),
            unproven=tuple(unproven)[:MAX_UNPROVEN],
            message="the model gave no usable summary" if failed else "",
        )
        return result, tally


def summarise_unsure(
    view: DocumentView, embedded: Summary, asker: Asker, sentences: int
) -> Summary:
    """The embedded summary if it covers most of the document, or else the sentences of a model
    that hold. Never raises for what the model does; ``vlm`` of the summary tells."""
    return run_cascade(SummaryTask(view, embedded, sentences), asker)


def is_unsure(view: DocumentView, embedded: Summary) -> bool:
    """Whether the embedded summary leaves much out, so that a model is asked."""
    return covered(view.document, embedded) < MIN_COVERED_RATIO


def _schema(inquiry: SummaryInquiry) -> dict[str, Any]:
    return summary_schema([line.id for line in inquiry.part], inquiry.max_sentences)


def summary_schema(ids: Sequence[str], most: int) -> dict[str, Any]:
    """JSON Schema of a summary; line ids can only be those of the page."""
    lines = {"type": "array", "minItems": 1, "maxItems": MAX_LINES, "items": {"enum": list(ids)}}
    # Lines first: the model has to name the place before it gives the text.
    sentence = {
        "type": "object",
        "properties": {"lines": lines, "text": {"type": "string", "maxLength": MAX_SENTENCE_CHARS}},
        "required": ["lines", "text"],
        "additionalProperties": False,
    }
    items = {"$ref": "#/$defs/sentence"}
    sentences = {"type": "array", "minItems": 1, "maxItems": most, "items": items}
    return {
        "type": "object",
        "properties": {"sentences": sentences},
        "required": ["sentences"],
        "additionalProperties": False,
        "$defs": {"sentence": sentence},
    }


def _verify(view: DocumentView, item: Mapping[str, Any]) -> Sentence:
    """A sentence with the lines it rests on; without them, and with the reason, if it does not."""
    text = " ".join("".join(_printable(c) for c in item["text"]).split())
    lines = [view.by_id[line] for line in dict.fromkeys(item["lines"])]
    lines.sort(key=lambda line: line.start)
    missing = find_unproven(view, text, lines)
    if missing:
        message = f"not on the lines it names: {', '.join(missing)}"
        return Sentence(text=text, how="derived", source="vlm", message=message)
    ranges, exact = ground_among(view.document, named_words(view, item["lines"]), text)
    if ranges and exact:
        evidence = ground_ranges(view.document, ranges)
        return Sentence(text=text, evidence=evidence, source="vlm")
    whole = tuple(e for line in lines for e in ground_words(view.document, line.start, line.end))
    return Sentence(text=text, evidence=whole, how="derived", source="vlm")


def _printable(char: str) -> str:
    """Half a surrogate pair could not be written to a file, and a control character steers."""
    return char if char.isprintable() else " "

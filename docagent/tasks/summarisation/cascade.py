"""Summaries by the cascade: a model may say it better, if what it says is on the lines it names.

Only the parts of a long document that the embedded summary rests on are asked about, each for as
many sentences as it has there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from docagent.cascade.answer_format import is_object, members, problem
from docagent.cascade.document_view import Look, Part
from docagent.cascade.usage_report import to_use
from docagent.cascade.verification import ground_among, named_words
from docagent.evidence.grounding import ground_ranges, ground_words
from docagent.layout.numbered_lines import defuse
from docagent.results import Sentence, Summary
from docagent.tasks.summarisation.embedded import covered
from docagent.tasks.summarisation.fact_check import unproven
from docagent.vlm.calls import Asker, Reply, Request

LONGEST_SENTENCE = 400
MOST_LINES = 12
MOST_UNPROVEN = 20
"""Sentences kept that do not hold."""
REPAIRS = 1
COVERED = 0.5
"""Share of the document's words from which on the embedded summary leaves little out."""


@dataclass
class _Job:
    """A part of the document that some sentences are asked of; own: the embedded ones."""

    part: Part
    own: list[Sentence]
    most: int
    complaints: tuple[str, ...] = ()
    sentences: tuple[Sentence, ...] = ()
    unproven: list[Sentence] = field(default_factory=list)


def summarise_unsure(look: Look, fast: Summary, asker: Asker, sentences: int) -> Summary:
    """The embedded summary if it says most of the document, or else what of a model's holds.
    Never raises for what the model does; ``vlm`` of the summary tells."""
    mode = look.settings.vlm.effective_mode
    if not fast.sentences or not (mode == "always" or is_unsure(look, fast)):
        return fast.replace(vlm=to_use(mode, asker, 0, 0))
    jobs = _jobs(look, fast, sentences)
    for _ in range(REPAIRS + 1):
        waiting = [job for job in jobs if not job.sentences]
        replies = asker.ask_all([_request(look, job) for job in waiting])
        for job, reply in zip(waiting, replies, strict=True):
            _hear(look, job, reply)
    failed = sum(not job.sentences for job in jobs)
    said = tuple(s for job in jobs for s in job.sentences or job.own)
    loose = tuple(s for job in jobs for s in job.unproven)
    return fast.replace(
        sentences=said,
        unproven=tuple(dict.fromkeys(loose))[:MOST_UNPROVEN],
        message="the model gave no usable summary" if failed == len(jobs) else "",
        vlm=to_use(mode, asker, len(jobs), failed),
    )


def is_unsure(look: Look, fast: Summary) -> bool:
    """Whether the embedded summary leaves much out, so that a model is asked."""
    return covered(look.document, fast) < COVERED


def _jobs(look: Look, fast: Summary, sentences: int) -> list[_Job]:
    """The parts that embedded sentences begin in."""
    jobs = []
    for part in look.parts:
        words = look.document.words[part[0].start : part[-1].end]
        first, last = words[0].span.start, words[-1].span.end
        own = [s for s in fast.sentences if first <= s.evidence[0].span.start < last]
        if own:
            jobs.append(_Job(part, own, sentences if len(look.parts) == 1 else len(own)))
    return jobs


def _request(look: Look, job: _Job) -> Request:
    # Complaints quote the model, and what it says may be what the document told it to.
    values = {"sentences": job.most, "complaints": [defuse(said) for said in job.complaints]}
    return look.request(
        "summarise",
        values,
        job.part,
        ["summary"],
        json_schema=summary_schema([line.id for line in job.part], job.most),
        is_usable=is_object,
    )


def summary_schema(ids: Sequence[str], most: int) -> dict[str, Any]:
    """JSON Schema of a summary; line ids can only be those of the page."""
    lines = {"type": "array", "minItems": 1, "maxItems": MOST_LINES, "items": {"enum": list(ids)}}
    # Lines first: the model has to say where it looks before it says what it sees.
    sentence = {
        "type": "object",
        "properties": {"lines": lines, "text": {"type": "string", "maxLength": LONGEST_SENTENCE}},
        "required": ["lines", "text"],
        "additionalProperties": False,
    }
    said = {"type": "array", "minItems": 1, "maxItems": most, "items": {"$ref": "#/$defs/sentence"}}
    return {
        "type": "object",
        "properties": {"sentences": said},
        "required": ["sentences"],
        "additionalProperties": False,
        "$defs": {"sentence": sentence},
    }


def _hear(look: Look, job: _Job, reply: Reply) -> None:
    """Take the sentences that hold; if none does, say why, so that it is asked again."""
    said = members(reply.text).get("sentences")
    if not isinstance(said, list):
        job.complaints = ("sentences: it is missing",)
        return
    schema = summary_schema([line.id for line in job.part], job.most)
    one = {"$defs": schema["$defs"], "properties": {"one": {"$ref": "#/$defs/sentence"}}}
    held: list[Sentence] = []
    complaints: list[str] = []
    for number, item in enumerate(said[: job.most], start=1):
        wrong = problem(one, "one", item)
        sentence = None if wrong else _held(look, item)
        if sentence is not None and sentence.evidence:
            held.append(sentence)
        elif sentence is not None and sentence.text:
            job.unproven.append(sentence)
        wrong = wrong or (sentence.message if sentence else "")
        if wrong:
            complaints.append(f"sentence {number}: {wrong}")
    job.sentences = tuple({sentence.text: sentence for sentence in held}.values())
    job.complaints = tuple(complaints) or ("sentences: there is none",)


def _held(look: Look, item: Mapping[str, Any]) -> Sentence:
    """A sentence with the lines it rests on; without them, and with the reason, if it does not."""
    text = " ".join("".join(_printable(c) for c in item["text"]).split())
    lines = [look.by_id[line] for line in dict.fromkeys(item["lines"])]
    lines.sort(key=lambda line: line.start)
    missing = unproven(look, text, lines)
    if missing:
        message = f"not on the lines it names: {', '.join(missing)}"
        return Sentence(text=text, how="derived", source="vlm", message=message)
    ranges, exact = ground_among(look.document, named_words(look, item["lines"]), text)
    if ranges and exact:
        evidence = ground_ranges(look.document, ranges)
        return Sentence(text=text, evidence=evidence, source="vlm")
    whole = tuple(e for line in lines for e in ground_words(look.document, line.start, line.end))
    return Sentence(text=text, evidence=whole, how="derived", source="vlm")


def _printable(char: str) -> str:
    """Half a surrogate pair could not be written to a file, and a control character steers."""
    return char if char.isprintable() else " "

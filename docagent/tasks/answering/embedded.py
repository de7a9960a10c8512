"""Answers to questions, with citations, or a typed abstention.

The question itself is the reader's query. What it asks for ("when", "how much") says which
spans can be an answer. The answer is the words printed on the page, never words of a model.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from docagent.confidence import IDENTITY, THRESHOLDS, Calibration, load_calibrations
from docagent.document import Document
from docagent.errors import SettingsError
from docagent.evidence.candidates import (
    ValueCandidate,
    merge_equal_values,
    ocr_confidence,
    strongest_rival,
)
from docagent.evidence.conventions import conventions_of
from docagent.evidence.field_parser import FieldParser
from docagent.evidence.grounding import ground_ranges
from docagent.reader.types import Query, Reader, Reading
from docagent.results import Abstention, Answer
from docagent.rules.label_places import Placed
from docagent.rules.registry import ALL_RULES, RuleSet
from docagent.schemas import SchemaField
from docagent.tasks.answering.fields import field_answer
from docagent.tasks.answering.printed import printed_option
from docagent.tasks.answering.small_talk import HELP, is_small_talk
from docagent.text.normalise import normalise

LONGEST_QUESTION = 1000
SURE = 0.9
"""Confidence from which the reader is believed against a printed label."""
BLANK_ABSENCE = 0.7
"""How often nothing is written at a label beside which nothing was found (FUNSD's forms)."""
_KINDS = (
    ("date", re.compile(r"^when\b|\b(what|which) (is the )?(\w+ )?(date|day)\b|\bdate of\b", re.I)),
    (
        "amount",
        re.compile(r"\bhow much\b|\b(what|which)\b.*\b(total|amount|price|balance)\b", re.I),
    ),
)
_PERSON = re.compile(r"^(by |to |from |for |with )?(who|whom|whose)\b", re.I)
_NAME = re.compile(r"[^\W\d_]{2}")
_MANY = re.compile(
    r"^\s*(list|name all|enumerate)\b|\b(who|what|which) are\b|^\s*which \w+s\b|\ball (of )?the\b",
    re.I,
)


@dataclass(frozen=True)
class _Asked:
    """A question with the kind of value it wants. person: it asks for somebody."""

    text: str
    kind: str
    multiple: bool
    person: bool


def answer(
    document: Document,
    question: str,
    reader: Reader,
    *,
    locale_hint: str | None = None,
    calibrations: Mapping[str, Calibration] | None = None,
    rules: RuleSet = ALL_RULES,
) -> Answer:
    """The answer that the document prints to ``question``.

    A field of the document's kind is answered as ``extract`` finds it, a printed label by what
    stands at its place, anything else by the reader. Several answers ("Who are the parties?") are
    joined by semicolons, one citation or more each. calibrations: the shipped ones by default;
    ``answer`` is used. Raises SettingsError for an empty question or one over LONGEST_QUESTION
    characters.
    """
    asked = _asked(question)
    if is_small_talk(asked.text):
        return _unsaid(document, asked, 1.0, HELP)
    if not document.words:
        return _unsaid(document, asked, 1.0, "I did not find an answer: the document has no text")
    known = load_calibrations() if calibrations is None else calibrations
    fields = FieldParser(document, _leaf(asked), locale_hint, conventions_of(document))
    placed = rules.question_label(document, asked.text)
    has_value = placed is not None and printed_option(fields, placed) is not None
    if not has_value and rules.has("ask_fields"):
        given = field_answer(
            document, asked.text, reader, locale_hint=locale_hint, calibrations=known, rules=rules
        )
        if given:
            return given
    (reading,) = reader.read(document, [Query(text=asked.text, multiple=asked.multiple)])
    options = _options(fields, reading, asked)
    calibration = known.get("answer", IDENTITY)
    if placed and not asked.multiple:
        told = _at_label(asked, fields, placed, options, calibration)
        if told:
            return told
    if not options or reading.absent > THRESHOLDS.absent:
        message = "I did not find an answer: the document does not seem to say"
        return _unsaid(document, asked, reading.absent, message)
    chosen = [o for o in options if o.score >= THRESHOLDS.answer] if asked.multiple else options[:1]
    return _judged(document, asked, fields, chosen or options[:1], options, calibration)


def _at_label(
    asked: _Asked,
    fields: FieldParser,
    placed: Placed,
    options: Sequence[ValueCandidate],
    calibration: Calibration,
) -> Answer | None:
    """What stands at the label that the question names; None where the reader is surer of something
    else, or where a word of another kind stands there."""
    document, printed = fields.document, printed_option(fields, placed)
    sure = calibration.apply(options[0].score) if options else 0.0
    if printed is None:
        if placed.place != "blank" or sure >= SURE:
            return None
        label = " ".join(document.words[i].word.text for i in placed.label.words)
        message = f"I did not find an answer: {label!r} is printed, and nothing stands beside it"
        return _unsaid(document, asked, BLANK_ABSENCE, message)
    if sure >= max(SURE, printed.score) and not _overlaps(options[0], printed):
        return None
    confirmed = bool(options) and _overlaps(options[0], printed)
    score = max(printed.score, sure) if confirmed else printed.score
    return _judged(
        document, asked, fields, [replace(printed, score=score)], [printed], IDENTITY
    ).replace(source="rule")


def _overlaps(a: ValueCandidate, b: ValueCandidate) -> bool:
    return any(s < end and start < e for s, e in a.ranges for start, end in b.ranges)


def _judged(
    document: Document,
    asked: _Asked,
    fields: FieldParser,
    chosen: Sequence[ValueCandidate],
    options: Sequence[ValueCandidate],
    calibration: Calibration,
) -> Answer:
    """The chosen spans as an answer, unless they are unsure, illegible or have a rival."""
    legible = min(ocr_confidence(document, fields.leaf, c.ranges) for c in chosen)
    confidence = calibration.apply(min(c.score for c in chosen) * legible)
    if legible < THRESHOLDS.illegible:
        message = f"the words of the answer are read with confidence {legible:.2f} only"
        return _abstain(document, asked, "illegible", message)
    rival = None if asked.multiple else strongest_rival(options)
    if rival and rival.score >= THRESHOLDS.rival * chosen[0].score:
        message = f"{chosen[0].raw_text!r} and {rival.raw_text!r} fit about as well"
        return _abstain(document, asked, "ambiguous", message)
    # A score that is not calibrated says nothing of how often it is right.
    least = THRESHOLDS.answer if calibration is IDENTITY else THRESHOLDS.shown
    if confidence < least:
        message = f"I did not find an answer: the best guess has confidence {confidence:.2f} only"
        return _unsaid(document, asked, 1 - confidence, message)
    in_order = sorted(chosen, key=lambda c: c.ranges)
    return Answer(
        document_id=document.id,
        question=asked.text,
        text="; ".join(c.raw_text for c in in_order),
        confidence=confidence,
        citations=tuple(e for c in in_order for e in ground_ranges(document, c.ranges)),
    )


def check_question(question: str) -> str:
    """The question with single spaces. Raises SettingsError if it is empty or too long."""
    text = " ".join(question.split())
    if not text:
        raise SettingsError("the question is empty; ask something, such as 'What is the total?'")
    if len(text) > LONGEST_QUESTION:
        raise SettingsError(
            f"the question has {len(text)} characters; at most {LONGEST_QUESTION} are allowed"
        )
    return text


def _asked(question: str) -> _Asked:
    text = check_question(question)
    kind = next((kind for kind, pattern in _KINDS if pattern.search(text)), "text")
    return _Asked(text, kind, bool(_MANY.search(text)), bool(_PERSON.search(text)))


def _leaf(asked: _Asked) -> SchemaField:
    """The question as a field without labels, so that spans are read as fields are."""
    return SchemaField(path="answer", types=("string",), normaliser=asked.kind, query=asked.text)


def _may_be_name(candidate: ValueCandidate) -> bool:
    """Whether a text can be somebody: it has letters and is neither a date nor an amount."""
    text = candidate.raw_text
    return bool(_NAME.search(text)) and not any(
        normalise(kind, text).ok for kind in ("date", "amount")
    )


def _options(fields: FieldParser, reading: Reading, asked: _Asked) -> list[ValueCandidate]:
    """Distinct answers, best first; spans of the wrong kind count only if there are no others."""
    pointed = [fields.candidate(s.start, s.end, s.score) for s in reading.spans]
    usable = [c for c in pointed if c.score > THRESHOLDS.candidate]
    readable = [c for c in usable if c.parsed.ok and (not asked.person or _may_be_name(c))]
    return merge_equal_values(readable or [replace(c, score=c.score / 2) for c in usable])


def _abstain(document: Document, asked: _Asked, why: Abstention, message: str) -> Answer:
    return Answer(document_id=document.id, question=asked.text, abstained=why, message=message)


def _unsaid(document: Document, asked: _Asked, absence: float, message: str) -> Answer:
    return _abstain(document, asked, "not_present", message).replace(absence=absence)

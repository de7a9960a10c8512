"""Answers to questions by the embedded reader: text with citations, or a typed abstention.

The question is the query of the reader. The kind of value it asks for ("when", "how much") decides
which spans can be an answer. The answer consists of words printed on the page, never of generated
words.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from docagent.arguments import check_text
from docagent.confidence import IDENTITY, THRESHOLDS, Calibration, load_calibrations
from docagent.document import Document
from docagent.errors import SettingsError
from docagent.evidence.candidates import (
    ValueCandidate,
    merge_equal_values,
    ocr_confidence,
    strongest_rival,
)
from docagent.evidence.document_conventions import conventions_of
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

MAX_QUESTION_CHARS = 1000
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
    """A question with what it asks for.

    kind: the normaliser of the value (``date``, ``amount``, ``text``). is_multiple: whether there
    may be several answers. is_person: whether it asks for a person or an organisation.
    """

    text: str
    kind: str
    is_multiple: bool
    is_person: bool


def answer(
    document: Document,
    question: str,
    reader: Reader,
    *,
    locale_hint: str | None = None,
    calibrations: Mapping[str, Calibration] | None = None,
    rules: RuleSet = ALL_RULES,
) -> Answer:
    """Find the answer to ``question`` in the text of a document.

    A field of the document's kind is answered as ``extract`` finds it, a printed label by what
    stands at its place, anything else by the reader. Several answers ("Who are the parties?") are
    joined by semicolons, each with at least one citation. locale_hint: language and region such as
    ``en_US``, which decides the order of day and month and decimal marks. calibrations: by default
    the shipped ones, of which ``answer`` is used. rules: the sources used beside the reader, all by
    default.
    Raises SettingsError for an empty question or one over MAX_QUESTION_CHARS characters.
    """
    asked = _parse_question(question)
    if is_small_talk(asked.text):
        return _unsaid(document, asked, 1.0, HELP)
    if not document.words:
        return _unsaid(document, asked, 1.0, "I did not find an answer: the document has no text")
    known = load_calibrations() if calibrations is None else calibrations
    parser = FieldParser(document, _as_field(asked), locale_hint, conventions_of(document))
    placed = rules.question_label(document, asked.text)
    has_value = placed is not None and printed_option(parser, placed) is not None
    if not has_value and rules.has("ask_fields"):
        given = field_answer(
            document, asked.text, reader, locale_hint=locale_hint, calibrations=known, rules=rules
        )
        if given:
            return given
    (reading,) = reader.read(document, [Query(text=asked.text, multiple=asked.is_multiple)])
    options = _options(parser, reading, asked)
    calibration = known.get("answer", IDENTITY)
    if placed and not asked.is_multiple:
        at_label = _at_label(parser, asked, placed, options, calibration)
        if at_label:
            return at_label
    if not options or reading.absent > THRESHOLDS.absent:
        message = "I did not find an answer: the document does not seem to say"
        return _unsaid(document, asked, reading.absent, message)
    return _to_answer(parser, asked, options, calibration)


def _at_label(
    parser: FieldParser,
    asked: _Asked,
    placed: Placed,
    options: Sequence[ValueCandidate],
    calibration: Calibration,
) -> Answer | None:
    """What stands at the label that the question names; None where the reader is surer of something
    else, or where a word of another kind stands there."""
    document, printed = parser.document, printed_option(parser, placed)
    sure = calibration.apply(options[0].score) if options else 0.0
    if printed is None:
        if placed.place != "blank" or sure >= SURE:
            return None
        label = " ".join(document.words[i].word.text for i in placed.label.words)
        message = f"I did not find an answer: {label!r} is printed, and nothing stands beside it"
        return _unsaid(document, asked, BLANK_ABSENCE, message)
    is_confirmed = bool(options) and _overlaps(options[0], printed)
    if sure >= max(SURE, printed.score) and not is_confirmed:
        return None
    score = max(printed.score, sure) if is_confirmed else printed.score
    found = _to_answer(parser, asked, [replace(printed, score=score)], IDENTITY)
    return found.replace(source="rule")


def _overlaps(a: ValueCandidate, b: ValueCandidate) -> bool:
    return any(s < end and start < e for s, e in a.ranges for start, end in b.ranges)


def _to_answer(
    parser: FieldParser,
    asked: _Asked,
    options: Sequence[ValueCandidate],
    calibration: Calibration,
) -> Answer:
    """The best option, or all good ones if there may be several, as an answer.

    Abstains if the words are illegible, another option is about as good, or the confidence is low.
    """
    document, chosen = parser.document, options[:1]
    if asked.is_multiple:
        chosen = [o for o in options if o.score >= THRESHOLDS.answer] or chosen
    legibility = min(ocr_confidence(document, parser.leaf, c.ranges) for c in chosen)
    confidence = calibration.apply(min(c.score for c in chosen) * legibility)
    if legibility < THRESHOLDS.illegible:
        message = f"the words of the answer are read with confidence {legibility:.2f} only"
        return _abstain(document, asked, "illegible", message)
    rival = None if asked.is_multiple else strongest_rival(options)
    if rival and rival.score >= THRESHOLDS.rival * chosen[0].score:
        message = f"{chosen[0].raw_text!r} and {rival.raw_text!r} fit about as well"
        return _abstain(document, asked, "ambiguous", message)
    if confidence < THRESHOLDS.answer:
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
    """The question with single spaces. Raises SettingsError if it is empty, too long or no text."""
    text = " ".join(check_text("question", question).split())
    if not text:
        raise SettingsError("the question is empty; ask something, such as 'What is the total?'")
    if len(text) > MAX_QUESTION_CHARS:
        raise SettingsError(
            f"the question has {len(text)} characters; at most {MAX_QUESTION_CHARS} are allowed"
        )
    return text


def _parse_question(question: str) -> _Asked:
    text = check_question(question)
    kind = next((kind for kind, pattern in _KINDS if pattern.search(text)), "text")
    return _Asked(text, kind, bool(_MANY.search(text)), bool(_PERSON.search(text)))


def _as_field(asked: _Asked) -> SchemaField:
    """The question as a schema field without labels, so that spans are parsed like field values."""
    return SchemaField(path="answer", types=("string",), normaliser=asked.kind, query=asked.text)


def _may_be_name(candidate: ValueCandidate) -> bool:
    """Whether a text can be a name: it has letters and is neither a date nor an amount."""
    text = candidate.raw_text
    return bool(_NAME.search(text)) and not any(
        normalise(kind, text).ok for kind in ("date", "amount")
    )


def _options(parser: FieldParser, reading: Reading, asked: _Asked) -> list[ValueCandidate]:
    """Distinct answers, best first. Spans of the wrong kind are used, at half their score, only if
    there are no others."""
    pointed = [parser.candidate(s.start, s.end, s.score) for s in reading.spans]
    usable = [c for c in pointed if c.score > THRESHOLDS.candidate]
    fitting = [c for c in usable if c.parsed.ok and (not asked.is_person or _may_be_name(c))]
    return merge_equal_values(fitting or [replace(c, score=c.score / 2) for c in usable])


def _abstain(document: Document, asked: _Asked, why: Abstention, message: str) -> Answer:
    return Answer(document_id=document.id, question=asked.text, abstained=why, message=message)


def _unsaid(document: Document, asked: _Asked, absence: float, message: str) -> Answer:
    return _abstain(document, asked, "not_present", message).replace(absence=absence)

"""Answers to questions without a model: text with citations, or a typed abstention.

A field of the document's kind is answered as ``extract`` finds it, a printed label by what stands
at its place, a clause of a contract by its sentence, anything else by the words the reader points
at or, at last, by a sentence that speaks of it. Each source says how sure it is, on one scale; the
surest is given. An answer consists of words printed on the page, never of generated words.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from docagent.confidence import THRESHOLDS, Calibration, load_calibrations
from docagent.document import Document
from docagent.evidence.candidates import (
    ValueCandidate,
    merge_equal_values,
    ocr_confidence,
    strongest_rival,
)
from docagent.evidence.document_conventions import conventions_of
from docagent.evidence.field_parser import FieldParser
from docagent.evidence.grounding import ground_ranges
from docagent.layout.remembered import remembered
from docagent.layout.sentences import document_sentences
from docagent.ranking.model import FieldRanker
from docagent.reader.no_reader import UNKNOWN_ABSENCE, NullReader
from docagent.reader.page_reader import MAX_WHOLE_PAGES, PageReader
from docagent.reader.types import Query, Reader, Reading
from docagent.results import Abstention, Answer
from docagent.rules.label_places import Placed
from docagent.rules.parties import whole_name
from docagent.rules.registry import ALL_RULES, RuleSet
from docagent.tasks.answering.clauses import JUDGE_YOURSELF, clause_proposals
from docagent.tasks.answering.fields import FieldSources, field_proposals
from docagent.tasks.answering.passages import best_pages, passage_proposal
from docagent.tasks.answering.printed import printed_option
from docagent.tasks.answering.proposals import (
    Proposal,
    Weighed,
    best_proposal,
    calibrated,
    fields_first,
    overlap,
    values_text,
)
from docagent.tasks.answering.question import Asked, parse_question
from docagent.tasks.answering.small_talk import HELP, is_small_talk
from docagent.text.normalise import normalise

SURE = 0.97
"""Confidence from which another source is believed against a blank beside a printed label."""
BLANK_ABSENCE = 0.7
"""How often nothing is written at a label beside which nothing was found (FUNSD's forms)."""
UNREAD = 0.8
"""Confidence of another source from which a long document is not read as well."""
MAX_FORM_PAGES = 3
"""Pages of a document in which a label may be a blank; in longer ones it is a heading."""
MIN_QUOTED_WORDS = 5
"""Words of a span that answers a yes or no or names a clause; a shorter one is quoted with its
sentence."""
_NAME = re.compile(r"[^\W\d_]{2}")


@dataclass(frozen=True)
class Read:
    """What the reader's spans come to: a proposal, or why they give none. absence: the reader's
    probability (0-1) that there is no answer. was_read: whether there was a reader at all."""

    absence: float
    proposal: Proposal | None = None
    abstained: Abstention | None = None
    message: str = ""
    was_read: bool = True


@dataclass(frozen=True)
class Gathered:
    """Proposals of all sources; passages: sentences that are given only where nothing else is;
    placed: the printed label that the question names."""

    proposals: tuple[Proposal, ...]
    passages: tuple[Proposal, ...]
    placed: Placed | None
    read: Read


def answer(
    document: Document,
    question: str,
    reader: Reader,
    *,
    locale_hint: str | None = None,
    calibrations: Mapping[str, Calibration] | None = None,
    rules: RuleSet = ALL_RULES,
    ranker: FieldRanker | None = None,
) -> Answer:
    """Find the answer to ``question`` in the text of a document.

    Several answers ("Who are the parties?") are joined by semicolons, each with at least one
    citation. reader: a PageReader keeps what it reads for the next question. locale_hint: language
    and region such as ``en_US``, which decides the order of day and month and decimal marks.
    calibrations: by default the shipped ones, of which those of ``answer_SOURCE`` are used. rules:
    the sources used beside the reader, all by default. ranker: chooses among the candidates of a
    field; by default the one that belongs to the reader.
    Raises SettingsError for an empty question or one over MAX_QUESTION_CHARS characters.
    """
    asked = parse_question(question)
    if is_small_talk(asked.text):
        return _unsaid(document, asked, 1.0, HELP)
    if not document.words:
        return _unsaid(document, asked, 1.0, "I did not find an answer: the document has no text")
    known = load_calibrations() if calibrations is None else calibrations
    pages = reader if isinstance(reader, PageReader) else PageReader(reader)
    found = gather(document, asked, FieldSources(pages, rules, known, locale_hint, ranker))
    best = best_proposal(found.proposals)
    placed = found.placed
    may_be_form = len(document.pages) <= MAX_FORM_PAGES and not asked.is_multiple
    if (
        placed is not None
        and may_be_form
        and _is_blank(found)
        and (best is None or best.confidence < SURE)
    ):
        return _blank(document, asked, placed)
    if best is None or best.confidence < THRESHOLDS.answer:
        best = best_proposal([*found.proposals, *found.passages])
    if best is not None and best.confidence >= THRESHOLDS.answer:
        return best.to_answer(document, asked.text)
    return _nothing(document, asked, best, found.read)


def gather(
    document: Document, asked: Asked, sources: FieldSources, *, is_thorough: bool = False
) -> Gathered:
    """What every source proposes as the answer to a question.

    is_thorough: whether all sources are asked, even if one is sure already; a fit needs that.
    """
    rules, known = sources.rules, sources.tables
    parser = FieldParser(
        document, asked.field, sources.locale_hint, remembered(document, conventions_of)
    )
    placed = None if asked.is_quoted else rules.question_label(document, asked.text)
    proposals = [] if placed is None else list(_at_label(parser, placed, asked, known))
    if rules.has("ask_clauses"):
        proposals += clause_proposals(document, asked, known)
    is_long = len(document.pages) > MAX_WHOLE_PAGES
    if rules.has("ask_fields") and (is_thorough or not (is_long and _is_sure(proposals))):
        proposals += field_proposals(document, asked, sources)
    read = Read(absence=0.0, was_read=False)
    if is_thorough or not (is_long and _is_sure(proposals)):
        read = _by_reader(parser, asked, sources.reader, known)
        proposals = _weighed_labels(proposals, read, known)
        proposals = _confirmed(asked, proposals, read.proposal)
    proposals = fields_first(proposals)
    passages: list[Proposal] = []
    if rules.has("ask_passages") and (is_thorough or not _is_given(proposals)):
        passage = passage_proposal(document, asked, read.absence, known)
        passages = [passage] if passage else []
    return Gathered(tuple(proposals), tuple(passages), placed, read)


def _is_blank(found: Gathered) -> bool:
    """Whether nothing stands at the label that is asked for, or what is hardly its value."""
    if found.placed is None or not found.placed.words:
        return found.placed is not None
    label = found.placed.label
    at_label = max((p.confidence for p in found.proposals if p.by == "label"), default=0.0)
    return (label.is_whole or label.is_marked) and at_label < THRESHOLDS.answer


def _is_given(proposals: Sequence[Proposal]) -> bool:
    best = best_proposal(proposals)
    return best is not None and best.confidence >= THRESHOLDS.answer


def _is_sure(proposals: Sequence[Proposal]) -> bool:
    best = best_proposal(proposals)
    return best is not None and best.confidence >= UNREAD


def _at_label(
    parser: FieldParser, placed: Placed, asked: Asked, known: Mapping[str, Calibration]
) -> list[Proposal]:
    """What stands at the label that the question names, if it is of the kind asked for."""
    printed = printed_option(parser, placed)
    if printed is None or asked.is_multiple:
        return []
    return [_to_proposal(parser, [printed], "label", known)]


def _by_reader(
    parser: FieldParser, asked: Asked, reader: PageReader, known: Mapping[str, Calibration]
) -> Read:
    """The best span of the reader, or all good ones if there may be several.

    None is proposed if the words are illegible or another span is about as good.
    """
    document = parser.document
    if isinstance(reader.reader, NullReader):
        return Read(UNKNOWN_ABSENCE, was_read=False)
    pages = best_pages(document, asked.text)
    query = Query(text=asked.text, multiple=asked.is_multiple)
    (reading,) = reader.read_pages(document, [query], pages)
    options = _options(parser, reading, asked)
    if not options or reading.absent > THRESHOLDS.absent:
        return Read(reading.absent)
    chosen = options[:1]
    if asked.is_multiple:
        chosen = [o for o in options if o.score >= THRESHOLDS.answer] or chosen
    legibility = min(ocr_confidence(document, parser.leaf, c.ranges) for c in chosen)
    if legibility < THRESHOLDS.illegible:
        message = f"the words of the answer are read with confidence {legibility:.2f} only"
        return Read(reading.absent, None, "illegible", message)
    rival = None if asked.is_multiple else strongest_rival(options)
    if rival and rival.score >= THRESHOLDS.rival * chosen[0].score:
        message = f"{chosen[0].raw_text!r} and {rival.raw_text!r} fit about as well"
        return Read(reading.absent, None, "ambiguous", message)
    if asked.is_person:
        chosen = [_whole_name(parser, candidate) for candidate in chosen]
    if asked.is_quoted:
        chosen = [_quoted(parser, candidate) for candidate in chosen]
    scored = [replace(c, score=c.score * legibility) for c in chosen]
    proposal = _to_proposal(parser, scored, "span", known)
    message = JUDGE_YOURSELF if asked.is_yes_no else ""
    return Read(reading.absent, replace(proposal, message=message))


def _to_proposal(
    parser: FieldParser,
    chosen: Sequence[ValueCandidate],
    by: Literal["label", "span"],
    known: Mapping[str, Calibration],
) -> Proposal:
    in_order = sorted(chosen, key=lambda c: c.ranges)
    score = min(c.score for c in chosen)
    return Proposal(
        by=by,
        text=values_text(c.raw_text for c in in_order),
        citations=tuple(e for c in in_order for e in ground_ranges(parser.document, c.ranges)),
        score=score,
        confidence=calibrated(by, score, known),
        source=in_order[0].source,
    )


def _weighed_labels(
    proposals: Sequence[Proposal], read: Read, known: Mapping[str, Calibration]
) -> list[Proposal]:
    """The proposals; a label's value that the reader does not point at is given with a lower
    confidence, or not at all. It still comes before what the reader points at elsewhere."""
    if not read.was_read:
        return list(proposals)
    weighed = []
    for proposal in proposals:
        if proposal.by == "label" and label_source(proposal, read.proposal) == "label_alone":
            stated = calibrated("label_alone", proposal.score, known)
            confidence = proposal.confidence if stated >= THRESHOLDS.answer else stated
            proposal = replace(proposal, confidence=confidence, stated=stated)
        weighed.append(proposal)
    return weighed


def label_source(label: Proposal, span: Proposal | None) -> Weighed:
    """The table for a label's value. span: what the reader points at."""
    return "label" if span is not None and overlap(label, span) else "label_alone"


def _confirmed(
    asked: Asked, proposals: Sequence[Proposal], span: Proposal | None
) -> list[Proposal]:
    """All proposals; one that the reader confirms is at least as sure as the reader is, and of a
    clause the words are given that the reader points at, unless the clause itself is wanted."""
    if span is None:
        return list(proposals)
    confirmed = []
    for proposal in proposals:
        if not overlap(proposal, span):
            confirmed.append(proposal)
            continue
        surer = max(proposal.confidence, span.confidence)
        is_inside = proposal.by == "clause" and not asked.is_quoted and span.text in proposal.text
        confirmed.append(replace(span if is_inside else proposal, confidence=surer))
    return [*confirmed, span]


def _whole_name(parser: FieldParser, candidate: ValueCandidate) -> ValueCandidate:
    """The name with the ending of a company behind it: "Acme, Inc."."""
    texts = [location.word.text for location in parser.document.words]
    start, end = candidate.ranges[-1]
    whole = whole_name(texts, start, end)
    if whole == end:
        return candidate
    ranges = (*candidate.ranges[:-1], (start, whole))
    text = " ".join(parser.text(*words) for words in ranges)
    return replace(candidate, ranges=ranges, raw_text=text)


def _quoted(parser: FieldParser, candidate: ValueCandidate) -> ValueCandidate:
    """The sentence of a span that is too short to be a quotation."""
    start, end = candidate.ranges[0]
    if end - start >= MIN_QUOTED_WORDS:
        return candidate
    for sentence in remembered(parser.document, document_sentences):
        if sentence.start <= start < sentence.end:
            words = (sentence.start, max(end, sentence.end))
            return replace(candidate, ranges=(words,), raw_text=parser.text(*words))
    return candidate


def _may_be_name(candidate: ValueCandidate) -> bool:
    """Whether a text can be a name: it has letters and is neither a date nor an amount."""
    text = candidate.raw_text
    return bool(_NAME.search(text)) and not any(
        normalise(kind, text).ok for kind in ("date", "amount")
    )


def _options(parser: FieldParser, reading: Reading, asked: Asked) -> list[ValueCandidate]:
    """Distinct answers, best first. Spans of the wrong kind are used, at half their score, only if
    there are no others."""
    pointed = [parser.candidate(s.start, s.end, s.score) for s in reading.spans]
    usable = [c for c in pointed if c.score > THRESHOLDS.candidate]
    fitting = [c for c in usable if c.parsed.ok and (not asked.is_person or _may_be_name(c))]
    return merge_equal_values(fitting or [replace(c, score=c.score / 2) for c in usable])


def _blank(document: Document, asked: Asked, placed: Placed) -> Answer:
    label = " ".join(document.words[i].word.text for i in placed.label.words)
    message = (
        f"I did not find an answer: {label!r} is printed, and nothing stands beside it: left blank"
    )
    return _unsaid(document, asked, BLANK_ABSENCE, message)


def _nothing(document: Document, asked: Asked, best: Proposal | None, read: Read) -> Answer:
    """The abstention where no proposal is sure enough, with what was looked for."""
    if read.abstained is not None:
        return _abstain(document, asked, read.abstained, read.message)
    looked = f"I did not find an answer to {asked.text!r}"
    if best is None:
        return _unsaid(
            document, asked, read.absence, f"{looked}: the document does not seem to say"
        )
    message = f"{looked}: the best guess has confidence {best.confidence:.2f} only"
    return _unsaid(document, asked, max(read.absence, 1 - best.confidence), message)


def _abstain(document: Document, asked: Asked, why: Abstention, message: str) -> Answer:
    return Answer(document_id=document.id, question=asked.text, abstained=why, message=message)


def _unsaid(document: Document, asked: Asked, absence: float, message: str) -> Answer:
    return _abstain(document, asked, "not_present", message).replace(absence=absence)

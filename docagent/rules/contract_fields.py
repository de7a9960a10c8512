"""Terms of contracts in their prose: dates, how long they last, how they are renewed, and the law
that governs them.

Patterns are data by language. A text field gets the sentence that says so; one that asks for a
place, a date or a duration gets just that.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache

from docagent.document import Document
from docagent.evidence.candidates import ValueCandidate
from docagent.evidence.field_parser import FieldParser
from docagent.rules.contract_text import Prose, contract_role, matches, patterns, wants_place
from docagent.schemas import Schema
from docagent.text.lexicon import month_meanings

LAW_SCORE, CLAUSE_SCORE = 0.85, 0.8
OTHER_FORM_FACTOR = 0.5
"""Factor for the place where the clause is wanted, and for the clause where the place is."""
LATER_FACTOR = 0.8
"""Factor for each match before one."""
PREAMBLE_WORDS = 260
"""Words from the start within which a contract says its date."""
MAX_CANDIDATES = 4
MIN_TERM_SCORE = 0.5
TERM_BASE, TERM_CUE, TERM_COUNTER = 0.25, 0.3, 0.3
"""Score of a duration by itself, and what a phrase for and against it changes."""
MAX_CUES = 2
NEAR_CHARS = 160
"""Characters around a duration in which phrases speak of it."""
DATE_CUE_CHARS = 45
STRONG_DATE, PREAMBLE_DATE, WEAK_DATE = 0.88, 0.75, 0.4
_OTHER_AGREEMENT = re.compile(
    r"(?:Employment|Merger|Purchase|License|Credit|Original|Prior|certain|letter|that)\b"
    r"[^.;]{0,60}?\bdated?(?: as of)? ?$|Commission|filed|amended",
    re.I,
)


def contract_candidates(
    document: Document, schema: Schema, parsers: Sequence[FieldParser]
) -> dict[str, list[ValueCandidate]]:
    """Candidates of the terms of a contract, by path of the field."""
    wanted = [(p, role) for p in parsers if (role := contract_role(p.leaf))]
    if not wanted:
        return {}
    prose = Prose(document)
    found: dict[str, list[ValueCandidate]] = {}
    for parser, role in wanted:
        values = [v for v in _values(prose, parser, role) if v.parsed.ok]
        if values:
            best = sorted(values, key=lambda v: -v.score)[:MAX_CANDIDATES]
            found[parser.leaf.path] = best
    return found


def _values(prose: Prose, parser: FieldParser, role: str) -> Iterator[ValueCandidate]:
    kind = parser.leaf.normaliser
    if role in ("effective_date", "agreement_date", "expiration_date"):
        return _dates(prose, parser, role) if kind == "date" else iter(())
    if role == "term":
        return _terms(prose, parser) if kind in ("duration", "text") else iter(())
    if kind == "duration":
        return _durations_in_clauses(prose, parser, role)
    return _clauses(prose, parser, role) if kind == "text" else iter(())


def _clauses(prose: Prose, parser: FieldParser, role: str) -> Iterator[ValueCandidate]:
    """Sentences that match, and the values in them."""
    seen: set[tuple[int, int]] = set()
    is_place = wants_place(parser.leaf, role)
    for match in matches(role, "patterns", prose.text):
        start, end = prose.sentence(*match.span())
        needed = patterns(role, "needs")
        if needed and not any(p.search(prose.text, start, end) for p in needed):
            continue
        if (start, end) in seen:
            continue
        factor = LATER_FACTOR ** len(seen)
        seen.add((start, end))
        clause = CLAUSE_SCORE * (OTHER_FORM_FACTOR if is_place else 1.0)
        yield parser.candidate(*prose.words(start, end), clause * factor, "rule")
        if role == "governing_law" and match["value"]:
            place = LAW_SCORE * (1.0 if is_place else OTHER_FORM_FACTOR)
            words = prose.words(*match.span("value"))
            named = parser.parse_text(match["value"])
            found = parser.candidate(*words, place * factor, "rule")
            yield replace(found, parsed=named if named.ok else found.parsed)


def _durations_in_clauses(prose: Prose, parser: FieldParser, role: str) -> Iterator[ValueCandidate]:
    """The first duration in each sentence that matches."""
    for rank, match in enumerate(matches(role, "patterns", prose.text)):
        start, end = prose.sentence(*match.span())
        if "value" in match.re.groupindex and match["value"]:
            spans = [match.span("value")]
        else:
            spans = [m.span() for m in matches("term", "durations", prose.text[start:end])]
            spans = [(a + start, b + start) for a, b in spans if a + start >= match.start()]
        if spans:
            score = CLAUSE_SCORE * LATER_FACTOR**rank
            yield parser.candidate(*prose.words(*spans[0]), score, "rule")


def _terms(prose: Prose, parser: FieldParser) -> Iterator[ValueCandidate]:
    """Durations, scored by what their sentence speaks of."""
    for match in matches("term", "durations", prose.text):
        start, end = prose.sentence(*match.span())
        near = prose.text[
            max(start, match.start() - NEAR_CHARS) : min(end, match.end() + NEAR_CHARS)
        ]
        close = prose.text[max(start, match.start() - NEAR_CHARS // 2) : min(end, match.end() + 60)]
        pro = min(MAX_CUES, _count("for", near))
        contra = min(MAX_CUES, _count("against", close))
        score = TERM_BASE + TERM_CUE * pro - TERM_COUNTER * contra
        if score >= MIN_TERM_SCORE:
            yield parser.candidate(*prose.words(*match.span()), min(score, CLAUSE_SCORE), "rule")


def _count(part: str, text: str) -> int:
    """Different phrases of a part in a text."""
    lower = text.lower()
    return sum(len({m.group() for m in p.finditer(lower)}) for p in patterns("term", part))


@cache
def _date_pattern() -> re.Pattern[str]:
    names = sorted((re.escape(name) for name in month_meanings()), key=len, reverse=True)
    month = rf"(?:{'|'.join(names)})\.?"
    day = r"\d{1,2}(?:st|nd|rd|th|\.)?"
    return re.compile(
        rf"\b{month} {day},? ?,? \d{{4}}\b|\b{day}(?: day of| de| of)? ?{month},?(?: de)? \d{{4}}\b"
        r"|\b\d{1,2}[/.-]\d{1,2}[/.-](?:\d{4}|\d{2})\b|\b\d{4}-\d{2}-\d{2}\b",
        re.I,
    )


def _dates(prose: Prose, parser: FieldParser, role: str) -> Iterator[ValueCandidate]:
    """Dates by the words before and after them; those of other agreements are left out."""
    preamble = prose.starts[min(PREAMBLE_WORDS, len(prose.starts) - 1)] if prose.starts else 0
    count = 0
    for match in _date_pattern().finditer(prose.text):
        before = prose.text[max(0, match.start() - DATE_CUE_CHARS) : match.start()].lower()
        after = prose.text[match.end() : match.end() + DATE_CUE_CHARS].lower()
        wide = prose.text[max(0, match.start() - 2 * DATE_CUE_CHARS) : match.start()]
        if _OTHER_AGREEMENT.search(wide):
            continue
        is_early = match.start() <= preamble
        score = _date_score(role, before, after, is_early)
        if score:
            score *= LATER_FACTOR**count
            count += 1
            yield replace(parser.candidate(*prose.words(*match.span()), 1.0, "rule"), score=score)


def _date_score(role: str, before: str, after: str, is_early: bool) -> float:
    if _cued(role, before, after):
        return STRONG_DATE
    if role == "expiration_date":
        return 0.0
    if role == "effective_date" and is_early and _cued("agreement_date", before, ""):
        return PREAMBLE_DATE
    return WEAK_DATE if is_early else 0.0


def _cued(role: str, before: str, after: str) -> bool:
    ends = any(re.search(rf"(?:{p.pattern})[\s,:]*$", before) for p in patterns(role, "before"))
    return ends or any(p.search(after) for p in patterns(role, "after"))

"""Values of any field of any schema beside its printed labels, and the labels without a value.

Where ``labels`` looks for amounts, dates and numbers by their patterns, this rule takes what stands
at the label's place: names, addresses, codes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from docagent.document import Document
from docagent.evidence.candidates import ValueCandidate
from docagent.evidence.field_parser import FieldParser
from docagent.evidence.label_phrases import label_phrases
from docagent.layout.columns import words_to_ranges
from docagent.rules.label_places import LabelMatch, LabelPlaces, Placed
from docagent.rules.labels import LABELLED_KINDS
from docagent.rules.page_cells import PageCells
from docagent.rules.value_kinds import is_of_kind
from docagent.schemas import Schema, SchemaField

MARKED_SCORE, WHOLE_SCORE = 0.75, 0.6
"""Score of a value beside a label with a colon, and beside one that fills its cell: nine of ten are
right on forms, but a schema's label may belong to another field."""
MIN_LIKENESS = 0.85
_NUMBER = frozenset(("num", "number", "no", "nr", "nbr", "id", "code"))
_NUMBER_NAMES = ("number", "no", "nr", "num", "#")
_OF = re.compile(r"(?P<what>\w+) of (?:the |an? )?(?P<whom>\w+(?: or (?:the |an? )?\w+)*)", re.I)
_OR = re.compile(r" or (?:the |an? )?", re.I)
_SIDE = re.compile(r"(?P<base>.+) (?P<side>from|start|begin|since|to|end|until|till|through)", re.I)
_FIRST_SIDES = frozenset(("from", "start", "begin", "since"))
_RANGE_NAMES = ("dates", "date", "period")
_DATES = re.compile(r"\s+(?:-|–|—|to|until|bis|au)\s+|(?<=\d)[-–—](?=\d{1,2}[/.])", re.I)
_SUM_WORDS = frozenset(("amount", "total", "sum", "value"))
MAX_DESCRIPTION_WORDS = 5


def printed_candidates(
    document: Document, schema: Schema, parsers: Sequence[FieldParser]
) -> dict[str, list[ValueCandidate]]:
    """Values at the printed labels of single fields, by path of the field."""
    found: dict[str, list[ValueCandidate]] = {}
    for path, pairs in _placed(document, parsers).items():
        values = [value for parser, placed in pairs for value in _values(parser, placed)]
        if values:
            found[path] = values
    return found


def blank_fields(document: Document, parsers: Sequence[FieldParser]) -> frozenset[str]:
    """Paths of single text fields whose label is printed with a colon and nothing beside or below
    it, wherever it is printed."""
    return frozenset(
        path
        for path, pairs in _placed(document, parsers).items()
        if pairs
        and pairs[0][0].leaf.normaliser not in LABELLED_KINDS
        and all(placed.place == "blank" and placed.label.is_marked for _, placed in pairs)
    )


def _placed(
    document: Document, parsers: Sequence[FieldParser]
) -> Mapping[str, list[tuple[FieldParser, Placed]]]:
    phrases = {parser.leaf.path: field_phrases(parser.leaf) for parser in parsers}
    known = (phrase for some in phrases.values() for phrase in some)
    places = LabelPlaces(PageCells(document), known)
    found: dict[str, list[tuple[FieldParser, Placed]]] = {}
    for parser in parsers:
        if parser.leaf.multiple:
            continue
        seen: dict[int, LabelMatch] = {}
        for phrase in phrases[parser.leaf.path]:
            for match in places.matches(phrase, whole=True):
                before = seen.get(match.words[0])
                longer = before is None or len(match.words) > len(before.words)
                if match.likeness >= MIN_LIKENESS and longer:
                    seen[match.words[0]] = match
        found[parser.leaf.path] = [(parser, places.placed(match)) for match in seen.values()]
    return found


def _values(parser: FieldParser, placed: Placed) -> Iterator[ValueCandidate]:
    if not placed.words:
        return
    label = placed.label
    score = (MARKED_SCORE if label.is_marked else WHOLE_SCORE) * label.likeness
    candidate = _end_of_range(parser, placed, score) or placed_candidate(parser, placed, score)
    candidate = candidate.with_features(
        {
            "marked": float(label.is_marked),
            "likeness": label.likeness,
            "whole": float(label.is_whole),
            "words": min(len(label.words), 5) / 5,
            placed.place: 1.0,
        }
    )
    if not candidate.parsed.ok or not is_of_kind(parser.leaf, candidate.raw_text):
        return
    if any(c.isdigit() for c in candidate.raw_text) or not _is_number(parser.leaf):
        yield candidate


def _is_number(leaf: SchemaField) -> bool:
    """Whether a field is a number or code by its name, so that its value has a digit."""
    name = leaf.name.casefold()
    return not _NUMBER.isdisjoint(re.findall(r"[a-z]+", name))


def _end_of_range(parser: FieldParser, placed: Placed, score: float) -> ValueCandidate | None:
    """The first or last date of a printed range, for a field that is one end of it."""
    side = _side(parser.leaf)
    if side is None:
        return None
    ranges = words_to_ranges(sorted(placed.words))
    text = " ".join(parser.text(*words) for words in ranges)
    dates = [parsed for part in _DATES.split(text) if (parsed := parser.parse_text(part)).ok]
    if len(dates) != 2:
        return None
    chosen = dates[0] if side["side"].casefold() in _FIRST_SIDES else dates[1]
    return ValueCandidate(ranges, text, chosen, score, "rule")


def _side(leaf: SchemaField) -> re.Match[str] | None:
    name = leaf.name.replace("_", " ")
    return _SIDE.fullmatch(name) if leaf.normaliser == "date" else None


def placed_candidate(parser: FieldParser, placed: Placed, score: float) -> ValueCandidate:
    """What stands at a label as a value of a field; its parse may have failed."""
    ranges = words_to_ranges(sorted(placed.words))
    if len(ranges) == 1:
        return replace(parser.candidate(*ranges[0], score, "rule"), score=score)
    text = " ".join(parser.text(*words) for words in ranges)
    return ValueCandidate(ranges, text, parser.parse_text(text), score, "rule")


def field_phrases(leaf: SchemaField) -> tuple[str, ...]:
    """Phrases that may be printed as the label of a field: its labels, title and name, and what a
    short description says, with the usual names of a number."""
    phrases = dict.fromkeys(sorted(label_phrases(leaf)))
    description = leaf.description.strip(" .")
    match = _OF.fullmatch(description)
    if match:
        phrases |= dict.fromkeys(f"{whom} {match['what']}" for whom in _OR.split(match["whom"]))
    elif 0 < len(description.split()) <= MAX_DESCRIPTION_WORDS:
        phrases |= dict.fromkeys([description.casefold()])
    side = _side(leaf)
    if side:
        phrases |= dict.fromkeys(f"{side['base']} {name}" for name in _RANGE_NAMES)
    for phrase in list(phrases):
        words = phrase.split()
        left = [word for word in words if word.casefold() not in _SUM_WORDS]
        if leaf.normaliser == "amount" and 0 < len(left) < len(words):
            phrases |= dict.fromkeys((f"{' '.join(left)} total", f"{' '.join(left)} amount"))
        if len(words) > 1 and words[-1].casefold() in _NUMBER:
            phrases |= dict.fromkeys(" ".join((*words[:-1], name)) for name in _NUMBER_NAMES)
    return tuple(phrases)

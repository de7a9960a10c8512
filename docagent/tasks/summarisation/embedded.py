"""An extractive summary: the most important sentences of a document, each with its place.

Lines of running text are joined and split into sentences; a row of a form is a unit of its own. The
score of a unit counts words that the document repeats (Luhn, 1958), titles and labels of the
schemas, numbers, and the position. A chosen unit lowers the score of similar ones (Carbonell and
Goldstein, 1998).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import cache
from itertools import groupby, pairwise

from docagent.arguments import check_whole
from docagent.confidence import THRESHOLDS, span_confidence
from docagent.document import Document
from docagent.evidence.grounding import ground_words
from docagent.layout.lines_with_ids import NumberedLine, lines_in_rows, number_lines
from docagent.results import Sentence, Summary
from docagent.schemas import list_schemas
from docagent.tasks.classification.embedded import Hit, KindWords, Phrase, shipped_kinds, to_phrases
from docagent.text.tokens import STOP_WORDS, content_words

SENTENCES = 5
MOST_SENTENCES = 20
PROSE_WORDS = 6
"""Words of a line, most of them without digits, that running text has at least."""
LONGEST, LONG = 60, 30
"""Words of a sentence that is cut, and from which on it counts for less."""
HEAD, TITLE, FACT, LABEL, SUM = 1.0, 1.5, 0.6, 0.5, 1.0
"""What counts: standing at the beginning, a title, a number, a value that schemas ask for, and one
that the sums of a schema come to."""
BROKEN = 0.5
"""Factor for what begins within a sentence."""
MOST_LABELS = 3
LIKENESS = 0.7
"""How much of its score a sentence loses whose words were all said before."""

_END = re.compile(r"[.!?][\"')\]]*$")
_SHORT = re.compile(
    r"^(\W*\w|No|Nos|Nr|Inc|Ltd|Co|Corp|Mr|Mrs|Ms|Dr|St|vs?|approx|Art|Sec)\.$", re.I
)


@dataclass(frozen=True)
class _Unit:
    """Words that may be a sentence of the summary."""

    start: int
    end: int
    terms: frozenset[str]
    score: float


def summarise(document: Document, sentences: int = SENTENCES) -> Summary:
    """Select at most ``sentences`` sentences of the document, in its order.

    Raises SettingsError for a number outside 1-MOST_SENTENCES.
    """
    check_sentences(sentences)
    units = _scored(document, shipped_kinds())
    chosen = sorted(_choose(units, sentences), key=lambda unit: unit.start)
    said = tuple(
        Sentence(
            text=" ".join(word.word.text for word in document.words[unit.start : unit.end]),
            evidence=ground_words(document, unit.start, unit.end),
        )
        for unit in chosen
    )
    why = "no line can be read well enough" if document.words else "the document has no text"
    return Summary(document_id=document.id, sentences=said, message="" if said else why)


def check_sentences(sentences: int) -> None:
    """Raises SettingsError for a number that is not 1 to MOST_SENTENCES."""
    check_whole("sentences", sentences, 1, MOST_SENTENCES)


def covered(document: Document, summary: Summary) -> float:
    """Share (0-1) of the document's words that are evidence of a sentence of the summary."""
    spans = [e.span for sentence in summary.sentences for e in sentence.evidence]
    starts = [word.span.start for word in document.words]
    inside = sum(any(span.start <= start < span.end for span in spans) for start in starts)
    return inside / len(starts) if starts else 1.0


def _choose(units: Sequence[_Unit], most: int) -> list[_Unit]:
    """Choose the best units one by one; each is scored against the units chosen before."""
    left = list(units)
    chosen: list[_Unit] = []
    said: frozenset[str] = frozenset()
    while left and len(chosen) < most:
        best = max(left, key=lambda unit: unit.score * (1 - LIKENESS * _said(unit, said)))
        left.remove(best)
        if best.terms - said or not chosen:
            chosen.append(best)
            said |= best.terms
    return chosen


def _said(unit: _Unit, said: frozenset[str]) -> float:
    return len(unit.terms & said) / max(1, len(unit.terms))


def _scored(document: Document, kinds: KindWords) -> list[_Unit]:
    """Every legible unit with content words, with its score."""
    lines = number_lines(document)
    counts = Counter(content_words(document.text))
    hits = {hit.start: hit for hit in kinds.hits(document, lines)}
    units = []
    for place, (start, end) in enumerate(_units(document, lines, set(hits))):
        words = [word.word.text for word in document.words[start:end]]
        terms = content_words(" ".join(words))
        if not terms or span_confidence(document, start, end) < THRESHOLDS.illegible:
            continue
        inside = [hits[index] for index in range(start, end) if index in hits]
        score = _repeated(terms, counts) + _asked_for(inside, end - start) + HEAD / (1 + place)
        score += FACT * (any(t[0].isdigit() for t in terms) and any(t.isalpha() for t in terms))
        score *= BROKEN if words[0][:1].islower() else 1.0
        length = max(1.0, (end - start) / LONG)
        units.append(_Unit(start, end, frozenset(terms), score / length))
    return units


def _repeated(terms: Sequence[str], counts: Mapping[str, int]) -> float:
    """Score of a unit for words that the document also has elsewhere."""
    words = {term for term in terms if not term[0].isdigit()}
    return sum(min(4, counts[word] - 1) for word in words) / (len(words) + 3)


def _asked_for(hits: Sequence[Hit], length: int) -> float:
    """Score of a unit for a title, or for labels with values beside them; a row of labels only is
    the head of a table and gets 0."""
    if any(hit.alone and hit.phrase in _titles() for hit in hits):
        return TITLE
    labels = [hit for hit in hits if hit.phrase in _labels()]
    if length <= sum(hit.end - hit.start for hit in hits):
        return 0.0
    is_sum = any(hit.phrase in _sums() for hit in labels)
    return LABEL * min(MOST_LABELS, len(labels)) + SUM * is_sum


@cache
def _titles() -> frozenset[Phrase]:
    """Titles and labels of whole documents, without labels of single values such as "Bill to"."""
    schemas = list_schemas()
    named = to_phrases(schema.title for schema in schemas)
    return named | (to_phrases(x for s in schemas for x in s.labels) - _labels())


@cache
def _labels() -> frozenset[Phrase]:
    """Labels of single values, without those of columns, which are the head of a table."""
    leaves = (leaf for schema in list_schemas() for leaf in schema.leaves if not leaf.multiple)
    return to_phrases(label for leaf in leaves for label in leaf.labels)


@cache
def _sums() -> frozenset[Phrase]:
    """Labels of the totals in the sum rules of the shipped schemas."""
    return to_phrases(
        label
        for schema in list_schemas()
        for rule in schema.rules
        if rule.rule == "sum"
        for path in rule.equals
        if "[]" not in path
        for label in schema.field(path).labels
    )


def _units(
    document: Document, lines: Sequence[NumberedLine], labelled: Set[int]
) -> Iterator[tuple[int, int]]:
    """Word ranges of sentences in running text, and of rows elsewhere, in reading order."""
    for _, on_page in groupby(lines, key=lambda line: line.page):
        rows = [
            piece
            for row in lines_in_rows(document, list(on_page))
            for piece in _pieces(row, labelled)
        ]
        for paragraph in _paragraphs(document, rows):
            yield from _sentences(document, *paragraph)


def _pieces(row: Sequence[NumberedLine], labelled: Set[int]) -> Iterator[tuple[int, int]]:
    """Split a row where another column begins with a label."""
    start = row[0].start
    for line, following in pairwise(row):
        if following.start in labelled:
            yield start, line.end
            start = following.start
    yield start, row[-1].end


def _paragraphs(document: Document, rows: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Join rows of running text that continue in the next row."""
    start = rows[0][0]
    for row, following in pairwise(rows):
        if not _goes_on(document, row, following):
            yield start, row[1]
            start = following[0]
    yield start, rows[-1][1]


def _goes_on(document: Document, row: tuple[int, int], following: tuple[int, int]) -> bool:
    """Whether a sentence continues in the next row: the row is running text, or the next row begins
    with a lower-case letter."""
    words = [word.word.text for word in document.words[row[0] : row[1]]]
    if _END.search(words[-1]):
        return _is_prose(words) and not words[0][:1].isdigit()
    after = document.words[following[0]].word.text
    return after[:1].islower() or (_is_prose(words) and not after[:1].isdigit())


def _is_prose(words: Sequence[str]) -> bool:
    plain = sum(word.strip(".,;:()\"'").isalpha() for word in words)
    small = sum(word[:1].islower() for word in words)
    return plain >= PROSE_WORDS and small * 3 >= len(words)


def _sentences(document: Document, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Word ranges between full stops, split at LONGEST words."""
    first = start
    for index in range(start, end):
        text = document.words[index].word.text
        following = document.words[index + 1].word.text if index + 1 < end else ""
        ends = _ends(text, following)
        if index + 1 == end or ends or index + 1 - first >= LONGEST:
            yield first, index + 1
            first = index + 1


def _ends(text: str, following: str) -> bool:
    """Whether a word ends a sentence; an abbreviation does only before a stop word."""
    if not _END.search(text) or following[:1].islower():
        return False
    return not _SHORT.match(text) or following.lower() in STOP_WORDS

"""The head and the foot of a contract: its title, and the persons who sign it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from docagent.document import Document
from docagent.evidence.candidates import ValueCandidate
from docagent.evidence.field_parser import FieldParser
from docagent.evidence.label_phrases import fold_words
from docagent.layout.columns import words_to_ranges
from docagent.layout.lines_with_ids import NumberedLine, number_lines
from docagent.layout.remembered import remembered
from docagent.rules.label_places import LabelPlaces
from docagent.rules.page_cells import PageCells
from docagent.schemas import Schema
from docagent.text.tokens import letters_and_digits

TITLE_SCORE, PROSE_TITLE_SCORE, SIGNATORY_SCORE = 0.6, 0.45, 0.6
"""Score of a title on a line of its own, of one that only prose names ("This Lease Agreement"), and
of a name in a block of signatures."""
TITLE_NAMES = frozenset(("title", "document_title", "document_name", "contract_title"))
MAX_TITLE_LINES, MAX_TITLE_WORDS = 30, 14
"""Lines at the head of a document that may be its title, and words of a title."""
MAX_PROSE_WORDS = 150
MAX_NAME_WORDS = 4
_KIND = re.compile(
    r"^(agreement|contract|lease|amendment|addendum|memorandum|licen[sc]e|deed|indenture|guaranty"
    r"|guarantee|undertaking|letter|charter|vertrag|contrat|contrato|contratto)\W*$",
    re.I,
)
_NO_TITLE = re.compile(r"^(this|exhibit|whereas|between|source|dated|by|the|page|schedule)$", re.I)
_PARTIES = re.compile(r"^(between|among|amongst|by)$", re.I)
_SIGNED = re.compile(r"^/s/|^\(?s(?:gd|igned)\)?[.:]?$", re.I)
_NAME_WORD = re.compile(r"^[A-Z][\w.'’-]*,?$")


def title_candidates(
    document: Document, schema: Schema, parsers: Sequence[FieldParser]
) -> dict[str, list[ValueCandidate]]:
    """The title of a contract, for text fields that are called so."""
    found: dict[str, list[ValueCandidate]] = {}
    for parser in parsers:
        leaf = parser.leaf
        if leaf.multiple or leaf.normaliser != "text" or leaf.name not in TITLE_NAMES:
            continue
        place = _title_line(document)
        score = TITLE_SCORE
        if place is None:
            place, score = _title_in_prose(document), PROSE_TITLE_SCORE
        if place is not None:
            found[leaf.path] = [parser.candidate(*place, score, "rule")]
    return found


def merge_signatories(parser: FieldParser, pointed: list[ValueCandidate]) -> list[ValueCandidate]:
    """Merge the embedded reader's candidates for a list of signatories with the names in blocks of
    signatures; those that are in the blocks count if there are any."""
    if "signator" not in parser.leaf.path.casefold():
        return pointed
    document = parser.document
    seen: dict[str, ValueCandidate] = {}
    for words in (*_names_behind_marks(document), *_names_at_labels(document)):
        ranges = words_to_ranges(sorted(words))
        candidate = parser.candidate(*ranges[0], SIGNATORY_SCORE, "rule")
        seen.setdefault(letters_and_digits(candidate.raw_text), candidate)
    return sorted(seen.values(), key=lambda c: c.ranges) or pointed


def _title_line(document: Document) -> tuple[int, int] | None:
    """Words of the first line at the head that is a title, with lines in capitals before it."""
    lines = number_lines(document)[:MAX_TITLE_LINES]
    for at, line in enumerate(lines):
        texts = _texts(document, line)
        if not _is_title(texts[: _before_parties(texts)]) or line.page != lines[0].page:
            continue
        start = line.start
        for before in reversed(lines[max(0, at - 2) : at]):
            above = _texts(document, before)
            joined = " ".join(above)
            is_part = joined.isupper() and " ".join(texts).isupper() and len(above) <= 8
            if not is_part or any(c.isdigit() for c in joined) or _NO_TITLE.match(above[0]):
                break
            start = before.start
        end = line.end - len(texts) + _before_parties(texts)
        return (start, end) if end - start <= MAX_TITLE_WORDS else (line.start, end)
    return None


def _before_parties(texts: Sequence[str]) -> int:
    """How many words of a title stand before "between" and the parties."""
    ends = (at for at, text in enumerate(texts) if at and _PARTIES.match(text))
    return next(ends, len(texts))


def _is_title(texts: Sequence[str]) -> bool:
    """Whether a line is a title: it names a kind of contract, in capitalised words."""
    if not 0 < len(texts) <= MAX_TITLE_WORDS or _NO_TITLE.match(texts[0].strip('"“(')):
        return False
    long = [text for text in texts if len(text) > 3 and text[0].isalpha()]
    is_named = any(_KIND.match(fold_words(text)) for text in texts)
    return is_named and bool(long) and all(text[0].isupper() for text in long)


def _title_in_prose(document: Document) -> tuple[int, int] | None:
    """Words behind "This" that are capitalised and end with a kind of contract."""
    texts = [location.word.text for location in document.words[:MAX_PROSE_WORDS]]
    for start, text in enumerate(texts):
        if text.casefold() != "this":
            continue
        for end in range(start + 1, min(len(texts), start + MAX_TITLE_WORDS)):
            if texts[end][:1].islower() and texts[end] not in ("and", "of", "for"):
                break
            if _KIND.match(fold_words(texts[end])) and end > start + 1:
                return start + 1, end + 1
    return None


def _names_at_labels(document: Document) -> Iterator[tuple[int, ...]]:
    """Words at printed labels "Name:"."""
    places = LabelPlaces(remembered(document, PageCells), ("title", "date", "by", "its"))
    for match in places.matches("name", whole=True):
        placed = places.placed(match)
        if match.is_marked and placed.words and _is_person(_of(document, placed.words)):
            yield placed.words


def _names_behind_marks(document: Document) -> Iterator[tuple[int, ...]]:
    """Words behind "/s/", the mark of a signature."""
    words = document.words
    for at, location in enumerate(words):
        if not _SIGNED.match(location.word.text):
            continue
        end = at + 1
        while (
            end < min(len(words), at + 1 + MAX_NAME_WORDS)
            and words[end].line == location.line
            and _NAME_WORD.match(words[end].word.text)
        ):
            end += 1
        if _is_person(_of(document, range(at + 1, end))):
            yield tuple(range(at + 1, end))


def _is_person(texts: Sequence[str]) -> bool:
    return 2 <= len(texts) <= MAX_NAME_WORDS and all(_NAME_WORD.match(text) for text in texts)


def _texts(document: Document, line: NumberedLine) -> list[str]:
    return _of(document, range(line.start, line.end))


def _of(document: Document, words: Sequence[int] | range) -> list[str]:
    return [document.words[index].word.text for index in words]

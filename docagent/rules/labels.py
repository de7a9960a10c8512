"""Candidates that need no reader: values beside their printed labels, and the letterhead.

General rules of printed business documents, used to back the reader up: a value stands to the
right of its label or below it; the longest label that fits a place owns it, so "Total tax" is
not "Total"; whoever issues a document is named at its top, the address below.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from docagent.document import Document, WordLocation
from docagent.evidence.candidates import Candidate, FieldReader, bare, label_phrases
from docagent.evidence.grounding import is_one_edit
from docagent.geometry import BBox
from docagent.schemas import Schema, SchemaField

RULE_SCORE = 0.35
"""What a rule alone is worth; agreement with the reader adds up."""

LATE_BONUS = 0.01
PART_OF_LABEL = 0.15
"""Factor where the label found is only a part of what is printed."""
MISREAD_LENGTH = 8
"""Letters from which a label is known with one of them misread."""
LONGEST_LABEL = 5
_ALIKE = str.maketrans("015|i", "olsll")

LABELLED_KINDS = frozenset(
    ("amount", "date", "datetime", "identifier", "integer", "percent", "time", "decimal")
)
_MOST_WORDS = {"date": 4, "datetime": 4, "amount": 2, "time": 2, "percent": 2}
_BELOW = 2.5
_FITS = {
    "date": re.compile(
        r"\d{1,4}[-/.]\d{1,2}[-/.]\d{2,4}|(?<!\d)\d{8}(?!\d)|[a-z]{3}.*\d{4}|\d.*[a-z]{3}.*\d\d",
        re.I,
    ),
    "amount": re.compile(r"\d[.,]\d{2}(?!\d)|[$€£¥₹]\s?\d"),
    "percent": re.compile(r"\d\s?%"),
    "identifier": re.compile(r"\d"),
}
_ISSUER = frozenset(
    ("company", "issuer", "merchant", "seller", "shop", "store", "supplier", "vendor")
)
_ISSUER_WORDS = _ISSUER | {"name", "address"}
_COMPANY_END = re.compile(
    r"\b(sdn\.? ?bhd\.?|bhd|ltd|limited|inc|llc|llp|plc|corp|corporation|gmbh|ag|sarl|s\.?a\.?|"
    r"s\.?r\.?l\.?|b\.?v\.?|pty|s/b|enterprises?|trading|company|co)\b"
    r"[.,)]*(\s*\(.{1,20}\))?$",
    re.I,
)
_BEFORE = re.compile(r"^\W*(sub|tax|gst|sst|vat|disc\w*|sav\w*|qty|items?|in|of)\b", re.I)
_AFTER = re.compile(
    r"^\W*(tax|gst|sst|vat|disc\w*|sav\w*|qty|quantity|items?|pcs|rounding|points?|\d+ ?%)(?!\w)",
    re.I,
)
_EXCLUDED = re.compile(r"\b(excl\w*|exc|before)\b", re.I)
_INCLUDED = re.compile(r"\b(incl\w*|inc)\b", re.I)
"""Words beside the label of an amount that make it the label of another one, or do not."""
_SAYS_NOTHING = re.compile(
    r"^\W*(incl\w*|amount|amt|sales?|price|value|payable|paid|due|bill\w*|after|round\w*)\W*$", re.I
)
"""Words that leave the label of an amount what it is."""
_TITLE = re.compile(
    r"^\W*(tax|simplified|cash|official|sales?|pro|forma|invoice|receipt|bill|\W)+$", re.I
)
_ONLY_END = re.compile(
    r"^(\W*(co|company|m|sdn|bhd|ltd|limited|inc|llc|gmbh|enterprise|s/b)\W*)+$", re.I
)
_REGISTRATION = re.compile(
    r"\b(reg|roc|co\.? ?no|company no|gst|sst|vat|tax)\b|\(\d{4,}|\d:\d\d|^\W*[\d-]+\W?\w?\W*$",
    re.I,
)
_ADDRESS_END = re.compile(
    r"\b(tel\w*|phone|mobile|hotline|fax|gst|sst|vat|reg|e-?mail|www|website|site|date|invoice|receipt"
    r"|bill|doc\w*|check|cashier|order|tax\w*|h/p|hp|no\. ?:)\b|@|^[\d\s()+./-]{8,}$",
    re.I,
)
_ADDRESS = re.compile(r"\d|,|\b(street|road|jalan|jln|lot|avenue|lane|taman)\b", re.I)
_CURRENCY_MARK = re.compile(r"[$€£¥₹]|(?<![A-Za-z])(?:RM|USD|EUR|GBP|CHF|INR|SGD)(?![A-Za-z])")
_TOP_LINES, _ADDRESS_LINES = 8, 6


@dataclass(frozen=True)
class _Label:
    """A label as printed: the leaves it belongs to and its words (end exclusive)."""

    paths: frozenset[str]
    start: int
    end: int
    whole: bool
    """Whether no more words belong to what is printed before the colon."""


def labelled_candidates(
    document: Document, schema: Schema, readers: Sequence[FieldReader]
) -> dict[str, list[Candidate]]:
    """Values beside their labels, by path of the field; single fields only.

    readers: one per leaf of ``schema`` that is wanted.
    """
    rows = _Rows(document)
    labels = list(_labels(document, schema))
    found: dict[str, list[Candidate]] = {}
    for reader in readers:
        leaf = reader.leaf
        if leaf.multiple or leaf.normaliser not in LABELLED_KINDS:
            continue
        for label in labels:
            if leaf.path not in label.paths:
                continue
            value = next(_beside(rows, label, reader), None)
            if value:
                # Of places worth the same the last one counts: totals stand at the end.
                late = label.start / len(document.words) * LATE_BONUS
                score = value.score * (1.0 if label.whole else PART_OF_LABEL)
                value = replace(value, score=score + late)
                found.setdefault(leaf.path, []).append(value)
    return found


def letterhead_candidates(
    document: Document, readers: Sequence[FieldReader]
) -> dict[str, list[Candidate]]:
    """Name and address of the issuer, from the top of the first page."""
    name, address = _letterhead(document)
    found = {}
    for reader in readers:
        words = set(re.findall(r"[a-z]+", reader.leaf.path.lower()))
        issuer = reader.leaf.normaliser == "text" and not reader.leaf.multiple
        place = address if words <= _ISSUER_WORDS and "address" in words else None
        if words <= _ISSUER_WORDS and words & _ISSUER and "address" not in words:
            place = name
        if issuer and place:
            found[reader.leaf.path] = [reader.candidate(*place, RULE_SCORE, "rule")]
    return found


def only_date(reader: FieldReader) -> list[Candidate]:
    """The first date of the document, for a document without a labelled one."""
    first = _first_value(reader, range(len(reader.document.words)))
    return [replace(candidate, score=RULE_SCORE / 2) for candidate in first]


def printed_currency(reader: FieldReader) -> list[Candidate]:
    """The sign or code most often printed with amounts, at its first place."""
    words = reader.document.words
    marked = [i for i, word in enumerate(words) if _CURRENCY_MARK.search(word.word.text)]
    readings = [(i, reader.read(i, i + 1)) for i in marked]
    values = [reading.value for _, reading in readings if reading.ok]
    if not values:
        return []
    usual = max(values, key=values.count)
    first = next(i for i, reading in readings if reading.ok and reading.value == usual)
    return [reader.candidate(first, first + 1, RULE_SCORE, "rule")]


def _labels(document: Document, schema: Schema) -> Iterator[_Label]:
    """Every label on the document; where several fit, the longest."""
    phrases: dict[str, dict[str, str]] = {}
    # Single fields own a label before columns do, and kinds found by label before others.
    for leaf in sorted(
        schema.leaves, key=lambda leaf: (leaf.multiple, leaf.normaliser not in LABELLED_KINDS)
    ):
        for phrase in label_phrases(leaf):
            if label_key(phrase):
                # "VAT" may stand before a rate and before an amount: one leaf of each kind.
                phrases.setdefault(label_key(phrase), {}).setdefault(leaf.normaliser, leaf.path)
    words = document.words
    index = 0
    while index < len(words):
        label = _label_at(words, index, phrases)
        if label:
            yield label
        index = label.end if label else index + 1


@lru_cache(maxsize=20_000)
def label_key(text: str) -> str:
    """What labels are compared by: letters and digits, no spaces, shapes that look alike as one
    ("SUB-TOTAL", "Subtotal" and "5ubtota1" are the same)."""
    return "".join(c for c in text.casefold().translate(_ALIKE) if c.isalnum())


def _label_at(
    words: Sequence[WordLocation], index: int, phrases: dict[str, dict[str, str]]
) -> _Label | None:
    first = words[index]
    for length in range(LONGEST_LABEL, 0, -1):
        run = words[index : index + length]
        if len(run) < length or any((w.page, w.line) != (first.page, first.line) for w in run):
            continue
        texts = [w.word.text for w in run]
        last = re.split(r"(?<=\w)[:(]", texts[-1])[0]
        kinds = _kinds(phrases, label_key("".join([*texts[:-1], last])))
        if kinds and not _is_qualified(words, index, index + length):
            end = index + length
            return _Label(frozenset(kinds.values()), index, end, _is_whole(words, end))
    return None


def _kinds(phrases: dict[str, dict[str, str]], key: str) -> dict[str, str] | None:
    """The leaves of a label; of a long one also if one letter in it was misread."""
    exact = phrases.get(key)
    if exact or len(key) < MISREAD_LENGTH:
        return exact
    near = (
        phrase
        for phrase in phrases
        if abs(len(phrase) - len(key)) <= 1 and len(phrase) >= MISREAD_LENGTH
        if phrase[:1] == key[:1] or phrase[-3:] == key[-3:]
        if is_one_edit(phrase, key)
    )
    return next((phrases[phrase] for phrase in near), None)


def _is_whole(words: Sequence[WordLocation], end: int) -> bool:
    """Whether a label that ends before word ``end`` is all that stands before the colon.

    "Total" is the whole label of "Total RM 5.00" and of "Total (incl. GST): 5.00", but a part
    of "Total zero-rated supplies: 5.00"."""
    last = words[end - 1]
    if last.word.text.rstrip().endswith(":"):
        return True
    strange = False
    for word in words[end : end + LONGEST_LABEL]:
        text = word.word.text
        if (word.page, word.line) != (last.page, last.line):
            return True
        strange |= bool(re.search(r"[A-Za-z]{4}", text)) and not _SAYS_NOTHING.match(text)
        if text.rstrip().endswith(":"):
            return not strange
    return True


def _is_qualified(words: Sequence[WordLocation], start: int, end: int) -> bool:
    """Whether the words around a label on its line make it another one: "total tax"."""
    line = (words[start].page, words[start].line)
    around = words[max(0, start - 1) : end + 4]
    texts = [w.word.text for w in around if (w.page, w.line) == line]
    has_before = start > 0 and (words[start - 1].page, words[start - 1].line) == line
    if has_before and _BEFORE.match(texts[0]):
        return True
    after = texts[end - start + has_before :]
    following = " ".join(after)
    if not after:
        return False
    percent = after[0][:1].isdigit() and "%" in after[0]
    differs = bool(_AFTER.match(after[0])) and not _INCLUDED.search(following)
    return percent or differs or bool(_EXCLUDED.search(following))


class _Rows:
    """Finds the words to the right of, and below, some words, whatever their lines are."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.boxes = document.level_boxes
        self.pages: dict[int, list[int]] = {}
        for index, word in enumerate(document.words):
            self.pages.setdefault(word.page, []).append(index)

    def right_of(self, label: _Label) -> list[int]:
        """Words on the same visual row, left to right."""
        box = self.boxes[label.end - 1]
        page = self.document.words[label.end - 1].page
        return self._sorted(
            i
            for i in self.pages[page]
            if self._level(self.boxes[i], box) and self.boxes[i][0] >= box[2]
        )

    def below(self, label: _Label) -> list[int]:
        """Words on the nearest row below that the label stands above."""
        x0, x1 = self.boxes[label.start][0], self.boxes[label.end - 1][2]
        box = self.boxes[label.start]
        page = self.document.words[label.start].page
        reach = box[3] + _BELOW * (box[3] - box[1])
        under = [
            i
            for i in self.pages[page]
            if self.boxes[i][1] > (box[1] + box[3]) / 2 and self.boxes[i][3] <= reach
            if self.boxes[i][0] <= x1 and self.boxes[i][2] >= x0
        ]
        if not under:
            return []
        top = min(under, key=lambda i: self.boxes[i][1])
        return self._sorted(i for i in under if self._level(self.boxes[i], self.boxes[top]))

    def _sorted(self, indices: Iterator[int]) -> list[int]:
        return sorted(indices, key=lambda i: self.boxes[i][0])

    @staticmethod
    def _level(a: BBox, b: BBox) -> bool:
        """Whether each box contains the middle height of the other."""
        return a[1] <= (b[1] + b[3]) / 2 <= a[3] and b[1] <= (a[1] + a[3]) / 2 <= b[3]


def _beside(rows: _Rows, label: _Label, reader: FieldReader) -> Iterator[Candidate]:
    """The value in the label's own last word, to its right, or below it."""
    last = label.end - 1
    if ":" in rows.document.words[last].word.text.rstrip(":"):
        yield from _first_value(reader, [last])
    right = rows.right_of(label)
    yield from _first_value(reader, right)
    if not right or all(not bare(reader.text(i, i + 1)) for i in right):
        yield from _first_value(reader, rows.below(label))


def _first_value(reader: FieldReader, indices: Sequence[int]) -> Iterator[Candidate]:
    """The first run of words in which a value of the field's kind is printed."""
    kind = reader.leaf.normaliser
    for position, start in enumerate(indices):
        for length in range(1, _MOST_WORDS.get(kind, 1) + 1):
            end = start + length
            if list(indices[position : position + length]) != list(range(start, end)):
                continue
            fits = _FITS.get(kind, _FITS["identifier"]).search(reader.text(start, end))
            if fits and reader.read(start, end).ok:
                yield reader.candidate(start, end, RULE_SCORE, "rule")
                return


def _letterhead(document: Document) -> tuple[tuple[int, int] | None, tuple[int, int] | None]:
    """Word ranges of the issuer's name and address."""
    lines = _first_page_lines(document)
    texts = [" ".join(document.words[i].word.text for i in range(*line)) for line in lines]
    named = [i for i, text in enumerate(texts[:_TOP_LINES]) if _is_name(text)]
    if not named:
        return None, None
    first = last = next((i for i in named if _COMPANY_END.search(texts[i])), named[0])
    if first and _ONLY_END.match(re.sub(r"\(.*", "", texts[first])):
        first -= 1
    elif last + 1 < len(texts) and re.search(r"(\bsdn\.?|&)$", texts[last], re.I):
        last += 1
    address = _address_lines(texts, last + 1)
    place = (lines[address[0]][0], lines[address[-1]][1]) if address else None
    start, end = lines[first][0], lines[last][1]
    while end - start > 1 and _is_number(document.words[end - 1].word.text):
        end -= 1
    return (start, end), place


def _is_number(text: str) -> bool:
    """A registration number, or the end of one cut in two, after a company's name."""
    return bool(re.match(r"\W*\w{0,2}\d{3}|[A-Z]?\)$", text))


def _address_lines(texts: Sequence[str], start: int) -> list[int]:
    found: list[int] = []
    for index in range(start, min(start + _ADDRESS_LINES + 2, len(texts))):
        text = texts[index]
        if not found and (_REGISTRATION.search(text) or not _ADDRESS.search(text)):
            continue
        if _ADDRESS_END.search(text) or len(found) == _ADDRESS_LINES:
            break
        found.append(index)
    return found


def _is_name(text: str) -> bool:
    return (
        sum(c.isalpha() for c in text) >= 3
        and not _TITLE.match(text)
        and ("/" not in text or bool(_COMPANY_END.search(text)))
    )


def _first_page_lines(document: Document) -> list[tuple[int, int]]:
    """Word range of each line of the first page that has words."""
    lines: dict[int, tuple[int, int]] = {}
    for index, word in enumerate(document.words):
        if word.page == document.words[0].page:
            start = lines.get(word.line, (index, index))[0]
            lines[word.line] = (start, index + 1)
    return list(lines.values())


def leaf_wants_only_date(schema: Schema, leaf: SchemaField) -> bool:
    """Whether a field is the first date of its schema, which an unlabelled date is taken for."""
    dates = [other.path for other in schema.leaves if other.normaliser in ("date", "datetime")]
    return bool(dates) and dates[0] == leaf.path

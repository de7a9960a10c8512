"""Values printed beside their labels.

Two conventions of business documents are used: a value stands to the right of its label or below
it, and the longest label that fits a place owns it, so that "Total tax" is not "Total".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from docagent.document import Document, WordLocation
from docagent.evidence.candidates import MONEY_KINDS, ValueCandidate, looks_like_money
from docagent.evidence.field_parser import IBAN_GROUPS, FieldParser
from docagent.evidence.grounding import OneEditIndex
from docagent.evidence.label_phrases import fold_words, label_phrases
from docagent.geometry import BBox
from docagent.rules.tax_rates import begins_with_rate, is_tax, without_rate
from docagent.schemas import Schema

RULE_SCORE = 0.35
"""Score of a candidate that only a rule proposes; the embedded reader's score is added to it."""
MAX_POSITION_BONUS = 0.01
"""Added in proportion to the label's position: among equal candidates the last wins, as totals
stand at the end."""
PARTIAL_LABEL_FACTOR = 0.15
"""Factor on the score if the label found is only part of the printed label."""
MIN_MISREAD_LETTERS = 8
"""Letters from which a label is recognised with one of them misread."""
MAX_LABEL_WORDS = 5
"""Longest label, in words."""
_LOOKALIKES = str.maketrans("015|i", "olsll")
LABELLED_KINDS = frozenset(
    ("amount", "date", "datetime", "identifier", "integer", "money", "percent", "time", "decimal")
)
"""Normalisers of the fields that are searched for by label."""
_MAX_VALUE_WORDS = {"date": 5, "datetime": 5, "amount": 3, "money": 3, "time": 2, "percent": 2}
"""Longest value of each kind, in words; 1 where none is given."""
_MAX_BELOW_RATIO = 2.5
"""Distance below a label within which its value may end, in heights of the label."""
_VALUE_PATTERNS = {
    "date": re.compile(
        r"\d{1,4}[-/.]\d{1,2}[-/.]\d{2,4}|(?<!\d)\d{8}(?!\d)|[a-z]{3}.*\d{4}|\d.*[a-z]{3}.*\d\d",
        re.I,
    ),
    "amount": re.compile(r"\d[.,]\d{2}(?!\d)|[$€£¥₹]\s?\d"),
    "percent": re.compile(r"\d\s?%"),
    "identifier": re.compile(r"\d"),
}
"""Pattern that the text of a value matches, by kind; ``identifier`` serves kinds without one."""
_CHANGED_BY_WORD_BEFORE = re.compile(
    r"^\W*(sub|tax|gst|sst|vat|disc\w*|sav\w*|qty|items?|in|of|ex[ck]l\w*|in[ck]l\w*|hors|ohne|zzgl)\b",
    re.I,
)
_CHANGED_BY_WORD_AFTER = re.compile(
    r"^\W*(tax|gst|sst|vat|disc\w*|sav\w*|qty|quantity|items?|pcs|rounding|points?|\d+ ?%)(?!\w)",
    re.I,
)
"""Words before and after a label that make it another label ("total tax")."""
_EXCLUDED = re.compile(r"\b(excl\w*|exc|before)\b", re.I)
_INCLUDED = re.compile(r"\b(incl\w*|inc)\b", re.I)
"""Words after an amount's label: the first kind makes it another label, the second does not."""
_NEUTRAL_WORD = re.compile(
    r"^\W*(incl\w*|amount|amt|sales?|price|value|payable|paid|due|bill\w*|after|round\w*)\W*$", re.I
)
"""Words after the label of an amount that do not change its meaning."""


@dataclass(frozen=True)
class _Label:
    """A printed label: paths of the fields it belongs to, and its words (end exclusive).

    is_whole: no further words belong to the label before the colon.
    """

    paths: frozenset[str]
    start: int
    end: int
    is_whole: bool


def labelled_candidates(
    document: Document, schema: Schema, parsers: Sequence[FieldParser]
) -> dict[str, list[ValueCandidate]]:
    """Values beside their labels, by path of the field; single fields only.

    parsers: one for each field wanted.
    """
    rows = _Rows(document)
    labels = list(_labels(document, schema))
    found: dict[str, list[ValueCandidate]] = {}
    for parser in parsers:
        leaf = parser.leaf
        if leaf.multiple or leaf.normaliser not in LABELLED_KINDS:
            continue
        for label in labels:
            if leaf.path not in label.paths:
                continue
            value = next(_beside(rows, label, parser), None)
            if value:
                # Among equal candidates the last one wins, because totals stand at the end.
                late = label.start / len(document.words) * MAX_POSITION_BONUS
                score = value.score * (1.0 if label.is_whole else PARTIAL_LABEL_FACTOR)
                known = {"whole": float(label.is_whole), "words": (label.end - label.start) / 5}
                value = replace(value, score=score + late).with_features(known)
                found.setdefault(leaf.path, []).append(value)
    return found


def _labels(document: Document, schema: Schema) -> Iterator[_Label]:
    """Labels printed in the document; where several overlap, the longest."""
    phrases: dict[str, dict[str, str]] = {}
    # Single fields take precedence over columns, and kinds found by label over others.
    for leaf in sorted(
        schema.leaves, key=lambda leaf: (leaf.multiple, leaf.normaliser not in LABELLED_KINDS)
    ):
        for phrase in label_phrases(leaf):
            if label_key(phrase):
                # "VAT" may stand before a rate and before an amount, so each kind keeps a field.
                phrases.setdefault(label_key(phrase), {}).setdefault(leaf.normaliser, leaf.path)
    words = document.words
    long = OneEditIndex(p for p in phrases if len(p) >= MIN_MISREAD_LETTERS)
    index = 0
    while index < len(words):
        label = _label_at(words, index, phrases, long)
        if label:
            yield label
        index = label.end if label else index + 1


@lru_cache(maxsize=20_000)
def label_key(text: str) -> str:
    """Key by which labels are compared: letters and digits without spaces, look-alike shapes
    merged.

    "SUB-TOTAL", "Subtotal" and "5ubtota1" have the same key.
    """
    return "".join(c for c in text.casefold().translate(_LOOKALIKES) if c.isalnum())


def _label_at(
    words: Sequence[WordLocation],
    index: int,
    phrases: dict[str, dict[str, str]],
    long: OneEditIndex,
) -> _Label | None:
    """The longest label that starts at word ``index``, or None. long: phrases in which one letter
    may be misread."""
    first = words[index]
    for length in range(MAX_LABEL_WORDS, 0, -1):
        run = words[index : index + length]
        if len(run) < length or any((w.page, w.line) != (first.page, first.line) for w in run):
            continue
        texts = [w.word.text for w in run]
        last = re.split(r"(?<=\w)[:(]", texts[-1])[0]
        kinds = _paths_by_normaliser(phrases, long, label_key("".join([*texts[:-1], last])))
        if kinds and not _is_qualified(words, index, index + length):
            end = index + length
            return _Label(frozenset(kinds.values()), index, end, _is_whole(words, end))
    return None


def _paths_by_normaliser(
    phrases: dict[str, dict[str, str]], long: OneEditIndex, key: str
) -> dict[str, str] | None:
    """Field paths of a label by normaliser; a long label may have one letter misread."""
    exact = phrases.get(key)
    if exact or len(key) < MIN_MISREAD_LETTERS:
        return exact
    near = (phrase for phrase in long.near(key) if phrase[:1] == key[:1] or phrase[-3:] == key[-3:])
    return next((phrases[phrase] for phrase in near), None)


def _is_whole(words: Sequence[WordLocation], end: int) -> bool:
    """Whether a label that ends before word ``end`` is all that is printed before the colon.

    "Total" is the whole label in "Total RM 5.00" and in "Total (incl. GST): 5.00", but only a part
    of it in "Total zero-rated supplies: 5.00".
    """
    last = words[end - 1]
    if last.word.text.rstrip().endswith(":"):
        return True
    strange = False
    for word in words[end : end + MAX_LABEL_WORDS]:
        text = word.word.text
        if (word.page, word.line) != (last.page, last.line):
            return True
        strange |= bool(re.search(r"[A-Za-z]{4}", text)) and not _NEUTRAL_WORD.match(text)
        if text.rstrip().endswith(":"):
            return not strange
    return True


def _is_qualified(words: Sequence[WordLocation], start: int, end: int) -> bool:
    """Whether words around a label on its line make it another label, as in "total tax"."""
    line = (words[start].page, words[start].line)
    around = words[max(0, start - 1) : end + 4]
    texts = [w.word.text for w in around if (w.page, w.line) == line]
    has_before = start > 0 and (words[start - 1].page, words[start - 1].line) == line
    if has_before and _CHANGED_BY_WORD_BEFORE.match(texts[0]):
        return True
    after = texts[end - start + has_before :]
    following = " ".join(after)
    if not after:
        return False
    if begins_with_rate(following):
        # "VAT 20% 123.60" names its rate; "Total 10% discount" is another label.
        return not is_tax("".join(w.word.text for w in words[start:end]))
    differs = bool(_CHANGED_BY_WORD_AFTER.match(after[0])) and not _INCLUDED.search(following)
    return differs or bool(_EXCLUDED.search(following))


class _Rows:
    """Finds the words to the right of a label and below it by geometry, independently of lines."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.boxes = document.level_boxes
        self.pages: dict[int, list[int]] = {}
        for index, word in enumerate(document.words):
            self.pages.setdefault(word.page, []).append(index)

    def right_of(self, label: _Label) -> list[int]:
        """Words to the right on the same visual row, from left to right."""
        box = self.boxes[label.end - 1]
        page = self.document.words[label.end - 1].page
        return self._sorted(
            i
            for i in self.pages[page]
            if self._level(self.boxes[i], box) and self.boxes[i][0] >= box[2]
        )

    def below(self, label: _Label) -> list[int]:
        """Words of the nearest row below that overlap the label horizontally."""
        x0, x1 = self.boxes[label.start][0], self.boxes[label.end - 1][2]
        box = self.boxes[label.start]
        page = self.document.words[label.start].page
        reach = box[3] + _MAX_BELOW_RATIO * (box[3] - box[1])
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
        """Whether each box contains the vertical centre of the other."""
        return a[1] <= (b[1] + b[3]) / 2 <= a[3] and b[1] <= (a[1] + a[3]) / 2 <= b[3]


def _beside(rows: _Rows, label: _Label, parser: FieldParser) -> Iterator[ValueCandidate]:
    """The value inside the label's last word, to the right of the label, or below it."""
    last = label.end - 1
    text = rows.document.words[last].word.text.rstrip()
    marked = {"marked": float(text.endswith((":", "#")))}
    if ":" in text.rstrip(":"):
        for value in first_value(parser, [last]):
            yield value.with_features(marked | {"inside": 1.0})
    right = rows.right_of(label)
    if parser.leaf.normaliser in MONEY_KINDS:
        right = without_rate(parser, right)
    for value in first_value(parser, right):
        skipped = sum(index < value.ranges[0][0] for index in right)
        gap = rows.boxes[value.ranges[0][0]][0] - rows.boxes[last][2]
        yield value.with_features(marked | {"skipped": min(skipped, 6) / 3, "gap": gap})
    if not right or all(not fold_words(parser.text(i, i + 1)) for i in right):
        for value in first_value(parser, rows.below(label)):
            yield value.with_features(marked | {"below": 1.0})


def first_value(parser: FieldParser, indices: Sequence[int]) -> Iterator[ValueCandidate]:
    """The first run of words that can be parsed as a value of the field's kind; at most one."""
    kind = parser.leaf.normaliser
    most = IBAN_GROUPS if parser.is_iban else _MAX_VALUE_WORDS.get(kind, 1)
    for position, start in enumerate(indices):
        for length in range(1, most + 1):
            end = start + length
            if list(indices[position : position + length]) != list(range(start, end)):
                continue
            if _fits(parser, parser.text(start, end)) and parser.parse(start, end).ok:
                yield parser.candidate(start, end, RULE_SCORE, "rule")
                return


def _fits(parser: FieldParser, text: str) -> bool:
    """Whether a text looks like a value of the field's kind."""
    kind = parser.leaf.normaliser
    if kind in MONEY_KINDS and looks_like_money(text, parser.conventions):
        return bool(re.search(r"\d", text))
    return bool(
        _VALUE_PATTERNS.get(
            "amount" if kind in MONEY_KINDS else kind, _VALUE_PATTERNS["identifier"]
        ).search(text)
    )

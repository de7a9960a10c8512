"""Columns of a printed table matched to the fields of an array.

A column is matched by its header (labels and name of the field, or what both mean in any language),
by the kind of its values, and by arithmetic: quantity times unit price is the amount.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

from docagent.evidence.candidates import TIGHT_KINDS, ValueCandidate
from docagent.evidence.field_parser import FieldParser
from docagent.evidence.label_phrases import fold_words, label_phrases
from docagent.schemas import SchemaField
from docagent.text.accents import strip_accents
from docagent.text.lexicon import column_meanings

LABEL_SCORE, PART_OF_LABEL_SCORE = 3.0, 2.0
"""The header is a label of the field, or has one among its words."""
MEANING_SCORE, WORD_MEANING_SCORE = 2.5, 1.2
"""The header, or one of its words, means what the field's name or labels mean."""
SHARED_WORD_SCORE = 0.8
"""The header has a word of the field's description."""
MIN_SCORE = 0.9
"""Least score of a column for a field."""
MIN_PARSED_RATIO = 0.5
"""Share of a column's values that are of the field's kind."""
NUMBERS_AS_TEXT_COST = 2.0
"""Taken from the score of a column of numbers for a field of text."""
LONGEST_TEXT_BONUS, LAST_AMOUNT_BONUS, ARITHMETIC_BONUS = 0.6, 0.5, 2.0
MIN_ARITHMETIC_RATIO = 0.5
"""Share of rows whose product holds."""
TOLERANCE, RELATIVE_TOLERANCE = 0.02, 0.006
"""Difference between a product and an amount, absolute or relative."""
MEANING_KINDS: Mapping[str, frozenset[str]] = {
    "position": frozenset(("text", "identifier", "integer", "decimal")),
    "code": frozenset(("text", "identifier", "integer")),
    "description": frozenset(("text", "name", "address")),
    "quantity": frozenset(("decimal", "integer", "amount", "text")),
    "unit": frozenset(("text", "identifier")),
    "unit_price": frozenset(("amount", "money", "decimal")),
    "amount": frozenset(("amount", "money", "decimal")),
    "tax_rate": frozenset(("percent", "decimal", "amount", "text", "integer")),
    "discount": frozenset(("percent", "decimal", "amount", "money", "text")),
    "date": frozenset(("date", "datetime", "text")),
}
"""Normalisers of fields that a column of each meaning may fill."""
_ASIDE = re.compile(r"\([^)]*\)|[€$£¥]|\b(?:EUR|USD|GBP|CHF|DEM|RM)\b")
_PERCENT = re.compile(r"%")
_STOP = frozenset("the of a an and or in for each one per is der die das le la de du".split())


@dataclass(frozen=True)
class PrintedColumn:
    """A column of a table and of those that go on with it. number: from 0. header: the texts above
    it, line by line. cells: words of each item, as indices into ``Document.words``."""

    number: int
    header: tuple[str, ...]
    cells: tuple[tuple[int, ...], ...]

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The header as a whole, without currencies and remarks, and each of its lines."""
        whole = " ".join(self.header)
        texts = (whole, _ASIDE.sub(" ", whole), *self.header)
        return tuple(dict.fromkeys(filter(None, (" ".join(t.split()) for t in texts))))


def header_score(column: PrintedColumn, leaf: SchemaField) -> float:
    """How well the header of a column names a field; 0 if not at all."""
    labels = {_plain(phrase) for phrase in label_phrases(leaf)}
    names = [_plain(name) for name in column.names]
    meanings = leaf_meanings(leaf)
    best = 0.0
    for name in names:
        if name in labels:
            best = max(best, LABEL_SCORE)
        elif any(f" {label} " in f" {name} " for label in labels if len(label) > 2):
            best = max(best, PART_OF_LABEL_SCORE)
        if column_meanings(name) & meanings:
            best = max(best, MEANING_SCORE)
    words = [word for name in names for word in name.split()]
    if any(column_meanings(word) & meanings for word in words):
        best = max(best, WORD_MEANING_SCORE)
    described = set(_plain(f"{leaf.description} {leaf.title}").split()) - _STOP
    if described & {word for word in words if len(word) > 3}:
        best = max(best, SHARED_WORD_SCORE)
    return best


@lru_cache(maxsize=2_000)
def leaf_meanings(leaf: SchemaField) -> frozenset[str]:
    """What a field may mean as a column, by its name, title and labels; else by the words of its
    name and description."""

    def fits(found: frozenset[str]) -> frozenset[str]:
        return frozenset(m for m in found if leaf.normaliser in MEANING_KINDS[m])

    phrases = (leaf.name.replace("_", " "), leaf.title)
    by_name = fits(frozenset().union(*map(column_meanings, phrases)))
    if by_name:
        return by_name
    by_label = [m for label in leaf.labels for m in fits(column_meanings(label))]
    if by_label:
        return frozenset((max(by_label, key=by_label.count),))
    words = _plain(f"{leaf.name.replace('_', ' ')} {leaf.description}").split()
    return fits(frozenset().union(*map(column_meanings, words)))


def _plain(text: str) -> str:
    return fold_words(strip_accents(text))


@dataclass(frozen=True)
class ColumnMatch:
    """Columns of a table for the fields of an array. columns: by path of the field. named: how many
    of them are named by a header. is_product: whether quantity times price is the amount in most
    rows."""

    columns: Mapping[str, PrintedColumn]
    score: float
    named: int
    is_product: bool


def match_columns(
    columns: Sequence[PrintedColumn], parsers: Mapping[str, FieldParser]
) -> ColumnMatch:
    """The best columns for fields, each used once. parsers: by path of the field."""
    values = _Values(columns, parsers)
    scores: dict[tuple[str, int], float] = {}
    named: set[tuple[str, int]] = set()
    for path, parser in parsers.items():
        for column in columns:
            by_header = header_score(column, parser.leaf)
            score = by_header + values.kind_score(path, column, by_header)
            if score >= MIN_SCORE:
                scores[path, column.number] = score
            if by_header >= WORD_MEANING_SCORE:
                named.add((path, column.number))
    product = values.product(parsers)
    for pair in product:
        scores[pair] = scores.get(pair, 0.0) + ARITHMETIC_BONUS
    chosen: dict[str, PrintedColumn] = {}
    total, by_name = 0.0, 0
    taken: set[int] = set()
    for (path, number), score in sorted(scores.items(), key=lambda item: -item[1]):
        if path in chosen or number in taken:
            continue
        chosen[path] = next(column for column in columns if column.number == number)
        taken.add(number)
        total += score
        by_name += (path, number) in named
    holds = bool(product) and all(
        path in chosen and chosen[path].number == n for path, n in product
    )
    return ColumnMatch(chosen, total, by_name, holds)


class _Values:
    """Parsed values of columns, for the fields of an array."""

    def __init__(
        self, columns: Sequence[PrintedColumn], parsers: Mapping[str, FieldParser]
    ) -> None:
        self.columns, self.parsers = columns, parsers
        self.document = next(iter(parsers.values())).document
        self._numbers: dict[int, list[float | None]] = {}
        texts = {c.number: self._texts(c) for c in columns}
        self._is_number = {
            number: sum(any(ch.isdigit() for ch in text) and not _has_word(text) for text in found)
            >= MIN_PARSED_RATIO * max(1, len(found))
            for number, found in texts.items()
        }
        lengths = {n: sum(map(len, found)) / max(1, len(found)) for n, found in texts.items()}
        self._longest = max(lengths, key=lambda n: lengths[n], default=-1)
        self._percent = {
            n for n, found in texts.items() if found and all(map(_PERCENT.search, found))
        }

    def _texts(self, column: PrintedColumn) -> list[str]:
        words = self.document.words
        return [" ".join(words[i].word.text for i in cell) for cell in column.cells if cell]

    def kind_score(self, path: str, column: PrintedColumn, by_header: float) -> float:
        """What the values of a column say of it as the field's; very low if they are of another
        kind."""
        parser = self.parsers[path]
        leaf = parser.leaf
        cells = [cell for cell in column.cells if cell]
        if not cells:
            return -10.0
        meanings = leaf_meanings(leaf)
        if leaf.normaliser not in TIGHT_KINDS:
            if self._is_number[column.number] and not by_header:
                return -NUMBERS_AS_TEXT_COST
            is_description = "description" in meanings and column.number == self._longest
            return LONGEST_TEXT_BONUS if is_description else 0.0
        parsed = [cell_candidate(parser, cell, 1.0).parsed.ok for cell in cells]
        if sum(parsed) < MIN_PARSED_RATIO * len(cells):
            return -10.0
        if column.number in self._percent and leaf.normaliser in ("amount", "money"):
            return -10.0
        if not self._is_number[column.number] and by_header < MEANING_SCORE:
            return -NUMBERS_AS_TEXT_COST
        numbers = [c.number for c in self.columns if self._is_number[c.number]]
        is_last = numbers and column.number == max(set(numbers) - self._percent, default=-1)
        return LAST_AMOUNT_BONUS if is_last and "amount" in meanings else 0.0

    def product(self, parsers: Mapping[str, FieldParser]) -> list[tuple[str, int]]:
        """(path, column) of a quantity, a unit price and an amount whose product holds in most
        rows; empty if the array has no such fields or no such columns."""
        roles = []
        for meaning in ("quantity", "unit_price", "amount"):
            paths = [p for p, parser in parsers.items() if meaning in leaf_meanings(parser.leaf)]
            if not paths:
                return []
            roles.append(paths[0])
        if len(set(roles)) < 3:
            return []
        numbers = [c for c in self.columns if self._is_number[c.number]]
        best: tuple[float, list[tuple[str, int]]] = (0.0, [])
        for quantity in numbers:
            for price in numbers:
                for amount in numbers:
                    trio = (quantity, price, amount)
                    if len({c.number for c in trio}) < 3:
                        continue
                    share = self._product_share(trio, roles)
                    head = sum(
                        header_score(c, parsers[path].leaf)
                        for c, path in zip(trio, roles, strict=True)
                    )
                    if share >= MIN_ARITHMETIC_RATIO and share + head / 10 > best[0]:
                        pairs = [(p, c.number) for p, c in zip(roles, trio, strict=True)]
                        best = (share + head / 10, pairs)
        return best[1]

    def _product_share(self, trio: Sequence[PrintedColumn], roles: Sequence[str]) -> float:
        """Share of rows with three numbers in which the product of two is the third."""
        first, second, third = (
            self._column_numbers(c, self.parsers[p]) for c, p in zip(trio, roles, strict=True)
        )
        full = [
            (a, b, c)
            for a, b, c in zip(first, second, third, strict=True)
            if a is not None and b is not None and c is not None
        ]
        held = [is_product(*row) for row in full if row[0] != 1 or row[1] != row[2]]
        return sum(held) / len(held) if held else 0.0

    def _column_numbers(self, column: PrintedColumn, parser: FieldParser) -> list[float | None]:
        found = self._numbers.get(column.number)
        if found is None:
            found = [number_in(parser, cell) for cell in column.cells]
            self._numbers[column.number] = found
        return found


def number_in(parser: FieldParser, cell: Sequence[int]) -> float | None:
    """The number in a cell; None without one."""
    if not cell:
        return None
    value = cell_candidate(parser, cell, 1.0).parsed.value
    return float(value) if isinstance(value, int | float) else None


def is_product(quantity: float, price: float, amount: float) -> bool:
    """Whether an amount is the product, but for rounding; signs may differ on a credit note."""
    wanted = abs(quantity * price)
    return abs(wanted - abs(amount)) <= max(TOLERANCE, RELATIVE_TOLERANCE * abs(amount))


def _has_word(text: str) -> bool:
    return bool(re.search(r"[^\W\d_]{4,}", text))


def cell_candidate(parser: FieldParser, words: Sequence[int], score: float) -> ValueCandidate:
    """One candidate of words that need not be consecutive in the document."""
    runs: list[list[int]] = []
    for index in sorted(words):
        if runs and runs[-1][1] == index:
            runs[-1][1] = index + 1
        else:
            runs.append([index, index + 1])
    parts = [parser.candidate(start, end, score, "rule") for start, end in runs]
    if parser.leaf.normaliser in TIGHT_KINDS:
        # Other lines of the cell are remarks.
        return next((part for part in parts if part.parsed.ok), parts[0])
    return parser.merged(parts) if len(parts) > 1 else parts[0]

"""The options of a single field: candidates of all sources, those of one value together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from docagent.evidence.candidates import ValueCandidate
from docagent.evidence.field_parser import FieldParser
from docagent.reader.types import Reading

SPAN, RANK = "span", "rank"
"""Features of the reader's candidates: the probability of the span, and how many are better."""


@dataclass(frozen=True)
class Option:
    """One possible value of a field. places: the candidates that propose it, at least one; the
    first is the one that stands for it."""

    places: tuple[ValueCandidate, ...]

    @property
    def best(self) -> ValueCandidate:
        """The candidate that stands for the value."""
        return self.places[0]


@dataclass(frozen=True)
class FieldPool:
    """What is known of one single field before it is decided.

    absence: the reader's probability (0-1) that there is no such value, None without a reader.
    options: those that could be parsed, in no order that means anything. unreadable: candidates
    that could not be parsed. is_blank: whether its label is printed with nothing at its place.
    """

    parser: FieldParser
    absence: float | None
    options: tuple[Option, ...]
    unreadable: tuple[ValueCandidate, ...] = ()
    is_blank: bool = False

    @property
    def path(self) -> str:
        """The path of the field."""
        return self.parser.leaf.path


def pointed_candidates(parser: FieldParser, reading: Reading) -> list[ValueCandidate]:
    """The reader's candidates of a single field, best first."""
    found = []
    for rank, span in enumerate(reading.spans):
        features = {SPAN: span.score, RANK: float(rank)}
        found.append(parser.candidate(span.start, span.end, span.score).with_features(features))
    return found


def options_of(candidates: Iterable[ValueCandidate]) -> tuple[Option, ...]:
    """Group candidates by value; of each value the one with the best score of its source first."""
    groups: dict[str, list[ValueCandidate]] = {}
    for candidate in candidates:
        groups.setdefault(value_key(candidate), []).append(candidate)
    return tuple(Option(tuple(sorted(group, key=_standing))) for group in groups.values())


def value_key(candidate: ValueCandidate) -> str:
    """What tells values apart: their letters and digits, and a minus."""
    text = str(candidate.parsed.value if candidate.parsed.ok else candidate.raw_text).casefold()
    is_number = isinstance(candidate.parsed.value, int | float)
    return text if is_number else "".join(c for c in text if c.isalnum()) or text


def _standing(candidate: ValueCandidate) -> tuple[float, tuple[tuple[int, int], ...]]:
    return -candidate.score, candidate.ranges


def same_words(a: Sequence[tuple[int, int]], b: Sequence[tuple[int, int]]) -> bool:
    """Whether two values share a word."""
    return any(s < end and start < e for s, e in a for start, end in b)

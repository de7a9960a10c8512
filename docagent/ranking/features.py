"""Features of the options of a field: numbers that the ranker learns to weigh.

They say what kind of value is wanted, who proposes an option and how surely, how it stands on the
page, and what the other options and the other fields have. None names a schema or a field, so that
they mean the same for every schema.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from docagent.document import Conventions
from docagent.evidence.candidates import plausibility
from docagent.evidence.label_phrases import fold_words
from docagent.ranking.document_features import DocumentFeatures, Features
from docagent.ranking.options import RANK, SPAN, FieldPool, Option, same_words
from docagent.schemas import SchemaField
from docagent.text.tokens import content_words

KIND_GROUPS: Mapping[str, str] = {
    "amount": "money",
    "money": "money",
    "decimal": "number",
    "integer": "number",
    "percent": "number",
    "measurement": "number",
    "date": "date",
    "datetime": "date",
    "time": "time",
    "duration": "duration",
    "identifier": "code",
    "iban": "code",
    "text": "text",
}
"""Kinds of value by normaliser; all others are "other"."""
GROUPS = ("money", "number", "date", "time", "duration", "code", "text", "other")
READER, RULE = "reader", "rule"
"""Prefixes of the features that come from the reader and from a rule."""


@dataclass(frozen=True)
class PoolFeatures:
    """Features of one field and of each of its options."""

    group: str
    field: Features
    options: tuple[Features, ...]


@dataclass
class _Claims:
    """How surely other fields claim a word: by word, path and whether a rule or the reader."""

    by_word: dict[int, dict[tuple[str, bool], float]] = field(default_factory=dict)

    def add(self, pool: FieldPool) -> None:
        for option in pool.options:
            for place in option.places:
                key = (pool.path, bool(place.rule))
                for start, _ in place.ranges:
                    known = self.by_word.setdefault(start, {})
                    known[key] = max(place.score, known.get(key, 0.0))

    def of_others(self, path: str, words: Sequence[tuple[int, int]], is_rule: bool) -> float:
        claims = self.by_word.get(words[0][0], {})
        scores = (s for (p, rule), s in claims.items() if p != path and rule == is_rule)
        return max(scores, default=0.0)


def kind_group(leaf: SchemaField) -> str:
    """The kind of value of a field, one of ``GROUPS``."""
    return KIND_GROUPS.get(leaf.normaliser, "other")


def features_of(
    pools: Sequence[FieldPool], facts: DocumentFeatures, conventions: Conventions
) -> list[PoolFeatures]:
    """Features of every field of a schema, in the order of ``pools``."""
    claims = _Claims()
    for pool in pools:
        claims.add(pool)
    return [_PoolReader(pool, facts, conventions, claims).features() for pool in pools]


class _PoolReader:
    """Makes the features of one field."""

    def __init__(
        self, pool: FieldPool, facts: DocumentFeatures, conventions: Conventions, claims: _Claims
    ) -> None:
        self.pool, self.facts, self.conventions, self.claims = pool, facts, conventions, claims
        self.leaf = pool.parser.leaf
        name = self.leaf.name.replace("_", " ")
        self.names = set(content_words(" ".join((name, self.leaf.title, *self.leaf.labels))))
        self.meaning = set(content_words(self.leaf.description)) - self.names
        self.spans = [max(0.0, _span(option)) for option in pool.options]
        self.rules = sorted({p.rule for o in pool.options for p in o.places if p.rule})

    def features(self) -> PoolFeatures:
        group = kind_group(self.leaf)
        shared = self._field()
        options = tuple(
            {**shared, **self._option(k, option)} for k, option in enumerate(self.pool.options)
        )
        return PoolFeatures(group, shared, options)

    def _field(self) -> Features:
        pool, words = self.pool, self.facts.document.words
        absence = pool.absence
        best = sorted(self.spans, reverse=True)
        found: Features = {
            f"kind.{kind_group(self.leaf)}": 1.0,
            f"{READER}.on": float(absence is not None),
            f"{READER}.absent": absence or 0.0,
            f"{READER}.absent_odds": _odds(absence) if absence is not None else 0.0,
            f"{READER}.top": best[0] if best else 0.0,
            f"{READER}.second": best[1] if len(best) > 1 else 0.0,
            f"{RULE}.any": float(bool(self.rules)),
            "options": min(len(pool.options), 10) / 5,
            "no_options": float(not pool.options),
            "blank": float(pool.is_blank),
            "unreadable": float(bool(pool.unreadable)),
            "size": math.log1p(len(words)) / 8,
            "pages": min(len(self.facts.document.pages), 10) / 5,
            "has_labels": float(bool(self.leaf.labels)),
            "has_description": float(bool(self.leaf.description)),
            "required": float(self.leaf.required and not self.leaf.nullable),
            "name_printed": self._printed(self.names),
            "meaning_printed": self._printed(self.meaning),
        }
        for rule in self.rules:
            found[f"{RULE}.{rule}.found"] = 1.0
        return found

    def _printed(self, words: set[str]) -> float:
        """The share of some words that the document has."""
        known = self.facts.vocabulary
        return sum(word in known for word in words) / len(words) if words else 0.0

    def _option(self, k: int, option: Option) -> Features:
        best = option.best
        found = self.facts.place(best.ranges) | self.facts.text(best.raw_text)
        found |= self._reader(k, option) | self._rules(option) | self._rivals(k, option)
        found |= self._value(option) | self._labels(best.ranges[0][0])
        found["plausible"] = plausibility(self.leaf, best.raw_text, self.conventions)
        found["ambiguous"] = float(best.parsed.ambiguous)
        found["undecided"] = float(best.parsed.undecided)
        found["times"] = min(self.facts.times(best.ranges), 6) / 3
        found["sources"] = len({p.rule for p in option.places}) / 2
        found["places"] = min(len({p.ranges for p in option.places}), 5) / 3
        return found

    def _reader(self, k: int, option: Option) -> Features:
        span, others = self.spans[k], [s for i, s in enumerate(self.spans) if i != k]
        ranks = [p.features[RANK] for p in option.places if RANK in p.features]
        if not ranks:
            return {f"{READER}.behind": max(others, default=0.0)}
        return {
            f"{READER}.has": 1.0,
            f"{READER}.span": min(1.0, span),
            f"{READER}.odds": _odds(span),
            f"{READER}.first": float(min(ranks) == 0),
            f"{READER}.rank": min(ranks) / 5,
            f"{READER}.behind": max(others, default=0.0),
            f"{READER}.leads": span - max(others, default=0.0),
        }

    def _rules(self, option: Option) -> Features:
        found: Features = {}
        for rule in {p.rule for p in option.places if p.rule}:
            own = [p for p in option.places if p.rule == rule]
            every = [p for o in self.pool.options for p in o.places if p.rule == rule]
            scores = [p.score for p in every]
            prefix = f"{RULE}.{rule}."
            found[f"{prefix}has"] = 1.0
            found[f"{prefix}score"] = max(p.score for p in own)
            found[f"{prefix}best"] = float(max(p.score for p in own) >= max(scores))
            found[f"{prefix}first"] = float(every[0] in own)
            found[f"{prefix}last"] = float(every[-1] in own)
            found[f"{prefix}share"] = len(own) / len(every)
            for name in {name for p in own for name in p.features}:
                found[f"{prefix}{name}"] = max(p.features.get(name, 0.0) for p in own)
        if found:
            found[f"{RULE}.has"] = 1.0
            found[f"{RULE}.score"] = max(p.score for p in option.places if p.rule)
        return found

    def _rivals(self, k: int, option: Option) -> Features:
        path, words = self.pool.path, option.best.ranges
        others = [o for i, o in enumerate(self.pool.options) if i != k]
        mine = fold_words(option.best.raw_text)
        inside = [o for o in others if _is_in(fold_words(o.best.raw_text), mine)]
        around = [o for o in others if _is_in(mine, fold_words(o.best.raw_text))]
        return {
            "claimed_rule": self.claims.of_others(path, words, True),
            "claimed_reader": self.claims.of_others(path, words, False),
            "contains": max((max(_span(o), _rule(o)) for o in inside), default=0.0),
            "contained": max((max(_span(o), _rule(o)) for o in around), default=0.0),
            "crosses": float(any(same_words(words, o.best.ranges) for o in others)),
        }

    def _value(self, option: Option) -> Features:
        value = option.best.parsed.value
        if isinstance(value, bool) or not isinstance(value, int | float | str):
            return {}
        same_type = [
            o.best.parsed.value
            for o in self.pool.options
            if isinstance(o.best.parsed.value, str) == isinstance(value, str)
        ]
        if isinstance(value, str):
            if kind_group(self.leaf) != "date":
                return {}
            return {
                "earliest": float(value == min(same_type)),
                "latest": float(value == max(same_type)),
            }
        return {
            "largest": float(value >= max(same_type)),
            "smallest": float(value <= min(same_type)),
            "share_of_largest": self.facts.share_of_largest(float(value)),
            "larger": min(self.facts.larger(float(value)), 8) / 4,
            "zero": float(value == 0),
            "negative": float(value < 0),
            "whole": float(float(value).is_integer()),
        }

    def _labels(self, start: int) -> Features:
        """How far the words before and above a value are those of the field."""
        before, above = self.facts.before(start), self.facts.above(start)
        return {
            "named_before": _overlap(self.names, before),
            "named_above": _overlap(self.names, above),
            "meant_before": _overlap(self.meaning, before),
            "meant_above": _overlap(self.meaning, above),
            "next_is_name": float(bool(before) and before[0] in self.names),
            "before": float(bool(before)),
        }


def _span(option: Option) -> float:
    return sum(place.features.get(SPAN, 0.0) for place in option.places if not place.rule)


def _rule(option: Option) -> float:
    return max((place.score for place in option.places if place.rule), default=0.0)


def _odds(p: float) -> float:
    """Log odds, scaled to about -1 to 1."""
    p = min(1 - 1e-4, max(1e-4, p))
    return math.log(p / (1 - p)) / 9


def _is_in(inner: str, outer: str) -> bool:
    return inner != outer and inner in outer


def _overlap(wanted: set[str], words: Sequence[str]) -> float:
    return len(wanted & set(words)) / min(len(wanted), 3) if wanted else 0.0

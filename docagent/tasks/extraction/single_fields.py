"""Single fields of a schema: their options ranked, and one of them chosen.

1. The ranker gives each option of a field a probability, and one to there being no value.
2. The best option is chosen, unless it is likelier that there is none. Where a sum or a date order
   then fails, other combinations of options are tried before the failure is reported.
3. An unsure field gives way to a sure one on the same words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product
from math import log
from typing import Any

from docagent.confidence import THRESHOLDS
from docagent.document import Conventions
from docagent.evidence.candidates import ValueCandidate, ocr_confidence, strongest_rival
from docagent.evidence.checks import run_checks, suspect_paths
from docagent.evidence.field_parser import FieldParser
from docagent.evidence.grounding import ground_ranges
from docagent.ranking.document_features import DocumentFeatures
from docagent.ranking.features import features_of
from docagent.ranking.model import FieldRanker, Ranked
from docagent.ranking.options import FieldPool
from docagent.results import Check, Field, Status
from docagent.schemas import Schema

PASSED_CHECK = log(50)
"""Weight of a passed check against probabilities of options (a log likelihood ratio)."""
MAX_OPTIONS, MAX_SUSPECTS = 3, 5
"""Combinations are tried for at most so many options of at most so many fields."""
MIN_OPTION_RATIO = 0.3
"""Other options are tried if they have at least this ratio of the best one's probability."""
MIN_OWNER = 0.9
"""Least confidence of a field to which unsure fields on the same words give way."""
AMBIGUOUS_FACTOR = 0.9
"""Factor of the confidence of a value whose text can be parsed in more than one way."""
UNDECIDED_FACTOR = 0.4
"""The same if the parses differ (3 April or 4 March) and nothing in the document decides."""
MIN_SENTENCE_WORDS = 4
"""Fewest words of what stands for a date that is not printed."""
_INDEX = re.compile(r"\[\d+\]")


@dataclass(frozen=True)
class SingleField:
    """The options of one single field.

    absence: probability (0-1) that the document has no such value. options: with their
    confidences as scores, best first; so many as ``likely`` says are likelier than that there is no
    value. unreadable: the best candidate that could not be parsed.
    """

    parser: FieldParser
    absence: float
    options: tuple[ValueCandidate, ...]
    likely: int
    unreadable: ValueCandidate | None = None

    @property
    def path(self) -> str:
        """The path of the field."""
        return self.parser.leaf.path

    def likely_options(self) -> Iterator[ValueCandidate]:
        """The options that are likelier than that there is no value, best first."""
        return iter(self.options[: self.likely])


def ranked_fields(
    pools: Sequence[FieldPool], conventions: Conventions, ranker: FieldRanker
) -> list[SingleField]:
    """The options of every field with their probabilities."""
    if not pools:
        return []
    facts = DocumentFeatures(pools[0].parser.document, conventions)
    ranked = ranker.rank(features_of(pools, facts, conventions))
    fields = [_ranked_field(*pair) for pair in zip(pools, ranked, strict=True)]
    return fields if ranker.is_calibrated else [_weighed(field) for field in fields]


def _weighed(field: SingleField) -> SingleField:
    """With scores that count how well the words of each option can be read."""
    options = (replace(o, score=o.score * certainty(field.parser, o)) for o in field.options)
    return replace(field, options=tuple(options))


def certainty(parser: FieldParser, option: ValueCandidate) -> float:
    """How sure the text of a candidate and its value are, 0-1, whether it is the right one or
    not."""
    legibility = ocr_confidence(parser.document, parser.leaf, option.ranges)
    return legibility * (AMBIGUOUS_FACTOR if option.parsed.ambiguous else 1.0)


def _ranked_field(pool: FieldPool, ranked: Ranked) -> SingleField:
    order = sorted(range(len(pool.options)), key=lambda k: -ranked.options[k])
    options = (replace(pool.options[k].best, score=ranked.confidences[k]) for k in order)
    return SingleField(
        parser=pool.parser,
        absence=ranked.absent,
        options=tuple(options),
        likely=sum(chance >= ranked.absent for chance in ranked.options),
        unreadable=max(pool.unreadable, key=lambda c: c.score, default=None),
    )


def chosen_fields(
    schema: Schema, singles: Sequence[SingleField], cells: Sequence[Field]
) -> tuple[Field, ...]:
    """One field for each of ``singles``. cells: the fields of all arrays."""
    return _without_repeats(schema, _reconcile(schema, singles, cells), cells, singles)


def _without_repeats(
    schema: Schema,
    chosen: Sequence[Field],
    cells: Sequence[Field],
    singles: Sequence[SingleField],
) -> tuple[Field, ...]:
    """Replace unsure single fields whose words a sure field of the same kind has.

    Asked for a delivery date, the reader points at the due date if no other date is printed. The
    best likely option at another place becomes the value; without one, none is present.
    """
    kinds = {leaf.path: leaf.normaliser for leaf in schema.leaves}

    def place(field: Field) -> tuple[Any, ...]:
        kind = kinds[_INDEX.sub("[]", field.path)]
        return kind, *((e.page, e.span.start, e.span.end) for e in field.evidence)

    single_by_path = {single.path: single for single in singles}
    owners = {
        place(field): field.path
        for field in (*chosen, *cells)
        if field.evidence and (field.confidence or 0.0) >= MIN_OWNER
    }
    kept = []
    for field in chosen:
        owner = owners.get(place(field)) if field.evidence else None
        is_unsure = (field.confidence or 0.0) < THRESHOLDS.unsure
        if owner not in (None, field.path) and is_unsure:
            single = single_by_path[field.path]
            found = (found_field(single.parser, option) for option in single.likely_options())
            free = (f for f in found if f.evidence and place(f) not in owners)
            field = next(free, None) or Field(
                path=field.path,
                status="not_present",
                absence=1 - (field.confidence or 0.0) if field.absence is None else field.absence,
                message=f"{field.raw_text!r} is {owner}",
            )
        kept.append(field)
    return tuple(kept)


def _reconcile(
    schema: Schema, singles: Sequence[SingleField], cells: Sequence[Field]
) -> tuple[Field, ...]:
    """The best value of each single field, or the combination that satisfies more checks."""
    fields = {single.path: _best_field(single) for single in singles}
    checks = run_checks(schema, (*fields.values(), *cells))
    doubted = set(suspect_paths(c for c in checks if c.kind != "readable"))
    suspects = [s for s in singles if s.path in doubted and len(s.options) > 1][:MAX_SUSPECTS]
    best, best_score = fields, _score(checks, [s.options[0] for s in suspects])
    for options in product(*(_near_best(s.options) for s in suspects)):
        pairs = zip(suspects, options, strict=True)
        trial = fields | {s.path: found_field(s.parser, option) for s, option in pairs}
        score = _score(run_checks(schema, (*trial.values(), *cells)), options)
        if score > best_score:
            best, best_score = trial, score
    return tuple(best.values())


def _near_best(options: Sequence[ValueCandidate]) -> Sequence[ValueCandidate]:
    """The options that are tried against checks.

    Much less likely ones are left out: a sum that adds up by chance, such as that of a part of a
    bill, must not outweigh the evidence for another value.
    """
    least = MIN_OPTION_RATIO * options[0].score
    return [option for option in options[:MAX_OPTIONS] if option.score >= least]


def _score(checks: Sequence[Check], options: Sequence[ValueCandidate]) -> float:
    """Log score of a combination: checks passed minus failed, and the options' probabilities."""
    passed = sum(c.status == "passed" for c in checks) - sum(c.status == "failed" for c in checks)
    return PASSED_CHECK * passed + sum(log(max(option.score, 1e-6)) for option in options)


def _best_field(single: SingleField) -> Field:
    """The best option as a field; else an unreadable candidate; else that there is no value."""
    parser = single.parser
    best = next(single.likely_options(), None)
    if best:
        field = found_field(parser, best)
        rival = strongest_rival(single.options)
        if field.status == "found" and rival and rival.score >= THRESHOLDS.rival * best.score:
            message = f"{rival.raw_text!r} fits about as well"
            return field.replace(status="ambiguous", message=message)
        return field
    least = max(single.absence, THRESHOLDS.candidate)
    if single.unreadable and single.unreadable.score > least:
        if _is_said_in_words(parser, single.unreadable):
            return _in_words(parser, single.unreadable)
        return _invalid(parser, single.unreadable)
    return Field(path=single.path, status="not_present", absence=single.absence)


def found_field(parser: FieldParser, option: ValueCandidate, *rows: int) -> Field:
    """The field of a parsed candidate, its score as the confidence; ``illegible`` if the recognizer
    is unsure of its words. rows: of the arrays it is in."""
    legibility = ocr_confidence(parser.document, parser.leaf, option.ranges)
    message, value = option.parsed.message, option.parsed.value
    status: Status = "ambiguous" if option.parsed.undecided else "found"
    confidence = option.score * (UNDECIDED_FACTOR if option.parsed.undecided else 1.0)
    if legibility < THRESHOLDS.illegible:
        status, value = "illegible", None
        message = f"the words are read with confidence {legibility:.2f} only"
    return _grounded(parser, option, rows, status).replace(
        value=value, confidence=confidence, message=message
    )


def _invalid(parser: FieldParser, option: ValueCandidate) -> Field:
    found = _grounded(parser, option, (), "invalid")
    return found.replace(message=option.parsed.message, absence=1 - option.score)


def _is_said_in_words(parser: FieldParser, option: ValueCandidate) -> bool:
    """Whether a text field that is a date by its name alone has a sentence instead: "three years
    from the Effective Date"."""
    leaf = parser.leaf
    is_sentence = len(option.raw_text.split()) >= MIN_SENTENCE_WORDS
    return leaf.normaliser == "date" and leaf.is_inferred and is_sentence


def _in_words(parser: FieldParser, option: ValueCandidate) -> Field:
    found = _grounded(parser, option, (), "found")
    message = "no date is printed, but what it depends on"
    return found.replace(value=option.raw_text, confidence=option.score, message=message)


def _grounded(
    parser: FieldParser, option: ValueCandidate, rows: tuple[int, ...], status: Status
) -> Field:
    return Field(
        path=parser.leaf.at(*rows),
        raw_text=option.raw_text,
        status=status,
        evidence=ground_ranges(parser.document, option.ranges),
        source=option.source,
    )

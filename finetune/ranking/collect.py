"""Features and labels of the options of every case; kept, since reading takes longer than a fit."""

from __future__ import annotations

import pickle
import random
import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, get_args

from docagent.document import Conventions
from docagent.evidence.candidates import ValueCandidate
from docagent.evidence.document_conventions import conventions_of
from docagent.evidence.field_parser import FieldParser
from docagent.ranking.document_features import DocumentFeatures
from docagent.ranking.features import PoolFeatures, features_of
from docagent.ranking.options import FieldPool, options_of
from docagent.ranking.pools import field_pools
from docagent.reader.types import Query, Reader, Reading
from docagent.rules.registry import ALL_RULES
from eval.metrics.fields import letters_and_digits
from eval.tasks.understanding.judged import token_f1
from finetune.ranking.cases import Case

MISTAKEN = 0.35
"""Share of overlooked answers for which the reader is as sure of another span."""
MIN_RIGHT = 0.5
"""Token F1 from which a clause is right, as CUAD counts it."""


Half = Literal["all", "rules", "reader"]
"""Whose candidates a row has: a schema may have no printed labels, or no reader be switched on."""


@dataclass(frozen=True)
class Row:
    """One field of a case. right: of each option, whether it is right. is_there: whether the
    document has a value."""

    set: str
    group: str
    document: str
    path: str
    half: Half
    features: PoolFeatures
    right: tuple[bool, ...]
    is_there: bool


def rows_of_case(case: Case, reader: Reader) -> Iterator[Row]:
    """The labelled fields of a case; of one that the reader saw, those of the rules alone."""
    document, schema = case.document, case.schema
    readings = None if case.is_seen else _read(case, reader)
    conventions: Conventions = conventions_of(document)
    parsers = [FieldParser(document, leaf, conventions=conventions) for leaf in schema.leaves]
    pools = field_pools(schema, parsers, readings, ALL_RULES)
    facts = DocumentFeatures(document, conventions)
    halves: tuple[Half, ...] = ("rules",) if case.is_seen else get_args(Half)
    for half in halves:
        some = [_half(pool, half) for pool in pools]
        for pool, features in zip(some, features_of(some, facts, conventions), strict=True):
            truths = case.truths.get(pool.path)
            if truths is not None:
                names = (case.set, case.group, document.id, pool.path, half)
                right = labels(pool, truths, case.is_loose)
                yield Row(*names, features, right, bool(truths))


def _read(case: Case, reader: Reader) -> dict[str, Reading]:
    leaves = case.schema.leaves
    queries = [Query(text=leaf.query, multiple=leaf.multiple) for leaf in leaves]
    found = reader.read(case.document, queries)
    rng = random.Random(case.document.id)
    return {
        leaf.path: overlooking(reading, rng) if rng.random() < case.overlooked else reading
        for leaf, reading in zip(leaves, found, strict=True)
    }


def overlooking(reading: Reading, rng: random.Random) -> Reading:
    """A reading as of a page unlike the training's: the best span is missed or hardly seen, and the
    probability goes to the others and to there being no value, or all of it to another span."""
    if not reading.spans:
        return reading
    best = max(reading.spans, key=lambda span: span.score)
    others = [span for span in reading.spans if span is not best]
    if others and rng.random() < MISTAKEN:
        wrong = rng.choice(others)
        score = {best: wrong.score, wrong: best.score}
        swapped = [span.replace(score=score.get(span, span.score)) for span in reading.spans]
        return reading.replace(spans=tuple(sorted(swapped, key=lambda span: -span.score)))
    kept = best.score * rng.random() ** 3
    absent = reading.absent + (best.score - kept) * rng.uniform(0.3, 0.9)
    more = (1 - absent - kept) / max(1e-6, sum(span.score for span in others))
    factor = max(0.0, min(more, rng.uniform(1, 6)))
    spans = [span.replace(score=min(1.0, span.score * factor)) for span in others]
    if kept > 0.01:
        spans.append(best.replace(score=kept))
    spans.sort(key=lambda span: -span.score)
    return Reading(query=reading.query, spans=tuple(spans), absent=min(1.0, max(0.0, absent)))


def _half(pool: FieldPool, half: Half) -> FieldPool:
    """The pool with the candidates of one half."""
    if half == "all":
        return pool
    is_rule = half == "rules"
    places = [place for option in pool.options for place in option.places]
    return replace(
        pool,
        absence=None if is_rule else pool.absence,
        options=options_of(place for place in places if bool(place.rule) == is_rule),
        unreadable=() if is_rule else pool.unreadable,
        is_blank=is_rule and pool.is_blank,
    )


def labels(pool: FieldPool, truths: tuple[str, ...], is_loose: bool) -> tuple[bool, ...]:
    """Which options are right: of clauses those that are most like a true one."""
    strict = tuple(any(agrees(o.best, t) for t in truths) for o in pool.options)
    if any(strict) or not is_loose:
        return strict
    scores = [max((token_f1(o.best.raw_text, t) for t in truths), default=0) for o in pool.options]
    best = max(scores, default=0.0)
    return tuple(score >= max(MIN_RIGHT, best - 0.1) for score in scores)


def agrees(candidate: ValueCandidate, truth: str) -> bool:
    """Whether a value says what is true, written differently or not."""
    value = candidate.parsed.value
    if isinstance(value, int | float) and not isinstance(value, bool):
        try:
            return abs(float(value) - float(truth)) < 0.005
        except ValueError:
            pass
    wanted = letters_and_digits(truth)
    return wanted in (letters_and_digits(str(value)), letters_and_digits(candidate.raw_text))


def collect(cases: Iterable[Case], reader: Reader) -> list[Row]:
    """Rows of all cases."""
    rows: list[Row] = []
    started = time.perf_counter()
    for count, case in enumerate(cases, start=1):
        rows += rows_of_case(case, reader)
        if count % 20 == 0:
            seconds = time.perf_counter() - started
            print(
                f"{case.set}: {count} cases, {len(rows)} fields, {seconds:.0f} s", file=sys.stderr
            )
    return rows


def save_rows(rows: list[Row], path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(pickle.dumps(rows))


def load_rows(path: Path) -> list[Row]:
    rows: list[Row] = pickle.loads(path.read_bytes())
    return rows

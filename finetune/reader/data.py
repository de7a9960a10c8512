"""What the reader is asked: synthetic documents -> noisy pages -> queries with targets."""

from __future__ import annotations

import random
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from docagent.layout.columns import column_words
from docagent.schemas import list_schemas, load_schema
from finetune.reader.noise import CleanPage, CleanQuery, ReadPage, read_page
from finetune.synthesis.documents import KINDS, SyntheticDocument
from finetune.synthesis.truth import QueryTruth

MAX_SPAN = 60
LEAST_RUN = 0.6
"""A value whose longest unbroken run of words is shorter than this share of it is not asked."""

HELD_OUT_PATHS = frozenset({"table", "terminal", "hospital_number"})
"""Fields that training never asks for; asked in validation as unseen ("zero-shot") names."""
WANTED = frozenset(
    """total date company address tax subtotal amount_paid change invoice_number invoice_date
    due_date seller buyer amount_due line_items[*].amount line_items[*].description
    line_items[*].quantity line_items[*].unit_price parties[*] effective_date""".split()
)
"""Fields asked for three times as often as others."""
HELD_OUT_SHARE = 25
"""One query text in so many is only asked in validation."""


@dataclass(frozen=True)
class Target:
    """Right spans (start, end inclusive) of a query on a page, and a tag per word:
    0 outside, 1 begin, 2 inside, -1 unknown."""

    spans: tuple[tuple[int, int], ...]
    tags: NDArray[np.int64]


def is_held_out(query: CleanQuery) -> bool:
    """Whether only validation asks this."""
    if query.text in _schema_texts():
        return has_held_out_path(query)
    return has_held_out_path(query) or zlib.crc32(query.text.encode()) % HELD_OUT_SHARE == 0


def has_held_out_path(query: CleanQuery) -> bool:
    return query.path.split("[")[0].split(".")[-1] in HELD_OUT_PATHS or query.path in HELD_OUT_PATHS


@lru_cache(maxsize=64)
def schema_queries(kind: str) -> tuple[QueryTruth, ...]:
    """What extraction asks for each field of the shipped schema of a kind; none without one."""
    if kind not in {schema.name for schema in list_schemas()}:
        return ()
    return tuple(
        QueryTruth(leaf.query, leaf.multiple, leaf.path.replace("[]", "[*]"))
        for leaf in load_schema(kind).leaves
    )


@lru_cache(maxsize=1)
def _schema_texts() -> frozenset[str]:
    return frozenset(query.text for kind in KINDS for query in schema_queries(kind))


def document_to_pages(document: SyntheticDocument) -> list[CleanPage]:
    """One clean page for each page, with the document's queries and those of its schema; a
    query answered on another page is absent here."""
    pages = []
    asked = document.queries + schema_queries(document.kind)
    for number, canvas in enumerate(document.pages):
        texts = tuple(w.text for w in canvas.words)
        boxes = tuple(w.bbox for w in canvas.words)
        queries = []
        for query in asked:
            answers = _answers(document, query, number, texts)
            if answers is not None:
                pattern = query.path_pattern
                queries.append(CleanQuery(query.text, query.multiple, pattern, answers))
        if texts and queries:
            size = (canvas.width, canvas.height)
            pages.append(CleanPage(document.kind, *size, texts, boxes, tuple(queries)))
    return pages


def _answers(
    document: SyntheticDocument, query: QueryTruth, page: int, texts: Sequence[str]
) -> tuple[tuple[int, ...], ...] | None:
    """Word indices of each answer on a page. None where only pieces of one are marked, as with
    an address that something else is printed beside."""
    answers: list[tuple[int, ...]] = []
    pieces = 0
    for truth in document.answers(query).values():
        for place in truth.occurrences:
            if place.page != page:
                continue
            printed = [texts[i] for i in place.words]
            half = len(printed) // 2
            if sum(map(len, printed)) < LEAST_RUN * len(truth.text.replace(" ", "")):
                pieces += 1
            elif half and printed[:half] == printed[half:]:
                # The same value printed twice in a row, as in a letterhead and its return line.
                answers += [place.words[:half], place.words[half:]]
            else:
                answers.append(place.words)
    return tuple(answers) if answers or not pieces else None


def find_target(query: CleanQuery, page: ReadPage) -> Target | None:
    """Where a query's answers are on the page as read; None where it would teach nonsense."""
    where: dict[int, list[int]] = {}
    for position, word in enumerate(page.words):
        for source in word.sources:
            where.setdefault(source, []).append(position)
    tags = np.zeros(len(page.words), np.int64)
    spans: list[tuple[int, int]] = []
    for answer in query.answers:
        positions = sorted({p for source in answer for p in where.get(source, ())})
        if not positions:
            continue
        if _wraps_in_column(positions, page):
            # Told by its ends; the words of the block beside it are no part of it.
            tags[positions[0] : positions[-1] + 1] = -1
            spans.append((positions[0], positions[-1]))
            continue
        run = _longest_run(positions)
        if len(run) < LEAST_RUN * len(positions) or len(run) > MAX_SPAN:
            return None
        tags[positions] = -1
        tags[run] = 2
        tags[run[0]] = 1
        spans.append((run[0], run[-1]))
    return Target(tuple(dict.fromkeys(spans)), tags)


def _wraps_in_column(positions: Sequence[int], page: ReadPage) -> bool:
    """Whether serving would find all these words from the first and the last of them."""
    start, end = positions[0], positions[-1] + 1
    if end - start == len(positions) or end - start > MAX_SPAN:
        return False
    boxes = [word.box for word in page.words]
    return column_words(start, end, page.lines, boxes) == list(positions)


def _longest_run(positions: Sequence[int]) -> list[int]:
    runs = [[positions[0]]]
    for position in positions[1:]:
        if position == runs[-1][-1] + 1:
            runs[-1].append(position)
        else:
            runs.append([position])
    return max(runs, key=len)


Pair = tuple[CleanQuery, Target]


def draw_pairs(
    page: CleanPage, rng: random.Random, held_out: bool
) -> tuple[ReadPage, list[Pair]] | None:
    """A noisy reading of the page, and its queries with their targets, in an order in which what
    is wanted most comes early; None if nothing can be asked."""
    read = read_page(page, rng)
    if read is None:
        return None
    pairs = [
        (query, target)
        for query in page.queries
        if (held_out or not is_held_out(query)) and (target := find_target(query, read)) is not None
    ]
    pairs.sort(key=lambda pair: rng.random() ** (1 / _weight(*pair)), reverse=True)
    return (read, pairs) if pairs else None


def _weight(query: CleanQuery, target: Target) -> float:
    """How often a query is drawn: what every user wants more, what is not there less."""
    return (3.0 if query.path in WANTED else 1.0) * (1.0 if target.spans else 0.8)

"""Training samples of the three tasks: the request as serving sends it, and the right answer.

The requests are those of the cascade's own tasks, so training and serving cannot drift apart.
Answers follow the JSON Schema sent with a request.
"""

from __future__ import annotations

import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from docagent.cascade.answer_format import MAX_LINES, Unit, units_of
from docagent.cascade.document_view import DocumentView, Place
from docagent.results import Answer, Correction
from docagent.schemas import Schema, list_schemas, load_schema
from docagent.settings import Settings
from docagent.tasks.answering.cascade import MAX_ANSWERS, AnswerTask
from docagent.tasks.correction.cascade import CorrectionTask
from docagent.tasks.extraction.requests import FieldsTask
from docagent.vlm.calls import Request
from docagent.vlm.prompts.pictures import no_images
from finetune.llava.documents import ReadDocument
from finetune.synthesis.truth import FieldTruth, Occurrence, QueryTruth

TASKS = ("extract", "ask", "correct")
LEAST_LEFT = 0.6
"""A value of which a smaller share of words was read at all is not asked for."""
MOST_WORDS = 40
"""Words of a value; longer ones are not asked for."""
ABSENT = {"lines": [], "how": "absent", "value": None}
_PLACED = 0.5
"""Share of the fields asked for whose place is shown enlarged, as where the embedded reader
found something."""

Cell = dict[str, Any]


class Spoiled(Exception):
    """The right answer cannot be told from what was read: the words were lost or run together."""


@dataclass(frozen=True)
class Sample:
    """One thing asked and its answer. messages: OpenAI-style, pictures as data URLs. schema: the
    JSON Schema that was sent with them. answer: JSON."""

    task: str
    messages: tuple[Mapping[str, Any], ...]
    schema: Mapping[str, Any]
    answer: str
    asked: tuple[str, ...] = ()


@dataclass(frozen=True)
class Asked:
    """How samples are drawn. chars: most characters of page text in one. fields: most fields
    asked at once; rows: tables with more rows are not asked for. images: pictures of a sample,
    one number drawn for each. pixels: of a page picture. legible: whether pictures show digits
    to the model. weights: how often each task is drawn. only: fields that extraction asks for; all
    of a schema if there are none."""

    chars: int = 12_000
    fields: int = 8
    rows: int = 4
    images: tuple[int, ...] = (0, 1)
    pixels: int = 1_500_000
    legible: bool = False
    weights: Mapping[str, float] = field(
        default_factory=lambda: {"extract": 0.65, "ask": 0.25, "correct": 0.1}
    )
    only: frozenset[str] = frozenset()

    def wants(self, unit: Unit) -> bool:
        """Whether extraction asks for a unit."""
        return not self.only or unit.key in self.only


def make_sample(read: ReadDocument, rng: random.Random, asked: Asked) -> Sample | None:
    """A sample of a task drawn by its weight; None where the document gives none."""
    (task,) = rng.choices(list(asked.weights), list(asked.weights.values()))
    make = {"extract": extract_sample, "ask": ask_sample, "correct": correct_sample}[task]
    return make(read, rng, asked)


def extract_sample(read: ReadDocument, rng: random.Random, asked: Asked) -> Sample | None:
    """Some fields of the shipped schema of the document's kind; None without a schema."""
    schema = schema_of(read.truth.kind)
    if schema is None:
        return None
    units = [u for u in units_of(schema.leaves) if asked.wants(u) and _may_ask(read, u, asked)]
    # What is there is asked for more often than what is not.
    keep = [u for u in units if _is_there(read, u) or rng.random() < 0.4]
    # The square root: many at once, for which the page has to be read once.
    most = max(1, round(rng.random() ** 0.5 * asked.fields))
    chosen = set(rng.sample(keep, min(len(keep), most)))
    return extract_units(read, schema, [u for u in units if u in chosen], rng, asked)


def extract_units(
    read: ReadDocument, schema: Schema, units: Sequence[Unit], rng: random.Random, asked: Asked
) -> Sample | None:
    """These units asked of a part of the document; those that noise spoiled are left out."""
    view = view_of(read, rng, asked)
    units = [u for u in units if _answerable(read, view, u, asked)]
    if not units:
        return None
    places = [p for u in units if rng.random() < _PLACED for p in _places(read, u)]
    task = FieldsTask(view, schema, readers={})
    inquiries = task.inquire(units, places=places)
    request = _one([task.request(inquiry) for inquiry in inquiries], rng)
    by_key = {unit.key: unit for unit in units}
    try:
        answer = {
            key: _unit_answer(read, view, by_key[key], _ids(request), asked)
            for key in request.asked
        }
    except Spoiled:
        return None
    return _sample(request, answer)


def ask_sample(read: ReadDocument, rng: random.Random, asked: Asked) -> Sample | None:
    """One of the document's own queries; None if noise spoiled its answer."""
    if not read.truth.queries:
        return None
    query = rng.choice(read.truth.queries)
    return ask_query(read, query, rng, asked)


def ask_samples(
    read: ReadDocument, rng: random.Random, asked: Asked, most: int
) -> tuple[Sample, ...]:
    """Up to ``most`` of the document's own queries, asked of the same view of it."""
    queries = read.truth.queries
    view = view_of(read, rng, asked)
    chosen = rng.sample(queries, min(most, len(queries)))
    made = (ask_query(read, query, rng, asked, view) for query in chosen)
    return tuple(sample for sample in made if sample is not None)


def ask_query(
    read: ReadDocument,
    query: QueryTruth,
    rng: random.Random,
    asked: Asked,
    view: DocumentView | None = None,
) -> Sample | None:
    """A question about a part of the document. view: how the document is shown."""
    truths = read.truth.answers(query)
    if len(truths) > min(MAX_ANSWERS, asked.rows):
        return None
    view = view or view_of(read, rng, asked)
    embedded = Answer(document_id=read.document.id, question=query.text, abstained="not_present")
    request = _one(AnswerTask(view, embedded).requests(), rng)
    try:
        cells = [_cell(read, view, truth, _ids(request), asked) for truth in truths.values()]
    except Spoiled:
        return None
    found = {json.dumps(cell): cell for cell in cells if cell["how"] != "absent"}
    return _sample(request, {"answers": list(found.values())})


def correct_sample(read: ReadDocument, rng: random.Random, asked: Asked) -> Sample | None:
    """Lines with doubtful words; None where there are none."""
    view = view_of(read, rng, asked)
    embedded = Correction(document_id=read.document.id, edits=())
    requests = CorrectionTask(view, embedded).requests()
    request = _one([r for r in requests if 0 < len(r.asked) <= asked.fields], rng)
    if request is None:
        return None
    answer = {}
    for key in request.asked:
        line = view.by_id[key]
        words = range(line.start, line.end)
        answer[key] = " ".join(read.as_shown(i, asked.legible) for i in words)
    return _sample(request, answer)


def unit_truth(read: ReadDocument, unit: Unit, asked: Asked) -> tuple[str, ...]:
    """The words of a single field as a model should give them; empty if it is not printed.
    Raises Spoiled if noise left pieces of it, or of a currency that a sign may tell."""
    view = DocumentView(read.document)
    if not _may_ask(read, unit, asked):
        raise Spoiled
    cell = _leaf_answer(read, view, unit.key, frozenset(view.by_id), asked)
    return () if cell["value"] is None else (cell["value"],)


@cache
def schema_of(kind: str) -> Schema | None:
    """The shipped schema of a kind of document, if there is one."""
    return load_schema(kind) if kind in {schema.name for schema in list_schemas()} else None


def view_of(read: ReadDocument, rng: random.Random, asked: Asked) -> DocumentView:
    """The document as the cascade would show it."""
    images = rng.choice(asked.images)
    settings = Settings(
        vlm="always", vlm_chars=asked.chars, vlm_images=images, vlm_pixels=asked.pixels
    )
    if not images:
        return DocumentView(read.document, settings, no_images)
    drawings = read.drawings
    return DocumentView(read.document, settings, drawings.page, urls=drawings.urls(asked.pixels))


def _one(requests: Sequence[Request], rng: random.Random) -> Any:
    """One of the parts of a document, the first ones (where most is said) more often."""
    if not requests:
        return None
    return requests[int(rng.random() ** 2 * len(requests))]


def _ids(request: Request) -> frozenset[str]:
    """Ids of the lines that a request shows."""
    schema = request.json_schema or {}
    return frozenset(schema["$defs"]["cell"]["properties"]["lines"]["items"]["enum"])


def _sample(request: Request, answer: Any) -> Sample:
    # Without spaces, as the grammars of ``docagent vlm serve`` want it.
    text = json.dumps(answer, ensure_ascii=False, separators=(",", ":"))
    schema = request.json_schema or {}
    return Sample(request.template, request.messages, schema, text, request.asked)


def _rows(read: ReadDocument, unit: Unit) -> list[int]:
    """Numbers of the rows of an array that are printed."""
    prefix = f"{unit.key}["
    found = (p.removeprefix(prefix) for p in read.truth.fields if p.startswith(prefix))
    return sorted({int(rest.partition("]")[0]) for rest in found})


def _is_there(read: ReadDocument, unit: Unit) -> bool:
    return bool(_rows(read, unit)) if unit.is_array else unit.key in read.truth.fields


def _may_ask(read: ReadDocument, unit: Unit, asked: Asked) -> bool:
    if unit.is_array:
        return len(_rows(read, unit)) <= asked.rows
    # A sign beside the amounts tells the currency although no word is marked as it.
    return unit.key in read.truth.fields or unit.leaves[0].normaliser != "currency"


def _answerable(read: ReadDocument, view: DocumentView, unit: Unit, asked: Asked) -> bool:
    try:
        for part in view.parts:
            _unit_answer(read, view, unit, frozenset(line.id for line in part), asked)
    except Spoiled:
        return False
    return True


def _places(read: ReadDocument, unit: Unit) -> list[Place]:
    truth = read.truth.fields.get(unit.key)
    if truth is None:
        return []
    words = [i for s in _sources(truth.occurrences[0]) for i in read.where.get(s, ())]
    return [(read.document.words[i].page, read.document.words[i].word.polygon) for i in words]


def _unit_answer(
    read: ReadDocument, view: DocumentView, unit: Unit, ids: frozenset[str], asked: Asked
) -> Any:
    if not unit.is_array:
        return _leaf_answer(read, view, unit.key, ids, asked)
    rows = []
    for number in _rows(read, unit):
        cells = {
            unit.column(leaf): _leaf_answer(read, view, leaf.at(number), ids, asked)
            for leaf in unit.leaves
        }
        if any(cell["how"] != "absent" for cell in cells.values()):
            rows.append(cells.get("", cells))
    return rows


def _leaf_answer(
    read: ReadDocument, view: DocumentView, path: str, ids: frozenset[str], asked: Asked
) -> Cell:
    truth = read.truth.fields.get(path)
    return dict(ABSENT) if truth is None else _cell(read, view, truth, ids, asked)


def _sources(place: Occurrence) -> list[tuple[int, int]]:
    return [(place.page, word) for word in place.words]


def _cell(
    read: ReadDocument, view: DocumentView, truth: FieldTruth, ids: frozenset[str], asked: Asked
) -> Cell:
    """The answer for one value: its first printed place that these lines show whole. Absent if
    they show none. Raises Spoiled if they show pieces."""
    pieces = False
    for place in truth.occurrences:
        sources = _sources(place)
        words = sorted({i for source in sources for i in read.where.get(source, ())})
        lines = [line for line in view.lines if any(line.start <= i < line.end for i in words)]
        if words and not any(line.id in ids for line in lines):
            continue
        if _is_whole(read, words, sources, lines) and all(line.id in ids for line in lines):
            return _whole_cell(read, truth, words, [line.id for line in lines], asked)
        pieces = True
    if pieces:
        raise Spoiled
    return dict(ABSENT)


def _is_whole(
    read: ReadDocument,
    words: Sequence[int],
    sources: Sequence[tuple[int, int]],
    lines: Sequence[Any],
) -> bool:
    """Whether the words read are the value, most of it, in one run on its lines."""
    if not words or len(words) > MOST_WORDS or len(lines) > MAX_LINES:
        return False
    if any(source not in sources for i in words for source in read.sources[i]):
        return False  # run together with a neighbour
    if sum(source in read.where for source in sources) < LEAST_LEFT * len(sources):
        return False
    among = [i for line in lines for i in range(line.start, line.end)]
    first = among.index(words[0])
    return among[first : first + len(words)] == list(words)


def _whole_cell(
    read: ReadDocument, truth: FieldTruth, words: Sequence[int], lines: list[str], asked: Asked
) -> Cell:
    as_read = " ".join(read.read(i) for i in words)
    value = " ".join(read.as_shown(i, asked.legible) for i in words)
    how = "verbatim" if value == as_read else "corrected"
    before, found, after = value.partition(truth.text)
    # A comma may stick to a word. A label that does stays: half a word is not held to the page.
    if found and not any(c.isalnum() for c in before + after):
        value = truth.text
    return {"lines": lines, "how": how, "value": value}

"""Questions that ask for a field of the document's kind: what ``extract`` finds, ``ask`` says."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from docagent.confidence import Calibration
from docagent.document import Document
from docagent.evidence.label_phrases import label_phrases
from docagent.layout.remembered import remembered
from docagent.ranking.loading import ranker_for
from docagent.ranking.model import FieldRanker
from docagent.reader.no_reader import NullReader
from docagent.reader.page_reader import MAX_WHOLE_PAGES, PageReader
from docagent.results import Evidence, Field
from docagent.rules.question_labels import asked_phrase
from docagent.rules.registry import RuleSet
from docagent.schemas import Schema, SchemaField, load_schema
from docagent.tasks.answering.clauses import KIND_FIELDS, asked_clause
from docagent.tasks.answering.passages import best_pages
from docagent.tasks.answering.proposals import Proposal, calibrated, values_text
from docagent.tasks.answering.question import Asked
from docagent.tasks.classification.embedded import classify
from docagent.tasks.extraction.embedded import ExtractionOptions, extract
from docagent.text.phrases import PhraseIndex

MIN_LIKENESS = 0.6
"""Likeness of a question to a name, label or description of a field from which it asks for it."""
MIN_LEAD = 0.1
"""By how much it must be more like that field than any other."""
ENDS = (2, 1)
"""First and last pages of a long document that are read for any field: who and when, and who
signed."""
MAX_FIELD_PAGES = 3
"""Pages of a long document read beside those."""
_WORD = re.compile(r"\w+")
_NO_MEANING = frozenset(("a", "an", "and", "for", "in", "of", "on", "the", "this", "to"))
_INDEX = re.compile(r"\[\d+\]")


@dataclass(frozen=True)
class AskedField:
    """A field that a question asks for, with the likeness (0-1) to what it is called."""

    schema: Schema
    leaf: SchemaField
    likeness: float


@dataclass(frozen=True)
class FieldSources:
    """What fields are extracted with."""

    reader: PageReader
    rules: RuleSet
    tables: Mapping[str, Calibration]
    locale_hint: str | None = None
    ranker: FieldRanker | None = None

    @property
    def options(self) -> ExtractionOptions:
        """Options of an extraction; without a ranker that of the reader."""
        return ExtractionOptions(
            locale_hint=self.locale_hint,
            calibrations=self.tables,
            rules=self.rules,
            ranker=self.ranker or ranker_for(self.reader.reader),
        )


def field_proposals(document: Document, asked: Asked, sources: FieldSources) -> Iterator[Proposal]:
    """The value of the field that a question asks for, in a document whose kind is known; of a
    list all values."""
    wanted = asked_field(document, asked)
    if wanted is None:
        return
    pages = pages_of_field(document, asked, wanted.leaf)
    part = document if len(pages) == len(document.pages) else document_of_pages(document, pages)
    # A reader that reads nothing is known as such by the extraction, which then trusts rules.
    is_null = isinstance(sources.reader.reader, NullReader)
    reader = sources.reader.reader if is_null else sources.reader
    found = extract(part, wanted.schema, reader, sources.options)
    fields = [f for f in found.fields if _INDEX.sub("[]", f.path) == wanted.leaf.path]
    usable = [f for f in fields if f.status == "found" and f.raw_text]
    if usable:
        yield _to_proposal(document, part, usable, wanted.likeness, sources.tables)


def asked_field(document: Document, asked: Asked) -> AskedField | None:
    """The field of the document's kind that a question asks for; None for an unknown kind or
    another question."""
    kind = remembered(document, classify).text
    clause = asked_clause(asked.text)
    if clause is not None and clause[0] in KIND_FIELDS and kind in (None, "contract", "nda"):
        schema = load_schema(kind or "contract")
        paths = {leaf.path: leaf for leaf in schema.leaves}
        path = next((p for p in KIND_FIELDS[clause[0]] if p in paths), None)
        if path is not None and _is_of_kind(asked, paths[path]):
            return AskedField(schema, paths[path], clause[1])
    if kind is None or asked.is_quoted:
        return None
    schema = load_schema(kind)
    phrase = asked_phrase(asked.text)
    leaf = named_field(schema, phrase) if phrase else None
    found = AskedField(schema, leaf, 1.0) if leaf else _alike_field(schema, asked)
    return found if found is not None and _is_of_kind(asked, found.leaf) else None


def _is_of_kind(asked: Asked, leaf: SchemaField) -> bool:
    """Whether the values of a field are of the kind asked for: who is no date, when is no name."""
    if asked.is_person:
        return leaf.normaliser == "text"
    return asked.kind == "text" or leaf.normaliser in (asked.kind, "datetime", "money", "duration")


def named_field(schema: Schema, phrase: str) -> SchemaField | None:
    """The only field that is named by the words of a phrase, in any order; single fields and lists
    of single values."""
    wanted = _meaning(phrase)
    named = [
        leaf
        for leaf in _plain_leaves(schema)
        if wanted and any(_meaning(label) == wanted for label in label_phrases(leaf))
    ]
    return named[0] if len(named) == 1 else None


def pages_of_field(document: Document, asked: Asked, leaf: SchemaField) -> frozenset[int]:
    """Numbers of the pages that a field is extracted from: all of a short document, else the ends
    and those that fit the question and the field's description best."""
    numbers = [page.number for page in document.pages]
    if len(numbers) <= MAX_WHOLE_PAGES:
        return frozenset(numbers)
    fit = best_pages(document, f"{asked.text} {leaf.query}", MAX_FIELD_PAGES)
    first, last = ENDS
    return fit | frozenset((*numbers[:first], *numbers[-last:]))


def document_of_pages(document: Document, numbers: frozenset[int]) -> Document:
    """Some pages of a document as a document of its own; they keep their numbers."""
    pages = tuple(page for page in document.pages if page.number in numbers)
    return Document(id=document.id, name=document.name, pages=pages)


def _alike_field(schema: Schema, asked: Asked) -> AskedField | None:
    """The field whose name, label or description is most like a question."""
    likeness = _phrase_index(schema.name).likeness(asked.text)
    ranked = sorted(likeness, key=lambda path: -likeness[path])
    first = likeness[ranked[0]] if ranked else 0.0
    lead = first - likeness[ranked[1]] if len(ranked) > 1 else first
    if first < MIN_LIKENESS or lead < MIN_LEAD:
        return None
    leaf = next(leaf for leaf in schema.leaves if leaf.path == ranked[0])
    return AskedField(schema, leaf, first)


@cache
def _phrase_index(name: str) -> PhraseIndex:
    """What the fields of a shipped schema are called; the name of the kind tells no field."""
    schema = load_schema(name)
    phrases = {
        leaf.path: (*sorted(label_phrases(leaf)), leaf.description)
        for leaf in _plain_leaves(schema)
    }
    return PhraseIndex(phrases, {*name.split("_"), "document"})


def _plain_leaves(schema: Schema) -> list[SchemaField]:
    """Single fields and lists of single values."""
    return [f for f in schema.leaves if not f.multiple or f.path == f"{f.array}[]"]


def _to_proposal(
    document: Document,
    part: Document,
    fields: Sequence[Field],
    likeness: float,
    tables: Mapping[str, Calibration],
) -> Proposal:
    stated = min(f.confidence or 0.0 for f in fields)
    score = stated * math.sqrt(likeness)
    return Proposal(
        by="field",
        text=values_text(f.raw_text or "" for f in fields),
        citations=tuple(in_whole(document, part, e) for f in fields for e in f.evidence),
        score=score,
        confidence=calibrated("field", score, tables),
        source=fields[0].source,
        stated=stated,
        is_named=likeness == 1.0,
    )


def in_whole(document: Document, part: Document, evidence: Evidence) -> Evidence:
    """Evidence on some pages of a document as evidence on the whole of it."""
    if part is document:
        return evidence
    moved = _start_of(document, evidence.page) - _start_of(part, evidence.page)
    span = evidence.span
    return evidence.replace(span=span.replace(start=span.start + moved, end=span.end + moved))


def _start_of(document: Document, number: int) -> int:
    return next(w.span.start for w in document.words if w.page == number)


def _meaning(text: str) -> frozenset[str]:
    words = (word.casefold() for word in _WORD.findall(text.replace("_", " ")))
    return frozenset(word.removesuffix("s") for word in words if word not in _NO_MEANING)

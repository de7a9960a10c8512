"""Questions that ask for a field of the document's kind: what ``extract`` finds, ``ask`` says."""

from __future__ import annotations

import re
from collections.abc import Mapping

from docagent.confidence import THRESHOLDS, Calibration
from docagent.document import Document
from docagent.evidence.label_phrases import label_phrases
from docagent.reader.types import Reader
from docagent.results import Answer
from docagent.rules.question_labels import asked_phrase
from docagent.rules.registry import RuleSet
from docagent.schemas import Schema, SchemaField, load_schema
from docagent.tasks.classification.embedded import classify
from docagent.tasks.extraction.embedded import ExtractionOptions, extract

_WORD = re.compile(r"\w+")
_NO_MEANING = frozenset(("a", "an", "and", "for", "in", "of", "on", "the", "this", "to"))
_INDEX = re.compile(r"\[\d+\]")


def field_answer(
    document: Document,
    question: str,
    reader: Reader,
    *,
    locale_hint: str | None,
    calibrations: Mapping[str, Calibration],
    rules: RuleSet,
) -> Answer | None:
    """The value of the field that a question names, by its name or one of its labels, in a document
    whose kind is known; None if it names none, or if the field is not found for sure."""
    phrase = asked_phrase(question)
    kind = classify(document).text if phrase else None
    if kind is None:
        return None
    schema = load_schema(kind)
    leaf = named_field(schema, phrase)
    if leaf is None:
        return None
    found = extract(
        document,
        schema,
        reader,
        ExtractionOptions(locale_hint=locale_hint, calibrations=calibrations, rules=rules),
    )
    fields = [f for f in found.fields if _INDEX.sub("[]", f.path) == leaf.path]
    usable = [f for f in fields if f.status == "found" and f.raw_text]
    if not usable or min(f.confidence or 0.0 for f in usable) < THRESHOLDS.answer:
        return None
    return Answer(
        document_id=document.id,
        question=question,
        text="; ".join(f.raw_text or "" for f in usable),
        confidence=min(f.confidence or 0.0 for f in usable),
        citations=tuple(e for f in usable for e in f.evidence),
        source=usable[0].source,
    )


def named_field(schema: Schema, phrase: str) -> SchemaField | None:
    """The only field that is named by the words of a phrase, in any order; single fields and lists
    of single values."""
    wanted = _meaning(phrase)
    named = [
        leaf
        for leaf in schema.leaves
        if not leaf.multiple or leaf.path == f"{leaf.array}[]"
        if wanted and any(_meaning(label) == wanted for label in label_phrases(leaf))
    ]
    return named[0] if len(named) == 1 else None


def _meaning(text: str) -> frozenset[str]:
    words = (word.casefold() for word in _WORD.findall(text.replace("_", " ")))
    return frozenset(word.removesuffix("s") for word in words if word not in _NO_MEANING)

"""Fields that are clauses of a contract ("audit_rights", "cap_on_liability"): the sentences that a
model of clauses takes for one of that kind.

A field's kind is the one with a wording that is like its name or its description.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from docagent.document import Document
from docagent.evidence.candidates import ValueCandidate
from docagent.evidence.field_parser import FieldParser
from docagent.rules.clauses import Clause, document_clauses, load_clauses
from docagent.rules.contract_text import wants_place
from docagent.schemas import Schema, SchemaField

MIN_LIKENESS = 0.6
"""Likeness of a field's name or description to a wording of a kind from which it may be that
kind. Lower, names of other documents' fields are taken for clauses."""
MIN_PROBABILITY = 0.05
MAX_CANDIDATES = 3
OTHER_KINDS = frozenset(("Document Name", "Parties", "Agreement Date", "Effective Date"))
"""Kinds whose value is a part of a sentence, for which there are other rules."""
LAW = "Governing Law"


def clause_candidates(
    document: Document, schema: Schema, parsers: Sequence[FieldParser]
) -> dict[str, list[ValueCandidate]]:
    """Sentences for the text fields that are clauses, by path of the field."""
    found: dict[str, list[ValueCandidate]] = {}
    for parser in parsers:
        kind = field_kind(parser.leaf)
        if kind:
            candidates = list(_sentences(document, parser, *kind))
            if candidates:
                found[parser.leaf.path] = candidates
    return found


def field_kind(leaf: SchemaField) -> tuple[str, float] | None:
    """The kind of clause that a field is, with the likeness (0-1) of the wordings; None for one
    that is none."""
    if leaf.normaliser != "text" or leaf.multiple:
        return None
    model = load_clauses()
    told = (leaf.name.replace("_", " "), leaf.title, leaf.description)
    asked = [found for text in told if text and (found := model.asked_kind(text))]
    kind, likeness = max(asked, key=lambda found: found[1], default=("", 0.0))
    is_place = kind == LAW and wants_place(leaf, "governing_law")
    is_clause = likeness >= MIN_LIKENESS and kind not in OTHER_KINDS and not is_place
    return (kind, likeness) if is_clause else None


def _sentences(
    document: Document, parser: FieldParser, kind: str, likeness: float
) -> Iterator[ValueCandidate]:
    for rank, clause in enumerate(document_clauses(document).best(kind, MAX_CANDIDATES)):
        if clause.probability < MIN_PROBABILITY:
            return
        sentence, score = clause.sentence, clause_score(clause, likeness)
        known = {"chance": clause.probability, "likeness": likeness, "rank": rank / MAX_CANDIDATES}
        made = parser.candidate(sentence.start, sentence.end, score, "rule")
        yield made.with_features(known)


def clause_score(clause: Clause, likeness: float) -> float:
    """Of a clause for a field or a question with a wording that is like its kind, 0-1."""
    return clause.probability * math.sqrt(likeness)

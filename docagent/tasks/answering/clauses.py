"""Questions about a clause of a contract: the sentence that is that clause is quoted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from docagent.confidence import Calibration
from docagent.document import Document
from docagent.evidence.document_conventions import conventions_of
from docagent.evidence.field_parser import FieldParser
from docagent.evidence.grounding import ground_ranges
from docagent.rules.clause_fields import clause_score
from docagent.rules.clauses import document_clauses, load_clauses
from docagent.rules.labels import first_value
from docagent.schemas import SchemaField
from docagent.tasks.answering.passages import quotation
from docagent.tasks.answering.proposals import Proposal, calibrated, values_text
from docagent.tasks.answering.question import Asked

MIN_LIKENESS = 0.4
"""Likeness of a question to a wording of a kind from which it may ask for the kind."""
MIN_PROBABILITY = 0.05
KIND_FIELDS: Mapping[str, tuple[str, ...]] = {
    "Document Name": ("title",),
    "Parties": ("parties[]",),
    "Agreement Date": ("signature_date", "effective_date"),
    "Effective Date": ("effective_date",),
}
"""Kinds whose answer is a field of a contract rather than a sentence: paths in the shipped
schemas, of which the first that a schema has counts."""
DATE_KINDS = frozenset(("Agreement Date", "Effective Date"))
MAX_DATED_CLAUSES = 3
JUDGE_YOURSELF = "the clause is quoted; whether it means yes or no is for you to judge"


def asked_clause(question: str) -> tuple[str, float] | None:
    """The kind of clause that a question asks for, with the likeness (0-1) of the wordings."""
    found = load_clauses().asked_kind(question)
    return found if found is not None and found[1] >= MIN_LIKENESS else None


def clause_proposals(
    document: Document, asked: Asked, tables: Mapping[str, Calibration]
) -> Iterator[Proposal]:
    """The sentence that is most probably the clause a question asks for; of a kind that is a date
    the first date of such a sentence."""
    found = asked_clause(asked.text)
    if found is None:
        return
    kind, likeness = found
    if kind in DATE_KINDS and not asked.is_person:
        yield from _dates(document, kind, likeness, tables)
    if kind in KIND_FIELDS:
        return
    for clause in document_clauses(document).best(kind):
        if clause.probability < MIN_PROBABILITY:
            continue
        message = JUDGE_YOURSELF if asked.is_yes_no else ""
        score = clause_score(clause, likeness)
        yield quotation(document, clause.sentence, "clause", score, tables, message)


def _dates(
    document: Document, kind: str, likeness: float, tables: Mapping[str, Calibration]
) -> Iterator[Proposal]:
    leaf = SchemaField(path="answer", types=("string",), normaliser="date", query=kind)
    parser = FieldParser(document, leaf, conventions=conventions_of(document))
    for clause in document_clauses(document).best(kind, MAX_DATED_CLAUSES):
        if clause.probability < MIN_PROBABILITY:
            return
        found = list(first_value(parser, range(clause.sentence.start, clause.sentence.end)))
        if found:
            score = clause_score(clause, likeness)
            yield Proposal(
                by="field",
                text=values_text([found[0].raw_text]),
                citations=ground_ranges(document, found[0].ranges),
                score=score,
                confidence=calibrated("field", score, tables),
                source="rule",
            )
            return

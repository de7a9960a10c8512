"""CUAD's training contracts as cases: clauses in words, and dates, durations and states as values.

Only a tenth of the contracts was not seen by the reader. Of the others a part is kept for the rules
alone, so that the ranker knows how far rules about dates and durations can be trusted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from docagent.schemas import Schema, load_schema
from docagent.text.normalise import normalise
from eval.datasets import data_dir
from eval.metrics.fields import parse_date
from finetune.ranking.cases import Case, random_of, text_document, worded
from finetune.ranking.wordings import CONTRACTS, draw_schema
from finetune.reader.contract_queries import CONTRACT_QUERIES
from finetune.reader.text_data import DURATION, is_validation, rows_of

CONTRACT_FIELDS = 9
TYPED_DRAWS = 1
"""Schemas of typed values in words of their own, of a contract that the reader did not see."""
SEEN_EVERY = 8
"""One in so many of the contracts that the reader saw is kept for the rules."""

Truths = dict[str, tuple[str, ...]]
Fields = Mapping[str, Mapping[str, Any]]


def contract_cases(count: int) -> Iterator[Case]:
    """Some of the 41 fields of each contract, and its typed values under the shipped schema."""
    rows = rows_of(data_dir() / "cuad" / "train.jsonl.xz")
    unseen = [row for row in rows if is_validation(row["id"])]
    seen = [row for row in rows if not is_validation(row["id"])]
    for row in unseen[:count]:
        yield from _clause_cases(row)
        yield from _typed_cases(row, TYPED_DRAWS)
    for row in seen[::SEEN_EVERY][: 3 * count]:
        for case in _typed_cases(row, 0):
            yield replace(case, is_seen=True)


def _clause_cases(row: Mapping[str, Any]) -> Iterator[Case]:
    rng = random_of(row["id"])
    document = text_document(row["id"], row["text"])
    chosen = rng.sample([f for f in row["fields"] if f["field"] != "Parties"], CONTRACT_FIELDS)
    properties: dict[str, Any] = {}
    truths: Truths = {}
    for field in chosen:
        key, description = worded(rng, field["field"], CONTRACT_QUERIES[field["field"]])
        if key not in properties:
            properties[key] = {"type": ["string", "null"], "description": description}
            truths[key] = tuple(answer["text"] for answer in field["answers"])
    schema = load_schema({"type": "object", "title": "contract", "properties": properties})
    yield Case("contracts", row["id"], document, schema, truths, is_loose=True)


def _typed_cases(row: Mapping[str, Any], draws: int) -> Iterator[Case]:
    document = text_document(row["id"], row["text"])
    known = typed_truths(row["fields"])
    schema = load_schema("nda")
    yield Case("contracts-typed", row["id"], document, schema, _for_schema(known, schema))
    for turn in range(draws):
        schema, paths = draw_schema("agreement", CONTRACTS, random_of(f"{row['id']}{turn}"))
        told = {paths[key]: values for key, values in known.items() if key in paths}
        yield Case("contracts-typed", row["id"], document, schema, told)


def typed_truths(given: Sequence[Mapping[str, Any]]) -> Truths:
    """Dates as ISO, states and durations, by a name of ours; what the labels leave open is out."""
    fields = {field["field"]: field for field in given}
    made, effective = (_date(fields[name]) for name in ("Agreement Date", "Effective Date"))
    found: dict[str, tuple[str, ...] | None] = {
        "agreement_date": made,
        "effective_date": _date_or(effective, made),
        "jurisdiction": _states(fields["Governing Law"]),
        "term": _durations(fields["Expiration Date"]),
        "notice_period": _durations(fields["Notice Period To Terminate Renewal"]),
    }
    return {name: values for name, values in found.items() if values is not None}


def _date(field: Mapping[str, Any]) -> tuple[str, ...] | None:
    """ISO dates of the label's value; None where the label is a sentence without a date."""
    if not field["answers"]:
        return ()
    texts = [field.get("value") or "", *(answer["text"] for answer in field["answers"])]
    days = [found for text in texts if (found := parse_date(text, day_first=False))]
    return tuple(dict.fromkeys(day.isoformat() for day in days if day.year > 1950)) or None


def _date_or(
    effective: tuple[str, ...] | None, made: tuple[str, ...] | None
) -> tuple[str, ...] | None:
    """The effective date, or the date of the contract where no other one is said."""
    return effective or (made if effective == () else None)


def _states(field: Mapping[str, Any]) -> tuple[str, ...] | None:
    value = (field.get("value") or "").strip()
    if not field["answers"]:
        return ()
    if not value or ";" in value:
        return None
    return tuple(dict.fromkeys((value, value.split(",")[0])))


def _durations(field: Mapping[str, Any]) -> tuple[str, ...] | None:
    """The one duration in a clause as ISO 8601; None where there are several, or none."""
    if not field["answers"]:
        return ()
    texts = {m.group() for answer in field["answers"] for m in DURATION.finditer(answer["text"])}
    values = {str(normalise("duration", text).value) for text in texts}
    return (*values, *texts) if len(values) == 1 else None


def _for_schema(known: Truths, schema: Schema) -> Truths:
    """Truths of a shipped schema's fields, by what its names mean."""
    paths = [leaf.path for leaf in schema.leaves if not leaf.multiple]
    told = {path: known[path] for path in paths if path in known}
    told.pop("notice_period", None)  # asks for any notice, the labels know that of renewal
    return told

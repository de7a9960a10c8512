"""A schema of hundreds of fields, as forms of insurers or of due diligence have them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

from docagent.schemas import Schema, list_schemas, load_schema

LEAVES = 369
ROOT_KEYWORDS = ("$schema", "$id", "x-domain", "x-labels", "x-checks", "x-tests")
"""Keywords of a shipped schema that have no meaning below the root."""
SUBJECTS = """lender borrower landlord tenant licensor licensee supplier distributor franchisee
guarantor agent insurer auditor developer customer employee shareholder escrow warranty
maintenance training delivery renewal termination arbitration""".split()
PROPERTIES: dict[str, dict[str, Any]] = {
    "name": {"type": "string"},
    "address": {"type": "string", "description": "Where it is, or where notices are sent"},
    "fee": {"type": "number", "x-normaliser": "amount", "description": "What is paid for it"},
    "date": {"type": "string", "format": "date"},
    "period": {"type": "string", "x-normaliser": "duration", "description": "How long it lasts"},
    "notice_days": {"type": "integer"},
    "rate": {"type": "number", "x-normaliser": "percent"},
    "reference": {"type": "string", "x-normaliser": "identifier"},
    "obligations": {"type": "string", "description": "What has to be done, by whom and when"},
}


def wide_schema(leaves: int = LEAVES) -> Schema:
    """The shipped schemas as objects of one schema, filled up to so many fields with properties of
    what contracts name."""
    properties: dict[str, Any] = {schema.name: _as_object(schema) for schema in list_schemas()}
    more = leaves - sum(len(schema.leaves) for schema in list_schemas())
    properties |= dict(pair for pair, _ in zip(_named(), range(more), strict=False))
    return load_schema({"type": "object", "title": "wide", "properties": properties})


def _as_object(schema: Schema) -> dict[str, Any]:
    return {k: v for k, v in schema.json_schema.items() if k not in ROOT_KEYWORDS}


def _named() -> Iterator[tuple[str, dict[str, Any]]]:
    for subject, (name, keywords) in product(SUBJECTS, PROPERTIES.items()):
        yield f"{subject}_{name}", keywords

"""Invoices: TV stations' with a schema of plain descriptions, Factur-X with the shipped one."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from docagent import DocAgent
from docagent.results import Extraction, Field
from eval.datasets.folders import set_dir, split_dir, spread
from eval.metrics.fields import letters_and_digits, parse_amount, parse_date
from eval.tasks.understanding.judged import Judged

BROADCAST_SCHEMA: dict[str, Any] = {
    "type": "object",
    "title": "broadcast order",
    "properties": {
        "contract_num": {
            "type": ["string", "null"],
            "description": "Number of the contract or order",
        },
        "advertiser": {"type": ["string", "null"], "description": "Who advertises"},
        "gross_amount": {
            "type": ["number", "null"],
            "description": "Total gross amount of the order",
        },
        "flight_from": {
            "type": ["string", "null"],
            "format": "date",
            "description": "First day of the flight",
        },
        "flight_to": {
            "type": ["string", "null"],
            "format": "date",
            "description": "Last day of the flight",
        },
    },
}
"""As a user would write it who has read two of the invoices."""
INVOICE_PATHS = {
    "number": "invoice_number",
    "issue_date": "invoice_date",
    "due_date": "due_date",
    "seller": "seller",
    "buyer": "buyer",
    "vat_id": "seller_tax_id",
    "net_total": "subtotal",
    "tax_total": "tax",
    "gross_total": "total",
    "currency": "currency",
}
"""Factur-X's fields and those of the shipped schema."""
LINE_AMOUNT = "line_amount"


def judge_broadcasts(agent: DocAgent, limit: int | None) -> Iterator[Judged]:
    """Five fields of invoices and orders of TV stations."""
    folder = split_dir("tv-ads", "dev")
    for row in spread(json.loads((folder.parent / "dev.json").read_text("utf-8")), limit):
        extraction = agent.extract(folder / row["file"], BROADCAST_SCHEMA)
        for name in BROADCAST_SCHEMA["properties"]:
            yield judge_value(name, field_of(extraction, name), str(row.get(name) or ""))


def judge_invoices(agent: DocAgent, limit: int | None) -> Iterator[Judged]:
    """Fields and line amounts of German and French invoices, read from the page. The labels come
    from the XML inside each file, of which the smaller profiles have no lines: those of such a file
    are not judged."""
    folder = set_dir("facturx")
    for row in spread(json.loads((folder / "expected.json").read_text("utf-8")), limit):
        extraction = agent.extract(folder / row["file"], "invoice")
        for name, path in INVOICE_PATHS.items():
            truth = str(row["fields"].get(name) or "")
            yield judge_value(name, field_of(extraction, path), truth)
        if any(item.get("line_total") for item in row["line_items"]):
            yield from judge_lines(extraction, row["line_items"])


def field_of(extraction: Extraction, path: str) -> Field | None:
    """The field of a path, where it has a value."""
    found = next((f for f in extraction.fields if f.path == path), None)
    return found if found is not None and found.value is not None else None


def judge_value(name: str, field: Field | None, truth: str) -> Judged:
    """A value by its kind: dates and amounts as such, text by letters and digits."""
    if field is None:
        return Judged(name, float(not truth), bool(truth), None)
    right = bool(truth) and is_same(field, truth)
    return Judged(name, float(right), bool(truth), field.confidence or 0.0)


def is_same(field: Field, truth: str) -> bool:
    """Whether a field says what is true, written differently or not."""
    value = str(field.value)
    if letters_and_digits(value) == letters_and_digits(truth):
        return True
    if letters_and_digits(field.raw_text or "") == letters_and_digits(truth):
        return True
    if isinstance(field.value, int | float):
        wanted = parse_amount(truth)
        return wanted is not None and abs(float(wanted) - float(field.value)) < 0.005
    if len(value) == 10 and value[4:5] == "-":
        wanted_date = date_of(truth)
        return wanted_date == value
    return False


def date_of(text: str) -> str:
    """ISO date of ``20250603`` or of an American date; the text itself where it is none."""
    if text.isdigit() and len(text) == 8:
        return f"{text[:4]}-{text[4:6]}-{text[6:]}"
    found = parse_date(text, day_first=False)
    return found.isoformat() if found else text


def judge_lines(extraction: Extraction, items: Sequence[Mapping[str, Any]]) -> Iterator[Judged]:
    """Amounts of lines as a bag: each true one found at most once."""
    left = [round(float(item["line_total"]), 2) for item in items if item.get("line_total")]
    fields = [
        f
        for f in extraction.fields
        if f.path.startswith("line_items[") and f.path.endswith("].amount") and f.value is not None
    ]
    for field in fields:
        value = round(float(field.value), 2) if isinstance(field.value, int | float) else None
        right = value in left
        if right and value is not None:
            left.remove(value)
        yield Judged(LINE_AMOUNT, float(right), right, field.confidence or 0.0)
    for _ in left:
        yield Judged(LINE_AMOUNT, 0.0, True, None)

"""A plain baseline for receipts: regular expressions over OCR text, no learning.

- company: the first row with letters that is not a heading such as TAX INVOICE;
- address: the rows after the company up to a phone, tax or document number, at most five;
- date: the first thing that looks like a date;
- total: the largest amount on the rows that say TOTAL (not sub-total, tax, quantity, saving or
  discount), or on the row below one that has no amount; without any, the largest amount.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from eval.metrics.fields import Values, parse_amount
from eval.metrics.matching import TextBox, boxes_to_rows

HEADING = re.compile(r"^\W*(tax invoice|invoice|receipt|cash bill|cash sales?|welcome)\b", re.I)
ADDRESS_END = re.compile(r"\b(tel|fax|phone|gst|sst|invoice|receipt|date|bill|doc|cash)\b", re.I)
REGISTRATION = re.compile(r"^\W*(co\.?|reg\.?|company|no\.?|\W|\d|-[A-Z])*\W*$", re.I)
DATE = re.compile(
    r"\b\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}\b|\b\d{4}[-/.]\d{1,2}[-/.]\d{1,2}\b"
    r"|\b\d{1,2}[- ]?(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?[-, ]*\d{2,4}\b",
    re.I,
)
AMOUNT = re.compile(r"\d[\d,]*\.\d{2}(?!\d)")
TOTAL = re.compile(r"\btotal\b|\bamount due\b|\bnett?\b", re.I)
NOT_TOTAL = re.compile(r"sub|qty|quantity|item|gst|tax|disc|saving|change|excl", re.I)


def receipt_fields(words: Sequence[TextBox]) -> Values:
    """Fields of a receipt from its words: company, date, address, total."""
    rows = [" ".join(word.text for word in row) for row in boxes_to_rows(words)]
    found = {"date": _date(rows), "total": _total(rows), **_company_and_address(rows)}
    return {name: (value,) for name, value in found.items() if value}


def _company_and_address(rows: Sequence[str]) -> dict[str, str]:
    for index, row in enumerate(rows):
        if sum(char.isalpha() for char in row) >= 4 and not HEADING.match(row):
            return {"company": row, "address": _address(rows[index + 1 :])}
    return {}


def _address(rows: Sequence[str]) -> str:
    kept: list[str] = []
    for row in rows[:6]:
        if ADDRESS_END.search(row):
            break
        if not REGISTRATION.match(row):
            kept.append(row)
    return " ".join(kept[:5])


def _date(rows: Sequence[str]) -> str:
    found = (DATE.search(row) for row in rows)
    return next((match[0] for match in found if match), "")


def _total(rows: Sequence[str]) -> str:
    near: list[str] = []
    for index, row in enumerate(rows):
        if TOTAL.search(row) and not NOT_TOTAL.search(row):
            near += AMOUNT.findall(row) or AMOUNT.findall(" ".join(rows[index + 1 : index + 2]))
    candidates = near or [amount for row in rows for amount in AMOUNT.findall(row)]
    return max(candidates, key=lambda text: parse_amount(text) or 0, default="")

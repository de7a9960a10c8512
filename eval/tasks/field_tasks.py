"""How each labelled set is asked for and judged: schema, field names, rules."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from docagent.errors import SettingsError
from docagent.results import Field
from eval.metrics.fields import (
    Normaliser,
    amount_value,
    date_value,
    exact,
    letters_and_digits,
    parse_date,
    upper,
)

AMOUNT_PART = re.compile(r"\d[\d.,]*")
NUMBER_WORDS = {
    "one": "1",
    "two": "2",
    "three": "3",
    "four": "4",
    "five": "5",
    "six": "6",
    "seven": "7",
    "eight": "8",
    "nine": "9",
    "ten": "10",
    "eleven": "11",
    "twelve": "12",
    "eighteen": "18",
    "twenty-four": "24",
}
TERM = re.compile(r"(\d+)\W*(?:full |calendar |consecutive )?(year|month|week|day)s?", re.I)
ISO_TERM = re.compile(r"^P(\d+)([YMWD])$")
UNITS = {"Y": "year", "M": "month", "W": "week", "D": "day"}
PREFIX = re.compile(
    r"^(?:the )?(?:laws of )?(?:the )?(?:state|commonwealth|province|district) of (?:the )?", re.I
)


@dataclass(frozen=True)
class FieldTask:
    """A set's schema, its field -> path of the schema, and the rules it is judged by.

    official: the set's own rule. parsed: rules for dates and amounts (others are compared
    without case, spaces and punctuation). submit: how a field is written for the official rule.
    """

    schema: str
    paths: Mapping[str, str]
    official: Normaliser
    parsed: Mapping[str, Normaliser]
    submit: Callable[[str, Field], str]

    def parsed_rules(self) -> dict[str, Normaliser]:
        """A rule for every field."""
        return {name: self.parsed.get(name, letters_and_digits) for name in self.paths}


NAMES = ("company", "address", "party", "jurisdiction")
"""Fields whose value is their text."""


def printed_text(name: str, field: Field) -> str:
    """What is printed, by the best reading there is: of names that were corrected, the corrected
    words."""
    corrected = field.how == "corrected" and name in NAMES and isinstance(field.value, str)
    return str(field.value) if corrected else field.raw_text or ""


def receipt_text(name: str, field: Field) -> str:
    """As printed; of a total just the number, as SROIE's labels mostly have it."""
    text = printed_text(name, field)
    numbers = AMOUNT_PART.findall(text) if name == "total" else []
    return numbers[-1] if numbers else text


def nda_text(name: str, field: Field) -> str:
    """Kleister's spelling: ISO dates, ``2 years``, bare names of states, no commas in names. Of a
    date or duration without a value there is nothing to submit ("the ___ day of ____")."""
    text = printed_text(name, field)
    if name in ("effective_date", "term") and field.value is None:
        return ""
    if name == "effective_date":
        found = parse_date(str(field.value or text), day_first=False)
        return found.isoformat() if found else text
    if name == "term":
        return term_text(str(field.value or ""), text)
    if name == "jurisdiction":
        return PREFIX.sub("", str(field.value or text))
    return " ".join(text.replace(",", " ").split())


def term_text(value: str, text: str) -> str:
    """A duration as ``2 years`` from an ISO 8601 value (P2Y) or the printed words."""
    iso = ISO_TERM.match(value)
    if iso:
        number, unit = iso[1], UNITS[iso[2]]
    else:
        words = [NUMBER_WORDS.get(word.lower(), word) for word in text.split()]
        found = TERM.search(" ".join(words))
        if not found:
            return text
        number, unit = found[1], found[2].lower()
    return f"{number} {unit}" + ("" if number == "1" else "s")


def invoice_text(name: str, field: Field) -> str:
    """The value code made of it: invoice2data's labels are normalised."""
    return "" if field.value is None else str(field.value)


TASKS = {
    "sroie": FieldTask(
        schema="receipt",
        paths={name: name for name in ("company", "date", "address", "total")},
        official=exact,
        parsed={"date": date_value, "total": amount_value},
        submit=receipt_text,
    ),
    "kleister-nda": FieldTask(
        schema="nda",
        paths={
            "party": "parties",
            "jurisdiction": "jurisdiction",
            "effective_date": "effective_date",
            "term": "term",
        },
        official=upper,
        parsed={"effective_date": date_value},
        submit=nda_text,
    ),
    "invoice2data": FieldTask(
        schema="invoice",
        paths={
            "issuer": "seller",
            "invoice_number": "invoice_number",
            "date": "invoice_date",
            "amount": "total",
            "amount_untaxed": "subtotal",
            "currency": "currency",
        },
        official=exact,
        parsed={"date": date_value, "amount": amount_value, "amount_untaxed": amount_value},
        submit=invoice_text,
    ),
}


def load_task(data: str) -> FieldTask:
    """The task of a set. Raises SettingsError for another set."""
    if data not in TASKS:
        raise SettingsError(f"no task for {data!r}; allowed are {', '.join(TASKS)}")
    return TASKS[data]

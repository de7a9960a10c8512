"""Words for the fields of real documents, so that no schema looks like another.

Each field has keys with descriptions; a draw takes one key with any of the descriptions, or none.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from docagent.schemas import Schema, load_schema


@dataclass(frozen=True)
class FieldWords:
    """Ways to say a field. kind: text, date, number, code or duration."""

    kind: str
    keys: tuple[str, ...]
    descriptions: tuple[str, ...]


def _of(kind: str, keys: str, *descriptions: str) -> FieldWords:
    return FieldWords(kind, tuple(keys.split()), descriptions)


RECEIPTS: Mapping[str, FieldWords] = {
    "company": _of(
        "text",
        "store_name shop merchant vendor seller company_name name_of_shop business issuer",
        "Name of the store",
        "Who sold the goods",
        "Company that issued the receipt",
        "Shop where the purchase was made",
        "Name of the business at the top",
    ),
    "address": _of(
        "text",
        "store_address address shop_address merchant_address location seller_address",
        "Address of the store",
        "Where the shop is",
        "Full postal address of the seller",
        "Street, town and postcode of the business",
    ),
    "date": _of(
        "date",
        "purchase_date date transaction_date receipt_date date_of_purchase day issued_on",
        "Day of the purchase",
        "Date printed on the receipt",
        "When the goods were bought",
        "Transaction date",
    ),
    "total": _of(
        "number",
        "total total_amount amount_due grand_total total_paid sum_total amount total_price",
        "Total amount with tax",
        "What the customer has to pay",
        "Grand total of the receipt",
        "Final amount after rounding",
        "Amount of the whole purchase",
    ),
}
BROADCASTS: Mapping[str, FieldWords] = {
    "contract_num": _of(
        "code",
        "contract_number order_number contract_id order_no contract reference_number order_id",
        "Contract or order number",
        "Number under which the order is booked",
        "Identifier of the contract",
        "Number of the agreement between station and agency",
    ),
    "advertiser": _of(
        "text",
        "advertiser client advertiser_name customer sponsor account_name",
        "Name of the advertiser",
        "Who pays for the spots to be aired",
        "Person or organisation whose spots are shown",
        "Client on whose behalf the time is bought",
    ),
    "gross_amount": _of(
        "number",
        "gross_amount gross_total total_gross order_total gross total_cost",
        "Gross amount in total",
        "Sum of all spots before commission",
        "Total cost of the order, gross",
        "Total of the order before the agency's discount",
    ),
    "flight_from": _of(
        "date",
        "flight_start start_date flight_from first_day begins campaign_start from_date",
        "First day on which spots are aired",
        "Start of the flight",
        "When the campaign begins",
    ),
    "flight_to": _of(
        "date",
        "flight_end end_date flight_to last_day ends campaign_end to_date",
        "Last day on which spots are aired",
        "End of the flight",
        "When the campaign ends",
    ),
}
CONTRACTS: Mapping[str, FieldWords] = {
    "agreement_date": _of(
        "date",
        "agreement_date contract_date date signed_on date_of_agreement made_on",
        "Date of the contract",
        "When the agreement was made",
        "Day on which the parties entered into the agreement",
    ),
    "effective_date": _of(
        "date",
        "effective_date start_date valid_from commencement_date in_force_from",
        "Date from which the contract takes effect",
        "When the agreement begins",
        "Day on which the agreement becomes effective",
    ),
    "jurisdiction": _of(
        "text",
        "jurisdiction governing_state governing_law applicable_law state_of_law",
        "State or country whose law governs the contract",
        "Law of which state",
        "Which state's law applies",
    ),
    "term": _of(
        "duration",
        "term duration initial_term length_of_term contract_period",
        "How long the contract lasts",
        "Length of the initial term",
        "For how long the agreement is valid",
    ),
    "notice_period": _of(
        "duration",
        "notice_of_non_renewal renewal_notice notice_to_prevent_renewal",
        "Notice needed to stop the renewal",
        "How long before its end a party must say that it will not renew",
    ),
}
_TYPES: Mapping[str, Sequence[Mapping[str, Any]]] = {
    "text": ({"type": ["string", "null"]},),
    "code": ({"type": ["string", "null"]},),
    "date": ({"type": ["string", "null"], "format": "date"},),
    "number": ({"type": ["number", "null"]}, {"type": "number"}),
    "duration": (
        {"type": ["string", "null"], "format": "duration"},
        {"type": ["string", "null"], "x-normaliser": "duration"},
    ),
}


def draw_schema(
    title: str, words: Mapping[str, FieldWords], rng: random.Random
) -> tuple[Schema, dict[str, str]]:
    """A schema of most of the fields in any words and order, and the path of each of them."""
    names = [name for name in words if rng.random() < 0.85] or list(words)
    rng.shuffle(names)
    properties: dict[str, Any] = {}
    paths: dict[str, str] = {}
    for name in names:
        field = words[name]
        key = rng.choice(field.keys)
        if key in properties:
            continue
        properties[key] = dict(rng.choice(_TYPES[field.kind]))
        if rng.random() < 0.8:
            properties[key]["description"] = rng.choice(field.descriptions)
        paths[name] = key
    schema = {"type": "object", "title": title, "properties": properties}
    return load_schema(schema), paths

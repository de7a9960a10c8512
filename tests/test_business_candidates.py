"""Bills of many countries and layouts: what the rules propose first, with no reader."""

from __future__ import annotations

import pytest

from docagent.evidence.document_conventions import conventions_of
from docagent.evidence.field_parser import FieldParser
from docagent.reader.no_reader import NullReader
from docagent.rules.field_roles import field_role
from docagent.rules.registry import RuleSet
from docagent.schemas import load_schema
from docagent.tasks.extraction.embedded import extract
from tests.documents import document_of

BILLS = RuleSet(("roles", "party_blocks", "identifiers"))

GERMAN = [
    "Nordwind Technik GmbH · Hafenweg 4 · 20457 Hamburg",
    "Frau",
    "Erika Beispiel                                  Kundennummer:   K-4711",
    "Lindenallee 12                                  Bestelldatum:   02.01.2025",
    "04109 Leipzig",
    "",
    "Rechnung Nr. 2025/0042 vom 14.01.2025",
    "",
    "Summe netto                                     1.200,00 EUR",
    "zzgl. 19 % MwSt.                                  228,00 EUR",
    "Rechnungsbetrag                                 1.428,00 EUR",
    "Zahlbar bis 28.01.2025",
    "",
    "Nordwind Technik GmbH     USt-IdNr.: DE136695976     IBAN: DE89 3704 0044 0532 0130 00",
]
FRENCH = [
    "Fournisseur                          Client",
    "Atelier Dumas SARL                   Librairie du Port",
    "3 rue des Lilas                      8 quai Nord",
    "69002 Lyon                           13002 Marseille",
    "N° TVA : FR 40 303 265 045           ",
    "",
    "Facture n°        Date de facture        Échéance",
    "F-2024-118        03/12/2024             02/01/2025",
    "",
    "Total HT          TVA          Total TTC",
    "250,00            50,00        300,00",
]
BRITISH = [
    "INVOICE",
    "From: Mill Lane Joinery Ltd",
    "4 Mill Lane",
    "Leeds LS1 4AB",
    "",
    "Bill to:",
    "Ms Ada Byron",
    "7 Crown Street",
    "York YO1 9AA",
    "",
    "Invoice No: MJ-778",
    "Order No: PO-9",
    "Invoice date: 3 March 2025",
    "Due date: 2 April 2025",
    "Subtotal      £400.00",
    "VAT 20%       £80.00",
    "Total         £480.00",
]
ITALIAN = [
    "Cedente/prestatore",
    "Officine Rossi S.r.l.",
    "Via Roma 10",
    "20121 Milano",
    "P.IVA: 00743110157",
    "",
    "Spett.le",
    "Caffè Centrale di Anna Bianchi",
    "Corso Italia 5",
    "10122 Torino",
    "",
    "Fattura n. 77/2024 del 05/11/2024",
    "Imponibile        1.000,00",
    "IVA               220,00",
    "Totale fattura    1.220,00",
]
STYLESHEET = [
    "Handelsrechnung (380)   Nr. 9001   vom   05.03.2024",
    "Verkäufer",
    "Name:          Groß und Klein AG",
    "Anschrift:     Kai 1",
    "               DE 20457 Hamburg",
    "USt.-Id.-Nr.:  DE136695976",
    "Käufer/Leistungsempfänger",
    "Name:          Auftraggeber Nord GmbH",
    "Anschrift:     Ring 9",
    "               DE 04109 Leipzig",
]
RATES = [
    "Factuur 2024-77",
    "Totaal excl. btw          150,00",
    "Btw 9%                      4,50",
    "Btw 21%                    21,00",
    "Totaal incl. btw          175,50",
]
PAPERS = {
    "german": GERMAN,
    "french": FRENCH,
    "british": BRITISH,
    "italian": ITALIAN,
    "stylesheet": STYLESHEET,
    "rates": RATES,
}
EXPECTED = [
    ("german", "invoice_number", "2025/0042"),
    ("german", "invoice_date", "2025-01-14"),
    ("german", "due_date", "2025-01-28"),
    ("german", "customer_number", "K-4711"),
    ("german", "seller", "Nordwind Technik GmbH"),
    ("german", "buyer", "Erika Beispiel"),
    ("german", "buyer_address", "Lindenallee 12 04109 Leipzig"),
    ("german", "seller_tax_id", "DE136695976"),
    ("german", "iban", "DE89 3704 0044 0532 0130 00"),
    ("german", "subtotal", 1200.0),
    ("german", "tax", 228.0),
    ("german", "total", 1428.0),
    ("german", "currency", "EUR"),
    ("french", "invoice_number", "F-2024-118"),
    ("french", "invoice_date", "2024-12-03"),
    ("french", "due_date", "2025-01-02"),
    ("french", "seller", "Atelier Dumas SARL"),
    ("french", "buyer", "Librairie du Port"),
    ("french", "seller_tax_id", "FR 40 303 265 045"),
    ("french", "subtotal", 250.0),
    ("french", "tax", 50.0),
    ("french", "total", 300.0),
    ("british", "invoice_number", "MJ-778"),
    ("british", "purchase_order", "PO-9"),
    ("british", "invoice_date", "2025-03-03"),
    ("british", "due_date", "2025-04-02"),
    ("british", "seller", "Mill Lane Joinery Ltd"),
    ("british", "buyer", "Ms Ada Byron"),
    ("british", "buyer_address", "7 Crown Street York YO1 9AA"),
    ("british", "tax", 80.0),
    ("british", "total", 480.0),
    ("italian", "invoice_number", "77/2024"),
    ("italian", "invoice_date", "2024-11-05"),
    ("italian", "seller", "Officine Rossi S.r.l."),
    ("italian", "buyer", "Caffè Centrale di Anna Bianchi"),
    ("italian", "seller_tax_id", "00743110157"),
    ("italian", "total", 1220.0),
    ("stylesheet", "invoice_number", "9001"),
    ("stylesheet", "invoice_date", "2024-03-05"),
    ("stylesheet", "seller", "Groß und Klein AG"),
    ("stylesheet", "buyer", "Auftraggeber Nord GmbH"),
    ("stylesheet", "seller_address", "Kai 1 DE 20457 Hamburg"),
    ("stylesheet", "buyer_tax_id", None),
    ("rates", "invoice_number", "2024-77"),
    ("rates", "subtotal", 150.0),
    ("rates", "total", 175.5),
]


def best(lines: list[str], path: str, schema: object = "invoice") -> object:
    """The value of the candidate with the highest score, None if no one is likely."""
    document, loaded = document_of(lines), load_schema(schema)
    known = conventions_of(document)
    parsers = [FieldParser(document, leaf, conventions=known) for leaf in loaded.leaves]
    found = BILLS.field_candidates(loaded, parsers).get(path, [])
    likely = [c for c in found if c.score >= 0.3]
    return max(likely, key=lambda c: c.score).parsed.value if likely else None


@pytest.mark.parametrize(("paper", "path", "value"), EXPECTED)
def test_the_best_candidate_is_right(paper: str, path: str, value: object):
    assert best(PAPERS[paper], path) == value


def test_a_wrong_tax_number_is_no_candidate():
    lines = [line.replace("DE136695976", "DE136695977") for line in GERMAN]
    assert best(lines, "seller_tax_id") is None


def test_a_tax_number_is_no_invoice_number():
    assert best(["Invoice No: DE136695976", "VAT No: DE136695976"], "invoice_number") is None


@pytest.mark.parametrize(
    ("number", "taken"),
    [
        ("A-1", True), ("2025/17", True), ("03.04.2025", False), ("14:30", False),
        ("12,50", False), ("+49 40 123", False), ("Original", False),
    ],
)  # fmt: skip
def test_what_may_be_the_number_of_an_invoice(number: str, taken: bool):
    assert (best([f"Invoice No: {number}"], "invoice_number") is not None) == taken


@pytest.mark.parametrize(
    ("name", "description", "role"),
    [
        ("vendor_name", "", ("seller", None)),
        ("issuedBy", "Company that issues the bill", ("seller", None)),
        ("customerVatId", "", ("tax_id", "buyer")),
        ("bill_to_address", "", ("address", "buyer")),
        ("Rechnungsnummer", "", ("document_number", None)),
        ("x17", "Due date", ("due_date", None)),
        ("favourite_colour", "Colour one likes", None),
    ],
)
def test_roles_of_fields(name: str, description: str, role: tuple[str, str | None] | None):
    kind = {"type": ["string", "null"], "description": description}
    if description == "Due date":
        kind["format"] = "date"
    leaf = load_schema({"type": "object", "properties": {name: kind}}).leaves[0]
    found = field_role(leaf)
    assert (found and (found.role, found.side)) == role


def test_totals_of_fields_of_text_are_not_added_up() -> None:
    wanted = {name: {"type": "string"} for name in ("subtotal", "tax", "total")}
    schema = load_schema({"type": "object", "properties": wanted})
    page = document_of(["Subtotal: EUR 3,00", "VAT: EUR 0,60", "Total: EUR 3,60"])
    found = extract(page, schema, NullReader())
    assert found["total"].value == "EUR 3,60"

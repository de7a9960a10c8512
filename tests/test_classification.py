"""The kind of a document is told by its words, or it is said that they do not tell."""

from __future__ import annotations

import pytest
from hypothesis import given

from docagent.agent import DocAgent
from docagent.document import Document
from docagent.errors import SchemaError, SettingsError
from docagent.results import Classification
from docagent.tasks.classification.embedded import MIN_NAMED
from tests.documents import document_of, documents

INVOICE = [
    "ACME Widgets Ltd",
    "TAX INVOICE",
    "Invoice number  INV-2041",
    "Invoice date  12 March 2021",
    "Bill to  Globex Inc",
    "Subtotal  100.00",
    "Amount due  120.00",
]
NDA = [
    "Mutual Non-Disclosure Agreement",
    "This Agreement is made on 3 March 2021 between ACME Widgets Ltd and Globex Inc",
    "The Receiving Party shall hold the Confidential Information in confidence",
    "This Agreement is governed by the laws of the State of Delaware",
]
PRESCRIPTION = [
    "Prescription",
    "Prescriber  Dr Whitfield",
    "DEA No  AB1",
    "Rx  Aspirin",
    "Refills  2",
]
LETTER = ["Dear Sir", "thank you for your kind words about our garden", "the roses are in bloom"]
WAYBILL = {
    "title": "Waybill",
    "type": "object",
    "x-domain": "logistics",
    "x-labels": ["Consignment note", "Frachtbrief"],
    "properties": {
        "carrier": {"type": ["string", "null"], "x-labels": ["Carrier"]},
        "consignee": {"type": ["string", "null"], "x-labels": ["Consignee"]},
    },
}


def classified(*pages: list[str], schemas: object = None) -> Classification:
    return DocAgent().classify(document_of(*pages), schemas)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("lines", "kind", "domain"),
    [
        (INVOICE, "invoice", "finance"),
        (NDA, "nda", "legal"),
        (PRESCRIPTION, "prescription", "medical"),
    ],
)
def test_the_kind_and_the_words_that_tell(lines: list[str], kind: str, domain: str) -> None:
    found = classified(lines)
    assert (found.kind, found.domain, found.abstained) == (kind, domain, None)
    assert MIN_NAMED <= (found.confidence or 0) <= 1
    assert found.kinds[0].kind == kind
    text = document_of(lines).text
    assert found.evidence
    assert all(text[e.span.start : e.span.end] == e.quote for e in found.evidence)


@pytest.mark.parametrize("lines", [LETTER, [], ["Total 12.00"], ["The invoice is on my desk"]])
def test_without_enough_words_it_is_unknown(lines: list[str]) -> None:
    found = classified(lines)
    assert (found.kind, found.domain, found.evidence) == (None, "", ())
    assert found.abstained == "not_present"
    assert found.message


def test_two_kinds_that_fit_are_ambiguous_but_their_domain_is_told() -> None:
    """Tills print "tax invoice" too."""
    mixed = ["Tax invoice", "Receipt No 7", "Invoice date 12 March 2021"]
    mixed += ["Bill to Globex", "Cashier 12", "Thank you", "Payment terms 30 days"]
    found = classified(mixed)
    assert (found.kind, found.abstained) == (None, "ambiguous")
    assert {score.kind for score in found.kinds[:2]} == {"invoice", "receipt"}
    assert found.domain == "finance"


def test_a_title_on_a_late_page_does_not_tell() -> None:
    assert classified(*([LETTER] * 5), INVOICE).kind is None


def test_schemas_of_users_are_kinds() -> None:
    note = ["Consignment note", "Carrier  Speedy", "Consignee  Globex"]
    found = classified(note, schemas=[WAYBILL, "invoice"])
    assert (found.kind, found.domain) == ("waybill", "logistics")
    assert classified(INVOICE, schemas=[WAYBILL]).kind is None


def test_wrong_kinds_are_told() -> None:
    with pytest.raises(SettingsError, match="several names"):
        classified(NDA, schemas=["nda", "legal/nda"])
    with pytest.raises(SettingsError, match="none"):
        classified(NDA, schemas=[])
    with pytest.raises(SchemaError, match="did you mean"):
        classified(NDA, schemas=["ndaa"])


@given(documents)
def test_any_document_has_a_kind_or_a_reason(document: Document) -> None:
    found = DocAgent().classify(document)
    assert (found.kind is None) == (found.abstained is not None)
    assert sum(score.confidence for score in found.kinds) <= 1.001
    assert Classification.model_validate_json(found.model_dump_json()) == found

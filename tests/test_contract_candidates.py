"""Contracts: parties, dates, terms and law in prose, with no reader."""

from __future__ import annotations

import textwrap

import pytest

from docagent.evidence.document_conventions import conventions_of
from docagent.evidence.field_parser import FieldParser
from docagent.rules.clause_fields import field_kind
from docagent.rules.registry import RuleSet
from docagent.schemas import load_schema
from tests.documents import document_of

CONTRACTS = RuleSet(("contracts", "parties"))


def parsers_of(text: str, schema: object = "nda"):
    document, loaded = document_of(textwrap.wrap(text, 90)), load_schema(schema)
    known = conventions_of(document)
    return loaded, [FieldParser(document, leaf, conventions=known) for leaf in loaded.leaves]


def best(text: str, path: str, schema: object = "nda") -> object:
    loaded, parsers = parsers_of(text, schema)
    found = CONTRACTS.field_candidates(loaded, parsers).get(path, [])
    return max(found, key=lambda c: c.score).parsed.value if found else None


def parties(text: str) -> list[str]:
    _, parsers = parsers_of(text)
    parser = next(p for p in parsers if p.leaf.path == "parties[]")
    return [str(c.parsed.value).strip(",") for c in CONTRACTS.list_items(parser, [])]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (
            "This Agreement is made by and between Acme Widgets, Inc., a Delaware corporation "
            "(“Discloser”), and Jane Q. Roe, an individual (“Recipient”). WHEREAS, Beta Corp.",
            ["Acme Widgets, Inc.", "Jane Q. Roe"],
        ),
        (
            "Agreement dated May 5, 2010 between Net Hut Ltd. (the “Company”) and (“Employee”), an "
            "individual residing at the address below.",
            ["Net Hut Ltd."],
        ),
        (
            "entered into between Alder, LLC (“A”), BIRCH PTE. LTD. (“B”), and Cedar GmbH (“C”).",
            ["Alder, LLC", "BIRCH PTE. LTD.", "Cedar GmbH"],
        ),
        (
            "Dear Sir: you have asked for information. Very truly yours, OAK HOLDINGS, INC. "
            "By: /s/ A. Lee Name: A. Lee Accepted and agreed: ELM PARTNERS LLC By: /s/ B. Ray",
            ["OAK HOLDINGS, INC.", "ELM PARTNERS LLC"],
        ),
    ],
)
def test_parties(text: str, names: list[str]):
    assert parties(text) == names


@pytest.mark.parametrize(
    ("text", "path", "value"),
    [
        ("This Agreement is effective as of March 3, 2014.", "effective_date", "2014-03-03"),
        ("made this 5th day of May, 2010 by and between", "effective_date", "2010-05-05"),
        ("of January 2, 2020 (the “Effective Date”)", "effective_date", "2020-01-02"),
        ("as of the last date of signature below", "effective_date", None),
        ("This Agreement shall expire on June 30, 2019.", "expiry_date", "2019-06-30"),
        ("This Agreement shall remain in effect for two (2) years.", "term", "P2Y"),
        ("For a period of one year you will not solicit any employee.", "term", None),
        ("governed by the laws of the State of New York.", "jurisdiction", "New York"),
        ("construed in accordance with the laws of England and Wales,", "jurisdiction",
         "England and Wales"),
        ("shall be governed by and construed under Texas law.", "jurisdiction", "Texas"),
    ],
)  # fmt: skip
def test_terms_of_agreements(text: str, path: str, value: object):
    assert best(text, path) == value


CLAUSES = {
    "type": "object",
    "properties": {
        "governing_law": {"type": ["string", "null"]},
        "renewal_term": {"type": ["string", "null"]},
        "notice_period": {"type": ["string", "null"]},
    },
}
LAW = "This Agreement is governed by the laws of Ohio."
RENEWAL = (
    "It shall automatically renew for successive one-year terms unless either party gives notice "
    "at least sixty (60) days before the end of the term."
)


@pytest.mark.parametrize(
    ("path", "value"),
    [("governing_law", LAW), ("renewal_term", RENEWAL), ("notice_period", RENEWAL)],
)
def test_a_text_field_gets_the_sentence(path: str, value: str):
    text = f"The fee is due at once. {RENEWAL} {LAW} Each party bears its costs."
    assert best(text, path, CLAUSES) == value


def test_durations_are_taken_out_of_their_sentences():
    schema = {
        "type": "object",
        "properties": {
            "notice_period": {"type": ["string", "null"], "x-normaliser": "duration"},
        },
    }
    assert best(RENEWAL, "notice_period", schema) == "P60D"


def test_a_list_is_of_parties_by_its_name_alone():
    schema = {
        "type": "object",
        "properties": {"parties": {"type": "array", "items": {"type": "string"}}},
    }
    _, parsers = parsers_of("made between Acme, Inc. (“A”) and Jane Roe, an individual.", schema)
    found = CONTRACTS.list_items(parsers[0], [])
    assert [c.parsed.value for c in found] == ["Acme, Inc.", "Jane Roe"]


ASSIGN = (
    "Neither party may assign this Agreement or any of its rights hereunder without the prior "
    "written consent of the other party."
)
AUDIT = "The Licensor may at its own expense audit the books and records of the Licensee."


def fields_of(**descriptions: str):
    properties = {
        name: {"type": ["string", "null"], "description": description}
        for name, description in descriptions.items()
    }
    return load_schema({"type": "object", "properties": properties})


@pytest.mark.parametrize(
    ("name", "description", "kind"),
    [
        ("audit_rights", "", "Audit Rights"),
        ("inspection", "Right to inspect books and records", "Audit Rights"),
        ("anti_assignment", "Whether the contract may be assigned", "Anti-Assignment"),
        ("cap_on_liability", "Limit of what a party is liable for", "Cap On Liability"),
        ("no_solicit_of_employees", "", "No-Solicit Of Employees"),
        ("source_code_escrow", "", "Source Code Escrow"),
        ("governing_law", "", "Governing Law"),
        ("jurisdiction", "State whose law governs", None),
        ("effective_date", "", None),
        ("tracking_code", "", None),
        ("payment_terms", "When payment is due", None),
        ("address", "Postal address of the insurer", None),
    ],
)
def test_a_field_is_a_clause_by_its_name_or_its_description(name, description, kind):
    found = field_kind(fields_of(**{name: description}).leaves[0])
    assert (found and found[0]) == kind


def test_a_clause_is_proposed_with_its_chance():
    schema = fields_of(audit_rights="Right to inspect books", insurance="", anti_assignment="")
    document = document_of(textwrap.wrap(f"{ASSIGN} {AUDIT} The fee is due at once.", 90))
    parsers = [FieldParser(document, leaf) for leaf in schema.leaves]
    found = RuleSet(("clauses",)).field_candidates(schema, parsers)
    best = {path: candidates[0] for path, candidates in found.items()}
    assert {path: one.raw_text for path, one in best.items()} == {
        "audit_rights": AUDIT,
        "anti_assignment": ASSIGN,
    }
    assert best["anti_assignment"].features["chance"] > 0.5
    assert best["anti_assignment"].rule == "clauses"

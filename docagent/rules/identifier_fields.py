"""Tax numbers, bank accounts, telephone numbers and addresses in the net, of the party that a field
is about.

What has check digits passes them or is no candidate. A number in the block of the buyer, or behind
a label of his, is the buyer's; the others are the seller's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from docagent.document import Document
from docagent.evidence.candidates import ValueCandidate
from docagent.evidence.field_parser import FieldParser
from docagent.rules.field_roles import FieldRole, field_role
from docagent.rules.identifiers import (
    MAX_ID_WORDS,
    is_national_tax_id,
    is_number,
    is_tax_id,
    number_at,
    tax_ids_in,
)
from docagent.rules.party_blocks import PartyBlock, headed_blocks
from docagent.rules.role_labels import RoleLabel, RoleLabels
from docagent.rules.role_values import places_of
from docagent.rules.value_kinds import ranges_of_kind
from docagent.schemas import Schema

CHECKED_SCORE = 0.9
"""Score of a number whose check digits are right, for the party it belongs to."""
UNCHECKED_SCORE = 0.55
"""Score of a number at a label, where its country has no check digits that are known."""
FORM_SCORE = 0.75
"""Score of an e-mail address, telephone or the like, known by its form alone."""
LABELLED_SCORE = 0.9
OTHER_PARTY_FACTOR = 0.15
"""Factor for what belongs to the other party."""
LATER_FACTOR = 0.93
"""Factor for each value of a kind before it."""
_FORMS: Mapping[str, str] = {
    "phone": "phone",
    "fax": "phone",
    "email": "email",
    "web": "url",
    "iban": "iban",
    "bic": "bic",
}
"""Kinds of value by role."""
LANGUAGE_COUNTRIES: Mapping[str, str] = {
    "de": "DE AT CH", "fr": "FR BE CH LU", "es": "ES", "it": "IT CH", "nl": "NL BE", "pt": "PT BR",
    "pl": "PL", "cs": "CZ", "sk": "SK", "sv": "SE FI", "da": "DK", "nb": "NO", "fi": "FI",
    "hu": "HU", "ro": "RO", "hr": "HR", "sl": "SI", "et": "EE", "lv": "LV", "lt": "LT", "tr": "TR",
    "en": "GB IE AU IN ZA",
}  # fmt: skip
"""Countries whose tax numbers are tried for a document in a language."""
_CHECKLESS = re.compile(r"\d{2}-\d{7}|[A-Z]?\d[\d -]{6,13}[A-Z]?|\d{12}")
"""Tax numbers without check digits: of the United States, Malaysia and others."""


def identifier_candidates(
    document: Document, schema: Schema, parsers: Sequence[FieldParser]
) -> dict[str, list[ValueCandidate]]:
    """Identifiers of parties by path of the field."""
    roles = {p.leaf.path: r for p in parsers if (r := field_role(p.leaf))}
    wanted = [p for p in parsers if p.leaf.path in roles and _is_identifier(roles[p.leaf.path])]
    if not wanted:
        return {}
    labels = RoleLabels(document)
    blocks = list(headed_blocks(labels))
    found: dict[str, list[ValueCandidate]] = {}
    for parser in wanted:
        role = roles[parser.leaf.path]
        values = list(_values(labels, parser, role, blocks))
        if values:
            found[parser.leaf.path] = values
    return found


def _is_identifier(role: FieldRole) -> bool:
    return role.role in _FORMS or role.role == "tax_id"


def _values(
    labels: RoleLabels, parser: FieldParser, role: FieldRole, blocks: Sequence[PartyBlock]
) -> Iterator[ValueCandidate]:
    values = _tax_ids(labels, parser) if role.role == "tax_id" else _by_form(labels, parser, role)
    seen: dict[str, int] = {}
    for value in values:
        if not value.parsed.ok:
            continue
        owner = _owner(labels, value, role, blocks)
        score = value.score
        if owner and owner != (role.side or "seller"):
            score *= OTHER_PARTY_FACTOR
        elif value.raw_text not in seen:
            score *= LATER_FACTOR ** len(seen)
            seen[value.raw_text] = 1
        else:
            continue
        yield replace(value, score=score)


def _owner(
    labels: RoleLabels, value: ValueCandidate, role: FieldRole, blocks: Sequence[PartyBlock]
) -> str | None:
    """The party that a value belongs to; the seller where nothing tells another one."""
    word = value.ranges[0][0]
    if role.role == "tax_id" and any(word in words for words in _places(labels, "buyer_tax_id")):
        return "buyer"
    block = next((block for block in blocks if word in block.words), None)
    if block:
        return block.side
    return "seller" if role.side or role.role in ("iban", "bic") else None


def _places(labels: RoleLabels, role: str) -> Iterator[frozenset[int]]:
    for label, _ in labels.of(role):
        for place in places_of(labels, label):
            yield frozenset(place.words)
            break


def _tax_ids(labels: RoleLabels, parser: FieldParser) -> Iterator[ValueCandidate]:
    """Tax numbers with the letters of their country anywhere; others behind their labels."""
    for start, end in tax_ids_in(labels.texts):
        yield parser.candidate(start, end, CHECKED_SCORE, "rule")
    countries = _countries(parser)
    for role in ("tax_id", "buyer_tax_id"):
        for label, _ in labels.of(role):
            if label.start and not label.is_marked:
                continue
            yield from _national_ids(labels, label, parser, countries)


def _countries(parser: FieldParser) -> tuple[str, ...]:
    known = parser.conventions
    spoken = (
        c for language in known.languages for c in LANGUAGE_COUNTRIES.get(language, "").split()
    )
    return tuple(dict.fromkeys((*known.regions, *spoken)))


def _national_ids(
    labels: RoleLabels, label: RoleLabel, parser: FieldParser, countries: Sequence[str]
) -> Iterator[ValueCandidate]:
    for place in places_of(labels, label):
        words = [i for i in place.words if any(c.isalnum() for c in labels.texts[i])]
        for end in range(min(len(words), MAX_ID_WORDS), 0, -1):
            text = labels.text(words[:end]).strip(" .,;:()")
            if words[end - 1] - words[0] != end - 1 or not any(c.isdigit() for c in text):
                continue
            if is_tax_id(text):
                return
            if any(is_national_tax_id(text, country) for country in countries):
                yield parser.candidate(words[0], words[end - 1] + 1, CHECKED_SCORE, "rule")
                return
        run = number_at(parser, words)
        text = parser.text(*run) if run else ""
        if run and is_number(text) and _CHECKLESS.fullmatch(text) and _may_lack_check(countries):
            yield parser.candidate(*run, UNCHECKED_SCORE * place.score, "rule")
        return


def _may_lack_check(countries: Sequence[str]) -> bool:
    """Whether a document may be from a country whose tax numbers are not checked here."""
    checked = {c for some in LANGUAGE_COUNTRIES.values() for c in some.split()} - {"GB"}
    return not countries or countries[0] not in checked


def _by_form(labels: RoleLabels, parser: FieldParser, role: FieldRole) -> Iterator[ValueCandidate]:
    """Values of a kind that is known by its form; those at a label of the role are better."""
    at_label = frozenset(word for words in _places(labels, role.role) for word in words)
    others = set[int]()
    if role.role == "phone":
        others = {w for words in _places(labels, "fax") for w in words}
    for start, end in ranges_of_kind(parser.document, _FORMS[role.role]):
        if start in others or (role.role == "fax" and start not in at_label):
            continue
        if role.role in ("phone", "bic") and start not in at_label and len(at_label):
            continue
        score = LABELLED_SCORE if start in at_label else FORM_SCORE
        yield parser.candidate(start, end, score, "rule")

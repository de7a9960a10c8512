"""What tells the lines of an address: names of companies, persons, streets and postcodes."""

from __future__ import annotations

import re
from functools import lru_cache

from docagent.rules.lexicon import (
    distinct_legal_forms,
    fold_label,
    has_postcode,
    legal_forms,
    printed_phrases,
)
from docagent.text.lexicon import country_names
from docagent.text.normalise.types import without_accents

MAX_NAME_CHARS = 80
_SALUTATION = re.compile(
    r"^(?:an|firma|fa|herrn?|frau|mrs?|ms|miss|dr|prof|monsieur|madame|mme|m|mlle|sr|sra|señora?|sig"
    r"|sig\.?ra|spett\.?le|spettabile|dhr|mevr|mw|hr|pan[ií]?|exmo|exma|egr|gent\.?ma)\.?:?$",
    re.I,
)
_CONTACT = re.compile(
    r"^(?:z\. ?hd|zu h[aä]nden|attn|attention|att|c/o|à l'attention|a l'attention|t\.a\.v|ansprech"
    r"|abteilung|dept|department|abt|contact|kontakt)\b",
    re.I,
)
_DETAIL = re.compile(
    r"@|www\.|https?:|\b(?:tel|fon|fax|phone|telefon|mobile?|e-?mail|gln|siren|siret|iban|bic"
    r"|vat|tva|ust|nif|cif|hrb|hra|eori|duns|gtin|ean|abn|acn)\b|[📞🌐✉📱]|\+\d",
    re.I,
)
_STREET_NUMBER = re.compile(
    r"^\d{1,5}[a-z]?[,]? +[^\W\d_]"
    r"|[^\W\d_.]\.? *,? *\d{1,5} ?[a-z]?(?: ?[-/] ?\d{1,4} ?[a-z]?)?(?:$|[,;])",
    re.I,
)
"""A number before the street, or behind it."""
_PO_BOX = re.compile(
    r"\b(?:p\.? ?o\.? box|postfach|boîte postale|b\.?p\.? \d|apartado|casella postale|postbus"
    r"|pb \d)",
    re.I,
)
_INVISIBLE_ENDS = " .,;:|·•-–—*"


def ends_with_legal_form(text: str) -> bool:
    """Whether a text ends with the legal form of a company: "Muster GmbH & Co. KG"."""
    words = text.strip(_INVISIBLE_ENDS).split()
    if len(words) < 2:
        return False
    tails = (words[-count:] for count in range(1, min(5, len(words))))
    return any(_is_form(tail) for tail in tails)


def _is_form(words: list[str]) -> bool:
    key = fold_label("".join(words))
    if key not in legal_forms():
        return False
    # "co", "sa" or "as" are words too, unless they are printed as forms are.
    plain = "".join(words)
    return key in distinct_legal_forms() or plain[:1].isupper()


@lru_cache(maxsize=4_096)
def has_legal_form(text: str) -> bool:
    """Whether a company's name with its legal form stands in a text."""
    words = [word.strip(_INVISIBLE_ENDS + "()") for word in text.split()]
    return any(
        k and fold_label(word) in distinct_legal_forms() and not words[k - 1].islower()
        for k, word in enumerate(words)
        if word[:1].isupper()
    ) or ends_with_legal_form(text)


def is_country(text: str) -> bool:
    """Whether a line is the name of a country."""
    return without_accents(text.strip(_INVISIBLE_ENDS)) in country_names()


def is_salutation(text: str) -> bool:
    """Whether a line is a form of address alone: "Herrn"."""
    return bool(_SALUTATION.match(text.strip()))


def is_contact(text: str) -> bool:
    """Whether a line names whose attention a letter is for."""
    return bool(_CONTACT.match(text.strip()))


def is_detail(text: str) -> bool:
    """Whether a line has a phone number, an e-mail address or a registration."""
    return bool(_DETAIL.search(text))


def is_street(text: str) -> bool:
    """Whether a line may be a street with its number, or a box."""
    return bool(_STREET_NUMBER.search(text.strip(_INVISIBLE_ENDS)) or _PO_BOX.search(text))


def is_address_line(text: str) -> bool:
    """Whether a line belongs to a postal address, as a street, a city with its postcode or a
    country."""
    return has_postcode(text) or is_street(text) or is_country(text)


def may_be_name(text: str) -> bool:
    """Whether a line may be the name of a company or person: letters, and no label, address,
    detail or title."""
    plain = text.strip(_INVISIBLE_ENDS)
    letters = sum(c.isalpha() for c in plain)
    if letters < 2 or len(plain) > MAX_NAME_CHARS or letters < len(plain) / 3:
        return False
    if fold_label(plain) in printed_phrases() or is_detail(plain) or ":" in plain.rstrip(":"):
        return False
    if is_salutation(plain) or is_contact(plain) or is_country(plain):
        return False
    return not has_postcode(plain) and (ends_with_legal_form(plain) or not is_street(plain))

"""Tax numbers and bank accounts whose check digits are right, by country."""

from __future__ import annotations

import random
from collections.abc import Mapping

from stdnum import get_cc_module, iban, luhn

from finetune.synthesis.content import fill

TAX_PATTERNS: Mapping[str, tuple[str, ...]] = {
    "DE": ("DE#########",), "AT": ("ATU########",), "CH": ("CHE-###.###.### MWST",),
    "NL": ("NL#########B##",), "ES": ("ESB########",), "IT": ("IT0#########0##",),
    "PT": ("PT5########",), "PL": ("PL##########", "###-###-##-##"), "SE": ("SE##########01",),
    "DK": ("DK########",), "GB": ("GB### #### ##",), "BR": ("##.###.###/0001-##",),
}  # fmt: skip
"""Tax numbers with check digits; # is any digit."""
PLAIN_PATTERNS = ("############", "##-#######", "##AAAAA####A#Z#", "### ### ###")
"""Tax numbers of other countries, of which only the form is known."""
IBAN_PATTERNS: Mapping[str, str] = {
    "DE": "##################", "AT": "################", "CH": "#################",
    "NL": "ABNA##########", "ES": "####################", "PL": "########################",
    "SE": "####################", "DK": "##############", "GB": "BARC##############",
    "FR": "#######################",
}  # fmt: skip
"""What follows the country and the check digits."""
ATTEMPTS = 400
"""Draws until the check digits fit by chance; one in 11 or 100 does."""
Number = str


def tax_number(rng: random.Random, country: str) -> Number:
    """A tax number as a company of a country prints it."""
    if country == "FR":
        return _french(rng)
    patterns = TAX_PATTERNS.get(country)
    if patterns is None:
        return fill(rng, rng.choice(PLAIN_PATTERNS))
    module = get_cc_module(country.lower(), "vat")
    pattern = rng.choice(patterns)
    drawn = (fill(rng, pattern) for _ in range(ATTEMPTS))
    return next((text for text in drawn if module.is_valid(text)), fill(rng, pattern))


def _french(rng: random.Random) -> Number:
    """The key of a French number is computed from its SIREN, which has a Luhn digit."""
    head = fill(rng, "########")
    siren = head + luhn.calc_check_digit(head)
    key = (12 + 3 * (int(siren) % 97)) % 97
    space = rng.choice(("", " "))
    return f"FR{space}{key:02}{space}{siren}"


def bank_account(rng: random.Random, country: str) -> Number:
    """An IBAN of a country, in groups of four or not; elsewhere a plain account number."""
    pattern = IBAN_PATTERNS.get(country)
    if pattern is None:
        return fill(rng, rng.choice(("############", "##-####-###", "########")))
    rest = fill(rng, pattern)
    text = country + iban.calc_check_digits(f"{country}00{rest}") + rest
    grouped = " ".join(text[k : k + 4] for k in range(0, len(text), 4))
    return grouped if rng.random() < 0.7 else text

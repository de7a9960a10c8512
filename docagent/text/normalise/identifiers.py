"""Identifiers with check digits: IBAN, BIC, VAT numbers. One that does not pass is not taken."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache

from docagent.text.normalise.types import Normalised, failed

_BIC = re.compile(r"[A-Z]{4}([A-Z]{2})[A-Z\d]{2}(?:[A-Z\d]{3})?")
_VAT_PREFIX = re.compile(
    r"(AT|BE|BG|CY|CZ|DE|DK|EE|EL|ES|FI|FR|GB|GR|HR|HU|IE|IT|LT|LU|LV|MT|NL|PL|PT|RO|SE|SI|SK)"
    r"(?=[A-Z]{0,2}\d)"
)
_VAT_LENGTH = 8
"""Shorter codes with the letters of a country are other numbers."""
_IBAN_LENGTH = range(15, 35)


def checked_identifier(reading: Normalised, raw_text: str, words: frozenset[str]) -> Normalised:
    """The reading of an identifier, refused where its kind has check digits and they are wrong.

    words: those of the field's name (``iban``, ``bic``, ``seller tax id``). An IBAN and a BIC have
    to pass; of tax numbers those that begin with a country of the European Union, or with GB.
    """
    compact = re.sub(r"[\s.\-/]", "", str(reading.value)).upper()
    if "iban" in words:
        return _iban(reading, compact, raw_text)
    if words & {"bic", "swift"}:
        return reading if is_bic(compact) else failed(raw_text, "a BIC")
    is_long = len(compact) >= _VAT_LENGTH
    if words & {"vat", "tax"} and is_long and _VAT_PREFIX.match(compact) and not is_vat(compact):
        return failed(raw_text, "a VAT number", "its check digits or its length are wrong")
    return reading


def _iban(reading: Normalised, compact: str, raw_text: str) -> Normalised:
    if not compact[:2].isalpha() or len(compact) not in _IBAN_LENGTH:
        return failed(raw_text, "an IBAN", "it has no country or not enough characters")
    if not is_iban(compact):
        return failed(raw_text, "an IBAN", "its check digits are wrong")
    return reading


def is_iban(compact: str) -> bool:
    """Whether an IBAN without blanks has the length of its country and right check digits
    (ISO 13616)."""
    from stdnum import iban  # loads the tables of all countries

    return bool(iban.is_valid(compact))


def is_bic(compact: str) -> bool:
    """Whether a text is a BIC (ISO 9362): four letters, a country, a place, perhaps a branch."""
    match = _BIC.fullmatch(compact)
    return match is not None and match[1] in _countries()


def is_vat(compact: str) -> bool:
    """Whether a VAT number of the European Union or Great Britain has right check digits."""
    return bool(_vat_check()(compact))


@cache
def _vat_check() -> Callable[[str], bool]:
    from stdnum.eu import vat
    from stdnum.gb import vat as british

    def valid(number: str) -> bool:
        return british.is_valid(number) if number.startswith("GB") else vat.is_valid(number)

    return valid


@cache
def _countries() -> frozenset[str]:
    """Codes of ISO 3166-1, with XK, which banks use for Kosovo."""
    codes = (
        "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ "
        "BR BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM "
        "DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS "
        "GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN "
        "KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ "
        "MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM "
        "PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV "
        "SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI "
        "VN VU WF WS YE YT ZA ZM ZW XK"
    )
    return frozenset(codes.split())

"""Currency signs, names and codes -> ISO 4217."""

from __future__ import annotations

import re

from docagent.document import UNDECIDED, Conventions
from docagent.text.normalise.types import Normalised, collapse, failed, found

_CODE_LIST = (
    "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP "
    "BYN BZD CAD CDF CHF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP "
    "GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR "
    "KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK "
    "MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR "
    "SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS "
    "UAH UGX USD UYU UZS VES VND VUV WST XAF XCD XOF XPF YER ZAR ZMW ZWG"
)
CODES = frozenset(_CODE_LIST.split())
"""Active ISO 4217 codes of circulating currencies."""

CODES_THAT_ARE_WORDS = frozenset({"ALL", "BHD", "CUP", "GEL", "MOP", "SOS", "TOP", "TRY"})

POINT_DECIMAL_CURRENCIES = frozenset({"USD", "GBP", "MYR", "SGD", "AUD", "CAD", "INR", "HKD"})
"""Currencies whose amounts are written with a decimal point."""

WHOLE_CURRENCIES = frozenset(
    "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF".split()
)
"""Currencies whose amounts are printed without decimals (ISO 4217 gives them none)."""
MOSTLY_WHOLE_CURRENCIES = WHOLE_CURRENCIES | frozenset(("HUF", "IDR", "COP", "TWD"))
"""With those whose small unit is out of use."""

_DOLLARS = ("USD", "AUD", "CAD", "SGD", "HKD", "NZD", "MXN")
_CROWNS = ("SEK", "NOK", "DKK")
# Longer signs first: "US$" must not be read as "$". A sign of letters stands alone or
# touches digits ("RM41.45").
_SIGNS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("US$", ("USD",)),
    ("HK$", ("HKD",)),
    ("NZ$", ("NZD",)),
    ("NT$", ("TWD",)),
    ("A$", ("AUD",)),
    ("C$", ("CAD",)),
    ("S$", ("SGD",)),
    ("R$", ("BRL",)),
    ("RM", ("MYR",)),
    ("Rs", ("INR", "PKR", "LKR", "NPR")),
    ("Rp", ("IDR",)),
    ("zł", ("PLN",)),
    ("Kč", ("CZK",)),
    ("Ft", ("HUF",)),
    ("SFr", ("CHF",)),
    ("Fr", ("CHF",)),
    ("kr", _CROWNS),
    ("€", ("EUR",)),
    ("£", ("GBP",)),
    ("¥", ("JPY", "CNY")),
    ("₹", ("INR",)),
    ("₩", ("KRW",)),
    ("₽", ("RUB",)),
    ("₺", ("TRY",)),
    ("₫", ("VND",)),
    ("฿", ("THB",)),
    ("₱", ("PHP",)),
    ("₪", ("ILS",)),
    ("₦", ("NGN",)),
    ("₴", ("UAH",)),
    ("$", _DOLLARS),
)
_NAMES: dict[str, tuple[str, ...]] = {
    "euro": ("EUR",),
    "ringgit": ("MYR",),
    "sterling": ("GBP",),
    "pound": ("GBP",),
    "yen": ("JPY",),
    "rupee": ("INR", "PKR", "LKR", "NPR"),
    "franc": ("CHF",),
    "us dollar": ("USD",),
    "dollar": _DOLLARS,
}
REGION_CURRENCY = {
    "US": "USD",
    "AU": "AUD",
    "CA": "CAD",
    "SG": "SGD",
    "HK": "HKD",
    "NZ": "NZD",
    "MX": "MXN",
    "SE": "SEK",
    "NO": "NOK",
    "DK": "DKK",
    "JP": "JPY",
    "CN": "CNY",
    "IN": "INR",
    "PK": "PKR",
    "LK": "LKR",
    "NP": "NPR",
}


def _sign_pattern(sign: str) -> re.Pattern[str]:
    before = r"(?<![A-Za-z])" if sign[0].isalpha() else ""
    after = r"(?![A-Za-z])" if sign[-1].isalpha() else ""
    flags = re.IGNORECASE if len(sign) > 1 else 0
    return re.compile(before + re.escape(sign) + after, flags)


_SIGN_PATTERNS = tuple((_sign_pattern(sign), codes) for sign, codes in _SIGNS)
_CODE = re.compile(r"(?<![A-Za-z])[A-Za-z]{3}(?![A-Za-z])")


def currencies_in(text: str) -> tuple[str, ...]:
    """ISO codes a text may mean, most usual first; empty if it names no currency."""
    for match in _CODE.finditer(text):
        code = match.group().upper()
        alone = len(text) == 3
        beside = (
            re.match(r" ?\d", text[match.end() :]) or text[: match.start()].rstrip()[-1:].isdigit()
        )
        if code in CODES and (alone or beside or match.group() == code not in CODES_THAT_ARE_WORDS):
            return (code,)
    for pattern, codes in _SIGN_PATTERNS:
        if pattern.search(text):
            return codes
    lowered = text.lower()
    return next((codes for name, codes in _NAMES.items() if name in lowered), ())


def without_currency(text: str) -> str:
    """The text with currency signs and codes taken out."""
    for pattern, _ in _SIGN_PATTERNS:
        text = pattern.sub("", text)
    return _CODE.sub(lambda m: "" if m.group() in CODES else m.group(), text)


def normalise_currency(raw_text: str, conventions: Conventions = UNDECIDED) -> Normalised:
    """ISO 4217 code of a sign, code or name, alone or beside an amount.

    ``$``, ``kr``, ``¥`` and ``Rs`` serve several currencies: the regions of the document decide,
    otherwise the most usual is taken and flagged as ambiguous.
    """
    codes = currencies_in(collapse(raw_text))
    if not codes:
        return failed(raw_text, "a currency", "no sign, ISO 4217 code or name")
    local = (REGION_CURRENCY.get(region) for region in conventions.regions)
    known = next((code for code in local if code in codes), None)
    return found(known) if known else found(*codes)

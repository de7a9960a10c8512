"""Currency signs, names and codes to ISO 4217 codes."""

from __future__ import annotations

import re

from docagent.text.normalise.types import Normalised, collapse, failed, found, split_locale

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

_CODES_THAT_ARE_WORDS = frozenset({"ALL", "CUP", "GEL", "MOP", "SOS", "TOP", "TRY"})

POINT_DECIMAL_CURRENCIES = frozenset({"USD", "GBP", "MYR", "SGD", "AUD", "CAD", "INR", "HKD"})
"""Currencies whose amounts are written with a decimal point."""

_DOLLARS = ("USD", "AUD", "CAD", "SGD", "HKD", "NZD", "MXN")
_CROWNS = ("SEK", "NOK", "DKK")
# Longer signs come first, so that "US$" is not read as "$". A sign of letters stands alone or
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
_REGION_CURRENCY = {
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
    """ISO codes that a text may mean, most usual first; empty if it names no currency."""
    for match in _CODE.finditer(text):
        code = match.group().upper()
        alone = len(text) == 3
        beside = (
            re.match(r" ?\d", text[match.end() :]) or text[: match.start()].rstrip()[-1:].isdigit()
        )
        if code in CODES and (
            alone or beside or match.group() == code not in _CODES_THAT_ARE_WORDS
        ):
            return (code,)
    for pattern, codes in _SIGN_PATTERNS:
        if pattern.search(text):
            return codes
    lowered = text.lower()
    return next((codes for name, codes in _NAMES.items() if name in lowered), ())


def without_currency(text: str) -> str:
    """Remove currency signs and codes from a text."""
    for pattern, _ in _SIGN_PATTERNS:
        text = pattern.sub("", text)
    return _CODE.sub(lambda m: "" if m.group() in CODES else m.group(), text)


def normalise_currency(raw_text: str, locale_hint: str | None = None) -> Normalised:
    """ISO 4217 code of a sign, code or name, alone or beside an amount.

    ``$``, ``kr``, ``¥`` and ``Rs`` belong to several currencies. The region of the locale hint
    decides; otherwise the most usual one is taken and the result is marked ambiguous.
    """
    codes = currencies_in(collapse(raw_text))
    if not codes:
        return failed(raw_text, "a currency", "no sign, ISO 4217 code or name")
    local = _REGION_CURRENCY.get(split_locale(locale_hint)[1])
    return found(local) if local in codes else found(*codes)

"""Result type of every normaliser, and parsing of locale hints."""

from __future__ import annotations

import unicodedata
from typing import Any

from docagent.document import Frozen
from docagent.text.accents import strip_accents

_COMMA_DECIMAL_LANGUAGES = (
    "bg cs da de el es et fi fr hr hu id it lt lv nb nl no pl pt ro ru sk sl sr sv tr uk vi"
)
_POINT_DECIMAL_REGIONS = "CH MX US GB PR DO GT HN NI PA PE SV"


class Normalised(Frozen):
    """Result of a normaliser.

    value: JSON value, None unless ``ok``. message: the reason of the failure, or what was assumed.
    ambiguous: the text alone allows other values; ``value`` is the most usual one (day before
    month, for instance) and ``alternatives`` holds the others, best first.
    """

    value: Any = None
    ok: bool
    message: str = ""
    ambiguous: bool = False
    alternatives: tuple[Any, ...] = ()


def found(value: Any, *alternatives: Any, message: str = "") -> Normalised:
    """A successful result; ambiguous if there are alternatives that differ from the value."""
    others = tuple(dict.fromkeys(a for a in alternatives if a != value))
    return Normalised(
        value=value, ok=True, message=message, ambiguous=bool(others), alternatives=others
    )


def failed(raw_text: str, wanted: str, reason: str = "") -> Normalised:
    """A failed result whose message says what was printed and what was wanted."""
    why = f": {reason}" if reason else ""
    return Normalised(ok=False, message=f"{raw_text!r} is not {wanted}{why}")


def collapse(text: str) -> str:
    """Normalise to NFKC and collapse white space to single spaces, with none at the ends."""
    return " ".join(unicodedata.normalize("NFKC", text).split())


def without_accents(text: str) -> str:
    """Lower case, letters without their diacritics (``März`` -> ``marz``)."""
    return strip_accents(text.lower())


def split_locale(hint: str | None) -> tuple[str, str]:
    """Language (lower case) and region (upper case) of ``en_US``, ``en-US`` or ``de``."""
    language, _, region = (hint or "").replace("-", "_").partition("_")
    return language.lower(), region.partition(".")[0].upper()


def month_first(hint: str | None) -> bool:
    """Whether numeric dates of the locale start with the month (United States)."""
    return split_locale(hint)[1] == "US"


def comma_decimal(hint: str | None) -> bool | None:
    """Whether the locale writes a decimal comma; None without a hint."""
    language, region = split_locale(hint)
    if not language:
        return None
    comma = language in _COMMA_DECIMAL_LANGUAGES.split()
    return comma and region not in _POINT_DECIMAL_REGIONS.split()

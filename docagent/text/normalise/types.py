"""Result type of every normaliser, and parsing of locale hints."""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from typing import Any

from docagent.document import Conventions, DateOrder, DecimalMark, Frozen, Reason
from docagent.text.accents import strip_accents

_COMMA_DECIMAL_LANGUAGES = (
    "bg cs da de el es et fi fr hr hu id it lt lv nb nl no pl pt ro ru sk sl sr sv tr uk vi"
)
_POINT_DECIMAL_REGIONS = "CH MX US GB PR DO GT HN NI PA PE SV"


class Normalised(Frozen):
    """What a normaliser made of a printed text.

    value: JSON value, None unless ``ok``. message: why it failed, or what was assumed.
    ambiguous: the text alone allows other readings; ``value`` is the most usual one (day
    before month, for instance) and ``alternatives`` holds the others, best first.
    undecided: ``value`` and an alternative are readings of the same words, and nothing tells
    which is right; ``message`` says both.
    """

    value: Any = None
    ok: bool
    message: str = ""
    ambiguous: bool = False
    alternatives: tuple[Any, ...] = ()
    undecided: bool = False


def found(value: Any, *alternatives: Any, message: str = "") -> Normalised:
    """A successful reading; ambiguous when there are alternatives that differ from it."""
    others = tuple(dict.fromkeys(a for a in alternatives if a != value))
    return Normalised(
        value=value, ok=True, message=message, ambiguous=bool(others), alternatives=others
    )


def undecided(value: Any, *others: Any, message: str = "") -> Normalised:
    """A reading of which the same words allow another one: both are said."""
    result = found(value, *others, message=message)
    if not result.ambiguous:
        return result
    both = f"reads as {value} or {result.alternatives[0]}; nothing in the document tells which"
    return result.replace(undecided=True, message=f"{message}; {both}" if message else both)


def failed(raw_text: str, wanted: str, reason: str = "") -> Normalised:
    """A failed reading: says what was printed and what was wanted."""
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


_YEAR_FIRST_LANGUAGES = "hu ja ko lt mn sv zh"


@lru_cache(maxsize=256)
def with_locale(conventions: Conventions, hint: str | None) -> Conventions:
    """The conventions, overruled by a locale that was given: its decimal mark, order of dates,
    language and region."""
    language, region = split_locale(hint)
    if not language:
        return conventions
    reason = f"the locale {hint} is given"
    return conventions.replace(
        decimal_mark=decimal_mark_of(language, region),
        date_order=date_order_of(region, (language,)) or "DMY",
        languages=(language, *(known for known in conventions.languages if known != language)),
        regions=(region, *conventions.regions) if region else conventions.regions,
        reasons=tuple(Reason(of=of, why=reason) for of in ("decimal_mark", "date_order")),
    )


def decimal_mark_of(language: str, region: str = "") -> DecimalMark:
    """The decimal mark of a language (in a region)."""
    comma = language in _COMMA_DECIMAL_LANGUAGES.split()
    return "," if comma and region not in _POINT_DECIMAL_REGIONS.split() else "."


def date_order_of(region: str, languages: tuple[str, ...] = ()) -> DateOrder | None:
    """The order of numeric dates in a region, or of a language; None for English without one."""
    if region in ("US", "PH"):
        return "MDY"
    if languages and languages[0] in _YEAR_FIRST_LANGUAGES.split():
        return "YMD"
    foreign = bool(languages) and "en" not in languages
    return "DMY" if (region and region != "CA") or foreign else None

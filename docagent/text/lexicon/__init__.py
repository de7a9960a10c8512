"""Names of months and countries in many languages, and words that tell a language.

``python -m finetune.locale_lexicon`` makes the JSON files from the Unicode CLDR (Unicode License
v3), but for ``words.json`` and those of tables, which are written by hand.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from docagent.text.accents import strip_accents

FOLDER = Path(__file__).parent


@cache
def _table(name: str) -> Mapping[str, Any]:
    table: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text("utf-8"))
    table.pop("source")
    return table


@cache
def month_meanings() -> Mapping[str, Mapping[str, int]]:
    """Month number (1-12) by name and language: ``{"listopada": {"hr": 10, "pl": 11}}``. Names
    are in lower case, without accents and full stops."""
    meanings: dict[str, dict[str, int]] = {}
    for language, months in _table("months").items():
        for number, names in enumerate(months, 1):
            for name in names:
                meanings.setdefault(name, {}).setdefault(language, number)
    return meanings


@cache
def country_names() -> Mapping[str, str]:
    """ISO 3166-1 code by the name of a country in English and in its own languages."""
    return {name: code for code, names in _table("countries").items() for name in names}


@cache
def language_words() -> Mapping[str, tuple[str, ...]]:
    """Languages (ISO 639-1) by a word that is usual in documents of theirs."""
    found: dict[str, list[str]] = {}
    for language, words in _table("words").items():
        for word in words.split():
            found.setdefault(word, []).append(language)
    return {word: tuple(languages) for word, languages in found.items()}


@cache
def table_row_words() -> Mapping[str, frozenset[str]]:
    """Names of rows that are no items, by their kind (``total``, ``carried``), in lower case,
    without accents."""
    return {
        kind: frozenset(name for names in by_language.values() for name in names.split("|"))
        for kind, by_language in _table("table_rows").items()
    }


@cache
def _column_names() -> Mapping[str, frozenset[str]]:
    """What heads of columns mean, by name."""
    found: dict[str, set[str]] = {}
    for meaning, by_language in _table("table_columns").items():
        for names in by_language.values():
            for name in names.split("|"):
                found.setdefault(_plain(name), set()).add(meaning)
    return {name: frozenset(meanings) for name, meanings in found.items()}


@lru_cache(maxsize=10_000)
def column_meanings(text: str) -> frozenset[str]:
    """What the head of a column means: ``position``, ``code``, ``description``, ``quantity``,
    ``unit``, ``unit_price``, ``amount``, ``tax_rate``, ``discount``, ``date``; several if it is
    used in several ways, none for another text."""
    return _column_names().get(_plain(text), frozenset())


def _plain(text: str) -> str:
    return strip_accents(text).casefold().strip(" .:*()[]/")

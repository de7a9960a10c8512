"""Words that business documents and contracts use in many languages, as data.

The JSON files beside this one are written by hand; each says how it is to be read.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from docagent.text.accents import strip_accents

FOLDER = Path(__file__).parent
WEAK, ENDING = "~", "*"
NO_LABELS = frozenset(("dated",))
"""Entries of words that stand within a text and are no labels."""
_NOT_LANGUAGES = frozenset(("kind", "names", "source"))


@dataclass(frozen=True)
class RolePhrase:
    """A phrase that is printed as a label of ``role``. is_weak: it labels other things too."""

    role: str
    is_weak: bool = False


@cache
def table(name: str) -> Mapping[str, Any]:
    """The content of one file, by its name without the ending."""
    content: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text("utf-8"))
    content.pop("source")
    return content


def fold_label(text: str) -> str:
    """Key by which phrases are compared: letters and digits in lower case, without accents, marks
    and spaces; a number sign reads "no"."""
    spelt = strip_accents(text.casefold().replace("#", "no").replace("°", "o"))
    return "".join(c for c in spelt if c.isalnum())


def _split(phrases: str) -> list[str]:
    return [phrase for part in phrases.split("|") if (phrase := part.strip())]


@cache
def role_kinds() -> Mapping[str, str]:
    """Kind of value by role: ``date`` of ``due_date``."""
    return {role: given["kind"] for role, given in table("labels").items()}


@cache
def printed_phrases() -> Mapping[str, tuple[RolePhrase, ...]]:
    """Roles by the key of a phrase printed as their label, in any language."""
    found: dict[str, dict[str, RolePhrase]] = {}
    for role, given in table("labels").items():
        for language, phrases in given.items():
            if language in _NOT_LANGUAGES or role in NO_LABELS:
                continue
            for phrase in _split(phrases):
                if phrase.startswith(ENDING):
                    continue
                known = RolePhrase(role, phrase.startswith(WEAK))
                roles = found.setdefault(fold_label(phrase), {})
                if role not in roles or not known.is_weak:
                    roles[role] = known
    return {key: tuple(roles.values()) for key, roles in found.items() if key}


@cache
def word_endings(role: str) -> tuple[str, ...]:
    """Ends of words that are labels of a role: ``rechnung`` of ``Schlussrechnung``."""
    given = table("labels")[role]
    spoken = (phrases for language, phrases in given.items() if language not in _NOT_LANGUAGES)
    return tuple(
        phrase[1:] for phrases in spoken for phrase in _split(phrases) if phrase.startswith(ENDING)
    )


@cache
def role_words(role: str) -> frozenset[str]:
    """Keys of the phrases of one entry, in all languages."""
    given = table("labels")[role]
    spoken = (phrases for language, phrases in given.items() if language not in _NOT_LANGUAGES)
    return frozenset(fold_label(phrase) for phrases in spoken for phrase in _split(phrases))


@cache
def field_names() -> Mapping[str, str]:
    """Roles by the key of a field's name, such as ``duedate``."""
    return {
        fold_label(name): role
        for role, given in table("labels").items()
        for name in _split(given["names"])
    }


@cache
def legal_forms() -> frozenset[str]:
    """Endings of companies' names, folded: ``gmbhcokg``."""
    return frozenset(
        fold_label(form) for forms in table("legal_forms").values() for form in _split(forms)
    )


@cache
def distinct_legal_forms() -> frozenset[str]:
    """Endings of companies' names that are no words of a language."""
    return frozenset(fold_label(form) for form in _split(table("legal_forms")["distinct"]))


@cache
def _postcode_patterns() -> tuple[re.Pattern[str], ...]:
    given = table("postcodes")
    before = [rf"(?<![\w.,-]){pattern}" for pattern in given["before_city"].values()]
    return tuple(re.compile(pattern) for pattern in (*before, *given["after_city"].values()))


def postcodes_in(text: str) -> Iterator[re.Match[str]]:
    """Postcodes with their cities in a line of an address."""
    for pattern in _postcode_patterns():
        yield from pattern.finditer(text)


def has_postcode(text: str) -> bool:
    """Whether a line has a postcode with its city."""
    return any(True for _ in postcodes_in(text))

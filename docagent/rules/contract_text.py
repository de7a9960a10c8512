"""The prose of a document as one text, with the words behind every part of it."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from functools import cache

from docagent.document import Document
from docagent.rules.lexicon import fold_label, table
from docagent.schemas import SchemaField

MAX_SENTENCE_CHARS = 900
_SENTENCE_START = re.compile(r"[.;:!?][\"”’)]* (?=[\"“(A-Z0-9])")
_ABBREVIATION = re.compile(
    r"\b(?:Inc|Ltd|Co|Corp|No|St|Mr|Ms|Mrs|Dr|vs|e\.g|i\.e|U\.S|L\.P|N\.V|Sec|Art|[A-Z])\.$"
)


class Prose:
    """text: the words joined by one space."""

    def __init__(self, document: Document, words: int | None = None) -> None:
        texts = [location.word.text for location in document.words[:words]]
        self.text = " ".join(texts)
        self.starts: list[int] = []
        at = 0
        for text in texts:
            self.starts.append(at)
            at += len(text) + 1

    def words(self, start: int, end: int) -> tuple[int, int]:
        """The words that hold the characters from ``start`` to ``end``, end exclusive."""
        first = max(0, bisect_right(self.starts, start) - 1)
        return first, max(first + 1, bisect_right(self.starts, max(start, end - 1)))

    def sentence(self, start: int, end: int) -> tuple[int, int]:
        """The characters of the sentence around a part of the text."""
        low, high = (
            max(0, start - MAX_SENTENCE_CHARS),
            min(len(self.text), end + MAX_SENTENCE_CHARS),
        )
        begin = low
        for match in _SENTENCE_START.finditer(self.text, low, start):
            if (
                not _ABBREVIATION.search(self.text[low : match.start() + 1])
                and match.group()[0] != ":"
            ):
                begin = match.end()
        for match in _SENTENCE_START.finditer(self.text, end, high):
            if match.group()[0] == "." and not _ABBREVIATION.search(
                self.text[low : match.start() + 1]
            ):
                return begin, match.start() + 1
        return begin, high


@cache
def contract_roles() -> dict[str, str]:
    """Roles of contracts by the key of a field's name."""
    return {
        fold_label(name): role
        for role, given in table("contracts").items()
        for name in given.get("names", "").split("|")
        if name.strip()
    }


def contract_role(leaf: SchemaField) -> str | None:
    """The role of a single field in a contract by its name or title, None for other fields."""
    if leaf.multiple:
        return None
    keys = (fold_label(leaf.name), fold_label(leaf.title))
    return next((contract_roles()[key] for key in keys if key in contract_roles()), None)


def wants_place(leaf: SchemaField, role: str) -> bool:
    """Whether a field asks for the state or country alone."""
    words = set(re.findall(r"[a-z]+", leaf.name.lower()))
    return bool(words & set(table("contracts")[role].get("short", "").split()))


@cache
def patterns(role: str, part: str) -> tuple[re.Pattern[str], ...]:
    """The patterns of a role in all languages, English ones first. part: the key of the
    patterns in the lexicon."""
    given = table("contracts")[role].get(part, {})
    found: list[str] = []
    for some in given.values():
        found += [some] if isinstance(some, str) else some
    return tuple(re.compile(pattern) for pattern in found)


def matches(role: str, part: str, text: str) -> Iterator[re.Match[str]]:
    """Matches of all patterns of a role."""
    for pattern in patterns(role, part):
        yield from pattern.finditer(text)

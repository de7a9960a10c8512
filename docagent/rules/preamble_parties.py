"""Parties in the preamble of a contract and in its signatures.

After "between" names follow each other, each with what it is and what the contract calls it:
``Acme, Inc., a Delaware corporation ("Acme"), and Jane Roe, an individual``. A letter has no
preamble; who signs it stands before "By:".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import cache

from docagent.evidence.label_phrases import fold_words
from docagent.rules.lexicon import fold_label, table
from docagent.rules.party_names import ends_with_legal_form

MAX_PREAMBLE_WORDS = 220
"""Words after "between" within which parties are named."""
MIN_PARTIES = 2
MAX_SIGNATURE_WORDS = 9
MAX_WORDS_TO_NEXT = 50
"""Words after a party within which "and" and the next one follow."""
_STOP = re.compile(
    r"^(?:whereas|recitals?|background|witnesseth|preamble|considering|attendu|präambel)\W*$", re.I
)
_SKIPPED = re.compile(r"^(?:the|\(?(?:[ivx]{1,4}|\d|[a-d])[).]|:|–|-|—)$", re.I)
_AFTER_NAME = re.compile(
    r"^(?:an?|with|whose|having|residing|located|of|who|as|organized|in|on)$", re.I
)
_SIGNATURE_WORDS = frozenset(
    "yours sincerely truly very name title date its by and agreed accepted written above of the "
    "acknowledged company confirmed employee executive".split()
)
"""Words of a signature that are no name."""
_SENTENCE_END = re.compile(r"[a-z\d”\")]\.$")

Words = tuple[int, int]
NameFrom = Callable[[Sequence[str], int], Words | None]


def _words_of(part: str) -> frozenset[str]:
    given = table("contracts")["parties"][part]
    return frozenset(word for some in given.values() for word in some.split("|"))


@cache
def party_list_names() -> frozenset[str]:
    """Keys of the names that lists of parties have in schemas."""
    names: str = table("contracts")["parties"]["names"]
    return frozenset(fold_label(name) for name in names.split("|"))


def preamble_parties(texts: Sequence[str], name_from: NameFrom) -> list[Words]:
    """Ranges of the names after the first "between" that names follow. name_from: the range of the
    name that starts at a word, or None."""
    between = _words_of("between")
    for index, text in enumerate(texts):
        if fold_words(text) not in between:
            continue
        names = list(_names_after(texts, index + 1, name_from))
        if names:
            return names
    return []


def _names_after(texts: Sequence[str], start: int, name_from: NameFrom) -> Iterator[Words]:
    at = start
    end = min(len(texts), start + MAX_PREAMBLE_WORDS)
    depth = 0
    expected, first = True, True
    while at < end:
        text = texts[at]
        if _STOP.match(text):
            return
        if expected and depth == 0 and not _SKIPPED.match(text):
            name = name_from(texts, at)
            if name and (first or _is_introduced(texts, name)):
                name = _joined(texts, name, name_from)
                yield name
                at, expected, first = name[1], False, False
                expected = texts[at - 1].endswith(";")
                continue
            if first and at > start + 3:
                return
            expected = False
        depth = max(0, depth + text.count("(") - text.count(")"))
        if depth == 0 and not first and _ends_sentence(texts, at):
            return
        ands = fold_words(text) in _words_of("and")
        expected = expected or ands or (text.endswith((",", ";")) and ")" in text) or first
        at += 1


def _joined(texts: Sequence[str], name: Words, name_from: NameFrom) -> Words:
    """A name with "and" in it ("Boston Safe Deposit and Trust Company"), where another party
    follows."""
    end = name[1]
    ands = _words_of("and")
    is_open = end < len(texts) and fold_words(texts[end]) in ands and "," not in texts[end - 1]
    if not is_open or ends_with_legal_form(" ".join(texts[slice(*name)])):
        return name
    rest = name_from(texts, end + 1)
    if rest is None or not ends_with_legal_form(" ".join(texts[end : rest[1]])):
        return name
    later = texts[rest[1] : rest[1] + MAX_WORDS_TO_NEXT]
    return (name[0], rest[1]) if any(fold_words(text) in ands for text in later) else name


def _ends_sentence(texts: Sequence[str], at: int) -> bool:
    following = texts[at + 1] if at + 1 < len(texts) else ""
    is_end = bool(_SENTENCE_END.search(texts[at])) and len(texts[at].strip('.,”")')) > 3
    return (
        is_end
        and following[:1].isupper()
        and not ends_with_legal_form(" ".join(texts[at - 1 : at + 1]))
    )


def _is_introduced(texts: Sequence[str], name: Words) -> bool:
    """Whether a name is that of a company, or what follows says who it is."""
    text = " ".join(texts[slice(*name)])
    if ends_with_legal_form(text):
        return True
    following = texts[name[1]] if name[1] < len(texts) else ""
    has_comma = texts[name[1] - 1].endswith(",")
    several = name[1] - name[0] > 1
    return several and (
        following.startswith("(") or (has_comma and bool(_AFTER_NAME.match(following)))
    )


def signing_companies(texts: Sequence[str]) -> Iterator[Words]:
    """Ranges of the companies before "By:", from the start."""
    for index, text in enumerate(texts):
        if not re.match(r"^By:?$", text):
            continue
        end = index
        while end and not any(c.isalnum() for c in texts[end - 1]):
            end -= 1
        start = end
        while start > max(0, end - MAX_SIGNATURE_WORDS) and _in_signature(texts, start - 1, end):
            start -= 1
        if end - start > 1 and ends_with_legal_form(" ".join(texts[start:end])):
            yield start, end


def _in_signature(texts: Sequence[str], at: int, end: int) -> bool:
    """Whether a word belongs to the name that ends before ``end``."""
    word = texts[at]
    if word.lower() in ("of", "&", "de"):
        return True
    is_upper = word[:1].isupper() and not _label(word) and not word.endswith((":", ";"))
    # Another sentence or company ends here.
    closed = at < end - 1 and word.endswith(".") and len(word) > 2
    return is_upper and not closed


def _label(word: str) -> bool:
    return fold_words(word) in _SIGNATURE_WORDS

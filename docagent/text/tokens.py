"""Tokenisation of questions and pages for comparison and retrieval."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

_TOKEN = re.compile(r"\d+(?:[.,:/-]\d+)*|[^\W\d_]+")
STEM_LETTERS = 4
"""Letters of a word that make its stem; "signed" and "signature" share theirs."""

QUESTION_WORDS = frozenset("how what when where which who whom whose why".split())
STOP_WORDS = QUESTION_WORDS | frozenset(
    """a about again all also am an and any anything are as at be been but by can could did do does
    each else for from had has have he her here him his i if in into is it its just many me more
    much my no not of ok okay on one or other our out please say says she should so some tell than
    that the their them then there these they this those thus to too until us was we were will with
    would yes you your""".split()
)
"""Stop words: they do not tell what a page or a question is about."""


def tokens(text: str) -> list[str]:
    """Words and numbers of a text, with case and accents folded."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    return _TOKEN.findall("".join(c for c in plain if not unicodedata.combining(c)))


@lru_cache(maxsize=1 << 15)
def letters_and_digits(text: str) -> str:
    """The letters and digits of a text in small letters, by which two spellings are told to be one;
    kept, because every query of a document asks for the same words."""
    return "".join(c for c in text.casefold() if c.isalnum())


def content_words(text: str) -> list[str]:
    """The words and numbers of a text without stop words, in order."""
    return [token for token in tokens(text) if token not in STOP_WORDS]


def index_terms(words: Iterable[str]) -> list[str]:
    """Words, each followed by its stem as a further term, so that an exact match counts for
    more."""
    return [term for word in words for term in (word, f"{word[:STEM_LETTERS]}*")]

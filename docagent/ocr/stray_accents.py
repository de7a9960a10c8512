"""Accents on a page whose language has none: specks over a letter."""

from __future__ import annotations

from collections.abc import Sequence

from docagent.document import Line, Word
from docagent.text.accents import strip_accents

MIN_WORDS = 30
"""Words with letters of a page that tells which accents its language has."""
MAX_SHARE = 0.02
"""Share of words with accents up to which they are strays: French and German have ten times as
many."""
SURE_ACCENT = 0.95
"""Confidence of a letter from which its accent stays: a name or a foreign word."""


def without_stray_accents(lines: Sequence[Line]) -> tuple[Line, ...]:
    """Lines whose unsure accents are removed, where next to no other word of the page has any."""
    words = [w for line in lines for w in line.words if any(c.isalpha() for c in w.text)]
    accented = [word for word in words if _plain(word.text) != word.text]
    if len(words) < MIN_WORDS or not 0 < len(accented) <= MAX_SHARE * len(words) + 1:
        return tuple(lines)
    return tuple(line.replace(words=tuple(_mended(word) for word in line.words)) for line in lines)


def _plain(text: str) -> str:
    plain = strip_accents(text)
    return plain if len(plain) == len(text) else text


def _mended(word: Word) -> Word:
    plain = _plain(word.text)
    sure = word.char_confidences
    if plain == word.text or len(sure) != len(plain):
        return word
    letters = (
        new if sure[at] < SURE_ACCENT else old
        for at, (old, new) in enumerate(zip(word.text, plain, strict=True))
    )
    text = "".join(letters)
    others = tuple(other for other in word.alternatives if other.text != text)
    return word.replace(text=text, alternatives=others)

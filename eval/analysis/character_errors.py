"""What became of single characters: digits, capitals, small letters and signs of words found."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from eval.analysis.word_errors import MISSED, WordFate, align
from eval.metrics import fold_text

CHARACTERS = ("digit", "capital", "small letter", "sign")
DIGITS = "0123456789"


def character_kind(char: str) -> str:
    """One of CHARACTERS."""
    if char.isdigit():
        return "digit"
    if char.isalpha():
        return "capital" if char.isupper() else "small letter"
    return "sign"


def character_pairs(fates: Iterable[WordFate], case: bool = True) -> list[tuple[str, str]]:
    """Every character of the true words that were found, and what was read for it ("" if it was
    left out). Missed words are left out: they say nothing about characters."""
    pairs = []
    for fate in (fate for fate in fates if fate.kind != MISSED):
        truth, read = (fold_text(t).replace(" ", "") for t in (fate.truth.text, fate.read))
        places = align(truth, read) if case else align(_lower(truth), _lower(read))
        for char, place in zip(truth, places, strict=True):
            pairs.append((char, "" if place is None else read[place]))
    return pairs


def character_rows(
    fates: Sequence[WordFate], case: bool, key: Callable[[str], str], order: Sequence[str]
) -> list[dict[str, Any]]:
    """Rows by a property of the true character: ``characters`` (how many), ``wrong`` (share) and
    ``read_as`` (what they were most often taken for). Characters without a name in ``order`` are
    left out, as are names without characters."""
    read: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for truth, got in character_pairs(fates, case):
        read[key(truth)].append((truth, got))
    rows = []
    for name in (name for name in order if name in read):
        wrong = [got for truth, got in read[name] if not _same(truth, got, case)]
        common = Counter(got or "(nothing)" for got in wrong).most_common(3)
        rows.append(
            {
                "group": name,
                "characters": len(read[name]),
                "wrong": len(wrong) / len(read[name]),
                "read_as": ", ".join(f"{got} {count}x" for got, count in common),
            }
        )
    return rows


def _lower(text: str) -> str:
    """Each character in lower case, as one character."""
    return "".join(char.lower()[:1] for char in text)


def _same(truth: str, got: str, case: bool) -> bool:
    return fold_text(truth, case) == fold_text(got, case)

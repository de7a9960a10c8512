"""Normalisers of texts, identifiers, yes/no marks and choices from a list."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from docagent.document import UNDECIDED, Conventions
from docagent.text.lexicon import country_names
from docagent.text.normalise.currencies import CODES, currencies_in, normalise_currency
from docagent.text.normalise.numbers import normalise_amount
from docagent.text.normalise.types import Normalised, collapse, failed, found, without_accents

_YES = "yes y true x oui ja si sim ✓ ✔ ☑ ☒ [x] (x) on checked"
_NO = "no n false non nein nao nee ☐ [] [_] () off unchecked none"
_LABEL_WITH_MARK = re.compile(r"^[^\d:#]{0,40}[:#]+\s*(?=\S)")
_LABEL_WORD = re.compile(r"^(?:no|nr|num|number|ref|reference|id)\b\.?\s*[:#]?\s*(?=\S*\d)", re.I)


_SENTENCE_END = re.compile(r"(?:^|[\s(])([^\W\d_]{4,})\.$")
"""A final word too long for most abbreviations, with its full stop."""
MAX_NAME_WORDS = 5
"""Words of the longest text that is a name at the end of a sentence rather than a sentence."""
_ABBREVIATIONS = frozenset(
    "corp bros dept univ prof assn intl sept blvd ltda gmbh assoc mass calif conn penn wash "
    "bldg dist inst natl".split()
)
"""Words of four letters and more that keep their full stop."""


def normalise_text(raw_text: str, conventions: Conventions = UNDECIDED) -> Normalised:
    """The text on one line, without separators left over at its ends, nor the full stop of the
    sentence it ends (``Ohio.``, but ``Acme, Inc.`` and ``Acme Corp.``). A sentence keeps its
    own."""
    text = collapse(raw_text).strip(" :;,|")
    last = _SENTENCE_END.search(text)
    is_short = text.count(".") == 1 and text.count(" ") < MAX_NAME_WORDS
    if is_short and last and last[1].casefold() not in _ABBREVIATIONS:
        text = text[:-1]
    return found(text) if text else failed(raw_text, "a text", "it is empty")


def normalise_identifier(raw_text: str, conventions: Conventions = UNDECIDED) -> Normalised:
    """A number or code without its label: ``Invoice No.: INV-0042`` -> ``INV-0042``."""
    text = collapse(raw_text)
    text = _LABEL_WORD.sub("", _LABEL_WITH_MARK.sub("", text)).strip(" .:;,|#")
    return found(text) if text else failed(raw_text, "an identifier", "it is empty")


def normalise_money(raw_text: str, conventions: Conventions = UNDECIDED) -> Normalised:
    """An amount as it is printed, with its currency and without other words around it:
    ``Total: GBP 741.60`` -> ``GBP 741.60``."""
    amount = normalise_amount(raw_text, conventions)
    if not amount.ok:
        return amount
    words = collapse(raw_text).split()
    kept = [at for at, word in enumerate(words) if _is_of_money(word)]
    text = " ".join(words[kept[0] : kept[-1] + 1]) if kept else ""
    return found(text.strip(" :;,|")) if text else failed(raw_text, "an amount of money")


def _is_of_money(word: str) -> bool:
    """Whether a word is a part of an amount: digits, a sign, or a currency that is not a word of
    the language in small letters."""
    if re.search(r"\d", word):
        return not re.search(r"[^\W\d_]{4}", word)
    is_mark = word[0] != word[0].lower() or len(word) < 4
    return word in "-−–()" or (is_mark and bool(currencies_in(word)))


def normalise_boolean(raw_text: str, conventions: Conventions = UNDECIDED) -> Normalised:
    """Parse yes or no, in words or as a tick box."""
    text = without_accents(collapse(raw_text)).strip(" .:;,").replace("[ ]", "[]")
    if text in _YES.split() or text in _NO.split():
        return found(text in _YES.split())
    return failed(raw_text, "a yes or no")


def normalise_choice(
    raw_text: str,
    choices: Sequence[Any],
    labels: Sequence[Sequence[str]] = (),
    conventions: Conventions = UNDECIDED,
) -> Normalised:
    """The one of ``choices`` that is printed: the same letters and digits, ignoring case, or a
    beginning of exactly one choice (``F`` for ``Female``), or the only choice that occurs.

    labels: what each choice is called, in their order. Codes of currencies are found by signs and
    names (``£`` for ``GBP``), those of countries by names, yes and no by their words and marks.
    """
    printed = _letters(raw_text)
    options = [(choice, _letters(str(choice))) for choice in choices if choice is not None]
    named = [
        (choice, _letters(label))
        for choice, some in zip(choices, labels, strict=False)
        for label in some
    ]
    for names in (options, named):
        tests = (
            [c for c, name in names if name == printed],
            [c for c, name in names if printed and name.startswith(printed)],
            [c for c, name in names if name and re.search(rf"\b{re.escape(name)}\b", printed)],
        )
        for matches in tests:
            if len(matches) == 1:
                return found(matches[0])
    meant = _meant([choice for choice, _ in options], raw_text, printed, conventions)
    if meant is not None:
        return meant
    allowed = ", ".join(str(choice) for choice, _ in options)
    return failed(raw_text, f"one of {allowed}")


def _meant(
    choices: Sequence[Any], raw_text: str, printed: str, conventions: Conventions
) -> Normalised | None:
    """The choice that a sign or name stands for, where all choices are codes of one kind."""
    texts = {choice for choice in choices if isinstance(choice, str)}
    if texts and texts <= CODES:
        currency = normalise_currency(raw_text, conventions)
        named = [code for code in (currency.value, *currency.alternatives) if code in texts]
        return found(*named) if named else None
    if texts and texts <= set(country_names().values()):
        country = country_names().get(printed)
        return found(country) if country in texts else None
    said = [(choice, normalise_boolean(str(choice))) for choice in choices]
    if {known.value for _, known in said if known.ok} == {True, False}:
        mark = normalise_boolean(raw_text)
        same = [choice for choice, known in said if known.ok and known.value is mark.value]
        return found(same[0]) if mark.ok and len(same) == 1 else None
    return None


def _letters(text: str) -> str:
    return " ".join(re.findall(r"\w+", without_accents(collapse(text))))

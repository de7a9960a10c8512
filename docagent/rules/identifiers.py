"""Numbers and codes by their form: tax numbers with their check digits, accounts, and the numbers
of documents, which are none of these."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from docagent.evidence.field_parser import FieldParser
from docagent.text.normalise import normalise
from docagent.text.normalise.identifiers import is_iban, is_vat

MAX_ID_WORDS = 6
"""Words of the longest tax number: ``FR 32 123 456 789``."""
_FILLER = re.compile(r"^(?:\W+|n[or°º]?\.?|nr\.?|num\.?|nummer|number|№|:)[:#.]?$", re.I)
_NUMBER = re.compile(r"^#?[A-Z]{0,8}[-/._ ]?[\w.-]*\d[\w/.\-#]*$", re.I)
_AMOUNT = re.compile(r"^[-+]?\d{1,3}(?:[.,' ]\d{3})*[.,]\d{2}$|[€$£%]")
_TIME = re.compile(r"^\d{1,2}:\d\d(?::\d\d)?$")
_DATE_LIKE = re.compile(r"^\d{1,4}[-/.]\d{1,2}[-/.]\d{2,4}$")
_PREFIX = re.compile(r"^[A-Z]{1,5}[-/.]?$")
_GROUP = re.compile(r"^[-/]?\d[\d/.\-]*$")
_COMPACT = re.compile(r"[\s.\-/]")
_EU_VAT = re.compile(
    r"(AT|BE|BG|CY|CZ|DE|DK|EE|EL|ES|FI|FR|GB|HR|HU|IE|IT|LT|LU|LV|MT|NL|PL|PT|RO|SE|SI|SK)"
    r"[A-Z\d+*]{7,13}"
)


def compact(text: str) -> str:
    """An identifier without blanks and marks, in capitals."""
    return _COMPACT.sub("", text).upper()


@lru_cache(maxsize=4_096)
def is_tax_id(text: str) -> bool:
    """Whether a text is a VAT number of a country of Europe with right check digits, or the number
    of a Swiss or Norwegian company, or of an Australian or Indian one."""
    number = compact(text).removesuffix("MWST").removesuffix("MVA").removesuffix("TVA")
    if _EU_VAT.fullmatch(number):
        return is_vat(number)
    if number.startswith("CHE"):
        from stdnum.ch import uid

        return bool(uid.is_valid(number[:12]))
    return False


@lru_cache(maxsize=4_096)
def is_national_tax_id(text: str, country: str) -> bool:
    """Whether a text is a tax number of a country as it is printed there, without the letters of
    the country; its check digits are right."""
    from stdnum import get_cc_module

    number = compact(text)
    if country == "NO":
        number = number.removesuffix("MVA")
    for name in ("vat", "abn" if country == "AU" else "gstin" if country == "IN" else "tin"):
        module = get_cc_module(country.lower(), name)
        if module is not None and module.is_valid(number):
            return True
    return False


def tax_ids_in(texts: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Ranges of words that are a tax number with the letters of its country."""
    start = 0
    while start < len(texts):
        if not re.match(r"\W?[A-Z]{2}", texts[start]):
            start += 1
            continue
        end = next(
            (
                end
                for end in range(min(len(texts), start + MAX_ID_WORDS), start, -1)
                if is_tax_id(" ".join(texts[start:end]).strip(" .,;:()"))
            ),
            None,
        )
        if end:
            yield start, end
        start = end or start + 1


def is_number_mark(text: str) -> bool:
    """Whether a word says that a number follows: "Nr.", "No", "#"."""
    return any(char in "#№" or char.isalpha() for char in text) and bool(_FILLER.match(text))


def number_at(parser: FieldParser, words: Sequence[int]) -> tuple[int, int] | None:
    """Range of the number or code that some words begin with, or None."""
    for position, index in enumerate(words):
        text = parser.text(index, index + 1).strip(",;")
        if position < 3 and _FILLER.match(text):
            continue
        if position < 2 and re.fullmatch(r"\(\w{1,12}\)", text):
            continue  # "Handelsrechnung (380) Nr. 123"
        following = words[position + 1 : position + 4]
        return _number_run(parser, index, following)
    return None


def _number_run(
    parser: FieldParser, start: int, following: Sequence[int]
) -> tuple[int, int] | None:
    end = start + 1
    text = parser.text(start, end)
    prefix = _PREFIX.match(text) and bool(following) and following[0] == end
    if prefix and _GROUP.match(parser.text(end, end + 1)):
        end += 1
    while end - start < 4 and end in following:
        more = parser.text(end, end + 1)
        joins = re.fullmatch(r"[-/]", more) or re.match(r"[-/]\d", more)
        joins = joins or re.search(r"[-/]$", parser.text(end - 1, end))
        if not joins or not re.match(r"[-/\d]", more):
            break
        end += 1
    if is_number(parser.text(start, end)):
        return start, end
    return None


@lru_cache(maxsize=4_096)
def is_number(text: str) -> bool:
    """Whether a text may be the number of a document: it has a digit and is no date, time, amount,
    account or tax number."""
    bare = text.strip(" .,;:()")
    if not _NUMBER.match(re.sub(r"\s", "", bare)) or len(bare) > 40:
        return False
    if _AMOUNT.search(bare) or _TIME.match(bare) or bare.startswith("+"):
        return False
    if _DATE_LIKE.match(bare) and normalise("date", bare).ok:
        return False
    number = compact(bare)
    return not (is_tax_id(number) or (number[:2].isalpha() and is_iban(number)))

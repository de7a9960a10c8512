"""Kinds of text that are known by their form: e-mail and web addresses, phone numbers, IBAN, BIC,
years and countries.

A field whose name, title or format asks for such a kind takes nothing else, and the only one of the
document where no label tells.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache, partial

from docagent.document import Document
from docagent.evidence.candidates import ValueCandidate
from docagent.evidence.field_parser import FieldParser
from docagent.layout.remembered import remembered
from docagent.rules.labels import RULE_SCORE
from docagent.schemas import Schema, SchemaField
from docagent.text.lexicon import country_names
from docagent.text.normalise.identifiers import is_bic, is_iban

MAX_KIND_WORDS = 9
"""Words of the longest value: an IBAN in groups of four."""
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+", re.I)
_URL = re.compile(
    r"(?:https?://|www\.)\S+|[\w-]+(?:\.[\w-]+)*\.(?:com|org|net|de|fr|eu|co\.uk|io)", re.I
)
_PHONE = re.compile(r"[+(]?\d[\d ()./-]{5,18}\d")
_IBAN = re.compile(r"(?:[A-Z][\s.\-/]*){2}\d", re.I)
"""How an IBAN begins."""
_YEAR = re.compile(r"(?:1[89]|20)\d\d")


def _is_phone(text: str) -> bool:
    if not _PHONE.fullmatch(text):
        return False
    digits = sum(c.isdigit() for c in text)
    dates = re.fullmatch(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}", text)
    grouped = re.search(r"[ +()/-]", text) is not None
    return 7 <= digits <= 15 and grouped and not dates


def _is_iban(text: str) -> bool:
    return _IBAN.match(text) is not None and is_iban(re.sub(r"[\s.\-/]", "", text).upper())


@cache
def _countries() -> frozenset[str]:
    return frozenset(name.casefold() for name in country_names())


KINDS: Mapping[str, Callable[[str], bool]] = {
    "email": lambda text: _EMAIL.fullmatch(text) is not None,
    "url": lambda text: _URL.fullmatch(text) is not None,
    "phone": _is_phone,
    "iban": _is_iban,
    "bic": lambda text: is_bic(text),
    "year": lambda text: _YEAR.fullmatch(text) is not None,
    "country": lambda text: text.casefold() in _countries(),
}
"""Whether a text is of a kind, by name of the kind."""
_NAMES: Mapping[str, str] = {
    "email": "email",
    "mail": "email",
    "url": "url",
    "uri": "url",
    "website": "url",
    "homepage": "url",
    "phone": "phone",
    "telephone": "phone",
    "tel": "phone",
    "mobile": "phone",
    "fax": "phone",
    "iban": "iban",
    "bic": "bic",
    "swift": "bic",
    "year": "year",
    "country": "country",
}
"""Kinds by a word of the name of a field."""
ALONE = frozenset(("email", "url", "phone", "iban", "bic"))
"""Kinds of which the only one of a document is taken without a label."""


def kind_of(leaf: SchemaField) -> str | None:
    """The kind a field asks for by its format or its name, None for any other field of text."""
    if leaf.normaliser not in ("text", "identifier"):
        return None
    if leaf.format in ("email", "idn-email"):
        return "email"
    if leaf.format in ("uri", "url", "iri"):
        return "url"
    name = leaf.name.casefold().replace("e_mail", "email")
    words = re.findall(r"[a-z]+", name)
    return next((_NAMES[word] for word in reversed(words) if word in _NAMES), None)


def is_of_kind(leaf: SchemaField, text: str) -> bool:
    """Whether a text may be the value of a field; any text of a field that asks for no kind."""
    kind = kind_of(leaf)
    return kind is None or KINDS[kind](text.strip(" .,;:()"))


def only_of_kind(schema: Schema, parser: FieldParser) -> list[ValueCandidate]:
    """The only value of the field's kind in the document, for one such field of a schema."""
    kind = kind_of(parser.leaf)
    rivals = [leaf for leaf in schema.leaves if kind_of(leaf) == kind]
    if kind not in ALONE or len(rivals) > 1:
        return []
    found = {parser.text(*words): words for words in ranges_of_kind(parser.document, kind)}
    if len(found) != 1:
        return []
    (words,) = found.values()
    candidate = parser.candidate(*words, RULE_SCORE, "rule")
    return [candidate] if candidate.parsed.ok else []


def ranges_of_kind(document: Document, kind: str) -> tuple[tuple[int, int], ...]:
    """Ranges of words on one line that are of a kind, the longest at each place; found once for
    all fields of the kind."""
    return remembered(document, _RANGES[kind])


def _ranges(kind: str, document: Document) -> tuple[tuple[int, int], ...]:
    check, words = KINDS[kind], document.words
    found = []
    start = 0
    while start < len(words):
        line, text = (words[start].page, words[start].line), ""
        end = start
        for last in range(start, min(start + MAX_KIND_WORDS, len(words))):
            if (words[last].page, words[last].line) != line:
                break
            text = f"{text} {words[last].word.text}"
            if check(text.strip(" .,;:()")):
                end = last + 1
        if end > start:
            found.append((start, end))
        start = max(end, start + 1)
    return tuple(found)


_RANGES: Mapping[str, Callable[[Document], tuple[tuple[int, int], ...]]]
_RANGES = {kind: partial(_ranges, kind) for kind in KINDS}

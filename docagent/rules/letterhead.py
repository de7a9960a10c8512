"""Name and address of the issuer, from the letterhead.

The issuer of a document is named at its top, with the address below.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from docagent.document import Document
from docagent.evidence.candidates import ValueCandidate
from docagent.evidence.field_parser import FieldParser
from docagent.rules.labels import RULE_SCORE
from docagent.schemas import Schema

_ISSUER = frozenset(
    ("company", "issuer", "merchant", "seller", "shop", "store", "supplier", "vendor")
)
"""Words in the path of a field that name the issuer."""
_ISSUER_WORDS = _ISSUER | {"name", "address"}
_COMPANY_ENDING = re.compile(
    r"\b(sdn\.? ?bhd\.?|bhd|ltd|limited|inc|llc|llp|plc|corp|corporation|gmbh|ag|sarl|s\.?a\.?|"
    r"s\.?r\.?l\.?|b\.?v\.?|pty|s/b|enterprises?|trading|company|co)\b"
    r"[.,)]*(\s*\(.{1,20}\))?$",
    re.I,
)
_DOCUMENT_TITLE = re.compile(
    r"^\W*(tax|simplified|cash|official|sales?|pro|forma|invoice|receipt|bill|\W)+$", re.I
)
_ONLY_COMPANY_ENDING = re.compile(
    r"^(\W*(co|company|m|sdn|bhd|ltd|limited|inc|llc|gmbh|enterprise|s/b)\W*)+$", re.I
)
_REGISTRATION = re.compile(
    r"\b(reg|roc|co\.? ?no|company no|gst|sst|vat|tax)\b|\(\d{4,}|\d:\d\d|^\W*[\d-]+\W?\w?\W*$",
    re.I,
)
_ADDRESS_END = re.compile(
    r"\b(tel\w*|phone|mobile|hotline|fax|gst|sst|vat|reg|e-?mail|www|website|site|date|invoice|receipt"
    r"|bill|doc\w*|check|cashier|order|tax\w*|h/p|hp|no\. ?:)\b|@|^[\d\s()+./-]{8,}$",
    re.I,
)
_ADDRESS = re.compile(r"\d|,|\b(street|road|jalan|jln|lot|avenue|lane|taman)\b", re.I)
_MAX_NAME_LINES = 8
"""Lines from the top within which the issuer is named."""
_MAX_ADDRESS_LINES = 6


def letterhead_candidates(
    document: Document, schema: Schema, parsers: Sequence[FieldParser]
) -> dict[str, list[ValueCandidate]]:
    """Name and address of the issuer, by path of the field, from the top of the first page."""
    name, address = _letterhead(document)
    found = {}
    for parser in parsers:
        words = set(re.findall(r"[a-z]+", parser.leaf.path.lower()))
        issuer = parser.leaf.normaliser == "text" and not parser.leaf.multiple
        place = address if words <= _ISSUER_WORDS and "address" in words else None
        if words <= _ISSUER_WORDS and words & _ISSUER and "address" not in words:
            place = name
        if issuer and place:
            found[parser.leaf.path] = [parser.candidate(*place, RULE_SCORE, "rule")]
    return found


def _letterhead(document: Document) -> tuple[tuple[int, int] | None, tuple[int, int] | None]:
    """Word ranges of the issuer's name and address, or None."""
    lines = _first_page_lines(document)
    texts = [" ".join(document.words[i].word.text for i in range(*line)) for line in lines]
    named = [i for i, text in enumerate(texts[:_MAX_NAME_LINES]) if _may_be_company_name(text)]
    if not named:
        return None, None
    first = last = next((i for i in named if _COMPANY_ENDING.search(texts[i])), named[0])
    if first and _ONLY_COMPANY_ENDING.match(re.sub(r"\(.*", "", texts[first])):
        first -= 1
    elif last + 1 < len(texts) and re.search(r"(\bsdn\.?|&)$", texts[last], re.I):
        last += 1
    address = _address_lines(texts, last + 1)
    place = (lines[address[0]][0], lines[address[-1]][1]) if address else None
    start, end = lines[first][0], lines[last][1]
    while end - start > 1 and _is_registration_number(document.words[end - 1].word.text):
        end -= 1
    return (start, end), place


def _is_registration_number(text: str) -> bool:
    """Whether a word after a company's name is a registration number, or the end of one cut in
    two."""
    return bool(re.match(r"\W*\w{0,2}\d{3}|[A-Z]?\)$", text))


def _address_lines(texts: Sequence[str], start: int) -> list[int]:
    """Indices of the lines of the address below the name."""
    found: list[int] = []
    for index in range(start, min(start + _MAX_ADDRESS_LINES + 2, len(texts))):
        text = texts[index]
        if not found and (_REGISTRATION.search(text) or not _ADDRESS.search(text)):
            continue
        if _ADDRESS_END.search(text) or len(found) == _MAX_ADDRESS_LINES:
            break
        found.append(index)
    return found


def _may_be_company_name(text: str) -> bool:
    """Whether a line may be a company's name: letters, and not the title of a document."""
    return (
        sum(c.isalpha() for c in text) >= 3
        and not _DOCUMENT_TITLE.match(text)
        and ("/" not in text or bool(_COMPANY_ENDING.search(text)))
    )


def _first_page_lines(document: Document) -> list[tuple[int, int]]:
    """Word range of each line with words on the first page."""
    lines: dict[int, tuple[int, int]] = {}
    for index, word in enumerate(document.words):
        if word.page == document.words[0].page:
            start = lines.get(word.line, (index, index))[0]
            lines[word.line] = (start, index + 1)
    return list(lines.values())

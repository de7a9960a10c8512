"""Parties of a contract, where prose names them instead of a label.

Two conventions of contracts are used: "between A and B" near the top, and a definition in brackets
after a name: ``Acme, Inc. (the "Company")``. A name is a run of capitalised words, with the ending
of a company's name after a comma.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from docagent.document import Document
from docagent.evidence.candidates import ValueCandidate
from docagent.evidence.field_parser import FieldParser
from docagent.evidence.label_phrases import fold_words
from docagent.rules.lexicon import fold_label
from docagent.rules.preamble_parties import (
    MIN_PARTIES,
    party_list_names,
    preamble_parties,
    signing_companies,
)

PARTY_SCORE = 0.6
"""Score of a name found by these rules; the embedded reader's score is combined with it."""
MAX_PARTY_WORDS = 700
"""Words from the start of a document within which its parties are introduced."""
MAX_NAME_WORDS = 9
"""Longest name, in words."""
_BETWEEN_WORDS = ("between", "among", "amongst")
_NAME_PARTICLES = ("of", "the", "de", "for", "&", "van", "und")
"""Words of a name that are not capitalised."""
_COMPANY_ENDING = re.compile(
    r"^(inc|incorporated|llc|l\.l\.c|ltd|limited|corp|corporation|company|co|lp|l\.p|llp|l\.l\.p"
    r"|plc|gmbh|ag|n\.v|nv|s\.a|sa|b\.v|bv|pty|pte|sdn|bhd|trust|bank|association)$",
    re.I,
)
_LEGAL_FORM = re.compile(
    r"^(inc|incorporated|llc|l\.l\.c|ltd|corp|corporation|llp|l\.l\.p|plc|gmbh|n\.v|nv|s\.a|b\.v|bv"
    r"|bhd)$",
    re.I,
)
_DEFINITION = re.compile(r"^\([^()\"“”]{0,120}[\"“”][^()\"“”]{1,60}[\"“”][^()]{0,60}\)")
"""A bracket with a word in quotation marks: the term the contract uses for the name before it."""
MAX_DEFINITION_WORDS = 300
"""Words from the start of a document within which brackets define parties; later ones define other
terms."""
MAX_WORDS_BEFORE_BRACKET = 20
"""Words before the bracket within which the name ends; its state or seat may come between."""
MAX_DEFINED_PARTIES = 3
"""Most parties taken from definitions."""
_NOT_A_NAME = re.compile(
    r"^(agreement|confidentiality|non-?disclosure|company|party|parties|recipient|discloser|employee"
    r"|transaction|information|whereas|now|this|the|these|such|section|article|date|dear|i|it|we|you"
    r"|exhibit|name|buyer|seller|purchaser|executive|consultant|director|affiliated|companies|"
    r"january|february|march|april|may|june|july|august|september|october|november"
    r"|december|evaluation|material|purpose|effective)$",
    re.I,
)
_ORGANS = ("board", "committee")
_QUOTE_OR_BRACKET = re.compile(r"[\"“”(]")


def is_party_list(parser: FieldParser) -> bool:
    """Whether a field is a list of texts that is named so, or whose labels contain "between" or
    the like."""
    labels = {word for label in parser.leaf.labels for word in fold_words(label).split()}
    plain = parser.leaf.path == f"{parser.leaf.array}[]"
    is_meant = fold_label(parser.leaf.name) in party_list_names()
    is_meant |= bool(labels & set(_BETWEEN_WORDS))
    return plain and parser.leaf.normaliser == "text" and is_meant


def party_candidates(document: Document, parser: FieldParser) -> list[ValueCandidate]:
    """Parties that prose at the start of the document names, in printed order, each once."""
    texts = [location.word.text for location in document.words[:MAX_PARTY_WORDS]]
    whole: Sequence[str] = texts
    found: dict[str, tuple[int, int]] = {}
    named = preamble_parties(texts, _name_from)
    if len(named) < MIN_PARTIES:
        named += _parties_before_definitions(texts)
    if len(named) < MIN_PARTIES:
        whole = [location.word.text for location in document.words]
        named += signing_companies(whole)
    for start, end in named:
        key = _key(whole[start:end])
        if _is_term(whole[start:end]):
            continue
        shorter = [k for k in found if k in key or key in k]
        if not shorter:
            found[key] = (start, end)
    places = sorted(found.values())
    return [parser.candidate(start, end, PARTY_SCORE, "rule") for start, end in places]


def _is_term(words: Sequence[str]) -> bool:
    """Whether words are a term of contracts or a legal form alone, or an organ of a company."""
    plain = [fold_words(word) for word in words]
    if plain[0] in _ORGANS:
        return True
    return all(_NOT_A_NAME.match(word) or _COMPANY_ENDING.match(word) for word in plain if word)


def merge_party_names(parser: FieldParser, pointed: list[ValueCandidate]) -> list[ValueCandidate]:
    """Merge the embedded reader's candidates for a list with the parties found in prose.

    pointed: the reader's candidates; returned unchanged for a list of other things. A name found
    both ways gets a higher score. Candidates inside a name are dropped, and so are single words
    where names were found.
    """
    named = party_candidates(parser.document, parser) if is_party_list(parser) else []
    if not named:
        return pointed
    merged = []
    for name in named:
        words = _words(name)
        support = max((c.score for c in pointed if _words(c) & words), default=0.0)
        merged.append(replace(name, score=1 - (1 - PARTY_SCORE) * (1 - support)))
    covered = set().union(*(_words(name) for name in named))
    keys = {_key([name.raw_text]) for name in named}
    rest = [
        c
        for c in pointed
        if not _words(c) & covered
        and len(_words(c)) > 1
        and not any(_key([c.raw_text]) in key or key in _key([c.raw_text]) for key in keys)
    ]
    return [*merged, *rest] if len(named) < 2 else merged


def whole_name(texts: Sequence[str], start: int, end: int) -> int:
    """End of a name whose words ``start`` to ``end`` are known, with the endings of a company's
    name that follow: "Acme, Inc." rather than "Acme,"."""
    last = min(len(texts), start + MAX_NAME_WORDS)
    while end < last and not texts[end - 1].endswith((";", ":")) and _ends_company(texts[end]):
        end += 1
    return end


def _words(candidate: ValueCandidate) -> set[int]:
    return {index for start, end in candidate.ranges for index in range(start, end)}


def _key(texts: Sequence[str]) -> str:
    return "".join(c for text in texts for c in text.casefold() if c.isalnum())


def _parties_before_definitions(texts: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Ranges of company names that a definition in brackets follows, the first few."""
    count = 0
    for index, text in enumerate(texts[:MAX_DEFINITION_WORDS]):
        if not text.startswith("(") or not _DEFINITION.match(" ".join(texts[index : index + 24])):
            continue
        for end in range(index, max(0, index - MAX_WORDS_BEFORE_BRACKET), -1):
            if end < index and ")" in texts[end]:
                break
            if _ends_company(texts[end - 1]):
                start = _name_start(texts, end)
                if start and texts[start - 1] in ("a", "an"):
                    continue  # "an Ohio Corporation" says what a company is
                if start is not None:
                    count += 1
                    yield start, end
                break
        if count == MAX_DEFINED_PARTIES:
            return


def _is_legal_form(text: str) -> bool:
    """Whether a word ends a company's name for good, as "Bank" and "Company" do not."""
    return text[:1].isupper() and bool(_LEGAL_FORM.match(text.strip(",.")))


def _ends_company(text: str) -> bool:
    """Whether a word is the capitalised ending of a company's name."""
    return text[:1].isupper() and bool(_COMPANY_ENDING.match(text.strip(",.")))


def _name_from(texts: Sequence[str], start: int) -> tuple[int, int] | None:
    """Range of the name that starts at a word, or None."""
    end = start
    while end < min(len(texts), start + MAX_NAME_WORDS) and _in_name(texts, start, end):
        end += 1
        following = texts[end].strip(",.") if end < len(texts) else ""
        is_over = texts[end - 1].endswith((",", ";", ":")) or _is_legal_form(texts[end - 1])
        if is_over and not _COMPANY_ENDING.match(following):
            break
    while end > start and texts[end - 1] in _NAME_PARTICLES:
        end -= 1
    return (start, end) if end > start and _is_name(texts[start:end]) else None


def _name_start(texts: Sequence[str], end: int) -> int | None:
    """Start of the name that ends before ``end``, or None."""
    start = end
    while start > max(0, end - MAX_NAME_WORDS) and _in_name(texts, start, start - 1):
        cut = start - 1 < end - 1 and texts[start - 1].endswith((",", ";", ":"))
        if cut and not _COMPANY_ENDING.match(texts[start].strip(",.")):
            break
        start -= 1
    while start < end and (
        texts[start] in _NAME_PARTICLES or _NOT_A_NAME.match(fold_words(texts[start]))
    ):
        start += 1
    return start if start < end and _is_name(texts[start:end]) else None


def _in_name(texts: Sequence[str], start: int, at: int) -> bool:
    """Whether word ``at`` can belong to a name that starts at ``start``."""
    text = texts[at]
    if _QUOTE_OR_BRACKET.search(text):
        return False
    if text in _NAME_PARTICLES:
        return at != start
    letters = text.lstrip("'‘")
    return letters[:1].isupper() or letters[:1].isdigit()


def _is_name(texts: Sequence[str]) -> bool:
    """Whether words can be a name: one is capitalised, and the first is not a term of contracts."""
    plain = [fold_words(text) for text in texts]
    letters = [t for t in texts if t[:1].isupper() and len(t.strip(".,")) > 1]
    alone = len(texts) == 1 and not _COMPANY_ENDING.match(texts[0].strip(",."))
    return bool(letters) and not (alone and len(plain[0]) < 3) and not _NOT_A_NAME.match(plain[0])

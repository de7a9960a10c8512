"""Parties of a contract, where prose names them instead of a label.

A name is a run of capitalised words, with the ending of a company's name after a comma. A small
learned model tells parties from other names by the words around them, by two conventions of
contracts ("between A and B" near the top, ``Acme, Inc. (the "Company")``), by signatures, and by
what the reader points at.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from docagent.evidence.candidates import ValueCandidate
from docagent.evidence.field_parser import FieldParser
from docagent.evidence.label_phrases import fold_words
from docagent.rules.lexicon import fold_label
from docagent.rules.name_mentions import HEAD_WORDS, Mentions, name_key, name_mentions
from docagent.rules.party_model import load_party_model
from docagent.rules.preamble_parties import (
    MIN_PARTIES,
    party_list_names,
    preamble_parties,
    signing_companies,
)

MIN_PARTY = 0.4
"""Probability from which a name is given as a party."""
MIN_FIRST_PARTY = 0.25
"""The same for the likeliest two: a contract has two parties at least."""
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
    r"|employer|receiving|disclosing|undersigned|first|second|third|other|each|either|both|all|any"
    r"|transaction|information|whereas|now|this|the|these|such|section|article|date|dear|i|it|we|you"
    r"|exhibit|name|buyer|seller|purchaser|executive|consultant|director|affiliated|companies|"
    r"january|february|march|april|may|june|july|august|september|october|november"
    r"|december|evaluation|material|purpose|effective)$",
    re.I,
)
_ORGANS = ("board", "committee")
_BREAKS = frozenset("BETWEEN AMONG AMONGST BY WITH FROM TO".split())
"""Words that belong to no name of a heading in capitals."""
_QUOTE_OR_BRACKET = re.compile(r"[\"“”(]")


def is_party_list(parser: FieldParser) -> bool:
    """Whether a field is a list of texts that is named so, or whose labels contain "between" or
    the like."""
    labels = {word for label in parser.leaf.labels for word in fold_words(label).split()}
    plain = parser.leaf.path == f"{parser.leaf.array}[]"
    is_meant = fold_label(parser.leaf.name) in party_list_names()
    is_meant |= bool(labels & set(_BETWEEN_WORDS))
    return plain and parser.leaf.normaliser == "text" and is_meant


def merge_party_names(parser: FieldParser, pointed: list[ValueCandidate]) -> list[ValueCandidate]:
    """The parties of a contract in printed order, each once, with their probabilities as scores.

    pointed: the reader's candidates; returned unchanged for a list of other things, and where no
    name is likely.
    """
    if not is_party_list(parser):
        return pointed
    found = party_features(parser, pointed)
    chances = load_party_model().probabilities([m.features for m in found.values()])
    chances = [
        max(chance, MIN_FIRST_PARTY) if mention.features.get("signing") else chance
        for chance, mention in zip(chances, found.values(), strict=True)
    ]
    chances = _whole_names(list(found.values()), chances)
    likely = sorted(zip(chances, found.items(), strict=True), key=lambda item: -item[0])
    chosen: dict[str, ValueCandidate] = {}
    taken: set[int] = set()
    for chance, (key, mentions) in likely:
        span = mentions.spans[0]
        is_part = any(key in other or other in key for other in chosen)
        least = MIN_PARTY if len(chosen) >= MIN_PARTIES else MIN_FIRST_PARTY
        if chance < least or is_part or taken & set(range(*span)):
            continue
        chosen[key] = parser.candidate(*span, chance, "rule")
        taken |= set(range(*span))
    return sorted(chosen.values(), key=lambda c: c.ranges) or pointed


def _whole_names(names: Sequence[Mentions], chances: Sequence[float]) -> list[float]:
    """Chances where a name with "and" takes over that of its one likely part: of "Saco River
    Telegraph and Telephone Company" no part is named without the other, so that it is one
    company and not two."""
    found = list(chances)
    for k, name in enumerate(names):
        if not name.features.get("joined") or name.features.get("digits"):
            continue
        parts = [i for i, other in enumerate(names) if i != k and _is_inside(other, name)]
        likely = [i for i in parts if chances[i] >= MIN_FIRST_PARTY]
        if len(likely) == 1 and all(_within(span, name) for span in names[likely[0]].spans):
            found[k] = max(found[k], found[likely[0]])
            found[likely[0]] = 0.0
    return found


def _is_inside(part: Mentions, whole: Mentions) -> bool:
    return any(_within(span, whole) for span in part.spans)


def _within(span: tuple[int, int], whole: Mentions) -> bool:
    return any(start <= span[0] and span[1] <= end for start, end in whole.spans)


def party_features(parser: FieldParser, pointed: Sequence[ValueCandidate]) -> dict[str, Mentions]:
    """The names of a document by their letters and digits, with what speaks for a party: the words
    around it, conventions of contracts, and the reader's candidates."""
    texts = [location.word.text for location in parser.document.words]
    found = name_mentions(texts, _name_from)
    for source, spans in _named_by_convention(texts).items():
        for start, end in spans:
            mention = found.setdefault(name_key(texts[start:end]), Mentions())
            mention.add((start, end), {source: 1.0})
    for candidate in pointed:
        _support(found, candidate)
    for mention in found.values():
        mention.spans.sort()
        mention.features["constant"] = 1.0
        mention.features["reader_on"] = float(bool(pointed))
    return {k: m for k, m in found.items() if not _is_term(texts[slice(*m.spans[0])])}


def _named_by_convention(texts: Sequence[str]) -> dict[str, list[tuple[int, int]]]:
    head = texts[:HEAD_WORDS]
    return {
        "preamble": preamble_parties(head, _name_from),
        "definition": list(_parties_before_definitions(head)),
        "signing": list(signing_companies(texts)),
    }


def _support(found: dict[str, Mentions], candidate: ValueCandidate) -> None:
    """Add the reader's candidate to the names it overlaps, or as a name of its own."""
    words = _words(candidate)
    key = name_key([candidate.raw_text])
    is_known = False
    for other, mention in found.items():
        if other == key:
            mention.learn({"reader_exact": candidate.score})
            is_known = True
        elif any(words & set(range(*span)) for span in mention.spans):
            share = min(len(key), len(other)) / max(len(key), len(other), 1)
            mention.learn({"reader_part": candidate.score * share})
            is_known = is_known or key in other
    if not is_known and key:
        span = (candidate.ranges[0][0], candidate.ranges[-1][1])
        features = {"reader_exact": candidate.score, "reader_only": 1.0}
        found.setdefault(key, Mentions()).add(span, features)


def _is_term(words: Sequence[str]) -> bool:
    """Whether words are a term of contracts or a legal form alone, or an organ of a company."""
    plain = [fold_words(word) for word in words]
    if plain[0] in _ORGANS:
        return True
    return all(_NOT_A_NAME.match(word) or _COMPANY_ENDING.match(word) for word in plain if word)


def whole_name(texts: Sequence[str], start: int, end: int) -> int:
    """End of a name whose words ``start`` to ``end`` are known, with the endings of a company's
    name that follow: "Acme, Inc." rather than "Acme,"."""
    last = min(len(texts), start + MAX_NAME_WORDS)
    while end < last and not texts[end - 1].endswith((";", ":")) and _ends_company(texts[end]):
        end += 1
    return end


def _words(candidate: ValueCandidate) -> set[int]:
    return {index for start, end in candidate.ranges for index in range(start, end)}


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
    if text in _BREAKS:
        return False
    letters = text.lstrip("'‘")
    return letters[:1].isupper() or letters[:1].isdigit()


def _is_name(texts: Sequence[str]) -> bool:
    """Whether words can be a name: one is capitalised, and the first is not a term of contracts."""
    plain = [fold_words(text) for text in texts]
    letters = [t for t in texts if t[:1].isupper() and len(t.strip(".,")) > 1]
    alone = len(texts) == 1 and not _COMPANY_ENDING.match(texts[0].strip(",."))
    return bool(letters) and not (alone and len(plain[0]) < 3) and not _NOT_A_NAME.match(plain[0])

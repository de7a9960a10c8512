"""Names of companies and persons in the running text of a contract, and what speaks for a party.

Every run of capitalised words that can be a name is found where a contract introduces its parties
and where they sign. Mentions of one name are one; its features say who introduces it and how.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from docagent.evidence.label_phrases import fold_words
from docagent.rules.party_names import ends_with_legal_form, is_country
from docagent.text.tokens import letters_and_digits

HEAD_WORDS, TAIL_WORDS = 700, 350
"""Words at the start and at the end of a document among which names are looked for."""
MAX_BEFORE, MAX_AFTER = 6, 24
"""Words before and after a name that tell what it is."""
_DEFINED = re.compile(r"^[^()]{0,90}?\([^()]{0,80}?[\"“”'‘’]", re.S)
_CALLED = re.compile(
    r"\((?:[^()]{0,50}?\b)?(?:the|each|collectively|together|hereinafter|hereafter|referred|as)\b",
    re.I,
)
_ROLE = re.compile(
    r"[\"“'‘](?:the )?(?:company|recipient|employee|executive|disclos\w+|receiv\w+|buyer|seller|"
    r"purchaser|licens\w+|customer|supplier|vendor|consultant|contractor|party|distributor|owner|"
    r"provider|client|agent|lender|borrower|investor|director)",
    re.I,
)
_WHAT = re.compile(
    r"^,? ?(?:an?|the) (?:[\w.]+ ){0,4}?(?:corporation|company|partnership|llc|l\.l\.c\.|limited|"
    r"individual|bank|trust|association|corp|organi[sz]ation)",
    re.I,
)
_SEATED = re.compile(
    r"^,? ?(?:whose|having|with (?:its|an?|offices)|located|residing|of \d|at \d)", re.I
)
_PLACE = re.compile(
    r"\b(?:street|avenue|road|suite|floor|drive|boulevard|building|state of|county|city)\b", re.I
)
_SIGNS = re.compile(r"^(?:\W*)By\b|^/s/|^_{3,}")
_TITLE = re.compile(r"^\W*(?:Title|Its|Date|President|Chief|Vice|Director|CEO)\b")
_DIGITS = re.compile(r"\d")
_PERSON = re.compile(
    r"^(?:[A-Z][\w’'-]+ )(?:[A-Z]\.? ){0,2}[A-Z][\w’'-]+(?:,? (?:Jr|Sr|II|III|IV)\.?)?$"
)
_UPPER_PERSON = re.compile(r"^[A-Z’'-]+ (?:[A-Z]\.? ){0,2}[A-Z’'-]+$")
_SIGNING = frozenset("s by name print signature".split())

Span = tuple[int, int]
NameFrom = Callable[[Sequence[str], int], Span | None]
Features = dict[str, float]


@dataclass
class Mentions:
    """All places of one name, the one in the head first, and what speaks for it."""

    spans: list[Span] = field(default_factory=list)
    features: Features = field(default_factory=dict)

    def add(self, span: Span, found: Mapping[str, float]) -> None:
        """One more place, with what it says of the name."""
        self.spans.append(span)
        self.learn(found)

    def learn(self, found: Mapping[str, float]) -> None:
        """Features of the name; of each the largest value counts."""
        for name, value in found.items():
            self.features[name] = max(value, self.features.get(name, 0.0))


def name_mentions(texts: Sequence[str], name_from: NameFrom) -> dict[str, Mentions]:
    """Names by their letters and digits. name_from: the range of the name that starts at a word,
    or None."""
    found: dict[str, Mentions] = {}
    tail = max(HEAD_WORDS, len(texts) - TAIL_WORDS)
    ranges = [(0, min(HEAD_WORDS, len(texts))), (tail, len(texts))]
    for first, last in ranges:
        for start, end in _runs(texts, first, last, name_from):
            key = name_key(texts[start:end])
            if key:
                found.setdefault(key, Mentions()).add(
                    (start, end), _place_features(texts, start, end)
                )
    everything = name_key(texts)
    for key, mentions in found.items():
        mentions.features |= _name_features(texts, mentions, key, found, everything)
    return found


def name_key(texts: Sequence[str]) -> str:
    """The letters and digits of a name, by which its mentions are told to be one."""
    return "".join(map(letters_and_digits, texts))


def _runs(texts: Sequence[str], first: int, last: int, name_from: NameFrom) -> Iterator[Span]:
    """Ranges of names, the longest at each place; of "Board of Directors of Acme, Inc." also what
    follows the last "of" where that is a company, and of "Safe Deposit and Trust Company" both."""
    at = first
    while at < last:
        name = name_from(texts, at)
        if name is None or name[1] > len(texts):
            at += 1
            continue
        yield name
        joined = _joined(texts, name, name_from)
        if joined:
            yield joined
        inside = range(name[0] + 1, name[1] - 1)
        inner = [i for i in inside if fold_words(texts[i]) in ("of", "for")]
        if inner and ends_with_legal_form(" ".join(texts[inner[-1] + 1 : name[1]])):
            yield inner[-1] + 1, name[1]
        at = name[1]


def _joined(texts: Sequence[str], name: Span, name_from: NameFrom) -> Span | None:
    """A name and the company that "and" joins to it, which may be one: "Boston Safe Deposit and
    Trust Company"."""
    end = name[1]
    is_open = end + 1 < len(texts) and fold_words(texts[end]) == "and"
    if not is_open or texts[end - 1].endswith((",", ";", ".", ")")):
        return None
    rest = name_from(texts, end + 1)
    whole = rest and (name[0], rest[1])
    return whole if whole and ends_with_legal_form(" ".join(texts[slice(*whole)])) else None


def _place_features(texts: Sequence[str], start: int, end: int) -> Features:
    """What stands around one mention."""
    before = [fold_words(text) for text in texts[max(0, start - MAX_BEFORE) : start]]
    behind = " ".join(texts[end : end + MAX_AFTER])
    near = " ".join(texts[end : end + 3])
    last = before[-1] if before else ""
    closed = any(")" in text for text in texts[max(0, start - 3) : start])
    return {
        "between": float(any(word in ("between", "among", "amongst") for word in before[-3:])),
        "by": float(last == "by"),
        "and": float(last == "and"),
        "and_after_bracket": float(last == "and" and closed),
        "with": float(last in ("with", "to", "from", "for")),
        "of": float(last in ("of", "at")),
        "in": float(last in ("in", "within")),
        "comma_before": float(start > 0 and texts[start - 1].endswith((",", ";"))),
        "defined": float(bool(_DEFINED.match(behind))),
        "defined_next": float(near.startswith("(")),
        "called": float(bool(_CALLED.search(behind[:110]))),
        "role": float(bool(_ROLE.search(behind[:140])) and bool(_DEFINED.match(behind))),
        "what": float(bool(_WHAT.match(behind))),
        "seated": float(bool(_SEATED.match(behind))),
        "by_follows": float(bool(_SIGNS.match(near))),
        "after_sign": float(bool(_SIGNING & set(before[-2:]))),
        "title_follows": float(bool(_TITLE.match(near))),
        "dear": float(last in ("dear", "mr", "ms", "mrs", "attention", "attn", "co")),
        "sentence_start": float(start > 0 and texts[start - 1].endswith((".", ":"))),
        "first_100": float(start < 100),
        "first_250": float(start < 250),
        "first_30": float(start < 30),
        "in_tail": float(start >= max(HEAD_WORDS, len(texts) - TAIL_WORDS)),
    }  # fmt: skip


def _name_features(
    texts: Sequence[str],
    mentions: Mentions,
    key: str,
    found: Mapping[str, Mentions],
    everything: str,
) -> Features:
    """What a name looks like, how often it comes, and how it stands to the other names."""
    start, end = mentions.spans[0]
    text = " ".join(texts[start:end]).strip(" ,;:")
    words = text.split()
    defined = [m for k, m in found.items() if k != key and m.features.get("defined")]
    return {
        "legal_form": float(ends_with_legal_form(text)),
        "person": float(bool(_PERSON.match(text)) or bool(_UPPER_PERSON.match(text))),
        "upper": float(text.isupper()),
        "words_1": float(len(words) == 1),
        "words_2": float(len(words) == 2),
        "words_5": float(len(words) >= 5),
        "joined": float(" and " in text.casefold()),
        "digits": float(bool(_DIGITS.search(text))),
        "place": float(bool(_PLACE.search(text)) or is_country(text)),
        "mentions": min(4.0, math.log1p(len(mentions.spans))),
        "printed": min(3.0, math.log1p(everything.count(key))),
        "position": min(1.0, start / HEAD_WORDS),
        "inside_longer": float(any(key != k and key in k for k in found)),
        "holds_shorter": float(any(key != k and len(k) > 5 and k in key for k in found)),
        "others_defined": min(3.0, len(defined)) / 2,
        "both_ends": float(
            mentions.features.get("in_tail", 0.0) > 0 and mentions.features.get("first_250", 0) > 0
        ),
        "size": min(1.0, math.log1p(len(texts)) / 10),
    }

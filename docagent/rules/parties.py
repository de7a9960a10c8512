"""Who enters into a contract, where prose names the parties instead of a label.

Two habits of contracts are followed: "between A and B" near the top, and a name that a
definition in brackets follows: ``Acme, Inc. (the "Company")``. A name is a run of capitalised
words, with the ending of a company's name after a comma.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from docagent.document import Document
from docagent.evidence.candidates import Candidate, FieldReader, bare

SCORE = 0.6
"""What a name found so is worth; with the reader's own tag on it it is sure."""
TOP = 700
"""Words of a document within which its parties are introduced."""
LONGEST_NAME = 9
REACH = 70
"""Words after the first party within which the second one stands."""
_BETWEEN = ("between", "among", "amongst")
_SMALL = ("of", "the", "de", "for", "&", "van", "und")
_ENDING = re.compile(
    r"^(inc|incorporated|llc|l\.l\.c|ltd|limited|corp|corporation|company|co|lp|l\.p|llp|l\.l\.p"
    r"|plc|gmbh|ag|n\.v|nv|s\.a|sa|b\.v|bv|pty|pte|sdn|bhd|trust|bank|association)$",
    re.I,
)
_DEFINITION = re.compile(r"^\([^()\"“”]{0,120}[\"“”][^()\"“”]{1,60}[\"“”][^()]{0,60}\)")
"""A bracket with a word in quotation marks, by which the contract calls who stands before it."""
DEFINED_WITHIN = 300
"""Words of a document within which a bracket defines its parties; later ones define others."""
BACK = 20
"""Words before the bracket within which the name stands: its state or seat may come between."""
MOST_DEFINED = 3
_NO_NAME = re.compile(
    r"^(agreement|confidentiality|non-?disclosure|company|party|parties|recipient|discloser|employee"
    r"|transaction|information|whereas|now|this|the|these|such|section|article|date|dear|i|it|we|you"
    r"|exhibit|name|january|february|march|april|may|june|july|august|september|october|november"
    r"|december|evaluation|material|purpose|effective)$",
    re.I,
)
_PAIR = re.compile(r"[\"“”(]")


def names_parties(reader: FieldReader) -> bool:
    """Whether a list's labels say that its values are introduced by "between"."""
    labels = {word for label in reader.leaf.labels for word in bare(label).split()}
    plain = reader.leaf.path == f"{reader.leaf.array}[]"
    return plain and reader.leaf.normaliser == "text" and bool(labels & set(_BETWEEN))


def party_candidates(document: Document, reader: FieldReader) -> list[Candidate]:
    """The parties that the prose of a document's beginning names, in its order, each once."""
    texts = [location.word.text for location in document.words[:TOP]]
    found: dict[str, tuple[int, int]] = {}
    for start, end in (*_between(texts), *_defined(texts)):
        key = _key(texts[start:end])
        shorter = [k for k in found if k in key or key in k]
        if not shorter:
            found[key] = (start, end)
    places = sorted(found.values())
    return [reader.candidate(start, end, SCORE, "rule") for start, end in places]


def with_parties(document: Document, reader: FieldReader, told: list[Candidate]) -> list[Candidate]:
    """What the reader found for a list of parties, and what prose says: a name found both ways is
    surer, a piece of one is dropped, and so are single words where names were found."""
    named = party_candidates(document, reader)
    if not named:
        return told
    merged = []
    for name in named:
        words = _words(name)
        support = max((c.score for c in told if _words(c) & words), default=0.0)
        merged.append(replace(name, score=1 - (1 - SCORE) * (1 - support)))
    covered = set().union(*(_words(name) for name in named))
    keys = {_key([name.raw_text]) for name in named}
    rest = [
        c
        for c in told
        if not _words(c) & covered
        and len(_words(c)) > 1
        and not any(_key([c.raw_text]) in key or key in _key([c.raw_text]) for key in keys)
    ]
    return [*merged, *rest] if len(named) < 2 else merged


def _words(candidate: Candidate) -> set[int]:
    return {index for start, end in candidate.ranges for index in range(start, end)}


def _key(texts: Sequence[str]) -> str:
    return "".join(c for text in texts for c in text.casefold() if c.isalnum())


def _between(texts: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Names after "between", and after the "and" that follows."""
    for index, text in enumerate(texts):
        if bare(text) not in _BETWEEN:
            continue
        first = next(filter(None, (_name_from(texts, index + skip) for skip in (1, 2))), None)
        if first is None:
            continue
        last = min(len(texts), first[1] + REACH)
        for at in range(first[1], last):
            second = _name_from(texts, at + 1) if bare(texts[at]) == "and" else None
            if second:
                yield first
                yield second
                return


def _defined(texts: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Names of companies that a definition in brackets follows, the first few."""
    count = 0
    for index, text in enumerate(texts[:DEFINED_WITHIN]):
        if not text.startswith("(") or not _DEFINITION.match(" ".join(texts[index : index + 24])):
            continue
        for end in range(index, max(0, index - BACK), -1):
            if end < index and ")" in texts[end]:
                break
            if _ends_company(texts[end - 1]):
                start = _name_start(texts, end)
                if start is not None:
                    count += 1
                    yield start, end
                break
        if count == MOST_DEFINED:
            return


def _ends_company(text: str) -> bool:
    """Whether a word is the capitalised ending of a company's name."""
    return text[:1].isupper() and bool(_ENDING.match(text.strip(",.")))


def _name_from(texts: Sequence[str], start: int) -> tuple[int, int] | None:
    """The name that begins at a word, or None."""
    end = start
    while end < min(len(texts), start + LONGEST_NAME) and _in_name(texts, start, end):
        end += 1
        following = texts[end].strip(",.") if end < len(texts) else ""
        if texts[end - 1].endswith((",", ";", ":")) and not _ENDING.match(following):
            break
    while end > start and texts[end - 1] in _SMALL:
        end -= 1
    return (start, end) if end > start and _is_name(texts[start:end]) else None


def _name_start(texts: Sequence[str], end: int) -> int | None:
    """Where the name starts that ends before ``end``, or None."""
    start = end
    while start > max(0, end - LONGEST_NAME) and _in_name(texts, start, start - 1):
        cut = start - 1 < end - 1 and texts[start - 1].endswith((",", ";", ":"))
        if cut and not _ENDING.match(texts[start].strip(",.")):
            break
        start -= 1
    while start < end and (texts[start] in _SMALL or _NO_NAME.match(bare(texts[start]))):
        start += 1
    return start if start < end and _is_name(texts[start:end]) else None


def _in_name(texts: Sequence[str], start: int, at: int) -> bool:
    """Whether the word ``at`` can belong to a name."""
    text = texts[at]
    if _PAIR.search(text):
        return False
    if text in _SMALL:
        return at != start
    letters = text.lstrip("'‘")
    return letters[:1].isupper() or letters[:1].isdigit()


def _is_name(texts: Sequence[str]) -> bool:
    """Whether a run of words names somebody: a capital, and no word of the contract itself."""
    plain = [bare(text) for text in texts]
    letters = [t for t in texts if t[:1].isupper() and len(t.strip(".,")) > 1]
    alone = len(texts) == 1 and not _ENDING.match(texts[0].strip(",."))
    return bool(letters) and not (alone and len(plain[0]) < 3) and not _NO_NAME.match(plain[0])

"""The kind of a document, by the words printed on it.

Each kind is a schema. The titles of the schemas and the labels of their fields are searched on the
first pages. A phrase weighs more the fewer kinds have it; a title alone on a line at the head of
the document weighs most. A softmax over the kinds and "none of these" gives probabilities.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from docagent.confidence import THRESHOLDS
from docagent.document import Document
from docagent.errors import SettingsError
from docagent.evidence.grounding import ground_words
from docagent.layout.lines_with_ids import NumberedLine, number_lines
from docagent.results import Classification, KindScore
from docagent.schemas import Schema, list_schemas
from docagent.text.tokens import tokens

# The weights were chosen on 959 documents read without errors (docs/log.md): of 474 kinds reported
# with a confidence of at least 0.8, 6 were wrong; on 290 documents not used for it, 3 of 182.
TITLE_FACTOR, HEAD_FACTOR, SINGLE_WORD_FACTOR = 1.5, 2.0, 0.6
"""Factors of a weight: for a title of a schema; for a title alone on a line at the head of the
document; for a label of one word."""
WEIGHT_PER_WORD = 0.5
"""A phrase weighs this share more for every word after the first."""
NONE_OF_THESE, TEMPERATURE = 8.0, 3.0
"""Score of "none of these", and the temperature of the softmax."""
MIN_NAMED = 0.7
"""Least confidence of a kind that is reported (below it fewer than half were right)."""
MIN_RIVAL = 0.25
"""The result is ambiguous if two kinds have at least this confidence each."""
MAX_PAGES = 3
"""Only so many first pages are searched."""
MAX_HEAD_LINES, MAX_WORDS_BESIDE_TITLE = 12, 3
"""The first lines are the head of a document; a title counts as alone on its line if it has at most
so many other words beside it."""
MIN_KIND_WEIGHT = 1.5
"""Lines show a kind if their phrases have at least this weight for it."""
MAX_EVIDENCE, MAX_KINDS = 3, 3
"""Most phrases that are reported as evidence, and most kinds that are listed."""

Phrase = tuple[str, ...]
"""Normalised words of a title or label."""


@dataclass(frozen=True)
class Hit:
    """A phrase found on a line.

    start, end: its words in ``Document.words``, end exclusive. alone: whether it is (almost) alone
    on a line at the head of the document.
    """

    phrase: Phrase
    start: int
    end: int
    alone: bool = False


class KindWords:
    """The titles and labels of a set of kinds, with the weight of each phrase for each kind."""

    def __init__(self, schemas: Sequence[Schema]) -> None:
        """schemas: the kinds. Raises SettingsError if there are none or two share a name."""
        names = [schema.name for schema in schemas]
        if not names or len(set(names)) < len(names):
            raise SettingsError(
                f"kinds {', '.join(names) or 'none'}: give schemas of several names, each once"
            )
        self.schemas = tuple(schemas)
        # The shipped schemas count too: a phrase that many kinds have weighs little, even if only
        # one of those kinds is a choice.
        others = [schema for schema in list_schemas() if schema.name not in names]
        known = [*schemas, *others]
        titles = {schema.name: to_phrases((schema.title, *schema.labels)) for schema in known}
        labels = {s.name: to_phrases(x for leaf in s.leaves for x in leaf.labels) for s in known}
        found: dict[Phrase, list[str]] = defaultdict(list)
        for name in titles:
            for phrase in titles[name] | labels[name]:
                found[phrase].append(name)
        self._weights = {
            phrase: {
                name: _weight(phrase, len(known) / len(having), phrase in titles[name])
                for name in having
                if name in names
            }
            for phrase, having in found.items()
        }
        self._titles = titles
        self._longest = max(map(len, found))

    def hits(self, document: Document, lines: Sequence[NumberedLine]) -> Iterator[Hit]:
        """Phrases on the lines; the longest one at each word counts, and they do not overlap."""
        for number, line in enumerate(lines):
            words = [
                (token, index)
                for index in range(line.start, line.end)
                for token in tokens(document.words[index].word.text)
            ]
            at = 0
            while at < len(words):
                phrase = self._longest_at([token for token, _ in words[at : at + self._longest]])
                if phrase:
                    most_words = len(phrase) + MAX_WORDS_BESIDE_TITLE
                    alone = number < MAX_HEAD_LINES and len(words) <= most_words
                    end = words[at + len(phrase) - 1][1] + 1
                    yield Hit(phrase, words[at][1], end, alone)
                at += len(phrase) or 1

    def weight(self, hit: Hit, kind: str) -> float:
        """Weight of a hit for a kind; 0 if the kind does not have the phrase."""
        is_title = hit.alone and hit.phrase in self._titles[kind]
        return self._weights[hit.phrase].get(kind, 0.0) * (HEAD_FACTOR if is_title else 1.0)

    def are_shown(self, document: Document, lines: Sequence[NumberedLine], kind: str) -> bool:
        """Whether the words on some lines show a kind."""
        weight = sum(self.weight(hit, kind) for hit in self.hits(document, lines))
        return weight >= MIN_KIND_WEIGHT

    def _longest_at(self, words: Sequence[str]) -> Phrase:
        lengths = range(len(words), 0, -1)
        return next((p for n in lengths if (p := tuple(words[:n])) in self._weights), ())


def classify(document: Document, kinds: KindWords | None = None) -> Classification:
    """The kind of a document by the words of its first pages, with those words as evidence.

    kinds: the kinds to choose from; by default those of the shipped schemas. The result is an
    abstention if the likeliest kind has a confidence below MIN_NAMED.
    """
    kinds = kinds or shipped_kinds()
    best = _best_hits(kinds, document)
    scores = _probabilities(kinds, best.values())
    ranked = sorted(scores, key=lambda score: -score.confidence)
    first = ranked[0]
    found = Classification(
        document_id=document.id,
        kinds=tuple(score for score in ranked[:MAX_KINDS] if score.confidence >= 0.01),
        domain=sure_domain(scores),
    )
    if first.confidence < MIN_NAMED:
        return found.replace(**_unknown(ranked))
    heaviest = sorted(best.values(), key=lambda hit: -kinds.weight(hit, first.kind))
    shown = [hit for hit in heaviest[:MAX_EVIDENCE] if kinds.weight(hit, first.kind) > 0]
    evidence = (
        e
        for hit in sorted(shown, key=lambda hit: hit.start)
        for e in ground_words(document, hit.start, hit.end)
    )
    return found.replace(
        kind=first.kind,
        domain=first.domain,
        confidence=first.confidence,
        evidence=tuple(evidence),
        how="verbatim",
    )


@cache
def shipped_kinds() -> KindWords:
    """The kinds of the shipped schemas."""
    return KindWords(list_schemas())


def sure_domain(scores: Iterable[KindScore]) -> str:
    """The domain whose kinds have a total confidence of at least ``THRESHOLDS.unsure``; "" if no
    domain has."""
    domains: dict[str, float] = defaultdict(float)
    for score in scores:
        domains[score.domain] += score.confidence
    best = max(domains, key=lambda domain: domains[domain])
    return best if domains[best] >= THRESHOLDS.unsure else ""


def to_phrases(texts: Iterable[str]) -> frozenset[Phrase]:
    """Normalise texts for the search: words without case and accents."""
    return frozenset(phrase for text in texts if (phrase := tuple(tokens(text))))


def _weight(phrase: Phrase, rarity: float, is_title: bool) -> float:
    """rarity: number of known kinds divided by the number of kinds that have the phrase."""
    weight = math.log(rarity) * (1 + WEIGHT_PER_WORD * (len(phrase) - 1))
    if is_title:
        return weight * TITLE_FACTOR
    return weight * (SINGLE_WORD_FACTOR if len(phrase) == 1 else 1.0)


def _best_hits(kinds: KindWords, document: Document) -> Mapping[Phrase, Hit]:
    """One hit per phrase: the first one alone at the head of the document, else the first one."""
    pages = {page.number for page in document.pages[:MAX_PAGES]}
    lines = [line for line in number_lines(document) if line.page in pages]
    best: dict[Phrase, Hit] = {}
    for hit in kinds.hits(document, lines):
        if hit.phrase not in best or (hit.alone and not best[hit.phrase].alone):
            best[hit.phrase] = hit
    return best


def _probabilities(kinds: KindWords, hits: Iterable[Hit]) -> list[KindScore]:
    """The probability of each kind; the rest to 1 is that of "none of these"."""
    seen = list(hits)
    logits = [
        (sum(kinds.weight(hit, s.name) for hit in seen) - NONE_OF_THESE) / TEMPERATURE
        for s in kinds.schemas
    ]
    top = max(0.0, *logits)
    odds = [math.exp(logit - top) for logit in logits]
    whole = sum(odds) + math.exp(-top)
    return [
        KindScore(kind=schema.name, domain=schema.domain, confidence=share / whole)
        for schema, share in zip(kinds.schemas, odds, strict=True)
    ]


def _unknown(ranked: Sequence[KindScore]) -> dict[str, object]:
    """The fields of an abstention: its type, its message and, if no kind fits, the absence."""
    close = [score.kind for score in ranked[:2] if score.confidence >= MIN_RIVAL]
    if len(close) == 2:
        message = f"{close[0]} and {close[1]} fit about as well"
        return {"abstained": "ambiguous", "message": message}
    none = max(0.0, 1 - sum(score.confidence for score in ranked))
    message = "the page does not have enough words of a known kind"
    return {"abstained": "not_present", "absence": none, "message": message}

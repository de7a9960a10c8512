"""What kind of document one is, by the words printed on it, or that it is not known.

A kind is a schema. What its root and its fields are labelled with is looked for on the first
pages; words that few kinds share count for more, a title that stands alone at the head for most.
The kinds and "none of these" then share one probability.
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
from docagent.layout.numbered_lines import NumberedLine, number_lines
from docagent.results import Classification, KindScore
from docagent.schemas import Schema, list_schemas
from docagent.text.tokens import tokens

# Chosen on 959 documents read without errors (docs/log.md): of 474 named with 0.8 and more 6 were
# not that, and 3 of 182 on 290 documents that were not looked at.
TITLE, HEAD, LONGER, SINGLE = 1.5, 2.0, 0.5, 0.6
"""Weights: of what the root is labelled with; of that alone on a line at the head of the document;
added for every further word of a phrase; of a field's label of one word."""
NONE_OF_THESE, TEMPERATURE = 8.0, 3.0
NAMED = 0.7
"""Confidence from which on a kind is named (below it fewer than half were right)."""
SHARED = 0.25
"""Two kinds with at least this confidence each are told as ambiguous."""
PAGES = 3
HEAD_LINES, HEAD_WORDS = 12, 3
"""Lines that are the head of a document, and words that a title may have beside it."""
TELLS = 1.5
"""Weight of the words of a kind with which lines tell that it is that kind."""
MOST_EVIDENCE, MOST_KINDS = 3, 3

Phrase = tuple[str, ...]


@dataclass(frozen=True)
class Hit:
    """A phrase of some kinds on a line: the words it stands in, whether it is a line of the head
    by itself."""

    phrase: Phrase
    start: int
    end: int
    alone: bool = False


class KindWords:
    """The phrases that tell the kinds apart, with what each says for each kind."""

    def __init__(self, schemas: Sequence[Schema]) -> None:
        """Raises SettingsError for no schemas, or two of one name."""
        names = [schema.name for schema in schemas]
        if not names or len(set(names)) < len(names):
            raise SettingsError(
                f"kinds {', '.join(names) or 'none'}: give schemas of several names"
            )
        self.schemas = tuple(schemas)
        # Words that other kinds have too tell little, whether those are asked for or not.
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
        """Phrases on the lines, each word in the longest one it begins."""
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
                    alone = number < HEAD_LINES and len(words) <= len(phrase) + HEAD_WORDS
                    end = words[at + len(phrase) - 1][1] + 1
                    yield Hit(phrase, words[at][1], end, alone)
                at += len(phrase) or 1

    def weight(self, hit: Hit, kind: str) -> float:
        """What a hit says for a kind."""
        title = hit.alone and hit.phrase in self._titles[kind]
        return self._weights[hit.phrase].get(kind, 0.0) * (HEAD if title else 1.0)

    def tell(self, document: Document, lines: Sequence[NumberedLine], kind: str) -> bool:
        """Whether there are words of a kind on some lines."""
        return sum(self.weight(hit, kind) for hit in self.hits(document, lines)) >= TELLS

    def _longest_at(self, words: Sequence[str]) -> Phrase:
        lengths = range(len(words), 0, -1)
        return next((p for n in lengths if (p := tuple(words[:n])) in self._weights), ())


def classify(document: Document, kinds: KindWords | None = None) -> Classification:
    """The kind that the words of the first pages tell, with the words that do.

    kinds: those of the shipped schemas by default. A kind below NAMED is not named.
    """
    kinds = kinds or shipped_kinds()
    best = _best_hits(kinds, document)
    scores = _probabilities(kinds, best.values())
    ranked = sorted(scores, key=lambda score: -score.confidence)
    first = ranked[0]
    found = Classification(
        document_id=document.id,
        kinds=tuple(score for score in ranked[:MOST_KINDS] if score.confidence >= 0.01),
        domain=sure_domain(scores),
    )
    if first.confidence < NAMED:
        return found.replace(**_unknown(ranked))
    telling = sorted(best.values(), key=lambda hit: -kinds.weight(hit, first.kind))
    telling = [hit for hit in telling[:MOST_EVIDENCE] if kinds.weight(hit, first.kind) > 0]
    evidence = (
        e
        for hit in sorted(telling, key=lambda hit: hit.start)
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
    """The domain that kinds share whose confidence together is sure; empty if there is none."""
    domains: dict[str, float] = defaultdict(float)
    for score in scores:
        domains[score.domain] += score.confidence
    best = max(domains, key=lambda domain: domains[domain])
    return best if domains[best] >= THRESHOLDS.unsure else ""


def to_phrases(texts: Iterable[str]) -> frozenset[Phrase]:
    """Texts as they are looked for: their words, case and accents ignored."""
    return frozenset(phrase for text in texts if (phrase := tuple(tokens(text))))


def _weight(phrase: Phrase, rarity: float, is_title: bool) -> float:
    weight = math.log(rarity) * (1 + LONGER * (len(phrase) - 1))
    if is_title:
        return weight * TITLE
    return weight * (SINGLE if len(phrase) == 1 else 1.0)


def _best_hits(kinds: KindWords, document: Document) -> Mapping[Phrase, Hit]:
    """Each phrase once, where it stands alone at the head if it does anywhere."""
    pages = {page.number for page in document.pages[:PAGES]}
    lines = [line for line in number_lines(document) if line.page in pages]
    best: dict[Phrase, Hit] = {}
    for hit in kinds.hits(document, lines):
        if hit.phrase not in best or (hit.alone and not best[hit.phrase].alone):
            best[hit.phrase] = hit
    return best


def _probabilities(kinds: KindWords, hits: Iterable[Hit]) -> list[KindScore]:
    """A share for each kind; what is left of 1 is that of none of these."""
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
    """Why no kind is named, with how sure it is that there is none."""
    close = [score.kind for score in ranked[:2] if score.confidence >= SHARED]
    if len(close) == 2:
        message = f"{close[0]} and {close[1]} fit about as well"
        return {"abstained": "ambiguous", "message": message}
    none = max(0.0, 1 - sum(score.confidence for score in ranked))
    message = "the page does not have enough words of a known kind"
    return {"abstained": "not_present", "absence": none, "message": message}

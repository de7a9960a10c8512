"""Which of several things a question names, by phrases that are known of each of them."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence

from docagent.text.tokens import content_words, index_terms


class PhraseIndex:
    """Names with phrases. A word counts the more, the fewer names have it; a word's stem counts
    beside the word, so that "assign" and "assignment" share half of theirs."""

    def __init__(self, phrases: Mapping[str, Sequence[str]], ignored: Collection[str] = ()) -> None:
        """ignored: words, in small letters, that tell no name."""
        self._ignored = frozenset(ignored)
        self._size = len(phrases) + 1
        counts: dict[str, int] = {}
        for known in phrases.values():
            words = {word for phrase in known for word in self._words(phrase)}
            for term in set(index_terms(words)):
                counts[term] = counts.get(term, 0) + 1
        self._rarity = {term: math.log(self._size / count) for term, count in counts.items()}
        self._known = {
            name: [weighed for phrase in known if (weighed := self._weighed(phrase))]
            for name, known in phrases.items()
        }

    def likeness(self, question: str) -> dict[str, float]:
        """How like (0-1) a question is to the phrase of each name that is most like it."""
        asked = self._weighed(question)
        return {
            name: max((_alike(asked, phrase) for phrase in known), default=0.0)
            for name, known in self._known.items()
        }

    def best(self, question: str) -> tuple[str, float] | None:
        """The name that a question is most like, with the likeness; None without any."""
        likeness = self.likeness(question)
        name = max(likeness, key=lambda known: likeness[known], default=None)
        return (name, likeness[name]) if name is not None and likeness[name] > 0 else None

    def _words(self, text: str) -> list[str]:
        return [word for word in content_words(text) if word not in self._ignored]

    def _weighed(self, text: str) -> dict[str, float]:
        unknown = math.log(self._size)
        return {t: self._rarity.get(t, unknown) for t in index_terms(self._words(text))}


def _alike(asked: Mapping[str, float], phrase: Mapping[str, float]) -> float:
    """Weight of the shared terms against that of all, 0-1 (Dice, 1945)."""
    shared = sum(weight for term, weight in asked.items() if term in phrase)
    both = sum(asked.values()) + sum(phrase.values())
    return 2 * shared / both if both else 0.0

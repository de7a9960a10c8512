"""Labels printed beside values, folded so that they can be compared."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache

from docagent.schemas import SchemaField

EDGE_PUNCTUATION = " .,;:!?'\"()[]{}*#_|/\\-"
"""Characters that are stripped from the edges of words."""


def label_phrases(leaf: SchemaField) -> frozenset[str]:
    """Folded phrases that may be printed beside a value: labels and title of its field, and its
    name."""
    name = leaf.name.replace("_", " ")
    return _folded_set((*leaf.labels, leaf.title, name))


@lru_cache(maxsize=2_000)
def _folded_set(labels: tuple[str, ...]) -> frozenset[str]:
    """Cached, because it is needed for every candidate of a field."""
    return frozenset(fold_words(label) for label in labels if label)


def fold_words(text: str) -> str:
    """Fold case and strip punctuation from the edges of every word."""
    return " ".join(
        filter(None, (word.strip(EDGE_PUNCTUATION).casefold() for word in text.split()))
    )


def label_length(words: Sequence[str], labels: Iterable[str]) -> int:
    """Number of words at the start that are a label ending in a colon; 0 if there is none."""
    known = frozenset(labels)
    for length in range(min(5, len(words)), 0, -1):
        colon = words[length - 1].endswith((":", "#")) or words[length : length + 1] == [":"]
        if colon and fold_words(" ".join(words[:length])) in known:
            return length
    return 0

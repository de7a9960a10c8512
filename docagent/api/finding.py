"""Which of the caller's documents a question is about, by the words of their pages."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection

from docagent.errors import StoreError
from docagent.store.store import Library
from docagent.text.tokens import content_words

MAX_SEARCHED_WORDS = 12
MAX_SEARCHED_PAGES = 200


def find_documents(
    library: Library, question: str, among: Collection[str] | None = None
) -> dict[str, float]:
    """The documents whose pages have words of a question, those with most of them first, and how
    well each fits compared with the first (0-1). Only what was read is found. among: ids to choose
    from, by default all."""
    scores: Counter[str] = Counter()
    # A letter alone, as of "plumber's", is the beginning of too many words.
    words = [word for word in content_words(question) if len(word) > 1 or word.isdigit()]
    for word in dict.fromkeys(words[:MAX_SEARCHED_WORDS]):
        found = _documents_with(library, word)
        for document_id in found:
            # A word that few documents have says more; whole numbers keep ties exact.
            scores[document_id] += 1_000_000 // len(found)
    ranked = [pair for pair in scores.most_common() if among is None or pair[0] in among]
    return {document_id: score / ranked[0][1] for document_id, score in ranked}


def _documents_with(library: Library, word: str) -> set[str]:
    try:
        return {hit.document_id for hit in library.search(word, limit=MAX_SEARCHED_PAGES)}
    except StoreError:  # nothing that can be searched for
        return set()

"""Search by words: BM25 (Robertson and Zaragoza, 2009), and the share of a question in a text."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from docagent.forking import cached_property
from docagent.text.tokens import content_words, index_terms, tokens


class WordIndex:
    """Texts searched by the words of a question; made in memory at the first search."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._texts = texts

    def scores(self, question: str) -> NDArray[np.float64]:
        """BM25 of each text, 0 for one without a word of the question."""
        terms = question_terms(question)
        if not terms or not self._texts:
            return np.zeros(len(self._texts))
        return np.asarray(self._bm25.get_scores(terms), dtype=np.float64)

    def coverage(self, question: str) -> NDArray[np.float64]:
        """Share (0-1) of the question's words that each text has, words counted by how few of the
        texts have them; a word that no text has counts as the rarest."""
        terms = [term for term in dict.fromkeys(question_terms(question)) if term.endswith("*")]
        shares = np.zeros(len(self._texts))
        total = 0.0
        for term in terms:
            has = np.fromiter((term in words for words in self._terms), bool, len(self._terms))
            weight = float(np.log(1 + len(self._terms) / (0.5 + has.sum())))
            shares += weight * has
            total += weight
        return shares / total if total else shares

    @cached_property
    def _terms(self) -> list[frozenset[str]]:
        return [frozenset(index_terms(tokens(text))) for text in self._texts]

    @cached_property
    def _bm25(self) -> Any:
        # Here and not above: it takes a tenth of a second, and only long documents need it.
        import bm25s

        # At import it sets its own logger to DEBUG, whatever the application has chosen, and
        # prints its progress into the application's log.
        logging.getLogger(bm25s.__name__).setLevel(logging.WARNING)
        index = bm25s.BM25(method="lucene")
        corpus = [index_terms(tokens(text)) or ["-"] for text in self._texts]
        index.index(corpus, show_progress=False)
        return index


def question_terms(question: str) -> list[str]:
    """The terms by which a question is searched for: of its content words, or of all of them."""
    return index_terms(content_words(question) or tokens(question))

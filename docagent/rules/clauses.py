"""Clauses of contracts by their kind: which sentence caps liability, which one forbids assignment.

A linear model over the words of a sentence and its heading, one output a kind, trained by
``python -m finetune.answers clauses`` on contracts labelled by lawyers. The kinds are those of
CUAD (Hendrycks et al., 2021). The file also has the wordings in which a kind is asked for, by
which a question finds its kind.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from docagent.document import Document
from docagent.errors import ModelError
from docagent.forking import cached_property
from docagent.layout.remembered import remembered
from docagent.layout.sentences import Sentence, document_sentences
from docagent.models import MODELS
from docagent.text.phrases import PhraseIndex
from docagent.text.tokens import tokens

CLAUSES_FILE = Path(__file__).parent.parent / "weights" / "clauses.npz"
MIN_CLAUSE_WORDS = 4
"""Shorter sentences are headings or scraps, which quote nothing."""
_OF_CONTRACTS = frozenset(
    """agreement agreements contract contracts clause clauses section provision provisions article
    document say says said state states mention regard concerning contain find there under within
    which what does text passage quote""".split()
)
"""Words of questions about contracts that tell no kind."""

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Clause:
    """A sentence with the probability (0-1) that it is a clause of a kind."""

    sentence: Sentence
    kind: str
    probability: float


@dataclass(frozen=True)
class ClauseModel:
    """Terms and kinds with the weights between them. weights: (terms, kinds), multiplied by
    ``scale`` (kinds). phrases: wordings of each kind."""

    terms: dict[str, int]
    kinds: tuple[str, ...]
    weights: NDArray[np.int8]
    scale: Floats
    bias: Floats
    phrases: dict[str, tuple[str, ...]]

    def probabilities(self, texts: Sequence[str], sentences: Sequence[Sentence]) -> Floats:
        """(sentences, kinds): how probably each sentence of a document is of each kind."""
        logits = np.tile(self.bias, (len(sentences), 1))
        for row, sentence in enumerate(sentences):
            found = sentence_terms(texts, sentence)
            known = [self.terms[term] for term in found if term in self.terms]
            if known:
                summed = self.weights[known].sum(axis=0, dtype=np.int32) * self.scale
                logits[row] += summed / math.sqrt(len(found) + 1)
        return (1 / (1 + np.exp(-logits))).astype(np.float32)

    def asked_kind(self, question: str) -> tuple[str, float] | None:
        """The kind that a question asks for and how like (0-1) it is to a wording of it; None
        for a question without a word that tells."""
        return self._asked.best(question)

    @cached_property
    def _asked(self) -> PhraseIndex:
        return PhraseIndex(self.phrases, _OF_CONTRACTS)


def sentence_terms(texts: Sequence[str], sentence: Sentence) -> set[str]:
    """Words and pairs of words of a sentence, and words of its heading marked as such."""
    words = _plain(texts[sentence.start : sentence.end])
    pairs = {f"{a} {b}" for a, b in pairwise(words)}
    heading = {f"#{word}" for word in _plain(texts[slice(*sentence.heading)])}
    return set(words) | pairs | heading


def _plain(texts: Iterable[str]) -> list[str]:
    """Tokens with every number as the same one."""
    return ["0" if token[0].isdigit() else token for token in tokens(" ".join(texts))]


def load_clauses(path: Path = CLAUSES_FILE) -> ClauseModel:
    """The model of a file, read once. Raises ModelError if it is missing or damaged."""
    return MODELS.get(_read_clauses, path)


def _read_clauses(path: Path) -> ClauseModel:
    try:
        with np.load(path) as file:
            told = json.loads(file["words"].tobytes())
            weights, scale, bias = file["weights"], file["scale"], file["bias"]
    except (OSError, ValueError, KeyError) as error:
        raise ModelError(f"{path}: not a file of clauses ({error}); install it again") from error
    terms = {term: index for index, term in enumerate(told["terms"])}
    phrases = {kind: tuple(found) for kind, found in told["phrases"].items()}
    return ClauseModel(terms, tuple(told["kinds"]), weights, scale, bias, phrases)


def save_clauses(model: ClauseModel, path: Path) -> None:
    """Write the file that ``load_clauses`` reads."""
    told = {"terms": list(model.terms), "kinds": model.kinds, "phrases": model.phrases}
    words = np.frombuffer(json.dumps(told, ensure_ascii=False).encode(), np.uint8)
    np.savez_compressed(
        path, words=words, weights=model.weights, scale=model.scale, bias=model.bias
    )


@dataclass(frozen=True)
class DocumentClauses:
    """The sentences of a document, with the probability of each kind (sentences, kinds)."""

    sentences: tuple[Sentence, ...]
    probabilities: Floats
    model: ClauseModel

    def best(self, kind: str, most: int = 1) -> list[Clause]:
        """The sentences that are most probably of a kind, best first."""
        column = self.probabilities[:, self.model.kinds.index(kind)]
        order = np.argsort(-column, kind="stable")
        usable = (
            (self.sentences[i], float(column[i]))
            for i in order
            if self.sentences[i].end - self.sentences[i].start >= MIN_CLAUSE_WORDS
        )
        return [Clause(s, kind, p) for (s, p), _ in zip(usable, range(most), strict=False)]


def document_clauses(document: Document) -> DocumentClauses:
    """The clauses of a document, found once for all questions about it."""
    return remembered(document, _document_clauses)


def _document_clauses(document: Document) -> DocumentClauses:
    model = load_clauses()
    sentences = remembered(document, document_sentences)
    texts = [location.word.text for location in document.words]
    return DocumentClauses(sentences, model.probabilities(texts, sentences), model)

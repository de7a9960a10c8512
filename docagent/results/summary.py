"""Summaries, sentence by sentence."""

from __future__ import annotations

from docagent.results.finding import Evidence, Finding, How, Shown, Source
from docagent.usage import VlmUse


class Sentence(Finding):
    """A sentence of a summary.

    evidence: the lines that support it. how: ``verbatim`` if it is printed like this; ``derived``
    if a model wrote it and its numbers, dates and names are on those lines. message: why it was
    rejected, for a sentence of ``Summary.unproven``.
    """

    text: str
    evidence: tuple[Evidence, ...] = ()
    how: How = "verbatim"
    source: Source = "rule"
    message: str = ""

    @property
    def value(self) -> None:
        """None: a sentence is text."""
        return None

    @property
    def confidence(self) -> None:
        """None: the choice of a sentence has no probability of being right."""
        return None

    @property
    def absence(self) -> None:
        """None: as for ``confidence``."""
        return None

    @property
    def abstained(self) -> None:
        """None: a sentence is never an abstention."""
        return None


class Summary(Shown):
    """Sentences from a document, or about it, in the order of the document.

    unproven: sentences of a model that the lines it named do not support; they have no evidence
    and are not part of the summary. message: why there is no summary. vlm: use of a
    vision-language model; None without one.
    """

    document_id: str
    sentences: tuple[Sentence, ...] = ()
    unproven: tuple[Sentence, ...] = ()
    message: str = ""
    vlm: VlmUse | None = None

    @property
    def text(self) -> str:
        """The sentences, one per line."""
        return "\n".join(sentence.text for sentence in self.sentences)

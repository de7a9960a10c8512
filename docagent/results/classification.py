"""The kind of a document."""

from __future__ import annotations

from docagent.document import Confidence, Frozen
from docagent.results.finding import Abstention, Evidence, Finding, How, Shown, Source
from docagent.usage import VlmUse


class KindScore(Frozen):
    """A possible kind of a document: name and domain of its schema, confidence 0-1."""

    kind: str
    domain: str
    confidence: Confidence


class Classification(Finding, Shown):
    """The kind of a document: the name of a schema, or a typed abstention.

    domain: domain of the kind; if the kind is unknown, the domain that the likely kinds share if
    that is certain enough, else empty. confidence: None if a model concluded the kind and the page
    has no words of that kind (``how`` is ``derived``). absence: probability that the document is of
    none of the kinds; set if ``abstained`` is ``not_present``. evidence: the words that show the
    kind. kinds: the likeliest kinds by the words of the page, best first. vlm: use of a
    vision-language model; None without one.
    """

    document_id: str
    kind: str | None = None
    domain: str = ""
    confidence: Confidence | None = None
    absence: Confidence | None = None
    evidence: tuple[Evidence, ...] = ()
    kinds: tuple[KindScore, ...] = ()
    abstained: Abstention | None = None
    message: str = ""
    source: Source = "rule"
    how: How | None = None
    vlm: VlmUse | None = None

    @property
    def text(self) -> str | None:
        """The kind."""
        return self.kind

    @property
    def value(self) -> str | None:
        """The kind."""
        return self.kind

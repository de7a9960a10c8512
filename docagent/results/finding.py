"""Evidence, and the base of everything that is found on a page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, Self

from docagent.document import Document, Frozen, Span, exporter
from docagent.geometry import Polygon

Status = Literal[
    "found", "not_present", "illegible", "ambiguous", "conflicting", "ungrounded", "invalid"
]
Abstention = Literal["not_present", "illegible", "ambiguous", "conflicting"]
_ABSTENTIONS: Mapping[str, Abstention] = {
    "not_present": "not_present",
    "illegible": "illegible",
    "ambiguous": "ambiguous",
    "conflicting": "conflicting",
}
Source = Literal["reader", "rule", "vlm", "human"]
How = Literal["verbatim", "corrected", "derived", "absent"]
"""How a vision-language model relates a value to the page. verbatim: printed like this. corrected:
printed like this, but misread by the OCR. derived: concluded from printed text. absent: the page
has no such value."""


DOUBTFUL_BELOW = 0.8
"""A finding with less certainty is doubtful: a person should look at it. The same limit decides
where a vision-language model is asked (``vlm.unsure``)."""


class Evidence(Frozen):
    """A place on a page that supports a result.

    page: page number, from 1. span: character offsets into ``Document.text``. quote: the text at
    ``span``. polygons: one per line. match: whether the quote equals the claimed text exactly, or
    only resembles it.
    """

    page: int
    span: Span
    quote: str
    polygons: tuple[Polygon, ...]
    match: Literal["exact", "fuzzy"] = "exact"


class Shown(Frozen):
    """Base of results that can be shown on the pages of their document."""

    if TYPE_CHECKING:

        @property
        def document_id(self) -> str: ...

    def to_html(
        self, source: Any = None, *, document: Document | None = None, password: str | None = None
    ) -> str:
        """A whole HTML document with what was found and, if the source is given, its places on the
        pages; the text of the document is inert in it.

        source: what the document was read from, such as a path or a Scan. document: as it was
        read; needed if its pages do not stand upright. Raises SourceError for another source.
        """
        open_source = exporter("open_source")
        scan = None if source is None else open_source(self.document_id, source, password)
        return str(exporter("result_to_html")(self, scan, document))

    def _repr_html_(self) -> str:
        return str(exporter("result_to_fragment")(self))


class Finding(Frozen):
    """A statement about a document, with its evidence: the base of Field, Answer, Classification
    and Sentence, which share these attributes.

    text: the statement in words; None if there is none. value: the same for programs, where that
    differs. confidence: probability (0-1) that the statement is right; None if there is no
    statement or no evidence. absence: probability (0-1) that the document has nothing to state;
    None if it was not estimated. evidence: the places that support the statement. source: what
    found it. how: how a vision-language model relates it to the page; None if no model was asked.
    abstained: why there is no statement. message: remarks for the reader of the result.
    """

    if TYPE_CHECKING:

        @property
        def text(self) -> str | None: ...
        @property
        def value(self) -> Any: ...
        @property
        def confidence(self) -> float | None: ...
        @property
        def absence(self) -> float | None: ...
        @property
        def evidence(self) -> tuple[Evidence, ...]: ...
        @property
        def source(self) -> Source: ...
        @property
        def how(self) -> How | None: ...
        @property
        def abstained(self) -> Abstention | None: ...
        @property
        def message(self) -> str: ...

    @property
    def certainty(self) -> float | None:
        """Probability (0-1) that the finding is right: ``absence`` if it reports that there is no
        value, else ``confidence``."""
        return self.absence if self.abstained == "not_present" else self.confidence

    def doubt(self, below: float = DOUBTFUL_BELOW) -> str:
        """Why a person should look at the finding; empty if nobody needs to.

        A finding is doubtful if it reports anything but a statement or its absence, or if its
        certainty is unknown or below the one given (0-1). What a person stated is not doubtful.
        """
        if self.source == "human":
            return ""
        if self.abstained not in (None, "not_present"):
            return str(self.abstained)
        if self.certainty is None:
            return "not certain" if self.abstained is None else "perhaps present"
        if self.certainty >= below:
            return ""
        said = "sure" if self.abstained is None else "sure that it is not present"
        return f"{self.certainty:.0%} {said}"

    def noted(self, note: str) -> Self:
        """A copy with ``note`` appended to the message."""
        return self.replace(message="; ".join(filter(None, (self.message, note))))

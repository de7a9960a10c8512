"""Result types of the tasks: extractions, corrections, answers, classifications, summaries."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, Self

from pydantic import AliasChoices
from pydantic import Field as Key

from docagent.document import UNDECIDED, Confidence, Conventions, Document, Frozen, Page, Span, Word
from docagent.geometry import Polygon
from docagent.usage import VlmUse

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

    def noted(self, note: str) -> Self:
        """A copy with ``note`` appended to the message."""
        return self.replace(message="; ".join(filter(None, (self.message, note))))


class Field(Finding):
    """One leaf of an extraction.

    path: like ``total`` or ``line_items[0].amount``. raw_text: the text as printed (the quotes of
    the evidence joined by one space). value: raw_text normalised by code. confidence: probability
    that raw_text and value are right. absence: probability that the document has no such value;
    set for the statuses ``not_present`` and ``invalid``. message: why the status is not ``found``.
    Where words were corrected, ``raw_text`` keeps the text as it was read, and ``value`` is
    normalised from the corrected words.
    """

    path: str
    raw_text: str | None = None
    value: Any = None
    confidence: Confidence | None = None
    absence: Confidence | None = None
    status: Status
    evidence: tuple[Evidence, ...] = ()
    source: Source = "reader"
    message: str = ""
    how: How | None = None

    @property
    def text(self) -> str | None:
        """``raw_text``."""
        return self.raw_text

    @property
    def abstained(self) -> Abstention | None:
        """The status if it is the reason why there is no value; else None."""
        return _ABSTENTIONS.get(self.status) if self.value is None else None


CheckStatus = Literal["passed", "failed", "skipped"]
CheckKind = Literal["readable", "sum", "product", "running", "order", "range"]
"""The kind of a check. readable: whether the values that were found can be parsed; this check runs
for every schema. The other kinds are rules of a schema (``schemas.Rule``)."""


class Check(Frozen):
    """A rule of the schema applied to the fields.

    name: for people, in the words of the schema. message: what was compared. paths: the fields
    that the check covers.
    """

    kind: CheckKind
    name: str
    status: CheckStatus
    message: str
    paths: tuple[str, ...] = ()


class Extraction(Frozen):
    """Fields of a document under a schema.

    data: the values nested as the schema prescribes, without ungrounded values. valid, errors:
    whether ``data`` validates against the schema, and where it does not. conventions: how the
    document writes numbers and dates; values were parsed by these. vlm: use of a vision-language
    model; None without one. parsed: ``data`` as an instance of the pydantic class given as the
    schema; None for another schema, and where the class refuses the data, for the reasons in
    ``errors``.
    """

    document_id: str
    schema_name: str = Key(
        serialization_alias="schema", validation_alias=AliasChoices("schema", "schema_name")
    )
    fields: tuple[Field, ...]
    checks: tuple[Check, ...] = ()
    data: dict[str, Any]
    valid: bool
    errors: tuple[str, ...] = ()
    conventions: Conventions = UNDECIDED
    vlm: VlmUse | None = None
    parsed: Any = Key(default=None, exclude=True, repr=False)

    def __getitem__(self, path: str) -> Field:
        """The field at ``path``. Raises KeyError, which lists the existing paths."""
        for field in self.fields:
            if field.path == path:
                return field
        raise KeyError(f"{path!r}; there are {', '.join(f.path for f in self.fields)}")


class Edit(Frozen):
    """A proposed change of one word; rejected edits are kept too.

    span: offsets into the text of the document as it was read. confidence: OCR confidence (0-1) of
    the word as it was read. source: what proposed the edit. reason: why it is accepted or rejected.
    """

    page: int
    span: Span
    before: str
    after: str
    polygon: Polygon
    confidence: Confidence | None
    source: str
    accepted: bool
    reason: str


class CoverageWord(Frozen):
    """A word that is only in the model's text of a line, or only on the page.

    line: id of the line (``L7`` is the seventh line with words, in reading order). polygon: place
    of the word; for a word that is not on the page, that of the whole line.
    """

    text: str
    page: int
    line: str
    polygon: Polygon


class Coverage(Frozen):
    """Differences between a model's text of some lines and the page.

    added: words of the model that are not on the page. dropped: words that the recognizer is sure
    of and the model leaves out or changes. These differences are never applied to the document;
    they show how far the model can be trusted.
    """

    added: tuple[CoverageWord, ...] = ()
    dropped: tuple[CoverageWord, ...] = ()


class Correction(Frozen):
    """The edits proposed for a document, accepted and rejected, in reading order.

    Spans are offsets into the text of the document as it was read. originals: the words that the
    accepted edits replace, in the same order, so that a correction can be undone. vlm: use of a
    vision-language model. coverage: how the model's text of the lines compares with the page. Both
    are None without a model.
    """

    document_id: str
    edits: tuple[Edit, ...] = ()
    originals: tuple[Word, ...] = ()
    vlm: VlmUse | None = None
    coverage: Coverage | None = None

    @property
    def accepted(self) -> tuple[Edit, ...]:
        """The edits that ``apply`` carries out."""
        return tuple(edit for edit in self.edits if edit.accepted)

    def apply(self, document: Document) -> Document:
        """A new document with the accepted edits; geometry and all other words stay the same.

        Raises ValueError if the document is not the one that the edits were proposed for.
        """
        swaps: dict[int, tuple[Word, Word]] = {}
        for edit, original in zip(self.accepted, self.originals, strict=True):
            swaps[edit.span.start] = (original, _edited(original, edit.after))
        return _swap_words(document, swaps)

    def revert(self, document: Document) -> Document:
        """The exact document before ``apply``. Raises ValueError if the document does not contain
        the accepted edits."""
        swaps: dict[int, tuple[Word, Word]] = {}
        shift = 0
        for edit, original in zip(self.accepted, self.originals, strict=True):
            swaps[edit.span.start + shift] = (_edited(original, edit.after), original)
            shift += len(edit.after) - len(edit.before)
        return _swap_words(document, swaps)


def _edited(word: Word, text: str) -> Word:
    """The word with another text; its character confidences are kept if the length is the same."""
    chars = word.char_confidences if len(text) == len(word.text) else ()
    return word.replace(text=text, char_confidences=chars)


def _swap_words(document: Document, swaps: dict[int, tuple[Word, Word]]) -> Document:
    """Replace words. swaps: offset of a word -> (the word expected there, its replacement)."""
    starts = iter(document.words)
    made = 0

    def swapped(word: Word) -> Word:
        nonlocal made
        start = next(starts).span.start
        expected, replacement = swaps.get(start, (word, word))
        if expected != word:
            raise ValueError(
                f"expected the word {expected.text!r} at offset {start}, found {word.text!r}; "
                "use the document that was corrected"
            )
        made += start in swaps
        return replacement

    def swapped_page(page: Page) -> Page:
        lines = tuple(
            line.replace(words=tuple(swapped(w) for w in line.words)) for line in page.lines
        )
        return page.replace(lines=lines)

    pages = tuple(swapped_page(page) for page in document.pages)
    if made != len(swaps):
        raise ValueError("the document has no word at the place of an edit; use the one corrected")
    return document.replace(pages=pages)


class Answer(Finding):
    """An answer to a question: text with citations, or a typed abstention.

    absence: probability that the document does not contain the answer; set if ``abstained`` is
    ``not_present``. vlm: use of a vision-language model; None without one.
    """

    document_id: str
    question: str
    text: str | None = None
    confidence: Confidence | None = None
    absence: Confidence | None = None
    citations: tuple[Evidence, ...] = ()
    abstained: Abstention | None = None
    message: str = ""
    source: Source = "reader"
    how: How | None = None
    vlm: VlmUse | None = None

    @property
    def value(self) -> None:
        """None: an answer is text."""
        return None

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """The citations."""
        return self.citations


class KindScore(Frozen):
    """A possible kind of a document: name and domain of its schema, confidence 0-1."""

    kind: str
    domain: str
    confidence: Confidence


class Classification(Finding):
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


class Summary(Frozen):
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


class Step(Frozen):
    """One call of a tool by a model.

    arguments: JSON as the model wrote it, cut if long. ok: whether the tool succeeded. message:
    what it did, or why it failed.
    """

    tool: str
    arguments: str
    ok: bool
    message: str = ""


class Turn(Answer):
    """The answer to one question of a conversation.

    read_as: the question, completed from the previous one if it refers to it. pages: numbers of
    the pages that were searched, best first. how: ``derived`` if the text is calculated rather than
    printed; the citations are then the numbers used, and there is no confidence. steps: the tool
    calls of a model.
    """

    read_as: str
    pages: tuple[int, ...] = ()
    steps: tuple[Step, ...] = ()


class ChatEvent(Frozen):
    """An event during the answering of a question.

    kind: ``pages`` (``pages`` are about to be read), ``model`` (the model is being asked), ``tool``
    (the model called the tool named in ``text``), ``text`` (a piece of the answer that was found on
    the page), and, last, ``turn`` (the whole answer).
    """

    kind: Literal["pages", "model", "tool", "text", "turn"]
    text: str = ""
    pages: tuple[int, ...] = ()
    turn: Turn | None = None

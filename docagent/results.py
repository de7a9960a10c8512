"""What the tasks return: extractions, corrections, answers, classifications, summaries."""

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
"""What a vision-language model said of a value: printed so, printed so but misread, concluded
from what is printed, or not there."""


class Evidence(Frozen):
    """A place on a page. ``quote`` is the document's text at ``span``; one polygon per line."""

    page: int
    span: Span
    quote: str
    polygons: tuple[Polygon, ...]
    match: Literal["exact", "fuzzy"] = "exact"


class Finding(Frozen):
    """What is said of a document, and what it rests on: base of Field, Answer, Classification
    and Sentence, which all have these.

    text: what is said, in words; None where nothing is. value: the same for programs, where that
    differs. confidence: probability (0-1) that what is said is right; None where nothing is said
    and where it is ungrounded. absence: probability (0-1) that there is nothing to say; None where
    it was not estimated. evidence: where it stands. source: what found it. how: what a
    vision-language model said of it, None if none was asked. abstained: why nothing is said.
    message: what else a reader should know.
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
        """Probability (0-1) of what the finding says: of the value it gives, or that there is
        none if it says so."""
        return self.absence if self.abstained == "not_present" else self.confidence

    def noted(self, note: str) -> Self:
        """The finding with a sentence more in its message."""
        return self.replace(message="; ".join(filter(None, (self.message, note))))


class Field(Finding):
    """One leaf of an extraction.

    path: like ``total`` or ``line_items[0].amount``. raw_text: as printed (evidence quotes
    joined by one space). value: normalised by code from raw_text. confidence: that raw_text and
    value are right. absence: that the document has no such value; for the statuses
    ``not_present`` and ``invalid``. message: why the status is not ``found``. how: what a
    vision-language model said of the value it was asked for, None if it was not asked. Where words
    were corrected, ``raw_text`` stays as it was read and ``value`` is made of the corrected words.
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
        """The text as printed."""
        return self.raw_text

    @property
    def abstained(self) -> Abstention | None:
        """The status, where it is the reason why there is no value."""
        return _ABSTENTIONS.get(self.status) if self.value is None else None


CheckStatus = Literal["passed", "failed", "skipped"]
CheckKind = Literal["readable", "sum", "product", "running", "order", "range"]
"""What a check looks at. readable: whether the values that were found could be read, with any
schema; the others are the rules of a schema (``schemas.Rule``)."""


class Check(Frozen):
    """A rule of the schema applied to the fields. name: for people, in the words of the schema."""

    kind: CheckKind
    name: str
    status: CheckStatus
    message: str
    paths: tuple[str, ...] = ()


class Extraction(Frozen):
    """Fields of a document under a schema. ``data`` validates against the schema; it holds no
    ungrounded values. conventions: how the document writes numbers and dates, by which the values
    were read. vlm: what a vision-language model was asked, None without one. parsed: ``data`` as
    an instance of the pydantic class that was given as the schema; None with another schema, and
    where the class does not take the data, for the reasons in ``errors``."""

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
        """The field at ``path``; KeyError names the paths there are."""
        for field in self.fields:
            if field.path == path:
                return field
        raise KeyError(f"{path!r}; there are {', '.join(f.path for f in self.fields)}")


class Edit(Frozen):
    """One change to one word. Rejected edits are kept, with the reason."""

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
    """A word that a reading has more or less than the page. line: the id of the line it is about
    (``L7``: the seventh with words, in reading order). polygon: the place of the word; of the whole
    line, for a word that is not on the page."""

    text: str
    page: int
    line: str
    polygon: Polygon


class Coverage(Frozen):
    """What a model's reading of some lines has that the page has not, and the reverse.

    added: words it says that are not on the page. dropped: words the recognizer is sure of that
    it leaves out or changes. None of this is ever applied; it tells how far to trust the model.
    """

    added: tuple[CoverageWord, ...] = ()
    dropped: tuple[CoverageWord, ...] = ()


class Correction(Frozen):
    """The edits proposed for a document, accepted and rejected, in reading order.

    Spans are offsets into the text of the document as it was read. ``originals`` are the words
    that the accepted edits replace, in the same order, so that a correction can be undone.
    vlm and coverage: what a vision-language model was asked, and how its reading of the lines
    compares with the page; None without one.
    """

    document_id: str
    edits: tuple[Edit, ...] = ()
    originals: tuple[Word, ...] = ()
    vlm: VlmUse | None = None
    coverage: Coverage | None = None

    @property
    def accepted(self) -> tuple[Edit, ...]:
        """The edits that ``apply`` makes."""
        return tuple(edit for edit in self.edits if edit.accepted)

    def apply(self, document: Document) -> Document:
        """A new document with the accepted edits made; geometry and all other words as before.

        Raises ValueError if the document is not the one the edits were proposed for.
        """
        swaps: dict[int, tuple[Word, Word]] = {}
        for edit, original in zip(self.accepted, self.originals, strict=True):
            swaps[edit.span.start] = (original, _edited(original, edit.after))
        return _swap_words(document, swaps)

    def revert(self, document: Document) -> Document:
        """The document as it was before ``apply``, exactly. Raises ValueError as ``apply``."""
        swaps: dict[int, tuple[Word, Word]] = {}
        shift = 0
        for edit, original in zip(self.accepted, self.originals, strict=True):
            swaps[edit.span.start + shift] = (_edited(original, edit.after), original)
            shift += len(edit.after) - len(edit.before)
        return _swap_words(document, swaps)


def _edited(word: Word, text: str) -> Word:
    """The word with another text; per-character confidences only where they still line up."""
    chars = word.char_confidences if len(text) == len(word.text) else ()
    return word.replace(text=text, char_confidences=chars)


def _swap_words(document: Document, swaps: dict[int, tuple[Word, Word]]) -> Document:
    """Replace words by the offset they start at; each must be the word expected there."""
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
        raise ValueError("the document has no word where an edit belongs; use the one corrected")
    return document.replace(pages=pages)


class Answer(Finding):
    """An answer to a question: text with citations, or a typed abstention.

    absence: that the document does not say; where ``abstained`` is ``not_present``. vlm: what a
    vision-language model was asked, None without one.
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
    """A kind that a document may be of: the name and domain of its schema, confidence 0-1."""

    kind: str
    domain: str
    confidence: Confidence


class Classification(Finding):
    """What kind of document one is: the name of a schema, or a typed abstention.

    domain: that of the kind; where the kind is not known, the one its best kinds share, if that
    is sure; else empty. confidence: None if a model concluded the kind and the page has no words of
    it (``how`` is ``derived``). absence: that it is none of the kinds; where ``abstained`` is
    ``not_present``. evidence: the words that tell. kinds: the best ones by
    the words of the page, best first. vlm: what a vision-language model was asked, None without
    one.
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
    """A sentence of a summary. evidence: the lines it rests on. how: ``verbatim`` if it is
    printed so; ``derived`` if it is in words of a model, whose numbers, dates and names are on
    those lines. message: why it does not hold, if so."""

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
        """None: how well a sentence is chosen is no probability."""
        return None

    @property
    def absence(self) -> None:
        """None: as for ``confidence``."""
        return None

    @property
    def abstained(self) -> None:
        """None: a sentence says something."""
        return None


class Summary(Frozen):
    """Sentences of a document, or about it, in its order.

    unproven: what a model said that is not on the lines it named, without evidence and no part
    of the summary. message: why there is no summary. vlm: what a vision-language model was
    asked, None without one.
    """

    document_id: str
    sentences: tuple[Sentence, ...] = ()
    unproven: tuple[Sentence, ...] = ()
    message: str = ""
    vlm: VlmUse | None = None

    @property
    def text(self) -> str:
        """The sentences, one a line."""
        return "\n".join(sentence.text for sentence in self.sentences)


class Step(Frozen):
    """One call of a tool by a model. arguments: JSON as the model wrote it, cut where long.
    ok: whether the tool did it. message: what it did, or why not."""

    tool: str
    arguments: str
    ok: bool
    message: str = ""


class Turn(Answer):
    """The answer to one question of a conversation.

    read_as: the question with what it leaves out filled in from the one before. pages: numbers
    of the pages that were looked at, best first. how: ``derived`` where the text is not printed
    but calculated; then the citations are the numbers it was made of, and there is no
    confidence. steps: the tools that a model called.
    """

    read_as: str
    pages: tuple[int, ...] = ()
    steps: tuple[Step, ...] = ()


class ChatEvent(Frozen):
    """What happens while a question is answered.

    kind: ``pages`` (those about to be read), ``model`` (it is being asked), ``tool`` (it called
    one; ``text`` says which), ``text`` (a piece of the answer, found on the page before), and
    last ``turn``, the whole answer.
    """

    kind: Literal["pages", "model", "tool", "text", "turn"]
    text: str = ""
    pages: tuple[int, ...] = ()
    turn: Turn | None = None

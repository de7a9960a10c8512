"""What reading a source gives: Document -> Page -> Line -> Word, all frozen.

One type serves Python, JSON, REST and disk. Polygons are page-relative (see ``geometry``).
"""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from docagent.forking import cached_property
from docagent.geometry import BBox, Polygon, join_polygons, polygon_to_bbox

PAGE_BREAK = "\n\n"

LEVEL = 0.1
"""Degrees of skew below which a page counts as level."""

PageKind = Literal["born_digital", "scan", "photo", "receipt"]
"""What a page looks like. born_digital: drawn by software; its text layer is used if sound."""


Confidence = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
"""A probability, 0-1."""


DecimalMark = Literal[".", ",", ":"]
GroupMark = Literal[",", ".", "'", " "]
DateOrder = Literal["DMY", "MDY", "YMD"]
"""Marks of numbers, and the order of day, month and year in numeric dates."""


class Frozen(BaseModel):
    """Base of every value type: immutable, no unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", ignored_types=(cached_property,))

    def replace(self, **changes: Any) -> Self:
        """The value with other fields, validated as when it is made; nothing that was calculated
        from the old fields (``cached_property``) is kept.

        Raises pydantic.ValidationError, which names the field, for a value that is not allowed
        and for a field that does not exist.
        """
        return type(self)(**{name: getattr(self, name) for name in self.model_fields_set} | changes)


class Span(Frozen):
    """Half-open range of character offsets into ``Document.text``."""

    start: int = Field(ge=0)
    end: int = Field(ge=0)


class Alternative(Frozen):
    """Another reading of a word, from the n-best list of CTC decoding; confidence 0-1."""

    text: str
    confidence: Confidence


class Word(Frozen):
    """A run of characters without spaces.

    confidence: probability (0-1) that the text is right; None where it was not recognised
    from pixels (native text layer). char_confidences: one per character, or empty.
    """

    text: str
    polygon: Polygon
    confidence: Confidence | None = None
    char_confidences: tuple[Confidence, ...] = ()
    alternatives: tuple[Alternative, ...] = ()


class Line(Frozen):
    """Words that follow each other on one line of one column.

    confidence: of all its words together (``Settings.ocr.confidence`` says how), 0-1; None where
    none was recognised from pixels.
    """

    words: tuple[Word, ...]
    confidence: Confidence | None = None

    @cached_property
    def text(self) -> str:
        """Words joined by one space."""
        return " ".join(word.text for word in self.words)

    @property
    def polygon(self) -> Polygon:
        """Around all words. Raises ValueError for a line without words."""
        return join_polygons([word.polygon for word in self.words])


class Page(Frozen):
    """One page: lines in reading order.

    number: from 1. width, height: pixels of the upright page image the text was read from.
    confidence: of all its words together, as that of a line.
    rotation: degrees clockwise (0, 90, 180, 270) the source image was turned to get upright.
    skew: degrees the lines still lean on that upright image. source: where the text came from.
    engine: the OCR engine that read the page, several joined by "+"; empty for a text layer.
    kind: what kind of page the router took it for, None where none was asked.
    hidden_words: words of the text layer that the rendered page does not show. unreadable:
    places that look like lines of text (by size, shape and contrast) but could not be read.
    error: why the page could not be read, empty if it was; such a page has no lines.
    """

    number: int = Field(ge=1)
    width: int
    height: int
    lines: tuple[Line, ...] = ()
    confidence: Confidence | None = None
    rotation: Literal[0, 90, 180, 270] = 0
    skew: float = 0.0
    source: Literal["ocr", "text_layer"] = "ocr"
    engine: str = ""
    kind: PageKind | None = None
    hidden_words: tuple[Word, ...] = ()
    unreadable: tuple[Polygon, ...] = ()
    error: str = ""

    @cached_property
    def text(self) -> str:
        """Lines joined by newlines."""
        return "\n".join(line.text for line in self.lines)


class WordLocation(Frozen):
    """A word with its place in the document: page number (from 1), line index, span."""

    page: int
    line: int
    span: Span
    word: Word


class Document(Frozen):
    """A read source. ``id`` is the SHA-256 (hex) of the source's bytes."""

    id: str
    name: str = ""
    pages: tuple[Page, ...]

    @cached_property
    def text(self) -> str:
        """Pages in order, separated by an empty line."""
        return PAGE_BREAK.join(page.text for page in self.pages)

    @cached_property
    def level_boxes(self) -> tuple[BBox, ...]:
        """Page-relative boxes of ``words`` as they would be on a level page.

        Rows of a form run straight; on a scan that leans, the far end of a row is as high as
        the near end of the next one.
        """
        pages = {page.number: page for page in self.pages}
        return tuple(_level_box(word.word.polygon, pages[word.page]) for word in self.words)

    @cached_property
    def words(self) -> tuple[WordLocation, ...]:
        """Every word in reading order with its span in ``text``."""
        located: list[WordLocation] = []
        offset = 0
        for page in self.pages:
            for index, line in enumerate(page.lines):
                for word in line.words:
                    span = Span(start=offset, end=offset + len(word.text))
                    located.append(WordLocation(page=page.number, line=index, span=span, word=word))
                    offset = span.end + 1
                if not line.words:
                    offset += 1
            # The last separator of a page was counted as one character; a page break has two.
            offset += len(PAGE_BREAK) - 1 if page.lines else len(PAGE_BREAK)
        return tuple(located)


def _level_box(polygon: Polygon, page: Page) -> BBox:
    if abs(page.skew) < LEVEL or not page.width or not page.height:
        return polygon_to_bbox(polygon)
    angle = math.radians(-page.skew)
    cos, sin = math.cos(angle), math.sin(angle)
    aspect = page.height / page.width  # relative units differ between the axes
    turned = [
        (x * cos - y * aspect * sin, (x * sin + y * aspect * cos) / aspect) for x, y in polygon
    ]
    return polygon_to_bbox(turned)


class Reason(Frozen):
    """Why one convention was decided: the name of the field of ``Conventions``, and a sentence."""

    of: str
    why: str


class Conventions(Frozen):
    """What is the same for all numbers and dates of a document; None where nothing decides it.

    decimal_mark: before the decimals (":" in Swedish crowns). group_mark: between thousands.
    date_order: of day, month and year in numeric dates. languages: ISO 639-1, likeliest first.
    regions: ISO 3166-1, likeliest first. currency: ISO 4217 code of its amounts. period: first
    and last day (ISO 8601) a statement covers, which give a date without a year its year.
    latest_year: the latest year printed with four digits in a date. footnotes: digits that mark
    footnotes printed at the foot of a page.
    """

    decimal_mark: DecimalMark | None = None
    group_mark: GroupMark | None = None
    date_order: DateOrder | None = None
    languages: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    currency: str | None = None
    period: tuple[str, str] | None = None
    latest_year: int | None = None
    footnotes: str = ""
    reasons: tuple[Reason, ...] = ()

    def why(self, name: str) -> str:
        """The reason for the field ``name``; empty where it was not decided."""
        return next((reason.why for reason in self.reasons if reason.of == name), "")


UNDECIDED = Conventions()
"""Nothing is known: every text is read alone."""

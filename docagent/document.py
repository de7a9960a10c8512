"""The types of a document that was read: Document -> Page -> Line -> Word, all frozen.

The same types serve Python, JSON, REST and disk. Polygons are page-relative (see ``geometry``).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Annotated, Any, Literal, Protocol, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from docagent.forking import cached_property
from docagent.geometry import BBox, Polygon, join_polygons, polygon_to_bbox

PAGE_BREAK = "\n\n"

MIN_SKEW_DEGREES = 0.1
"""A page with less skew than this counts as level."""

PageKind = Literal["born_digital", "scan", "photo", "receipt"]
"""The kind of a page. born_digital: drawn by software; its text layer is used if it is sound."""

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
        """A copy with changed fields, validated like a new value. Cached properties of the
        original are not copied.

        Raises pydantic.ValidationError, which names the field, for a value that is not allowed
        and for a field that does not exist.
        """
        return type(self)(**{name: getattr(self, name) for name in self.model_fields_set} | changes)


class Span(Frozen):
    """Half-open range of character offsets into ``Document.text``."""

    start: int = Field(ge=0)
    end: int = Field(ge=0)


class Alternative(Frozen):
    """An alternative text of a word, from the n-best list of CTC decoding; confidence 0-1."""

    text: str
    confidence: Confidence


class Word(Frozen):
    """A run of characters without spaces.

    confidence: probability (0-1) that the text is right; None if it comes from a native text layer
    rather than from pixels. char_confidences: one per character, or empty. alternatives: other
    texts the recognizer considered for an unsure word.
    """

    text: str
    polygon: Polygon
    confidence: Confidence | None = None
    char_confidences: tuple[Confidence, ...] = ()
    alternatives: tuple[Alternative, ...] = ()


class Line(Frozen):
    """Words that follow each other on one line of one column.

    confidence: aggregate of the words' confidences, 0-1 (``Settings.ocr.confidence`` selects the
    aggregate); None if no word was recognised from pixels.
    """

    words: tuple[Word, ...]
    confidence: Confidence | None = None

    @cached_property
    def text(self) -> str:
        """Words joined by one space."""
        return " ".join(word.text for word in self.words)

    @property
    def polygon(self) -> Polygon:
        """The polygon around all words. Raises ValueError for a line without words."""
        return join_polygons([word.polygon for word in self.words])


RowKind = Literal["header", "item", "continued", "section", "carried", "total"]
"""The kind of a table's row. header: names of columns. item: an entry. continued: goes on with the
item above, on the page before if it is the first one. section: a title of the items below.
carried: a subtotal carried over to, or brought from, another page. total: a sum below items."""


class TableCell(Frozen):
    """A cell with text.

    row, column: of its upper left corner, from 0. row_span, column_span: rows and columns that it
    covers. spans: offsets into ``Document.text``, in the order of ``text``; several where the
    reading order has other words between the lines of the cell.
    """

    row: int = Field(ge=0)
    column: int = Field(ge=0)
    row_span: int = Field(default=1, ge=1)
    column_span: int = Field(default=1, ge=1)
    text: str
    spans: tuple[Span, ...]
    polygon: Polygon


class Table(Frozen):
    """Rows and columns on one page.

    page: its number. polygon: around all cells. rows: the kind of each row, from the top. columns:
    their number. cells: those with text, row by row; a place without a cell is empty. is_ruled:
    whether lines between the cells were drawn. continues: whether it goes on with the last table
    of the page before.
    """

    page: int = Field(ge=1)
    polygon: Polygon
    rows: tuple[RowKind, ...]
    columns: int = Field(ge=1)
    cells: tuple[TableCell, ...]
    is_ruled: bool = False
    continues: bool = False

    def moved(self, shift: int) -> Table:
        """The table with its offsets moved by ``shift`` characters."""
        cells = (
            cell.replace(
                spans=tuple(Span(start=s.start + shift, end=s.end + shift) for s in cell.spans)
            )
            for cell in self.cells
        )
        return self.replace(cells=tuple(cells))

    @cached_property
    def texts(self) -> tuple[tuple[str, ...], ...]:
        """The text at every place, row by row; "" for an empty one. The text of a cell that covers
        several places is at the first one."""
        grid = [[""] * self.columns for _ in self.rows]
        for cell in self.cells:
            grid[cell.row][cell.column] = cell.text
        return tuple(map(tuple, grid))


class Page(Frozen):
    """One page: lines in reading order.

    number: from 1. width, height: pixels of the upright page image that the text was read from.
    confidence: aggregate of the words' confidences, as for a line. rotation: degrees clockwise
    (0, 90, 180, 270) by which the source image was rotated to be upright. skew: degrees by which
    lines of the upright image still slope. source: where the text comes from. engine: the OCR
    engine that read the page, several joined by "+"; empty for a text layer. kind: the kind that
    the router assigned; None if the router was not used. hidden_words: words of the text layer
    that the rendered page does not show. unreadable: places that look like lines of text (by size,
    shape and contrast) but could not be read. rulings: straight lines drawn level or upright, as
    page-relative boxes without thickness. error: why the page could not be read, empty if it was; a
    page with an error has no lines.
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
    rulings: tuple[BBox, ...] = ()
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


class Part(Frozen):
    """One of several documents in a file. why: what shows that it begins on its first page; empty
    for the first part."""

    first_page: int = Field(ge=1)
    last_page: int = Field(ge=1)
    why: str = ""


class Document(Frozen):
    """A source that was read. id: SHA-256 (hex) of the source's bytes. name: for people, such as
    the file name. tables: from the first page to the last; None if they were not looked for."""

    id: str
    name: str = ""
    pages: tuple[Page, ...]
    tables: tuple[Table, ...] | None = None

    def page(self, number: int) -> Page:
        """The page with a number. Raises KeyError if it was not read."""
        return page_numbered(self.pages, number)

    @cached_property
    def text(self) -> str:
        """Pages in order, separated by an empty line."""
        return PAGE_BREAK.join(page.text for page in self.pages)

    def pages_between(self, first: int, last: int) -> Document:
        """The pages with numbers from ``first`` to ``last`` as a document of its own, with their
        tables. Offsets count from its own first page."""
        kept = tuple(page for page in self.pages if first <= page.number <= last)
        if self.tables is None:
            return self.replace(pages=kept)
        shift = self.offset_of_page(kept[0].number) if kept else 0
        tables = tuple(table.moved(-shift) for table in self.tables if first <= table.page <= last)
        return self.replace(pages=kept, tables=tables)

    def offset_of_page(self, number: int) -> int:
        """Offset into ``text`` at which a page begins."""
        before = [page for page in self.pages if page.number < number]
        return sum(len(page.text) + len(PAGE_BREAK) for page in before)

    @cached_property
    def level_boxes(self) -> tuple[BBox, ...]:
        """Page-relative boxes of ``words``, with the skew of the page removed.

        On a skewed scan the far end of a row is at the height of the near end of the next row;
        without skew, the words of a row share one height.
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
            # The last separator of a page counts as one character so far; a page break has two.
            offset += len(PAGE_BREAK) - 1 if page.lines else len(PAGE_BREAK)
        return tuple(located)

    def to_text(self) -> str:
        """Plain text: one line per text line, an empty line between pages."""
        return str(exporter("document_to_text")(self))

    def to_markdown(self) -> str:
        """Markdown with headings and tables; a document's text is escaped."""
        return str(exporter("document_to_markdown")(self))

    def to_hocr(self) -> str:
        """hOCR 1.2, to be written as UTF-8."""
        return str(exporter("document_to_hocr")(self))

    def to_alto(self) -> str:
        """ALTO 4 XML, to be written as UTF-8."""
        return str(exporter("document_to_alto")(self))

    def to_json(self) -> str:
        """JSON; ``Document.model_validate_json`` reads it back."""
        return self.model_dump_json(indent=2) + "\n"

    def to_searchable_pdf(self, source: Any, *, password: str | None = None) -> bytes:
        """A PDF of the page pictures with the text of this document, invisible, at its place.

        source: what the document was read from, such as a path or a Scan, as a document has no
        pictures. Raises SourceError if it cannot be opened, or is another source.
        """
        scan = exporter("open_source")(self.id, source, password)
        return bytes(exporter("document_to_searchable_pdf")(self, scan))

    def to_html(self, source: Any = None, *, password: str | None = None) -> str:
        """A whole HTML document with what was found and, if the source is given, its places on the
        pages; the text of the document is inert in it.

        source: what the document was read from, such as a path or a Scan. Raises SourceError for
        another one.
        """
        scan = None if source is None else exporter("open_source")(self.id, source, password)
        return str(exporter("result_to_html")(self, scan, self))

    def _repr_html_(self) -> str:
        return str(exporter("result_to_fragment")(self))


def exporter(name: str) -> Callable[..., Any]:
    """A function of ``docagent.export``, loaded at use: it stands above the types it exports."""
    found: Callable[..., Any] = getattr(import_module("docagent.export"), name)
    return found


class _Numbered(Protocol):
    @property
    def number(self) -> int: ...


_Page = TypeVar("_Page", bound=_Numbered)


def page_numbered(pages: Sequence[_Page], number: int) -> _Page:
    """The page with a number, of all pages of a source or of some. Raises KeyError."""
    if 0 < number <= len(pages) and pages[number - 1].number == number:
        return pages[number - 1]
    for page in pages:
        if page.number == number:
            return page
    raise KeyError(f"page {number}; there are {', '.join(str(page.number) for page in pages)}")


def _level_box(polygon: Polygon, page: Page) -> BBox:
    if abs(page.skew) < MIN_SKEW_DEGREES or not page.width or not page.height:
        return polygon_to_bbox(polygon)
    angle = math.radians(-page.skew)
    cos, sin = math.cos(angle), math.sin(angle)
    aspect = page.height / page.width  # relative units differ between the axes
    level = [
        (x * cos - y * aspect * sin, (x * sin + y * aspect * cos) / aspect) for x, y in polygon
    ]
    return polygon_to_bbox(level)


class Reason(Frozen):
    """Why a convention was decided. of: the field of ``Conventions``. why: a sentence."""

    of: str
    why: str


class Conventions(Frozen):
    """How a document writes its numbers and dates; None for what the document does not decide.

    decimal_mark: the mark before the decimals (":" in Swedish crowns). group_mark: the mark between
    thousands. date_order: order of day, month and year in numeric dates. languages: ISO 639-1
    codes, likeliest first. regions: ISO 3166-1 codes, likeliest first. currency: ISO 4217 code of
    the amounts. period: first and last day (ISO 8601) that a statement covers; it gives a year to
    dates without one. latest_year: the latest year printed with four digits in a date. footnotes:
    digits that mark footnotes at the foot of a page. reasons: why each convention was decided.
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
        """The reason for the field ``name``; "" if the field was not decided."""
        return next((reason.why for reason in self.reasons if reason.of == name), "")


UNDECIDED = Conventions()
"""No convention is known, so that each text is parsed by itself."""

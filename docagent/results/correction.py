"""Edits of OCR errors, and the document they give."""

from __future__ import annotations

from bisect import bisect_left

from docagent.document import Confidence, Document, Frozen, Page, Span, Table, Word
from docagent.geometry import Polygon
from docagent.results.finding import Shown
from docagent.usage import VlmUse


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


class Correction(Shown):
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
    changed = document.replace(pages=pages)
    if document.tables is None:
        return changed
    return changed.replace(tables=tuple(_moved(t, document, changed) for t in document.tables))


def _moved(table: Table, before: Document, after: Document) -> Table:
    """The table with the texts and offsets of a document of the same words, some changed."""
    starts = [word.span.start for word in before.words]

    def moved_span(span: Span) -> Span:
        first, last = bisect_left(starts, span.start), bisect_left(starts, span.end) - 1
        return Span(start=after.words[first].span.start, end=after.words[last].span.end)

    cells = []
    for cell in table.cells:
        spans = tuple(map(moved_span, cell.spans))
        text = " ".join(after.text[span.start : span.end].replace("\n", " ") for span in spans)
        cells.append(cell.replace(spans=spans, text=text))
    return table.replace(cells=tuple(cells))

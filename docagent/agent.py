"""DocAgent: the verbs in Python, wired from loading, OCR, the reader and the tasks."""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from docagent.cascade.document_view import Look
from docagent.chat.conversation import Chat
from docagent.confidence import Calibration, calibration_file, load_calibrations, with_confidences
from docagent.document import Document, Page
from docagent.errors import DocAgentError, SettingsError, SourceError
from docagent.geometry import Polygon
from docagent.ocr.engine import OcrEngine
from docagent.ocr.engines.registry import check_engine, load_engine
from docagent.ocr.types import PageEngine, SecondRead
from docagent.reader.embedded import EmbeddedReader
from docagent.reader.types import Reader
from docagent.results import Answer, Classification, Correction, Extraction, Summary
from docagent.schemas import SchemaSource, load_schema
from docagent.settings import Settings, parse_locale
from docagent.sources import scan as scans
from docagent.sources.scan import Scan, ScanPage
from docagent.tasks.adapter_routing import Routing
from docagent.tasks.answering.cascade import answer_unsure
from docagent.tasks.answering.embedded import answer
from docagent.tasks.classification.cascade import classify_unsure
from docagent.tasks.classification.embedded import KindWords, classify, shipped_kinds
from docagent.tasks.correction.cascade import correct_unsure
from docagent.tasks.correction.embedded import correct
from docagent.tasks.extraction.cascade import extract_unsure
from docagent.tasks.extraction.embedded import extract
from docagent.tasks.summarisation.cascade import summarise_unsure
from docagent.tasks.summarisation.embedded import SENTENCES, check_sentences, summarise
from docagent.text.language_model import load_language_model
from docagent.vlm.connection import load_chat_model

if TYPE_CHECKING:
    from langchain_core.language_models.chat_models import BaseChatModel

Source = str | os.PathLike[str] | bytes | NDArray[np.generic] | Image.Image | Scan | Document
"""A path, the bytes of a file, an array, a Pillow image, a Scan, or a Document already read."""

Progress = Callable[[int, int], None]
"""Called with the number of pages done and the number of pages."""

PAGES_AT_ONCE = 8
"""Pages read side by side at most: each takes its share of memory."""

REMEMBERED = 2 * PAGES_AT_ONCE
"""Documents kept by content, so that several verbs on one source read it once; also those that
were read side by side before their turn."""

# What damaged pages make the imaging and inference libraries raise.
_PAGE_FAULTS = (DocAgentError, OSError, ValueError, RuntimeError, MemoryError)
_MODELS = Lock()


@cache
def _engine(settings: Settings) -> PageEngine:
    return load_engine(settings, lambda: _own_engine(settings))


def _own_engine(settings: Settings) -> OcrEngine:
    language = load_language_model() if settings.ocr.language_model else None
    return OcrEngine(settings, language)


@cache
def _reader(settings: Settings) -> EmbeddedReader:
    return EmbeddedReader(settings)


@cache
def _chat(settings: Settings) -> BaseChatModel | None:
    return load_chat_model(settings)


class DocAgent:
    """Reads, corrects, asks, extracts, classifies and summarises. Models are loaded when first
    needed, once a process.

    A page that cannot be read does not cost the others: it comes back empty with ``Page.error``
    set. A source none of whose pages can be read raises SourceError.

    With a vision-language model (VLM) named in the settings, or given, what the embedded readers
    are unsure of is asked of it as well. A model that is absent, slow or wrong costs nothing but
    time: results keep their shape, and their ``vlm`` says what happened. Where LoRA adapters are
    named, the one of the document's domain is asked: the ``domain`` that a verb is given, or that
    of the schema, or the one ``classify`` is sure of; else, or for "", the base model.
    """

    def __init__(
        self,
        settings: Settings | None = None,
        *,
        engine: PageEngine | None = None,
        reader: Reader | None = None,
        vlm: BaseChatModel | None = None,
    ) -> None:
        """engine, reader, vlm: others than those the settings name, such as ``ScriptedReader``
        and ``ScriptedChatModel`` in tests; vlm is any LangChain chat model that takes images.
        Raises SettingsError or MissingExtraError if what the settings name is not there.
        """
        self.settings = settings or Settings()
        if vlm is not None and self.settings.vlm.mode is None:
            self.settings = self.settings.replace(vlm={"mode": "unsure"})
        wanted = self.settings.vlm.effective_mode != "never"
        model = (vlm or _chat(self.settings)) if wanted else None
        self._vlm = None if model is None else Routing(model, self.settings)
        if engine is None:
            check_engine(self.settings.ocr.engine)
        self._engine = engine
        self._reader = reader
        self._read: OrderedDict[str, Document] = OrderedDict()
        self._remembering = Lock()

    def load(self, source: Source) -> Scan:
        """The pages of a source, not yet read. Raises SourceError."""
        if isinstance(source, Document):
            raise SourceError(source.name or "document", "a read Document has no page images")
        return scans.load(source, self.settings)

    def read(self, source: Source, progress: Progress | None = None) -> Document:
        """Text with boxes: the native text layer where it is sound, OCR where it is not.

        Raises SourceError.
        """
        if isinstance(source, Document):
            return source
        scan = self.load(source)
        document = self._read.get(scan.id)
        if document is None:
            document = self._read_scan(scan, progress or _silent)
            self._remember(document)
        return document.replace(name=scan.name)

    def side_by_side(self, jobs: int) -> int:
        """How many of ``jobs`` pages, or sources of one page, are read at once."""
        if self._engine is not None:
            return 1  # an engine that was given need not be safe in several threads
        return min(jobs, self.settings.threads or os.cpu_count() or 1, PAGES_AT_ONCE)

    def read_beside(self, source: Source) -> Document:
        """``read`` on one thread, for a caller that reads several sources side by side, a thread
        each. The verbs then find the source read. Raises SourceError."""
        scan = self.load(source)
        document = self._read_scan(scan, _silent, beside=True)
        self._remember(document)
        return document

    def correct(self, source: Source, *, domain: str | None = None) -> Correction:
        """Edits for words the OCR is unsure of. Raises SourceError.

        Given a Document there is no image to look at twice, so words with digits stay.
        """
        document = self.read(source)
        look = self._look(source, document)
        correction = correct(document, second_read=look.second_read)
        if self._vlm is None:
            return correction
        return correct_unsure(look, correction, self._vlm.asker(document, domain))

    def ask(
        self,
        source: Source,
        question: str,
        *,
        domain: str | None = None,
        locale: str | None = None,
    ) -> Answer:
        """An answer with citations, or a typed abstention. Raises SourceError, or SettingsError
        for a locale that is none.

        locale: of the document, by default that of the settings. A VLM sees pictures only of a
        source that is not a Document already read.
        """
        spoken = self._locale(locale)
        document = self.read(source)
        found = answer(
            document,
            question,
            self._load_reader(),
            locale_hint=spoken or None,
            calibrations=self._calibrations(),
        )
        if self._vlm is None:
            return found
        asker = self._vlm.asker(document, domain)
        return answer_unsure(self._look(source, document, spoken), found, asker)

    def chat(self, source: Source, *, domain: str | None = None) -> Chat:
        """A conversation about a source, which is read now. Raises SourceError.

        With a VLM, what the embedded reader is unsure of is asked of it; one that can call tools
        searches, reads, looks and calculates in the document.
        """
        document = self.read(source)
        reader, tables = self._load_reader(), self._calibrations()
        locale = self.settings.locale or None
        return Chat(
            self._look(source, document),
            reader,
            partial(extract, reader=reader, locale_hint=locale, calibrations=tables),
            None if self._vlm is None else partial(self._vlm.asker, document, domain),
        )

    def extract(
        self,
        source: Source,
        schema: SchemaSource,
        *,
        domain: str | None = None,
        locale: str | None = None,
    ) -> Extraction:
        """Fields of a schema, each with the evidence for it.

        schema: a built-in name, a JSON Schema (dict or file) or a pydantic class. locale: of the
        document (``de``, ``en-GB``), by default that of the settings; settles the order of day
        and month, decimal marks and ``$`` where the text alone does not. Raises SchemaError or,
        for a locale that is none, SettingsError, before anything is read, or SourceError.
        """
        checked, spoken = load_schema(schema), self._locale(locale)
        document = self.read(source)
        found = extract(
            document,
            checked,
            self._load_reader(),
            locale_hint=spoken or None,
            calibrations=self._calibrations(),
        )
        if self._vlm is None:
            return found
        named = (checked.domain or None) if domain is None else domain
        asker = self._vlm.asker(document, named)
        return extract_unsure(self._look(source, document, spoken), checked, found, asker)

    def classify(
        self,
        source: Source,
        schemas: Sequence[SchemaSource] | None = None,
        *,
        domain: str | None = None,
    ) -> Classification:
        """The kind of a document, with the words that tell, or why it is not known.

        schemas: the kinds there are, the shipped schemas by default. Raises SourceError,
        SchemaError, or SettingsError for two schemas of one name.
        """
        kinds = shipped_kinds() if schemas is None else KindWords([*map(load_schema, schemas)])
        document = self.read(source)
        found = classify(document, kinds)
        if self._vlm is None:
            return found
        asker = self._vlm.asker(document, domain)
        return classify_unsure(self._look(source, document), found, asker, kinds)

    def summarise(
        self, source: Source, sentences: int = SENTENCES, *, domain: str | None = None
    ) -> Summary:
        """At most that many sentences, each with its place: the document's own, or those of a VLM
        whose numbers, dates and names are on the lines it names.

        Raises SourceError, or SettingsError for a number that is not 1 to 20.
        """
        check_sentences(sentences)
        document = self.read(source)
        found = summarise(document, sentences)
        if self._vlm is None:
            return found
        asker = self._vlm.asker(document, domain)
        return summarise_unsure(self._look(source, document), found, asker, sentences)

    def _locale(self, given: str | None) -> str:
        """The locale that a verb was given, or that of the settings. Raises SettingsError."""
        if given is None:
            return self.settings.locale
        try:
            return parse_locale(given)
        except ValueError as error:
            raise SettingsError(f"locale {given!r} is not allowed: {error}") from error

    def _limits(self) -> Settings:
        """The settings, with what goes into a call cut to what the model takes."""
        return self.settings if self._vlm is None else self._vlm.limits()

    def _look(self, source: Source, document: Document, locale: str | None = None) -> Look:
        """The document with its pictures; without them if only the Document is at hand."""
        settings = self._limits()
        if locale is not None and locale != settings.locale:
            settings = settings.replace(locale=locale)
        if isinstance(source, Document):
            return Look(document, settings)
        scan = self.load(source)

        def image(number: int) -> NDArray[np.uint8]:
            upright = np.rot90(
                scan.pages[number - 1].image(), -document.pages[number - 1].rotation // 90
            )
            return np.ascontiguousarray(upright)

        return Look(document, settings, image, self._second_read(scan, document))

    def _second_read(self, scan: Scan, document: Document) -> SecondRead:
        def read(number: int, polygon: Polygon) -> str | None:
            engine = self._load_engine()
            return engine.read_again(scan.pages[number - 1], document.pages[number - 1], polygon)

        return read

    def _read_scan(self, scan: Scan, progress: Progress, beside: bool = False) -> Document:
        total = len(scan.pages)
        workers = 1 if beside else self.side_by_side(total)
        pages: list[Page] = []
        if workers < 2:
            load_engine = self._load_single if beside else self._load_engine
            for scan_page in scan.pages:
                progress(len(pages), total)
                pages.append(self._read_page(scan_page, load_engine))
        else:
            pool = ThreadPoolExecutor(workers)
            try:
                waiting = [
                    pool.submit(self._read_page, page, self._load_single) for page in scan.pages
                ]
                for page_read in waiting:
                    progress(len(pages), total)
                    pages.append(page_read.result())
            finally:
                # Whoever stops a long document does not wait for the rest of its pages.
                pool.shutdown(wait=False, cancel_futures=True)
        progress(total, total)
        if pages and all(page.error for page in pages):
            raise SourceError(scan.name, pages[0].error)
        return Document(id=scan.id, name=scan.name, pages=tuple(pages))

    def _read_page(self, scan_page: ScanPage, load_engine: Callable[[], PageEngine]) -> Page:
        layer = scan_page.text_layer
        # The router says what kind of page it is; any other engine need not even be loaded.
        if layer is not None and self.settings.ocr.engine != "auto":
            return layer
        engine = load_engine()
        try:
            return with_confidences(engine.read_page(scan_page), self.settings.ocr.confidence)
        except _PAGE_FAULTS as error:
            reason = error.reason if isinstance(error, SourceError) else str(error)
            reason = reason or type(error).__name__
            return Page(number=scan_page.number, width=0, height=0, error=reason)

    def _remember(self, document: Document) -> None:
        with self._remembering:
            self._read[document.id] = document
            if len(self._read) > REMEMBERED:
                self._read.popitem(last=False)

    def _load_engine(self) -> PageEngine:
        with _MODELS:
            return self._engine or _engine(self.settings)

    def _load_single(self) -> PageEngine:
        """The engine for one of several pages that are read side by side, a thread each."""
        with _MODELS:
            return self._engine or _engine(self.settings.replace(threads=1))

    def _calibrations(self) -> Mapping[str, Calibration]:
        return load_calibrations(calibration_file(self.settings.weights_dir))

    def _load_reader(self) -> Reader:
        with _MODELS:
            return self._reader or _reader(self.settings)


def _silent(done: int, total: int) -> None:
    """Progress that nobody watches."""

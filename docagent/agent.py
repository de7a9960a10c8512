"""DocAgent: one method per verb, which connects loading, OCR, the reader and the tasks."""

from __future__ import annotations

import os
import pickle
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from docagent.arguments import (
    check_has,
    check_list,
    check_optional_text,
    check_text,
    check_whole,
    shown,
)
from docagent.cascade.document_view import DocumentView
from docagent.chat.conversation import Chat
from docagent.client import RemoteAgent, served
from docagent.concurrency import in_order, in_order_async, in_thread
from docagent.confidence import Calibration, calibration_file, load_calibrations
from docagent.document import Document, Part
from docagent.errors import SchemaError, SettingsError
from docagent.geometry import Polygon
from docagent.models import MODELS
from docagent.ocr.reading import Progress, Source, SourceReader
from docagent.ocr.types import PageEngine, SecondRead
from docagent.ranking.loading import ranker_for
from docagent.reader.embedded import load_reader
from docagent.reader.no_reader import NullReader
from docagent.reader.page_reader import PageReader
from docagent.reader.types import Reader
from docagent.results import (
    Answer,
    Classification,
    Correction,
    Extracted,
    Extraction,
    Summary,
)
from docagent.rules.document_parts import document_parts
from docagent.rules.registry import RuleSet
from docagent.schemas import AUTO, Schema, SchemaSource, list_schemas, load_schema
from docagent.settings import Settings, check_settings, parse_locale
from docagent.sources.page_selection import PageChoice
from docagent.sources.scan import Scan, source_name
from docagent.tasks.adapter_routing import Routing
from docagent.tasks.answering.cascade import answer_unsure
from docagent.tasks.answering.embedded import answer
from docagent.tasks.answering.question import check_question
from docagent.tasks.classification.cascade import classify_unsure
from docagent.tasks.classification.embedded import KindWords, classify, shipped_kinds
from docagent.tasks.correction.cascade import correct_unsure
from docagent.tasks.correction.embedded import correct
from docagent.tasks.extraction.cascade import extract_unsure
from docagent.tasks.extraction.embedded import ExtractionOptions, extract
from docagent.tasks.summarisation.cascade import summarise_unsure
from docagent.tasks.summarisation.embedded import SENTENCES, check_sentences, summarise
from docagent.vlm.connection import load_chat_model

if TYPE_CHECKING:
    from langchain_core.language_models.chat_models import BaseChatModel

MAX_WORKERS = 64
"""Most sources that ``extract_many`` processes at a time."""

_ENGINE_HINT = 'give an object with read_page, or name an engine by Settings(engine="tesseract")'
_VLM_HINT = "give a LangChain chat model, or name a server by Settings(vlm_url=URL)"


class DocAgent:
    """Reads, corrects, extracts, classifies and summarises documents, and answers questions.

    Models are loaded at their first use, once per process, and shared by all agents. An agent may
    be used by several threads, in a forked child, and, pickled, in another process; a given engine,
    reader or chat model must support this itself.

    pages, password: which pages of the source a verb reads, ``"1-3,7-"`` or numbers from 1, by
    default all; and the password of an encrypted PDF, by default that of the settings. The pages of
    the result keep their numbers. Methods with an ``a`` before the name of a verb are the same for
    asyncio.

    A page that cannot be read comes back empty with ``Page.error`` set; the other pages are not
    affected. A source without any readable page raises SourceError.

    With a vision-language model (VLM), named in the settings or given, the verbs also ask the model
    where the embedded result is unsure. A model that is absent, slow or wrong never raises: the
    result has the same shape, and its ``vlm`` records what happened. If LoRA adapters are named,
    that of the document's domain is asked: the ``domain`` given to the verb, else that of the
    schema, else the one that ``classify`` is sure of. Without a domain, or with "", the base model
    is asked.
    """

    def __init__(
        self,
        settings: Settings | None = None,
        *,
        engine: PageEngine | None = None,
        reader: Reader | None = None,
        vlm: BaseChatModel | None = None,
        url: str = "",
        key: str = "",
    ) -> None:
        """engine, reader, vlm: used instead of those that the settings name, such as
        ``ScriptedReader`` and ``ScriptedChatModel`` in tests; vlm is a LangChain chat model that
        accepts images. url, key: of a docagent server (``docagent serve``), which then runs the
        verbs with its own settings; only ``load`` works on this machine. Raises SettingsError or
        MissingExtraError if the settings name something that is not installed, and SettingsError
        for an argument of another type.
        """
        check_settings(settings)
        check_has("engine", engine, ("read_page", "read_again"), _ENGINE_HINT)
        check_has("reader", reader, ("read",), "give a Reader, such as ScriptedReader, or None")
        check_has("vlm", vlm, ("invoke", "bind_tools"), _VLM_HINT)
        self.settings = settings or Settings()
        if vlm is not None and self.settings.vlm.mode is None:
            self.settings = self.settings.replace(vlm={"mode": "unsure"})
        wanted = self.settings.vlm.effective_mode != "never"
        model = (vlm or _shared_chat_model(self.settings)) if wanted else None
        self._vlm = None if model is None else Routing(model, self.settings)
        self._sources = SourceReader(self.settings, engine)
        self._reader = reader
        self._kept_reader: PageReader | None = None
        given = {"engine": engine, "reader": reader, "vlm": vlm}
        self._given: dict[str, Any] = {
            name: value for name, value in given.items() if value is not None
        }
        self._remote = _to_remote(url, key, self._given)

    def load(
        self, source: Source, *, pages: PageChoice | None = None, password: str | None = None
    ) -> Scan:
        """Open a source without reading its pages. Raises SourceError, and SettingsError for wrong
        arguments.

        pages, password: see the class; a verb that is given the Scan reads these pages.
        """
        return self._sources.load(source, pages, password)

    @served
    def read(
        self,
        source: Source,
        progress: Progress | None = None,
        *,
        pages: PageChoice | None = None,
        password: str | None = None,
    ) -> Document:
        """Read text with boxes, from a sound native text layer or else by OCR.

        progress: called with the number of pages done and of all pages. Raises SourceError.
        """
        if progress is not None and not callable(progress):
            raise SettingsError(f"progress={shown(progress)} is not a function (done, total)")
        return self._sources.read(self._sources.open(source, pages, password), progress)

    def side_by_side(self, jobs: int) -> int:
        """How many of ``jobs`` pages, or sources of one page, are read in parallel."""
        return self._sources.side_by_side(jobs)

    def read_beside(self, source: Source) -> Document:
        """``read`` on one thread, for a caller that reads several sources in parallel, each in a
        thread of its own. The verbs then take the source from the cache. Raises SourceError."""
        return self._sources.read_beside(source)

    def remember(self, scan: Scan, document: Document) -> None:
        """Take what was read from a scan earlier, by an agent with the same settings; the verbs
        then do not read it again."""
        self._sources.remember(scan, document)

    @served
    def correct(
        self,
        source: Source,
        *,
        domain: str | None = None,
        pages: PageChoice | None = None,
        password: str | None = None,
    ) -> Correction:
        """Propose edits for words that the OCR is unsure of. Raises SourceError.

        A Document has no images for a second read, so that its words with digits are not changed.
        """
        opened, document = self._open(source, pages, password)
        view = self._view(opened, document)
        correction = correct(document, second_read=view.second_read)
        if self._vlm is None:
            return correction
        return correct_unsure(view, correction, self._vlm.asker(document, domain))

    @served
    def ask(
        self,
        source: Source,
        question: str,
        *,
        domain: str | None = None,
        locale: str | None = None,
        pages: PageChoice | None = None,
        password: str | None = None,
    ) -> Answer:
        """Answer a question with citations, or with a typed abstention.

        locale: of the document, by default that of the settings. A VLM gets images only if the
        source is not a Document already read. Raises SourceError, and SettingsError for an invalid
        question or locale.
        """
        asked, spoken = check_question(question), self._locale(locale)
        opened, document = self._open(source, pages, password)
        found = answer(
            document,
            asked,
            self._page_reader(),
            locale_hint=spoken or None,
            calibrations=self._calibrations(),
            rules=RuleSet(self.settings.extraction.rules),
            ranker=ranker_for(self._load_reader(), self.settings.weights_dir),
        )
        if self._vlm is None:
            return found
        asker = self._vlm.asker(document, domain)
        return answer_unsure(self._view(opened, document, spoken), found, asker)

    @served
    def chat(
        self,
        source: Source,
        *,
        domain: str | None = None,
        pages: PageChoice | None = None,
        password: str | None = None,
    ) -> Chat:
        """Read a source and start a conversation about it. Raises SourceError.

        A VLM is asked where the embedded reader is unsure. With tools it can search the document,
        read pages, enlarge lines and calculate.
        """
        opened, document = self._open(source, pages, password)
        return Chat(
            self._view(opened, document),
            self._load_reader(),
            partial(self._extract, locale=self.settings.locale),
            None if self._vlm is None else partial(self._vlm.asker, document, domain),
        )

    @served
    def extract(
        self,
        source: Source,
        schema: SchemaSource,
        *,
        domain: str | None = None,
        locale: str | None = None,
        pages: PageChoice | None = None,
        password: str | None = None,
    ) -> Extraction:
        """Extract the fields of a schema, each with its evidence.

        schema: a built-in name, ``auto`` for that of the kind the document is classified as, a JSON
        Schema (dict or file), or a pydantic class, of which ``parsed`` is then an instance. locale:
        of the document (``de``, ``en-GB``), by default that of the settings; decides the order of
        day and month, decimal marks and ``$`` where the text is ambiguous. Where a file has several
        documents, the result is that of the first one, and its ``others`` are those of the others;
        a VLM is asked for the first one only. Raises SourceError, SchemaError and SettingsError;
        for a schema or locale that is wrong, before the source is read.
        """
        checked, spoken = load_schema(schema, allow_auto=True), self._locale(locale)
        opened, whole = self._open(source, pages, password)
        parts = document_parts(whole) if self.settings.extraction.parts else ()
        document = whole
        if parts:
            document = whole.pages_between(parts[0].first_page, parts[0].last_page)
        if checked == AUTO:
            checked = self._schema_of(document)
        found = self._extract(document, checked, spoken)
        if self._vlm is not None:
            named = (checked.domain or None) if domain is None else domain
            asker = self._vlm.asker(document, named)
            found = extract_unsure(self._view(opened, document, spoken), checked, found, asker)
        found = _with_instance(found, checked)
        if not parts:
            return found
        others = tuple(self._extract_part(whole, part, checked, spoken) for part in parts[1:])
        return found.replace(part=parts[0], others=others)

    def _extract_part(self, whole: Document, part: Part, schema: Schema, locale: str) -> Extraction:
        """The fields of one of several documents in a file, with evidence in the whole file."""
        document = whole.pages_between(part.first_page, part.last_page)
        found = _with_instance(self._extract(document, schema, locale), schema)
        return found.replace(part=part).moved(whole.offset_of_page(part.first_page))

    def _schema_of(self, document: Document) -> Schema:
        """The built-in schema of a document's kind. Raises SchemaError if the kind is not known."""
        kind = self.classify(document)
        if kind.text is None:
            names = ", ".join(schema.name for schema in list_schemas())
            why = f"the kind of this document is not known{kind.message and f' ({kind.message})'}"
            reason = f"{why}; name the schema: {names}, or a JSON file"
            raise SchemaError("auto", "", reason, "missing")
        return load_schema(kind.text)

    @served
    def classify(
        self,
        source: Source,
        schemas: Sequence[SchemaSource] | None = None,
        *,
        domain: str | None = None,
        pages: PageChoice | None = None,
        password: str | None = None,
    ) -> Classification:
        """Determine the kind of a document, with the words that show it, or a typed abstention.

        schemas: the kinds to choose from, by default the shipped schemas. Raises SourceError,
        SchemaError, and SettingsError for two schemas of one name.
        """
        given = None if schemas is None else check_list("schemas", schemas)
        kinds = shipped_kinds() if given is None else KindWords([*map(load_schema, given)])
        opened, document = self._open(source, pages, password)
        found = classify(document, kinds)
        if self._vlm is None:
            return found
        asker = self._vlm.asker(document, domain)
        return classify_unsure(self._view(opened, document), found, asker, kinds)

    @served
    def summarise(
        self,
        source: Source,
        sentences: int = SENTENCES,
        *,
        domain: str | None = None,
        pages: PageChoice | None = None,
        password: str | None = None,
    ) -> Summary:
        """Summarise a document in at most ``sentences`` sentences, each with its place.

        They are sentences of the document, or of a VLM if their numbers, dates and names are on
        the lines that it names. Raises SourceError, and SettingsError for a number outside 1-20.
        """
        check_sentences(sentences)
        opened, document = self._open(source, pages, password)
        found = summarise(document, sentences)
        if self._vlm is None:
            return found
        asker = self._vlm.asker(document, domain)
        return summarise_unsure(self._view(opened, document), found, asker, sentences)

    aread = in_thread(read)
    acorrect = in_thread(correct)
    aask = in_thread(ask)
    achat = in_thread(chat)
    aextract = in_thread(extract)
    aclassify = in_thread(classify)
    asummarise = in_thread(summarise)

    def extract_many(
        self,
        sources: Iterable[Source],
        schema: SchemaSource,
        *,
        workers: int = 0,
        domain: str | None = None,
        locale: str | None = None,
    ) -> Iterator[Extracted]:
        """Extract the fields of a schema from many sources, several at a time.

        Yields one Extracted for each source, in their order: its extraction, or why there is none;
        one that fails does not stop the others. sources: may be endless; a few more than the
        workers are opened at a time. workers: how many are processed at a time, 1-64; 0 chooses by
        cores and, with a VLM, ``vlm.concurrency``. Raises SchemaError and SettingsError at once.
        """
        call, count = self._many(schema, workers, domain, locale)
        return in_order(call, _each(sources), count)

    def aextract_many(
        self,
        sources: Iterable[Source],
        schema: SchemaSource,
        *,
        workers: int = 0,
        domain: str | None = None,
        locale: str | None = None,
    ) -> AsyncIterator[Extracted]:
        """``extract_many`` for asyncio, to be used with ``async for``."""
        call, count = self._many(schema, workers, domain, locale)
        return in_order_async(call, _each(sources), count)

    def _many(
        self, schema: SchemaSource, workers: int, domain: str | None, locale: str | None
    ) -> tuple[Callable[[Source], Extracted], int]:
        """The function that extracts from one source, and the number of workers."""
        checked, spoken = load_schema(schema, allow_auto=True), self._locale(locale)
        check_optional_text("domain", domain)
        count = check_whole("workers", workers, 0, MAX_WORKERS)
        if not count:
            count = self.side_by_side(MAX_WORKERS)
            if self._vlm is not None and not self._given.get("engine"):
                count = max(count, self.settings.vlm.concurrency)

        def call(source: Source) -> Extracted:
            name = source_name(source)
            try:
                if self._remote is not None:
                    sent = self.extract(source, checked, domain=domain, locale=locale)
                    return Extracted(source=name, result=sent)
                opened = self._sources.open(source)
                if count > 1 and isinstance(opened, Scan) and len(opened.pages) == 1:
                    self.read_beside(opened)
                result = self.extract(opened, checked, domain=domain, locale=spoken)
            except Exception as error:  # the other sources are processed whatever one of them does
                return Extracted.failed(name, error)
            return Extracted(source=name, result=result)

        return call, min(count, MAX_WORKERS)

    def _open(
        self, source: Source, pages: PageChoice | None, password: str | None
    ) -> tuple[Scan | Document, Document]:
        """A source opened, and read. Raises SourceError and SettingsError."""
        opened = self._sources.open(source, pages, password)
        return opened, self._sources.read(opened)

    def _locale(self, given: str | None) -> str:
        """The locale given to a verb, else that of the settings. Raises SettingsError."""
        if given is None:
            return self.settings.locale
        try:
            return parse_locale(check_text("locale", given))
        except ValueError as error:
            raise SettingsError(f"locale {given!r} is not allowed: {error}") from error

    def _limits(self) -> Settings:
        """The settings, with the size of a call reduced to the limits of the model."""
        return self.settings if self._vlm is None else self._vlm.limits()

    def _view(
        self, opened: Scan | Document, document: Document, locale: str | None = None
    ) -> DocumentView:
        """The document with its page images; without images if only a Document was given."""
        settings = self._limits()
        if locale is not None and locale != settings.locale:
            settings = settings.replace(locale=locale)
        if isinstance(opened, Document):
            return DocumentView(document, settings)
        scan = opened

        def image(number: int) -> NDArray[np.uint8]:
            rotation = document.page(number).rotation
            return np.ascontiguousarray(np.rot90(scan.page(number).image(), -rotation // 90))

        return DocumentView(document, settings, image, self._second_read(scan, document))

    def _second_read(self, scan: Scan, document: Document) -> SecondRead:
        def read(number: int, polygon: Polygon) -> str | None:
            engine = self._sources.engine()
            return engine.read_again(scan.page(number), document.page(number), polygon)

        return read

    def _calibrations(self) -> Mapping[str, Calibration]:
        return load_calibrations(calibration_file(self.settings.weights_dir))

    def _extract(self, document: Document, schema: Schema, locale: str) -> Extraction:
        """Extract fields with the reader and the rules that the settings enable."""
        chosen = self.settings.extraction
        reader = self._load_reader() if chosen.embedded_reader else NullReader()
        options = ExtractionOptions(
            locale_hint=locale or None,
            calibrations=self._calibrations(),
            rules=RuleSet(chosen.rules),
            ranker=ranker_for(reader, self.settings.weights_dir),
        )
        return extract(document, schema, reader, options)

    def _load_reader(self) -> Reader:
        # Only the first one of a process loads the model; later ones get it from the store.
        return self._reader or load_reader(self.settings)

    def _page_reader(self) -> PageReader:
        """The reader that keeps what it has read for the next question."""
        if self._kept_reader is None:
            self._kept_reader = PageReader(self._load_reader(), self.settings.threads or 0)
        return self._kept_reader

    def __reduce__(self) -> tuple[partial[DocAgent], tuple[()]]:
        """Pickle the settings and the given objects; models are loaded in the other process.

        Raises SettingsError naming a given object that cannot be pickled.
        """
        for name, value in self._given.items():
            try:
                pickle.dumps(value)
            except Exception as error:  # a given object's own code may raise anything
                raise SettingsError(
                    f"the {name} given to DocAgent, {type(value).__name__}, cannot be sent to "
                    f"another process ({error}); make the DocAgent over there, or name the "
                    "model in the settings (vlm.url or vlm.factory)"
                ) from error
        return partial(DocAgent, self.settings, **self._given), ()


def _each(sources: Iterable[Source]) -> Iterable[Source]:
    """Many sources. Raises SettingsError for a single one, whose characters are not sources."""
    if isinstance(sources, str | bytes | os.PathLike | np.ndarray) or not isinstance(
        sources, Iterable
    ):
        raise SettingsError(f"sources={shown(sources)} is not a list of sources; give a list")
    return sources


def _with_instance(extraction: Extraction, schema: Schema) -> Extraction:
    """The extraction with its data as an instance of the schema's class, if it has one."""
    instance, reasons = schema.parse(extraction.data)
    if not reasons:
        return extraction if instance is None else extraction.replace(parsed=instance)
    # The JSON Schema says the same first; a class may ask for more than its schema can say.
    return extraction.replace(valid=False, errors=extraction.errors or reasons)


def _to_remote(url: str, key: str, given: dict[str, Any]) -> RemoteAgent | None:
    """The client of a server. given: what was given for this machine; the address is added."""
    if not url:
        if key:
            raise SettingsError("a key is for a server; give its url too")
        return None
    if given:
        raise SettingsError(f"a server has its own {', '.join(given)}; give either that or url")
    given |= {"url": url, "key": key}
    return RemoteAgent(url, key)


def _shared_chat_model(settings: Settings) -> BaseChatModel | None:
    """The chat model that the settings name; agents with the same VLM settings share it."""
    return MODELS.get(load_chat_model, Settings(vlm=settings.vlm))

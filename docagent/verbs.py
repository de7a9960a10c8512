"""The one table of verbs: the name, options and result type of each.

Every interface (command line, HTTP, tools for a model) is generated from ``VERBS``: it declares the
options of each verb, collects their values and calls ``Verb.run``. This module knows no interface
and imports light modules only, so that an interface can show its help without delay.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

from docagent.errors import SettingsError

if TYPE_CHECKING:
    from docagent.agent import DocAgent
    from docagent.ocr.reading import Source

FORMATS = ("text", "markdown", "hocr", "alto", "pdf", "json")
"""Formats of a document."""
TABLE_FORMATS = ("csv", "xlsx")
"""Formats of one table of the results of all documents."""

OptionType = Literal["text", "integer", "locale", "pages", "schema"]
"""pages: text such as ``1-3,7-``, or a list of page numbers. locale: a language code with an
optional region, such as ``de`` or ``en-GB``. schema: a built-in name, the path of a JSON Schema
file, a JSON Schema as a mapping, a pydantic class or a Schema."""


@dataclass(frozen=True)
class Option:
    """One argument of a verb besides the source.

    many: whether it is a list of values; an empty list means the default. minimum, maximum:
    inclusive bounds of an integer. choices: the values allowed; any if empty.
    """

    name: str
    type: OptionType
    help: str
    default: Any = None
    required: bool = False
    many: bool = False
    choices: tuple[str, ...] = ()
    minimum: int | None = None
    maximum: int | None = None

    def check(self, value: Any) -> Any:
        """Validate a value and convert it for ``Verb.run``: load schemas, turn lists into tuples.

        Raises SettingsError naming the value and what is allowed; SchemaError for a wrong schema.
        """
        if not self.many:
            return self._check_one(value)
        if isinstance(value, str | bytes | Mapping) or not hasattr(value, "__iter__"):
            raise SettingsError(f"{self.name}={value!r} is not a list of values; give a list")
        return tuple(map(self._check_one, value))

    def _check_one(self, value: Any) -> Any:
        if self.type == "schema":
            from docagent.schemas import load_schema  # loads JSON Schema libraries

            return load_schema(value, allow_auto=not self.many)
        if self.type == "locale":
            return self._check_locale(value)
        if self.type == "integer":
            return self._check_integer(value)
        if self.type == "pages":
            from docagent.sources.page_selection import parse_pages  # loads pydantic

            return str(parse_pages(value))
        if not isinstance(value, str):
            raise SettingsError(f"{self.name}={value!r} is not text; give a string")
        if self.choices and value not in self.choices:
            allowed = ", ".join(self.choices)
            raise SettingsError(f"{self.name}={value!r} is not allowed; give one of {allowed}")
        return value

    def _check_locale(self, value: Any) -> str:
        from docagent.settings import parse_locale  # loads pydantic

        try:
            return parse_locale(value)
        except (TypeError, ValueError) as error:
            raise SettingsError(f"{self.name}={value!r} is not allowed: {error}") from error

    def _check_integer(self, value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            raise SettingsError(f"{self.name}={value!r} is not a whole number; give an integer")
        is_low = self.minimum is not None and value < self.minimum
        is_high = self.maximum is not None and value > self.maximum
        if is_low or is_high:
            raise SettingsError(
                f"{self.name}={value} is not possible; ask for {self.minimum} to {self.maximum}"
            )
        return value


def _prepare(owner: str, options: Sequence[Option], given: Mapping[str, Any]) -> dict[str, Any]:
    known = {option.name: option for option in options}
    for name in given:
        if name not in known:
            allowed = ", ".join(known) or "none"
            raise SettingsError(f"{owner} has no option {name!r}; it takes {allowed}")
    prepared: dict[str, Any] = {}
    for name, option in known.items():
        if given.get(name) is not None:
            prepared[name] = option.check(given[name])
        elif option.required:
            raise SettingsError(f"{owner} needs {name}: {option.help}")
        else:
            prepared[name] = option.default
    return prepared


def prepare_opening(given: Mapping[str, Any]) -> dict[str, Any]:
    """The values of SOURCE_OPTIONS, validated, as keyword arguments of ``DocAgent.load``. Raises
    SettingsError."""
    return _prepare("a source", SOURCE_OPTIONS, given)


Call = Callable[["DocAgent", "Source", Mapping[str, Any]], Any]


@dataclass(frozen=True)
class Verb:
    """A task that docagent carries out on one source.

    name: also the name of the method of DocAgent. help: a description in the imperative, without a
    full stop. result: ``module:Type`` of the result of ``run``. call: the function that ``run``
    calls. asks_model: whether it may ask a vision-language model. has_document: whether its result
    is a document that can be written in each of FORMATS. is_conversation: whether ``run`` opens a
    conversation rather than returning a result.
    """

    name: str
    help: str
    result: str
    options: tuple[Option, ...]
    call: Call
    asks_model: bool = True
    has_document: bool = False
    is_conversation: bool = False

    @property
    def formats(self) -> tuple[str, ...]:
        """The formats that its results can be written in."""
        if self.has_document:
            return FORMATS
        return () if self.is_conversation else ("json", *TABLE_FORMATS)

    @property
    def result_type(self) -> type[Any]:
        """The type of the result of ``run``; importing it loads pydantic."""
        home, _, name = self.result.partition(":")
        found: type[Any] = getattr(import_module(home), name)
        return found

    def prepare(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """All options by name: given values are validated, the others have their default.

        A value of None counts as not given. Raises SettingsError for an unknown, missing or invalid
        option, and SchemaError for an invalid schema.
        """
        return _prepare(self.name, self.options, given)

    def run(self, agent: DocAgent, source: Source, options: Mapping[str, Any]) -> Any:
        """Run the verb on one source and return a ``result_type``. options: from ``prepare``.

        Raises SourceError for the source, and the other errors of the DocAgent method.
        """
        return self.call(agent, source, options)


_DOMAIN = Option(
    "domain",
    "text",
    "domain whose LoRA adapter is asked, such as finance; by default that of the schema, or the "
    "one that the words of the document show, if they are clear",
)
_LOCALE = Option(
    "locale",
    "locale",
    "language of the document with an optional region, such as de or en-GB; decides the order of "
    "day and month, decimal marks and currencies where the page leaves them open; by default "
    "DOCAGENT_LOCALE",
)
_SCHEMA = Option(
    "schema",
    "schema",
    "the fields to extract: the name of a built-in schema, such as invoice, a JSON Schema file, or "
    "auto for the built-in schema of the document's kind",
    required=True,
)
_KINDS = Option(
    "schemas",
    "schema",
    "a kind of document to choose from: the name of a built-in schema or a JSON Schema file; any "
    "number of them; by default all built-in schemas",
    many=True,
)
_QUESTION = Option("question", "text", "the question, as a sentence", required=True)
_SENTENCES = Option(
    "sentences",
    "integer",
    "most sentences of the summary, 1 to 20; by default 5",
    default=5,
    minimum=1,
    maximum=20,
)


def _ask(agent: DocAgent, source: Source, options: Mapping[str, Any]) -> Any:
    return agent.ask(
        source, options["question"], domain=options["domain"], locale=options["locale"]
    )


def _extract(agent: DocAgent, source: Source, options: Mapping[str, Any]) -> Any:
    return agent.extract(
        source, options["schema"], domain=options["domain"], locale=options["locale"]
    )


def _classify(agent: DocAgent, source: Source, options: Mapping[str, Any]) -> Any:
    return agent.classify(source, options["schemas"] or None, domain=options["domain"])


_TABLE = (
    Verb(
        "read",
        "get the text of a document with boxes, as plain text, Markdown, hOCR, ALTO, searchable "
        "PDF or JSON",
        "docagent.document:Document",
        (),
        lambda agent, source, options: agent.read(source),
        asks_model=False,
        has_document=True,
    ),
    Verb(
        "correct",
        "find OCR errors and propose edits, each with its place and the reason",
        "docagent.results:Correction",
        (_DOMAIN,),
        lambda agent, source, options: agent.correct(source, domain=options["domain"]),
        has_document=True,
    ),
    Verb(
        "ask",
        "answer a question with citations, or say why there is no answer",
        "docagent.results:Answer",
        (_QUESTION, _LOCALE, _DOMAIN),
        _ask,
    ),
    Verb(
        "chat",
        "answer several questions about one document, typed at a prompt or read one a line from "
        "standard input; a question may refer to the one before",
        "docagent.chat.conversation:Chat",
        (_DOMAIN,),
        lambda agent, source, options: agent.chat(source, domain=options["domain"]),
        is_conversation=True,
    ),
    Verb(
        "extract",
        "extract the fields of a schema, each with the place on the page that proves it",
        "docagent.results:Extraction",
        (_SCHEMA, _LOCALE, _DOMAIN),
        _extract,
    ),
    Verb(
        "classify",
        "tell the kind of a document and the words that show it, or that the kind is unknown",
        "docagent.results:Classification",
        (_KINDS, _DOMAIN),
        _classify,
    ),
    Verb(
        "summarise",
        "summarise a document, each sentence with the place on the page that it rests on",
        "docagent.results:Summary",
        (_SENTENCES, _DOMAIN),
        lambda agent, source, options: agent.summarise(
            source, options["sentences"], domain=options["domain"]
        ),
    ),
)

SOURCE_OPTIONS = (
    Option(
        "pages",
        "pages",
        "pages to read, such as 1-3,7- (7 and all that follow); by default all",
    ),
    Option(
        "password",
        "text",
        "password of an encrypted PDF; by default DOCAGENT_PDF_PASSWORD",
    ),
)
"""Options of every verb that say how its source is opened: arguments of ``DocAgent.load``."""

VERBS: Mapping[str, Verb] = MappingProxyType({verb.name: verb for verb in _TABLE})
"""Verb by name, in the order in which they are listed for people."""

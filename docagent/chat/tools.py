"""The tools of a model in a conversation: search, read, look, extract, calculate, answer.

Tools see one document and nothing else: no path, no address and no code of a model is ever
used. What they return of the document is fenced as data, and bounded.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from docagent.cascade.document_view import DocumentView, Part
from docagent.chat.arguments import (
    EXTRACTED_PAGES,
    Arguments,
    Calculate,
    Extract,
    GiveAnswer,
    LookAt,
    ReadPage,
    Search,
)
from docagent.chat.calculation import calculate, plain
from docagent.chat.claims import Calculated, Conclusion, conclude, prove
from docagent.chat.retrieval import Excerpt, Found, PageIndex
from docagent.confidence import THRESHOLDS
from docagent.document import Document
from docagent.layout.lines_with_ids import NumberedLine, defuse, fence, lay_out, split_lines
from docagent.results import Evidence, Extraction, Step
from docagent.schemas import Schema, list_schemas
from docagent.text.tokens import content_words, index_terms, tokens

MAX_ARGUMENT_CHARS = 8000
"""Characters of the arguments of one call."""
MAX_TEXT_RATIO = 3
"""Text that tools return for one question, as a multiple of a call (``vlm.chars``)."""
MAX_SEARCHED_PARTS = 5
MAX_SEARCHED_LINES = 30
MAX_RECORDED_CHARS = 300
"""Characters of arguments and messages that are recorded."""

ExtractFields = Callable[[Document, Schema], Extraction]


@dataclass(frozen=True)
class ToolResult:
    """The result for the model (``text``, pictures as data URLs), and the step for the record."""

    text: str
    step: Step
    images: tuple[str, ...] = ()


@dataclass
class DocumentTools:
    """The tools for one question, and their results. extract: fields of a document by the
    embedded reader."""

    view: DocumentView
    index: PageIndex
    extract: ExtractFields
    seen: dict[str, NumberedLine] = field(default_factory=dict)
    """Lines that the model was shown, by id."""
    calculated: list[Calculated] = field(default_factory=list)
    conclusion: Conclusion | None = None
    """The answer that the model gave, verified on the page."""
    _given: int = 0
    _pictures: int = 0

    def show(self, lines: Iterable[NumberedLine]) -> None:
        """The model is shown these lines."""
        self.seen.update({line.id: line for line in lines})

    def call(self, name: str, arguments: str) -> ToolResult:
        """Do what a model asks for. Never raises for what it asks."""
        tool = TOOLS.get(name)
        kept = arguments[:MAX_RECORDED_CHARS]
        try:
            if tool is None:
                raise _Refused(f"there is no tool {name[:40]!r}; there are {', '.join(TOOLS)}")
            if len(arguments) > MAX_ARGUMENT_CHARS:
                raise _Refused(f"arguments have at most {MAX_ARGUMENT_CHARS} characters")
            given = tool.arguments.model_validate_json(arguments or "{}")
            output = tool.run(self, given)
        except ValidationError as error:
            return _refusal(name, kept, _first_error(error))
        except (_Refused, ValueError) as error:
            return _refusal(name, kept, str(error))
        return ToolResult(
            output.text,
            Step(tool=name, arguments=kept, ok=True, message=output.done),
            output.images,
        )

    def search(self, given: Search) -> _Output:
        """Lines with the words of a query, and those around them, of the best pages."""
        terms = set(index_terms(content_words(given.query) or tokens(given.query)))
        ranked = self.index.rank(given.query)[:MAX_SEARCHED_PARTS]
        found = [line for part, score in ranked if score for line in self._matching(part, terms)]
        if not found:
            raise _Refused("no page has these words; try others, or read_page")
        lines = Found.of([tuple(found[:MAX_SEARCHED_LINES])]).lines
        pages = sorted({line.page for line in lines})
        return _Output(self._laid_out(lines), f"found on {_pages(pages)}")

    def read_page(self, given: ReadPage) -> _Output:
        """The lines of a page."""
        lines = [line for line in self.view.lines if line.page == given.number]
        parts = split_lines(self.view.document, lines, self.view.settings.vlm.chars)
        if not parts:
            count = len(self.view.document.pages)
            raise _Refused(f"page {given.number} has no text; there are pages 1 to {count}")
        if not 1 <= given.part <= len(parts):
            raise _Refused(f"page {given.number} has parts 1 to {len(parts)}")
        text = self._laid_out(parts[given.part - 1])
        more = f"\nThis is part {given.part} of {len(parts)}." if len(parts) > 1 else ""
        return _Output(text + more, f"page {given.number} read")

    def look_at(self, given: LookAt) -> _Output:
        """An enlarged picture of lines; of several pages, of those on the first."""
        lines = self._known(given.lines)
        words = self.view.document.words
        places = [(n.page, w.word.polygon) for n in lines for w in words[n.start : n.end]]
        left = self.view.settings.vlm.images // 2 - self._pictures
        images = [crop.url for crop in self.view.enlarged(places, 1)] if left > 0 else []
        if not images:
            raise _Refused("there is no picture of them, or no room for more; read the text")
        self._pictures += len(images)
        return _Output("The picture follows.", "a picture shown", tuple(images))

    def extract_fields(self, given: Extract) -> _Output:
        """Fields of a built-in schema, with the ids of their lines."""
        schemas = {schema.name: schema for schema in list_schemas()}
        if given.name not in schemas:
            raise _Refused(f"there is no schema {given.name!r}; there are {', '.join(schemas)}")
        excerpt = self._excerpt(given.pages)
        result = self.extract(excerpt.document, schemas[given.name])
        text = []
        for found in result.fields:
            if found.status == "found":
                evidence = [e for item in found.evidence for e in excerpt.in_whole(item)]
                lines = self._lines_of(evidence)
                self.show(lines)
                ids = ", ".join(line.id for line in lines)
                text.append(f"{ids}| {found.path}: {defuse(found.raw_text or '')}")
        if not text:
            raise _Refused(f"no field of {given.name} was found there")
        return _Output(self._charged(fence("\n".join(text))), f"{len(text)} fields found")

    def calculate(self, given: Calculate) -> _Output:
        """The value of an expression, and whether its numbers are printed."""
        calculation = calculate(given.expression)
        lines = tuple(line.id for line in self._known(given.lines))
        made = prove(self.view, calculation, lines, self.calculated)
        self.calculated.append(made)
        done = f"{calculation.expression} = {plain(calculation.value)}"
        if not made.unproven:
            return _Output(done, done)
        missing = ", ".join(plain(number) for number in made.unproven)
        note = f"not printed on the lines named: {missing}; so it cannot be answered with"
        return _Output(f"{done}; {note}", f"{done}; {note}")

    def give_answer(self, given: GiveAnswer) -> _Output:
        """The answer, if it holds."""
        for cell in given.answers:
            self._known(cell.lines)
        conclusion = conclude(self.view, given.answers, self.calculated)
        if conclusion.complaints and not (conclusion.fields or conclusion.derived):
            raise _Refused("; ".join(dict.fromkeys(conclusion.complaints)))
        self.conclusion = conclusion
        return _Output("", "answered" if given.answers else "not in the document")

    def _matching(self, part: Part, terms: set[str]) -> list[NumberedLine]:
        """Lines of a part with any of the terms, and the lines beside them."""
        words = self.view.document.words
        texts = (" ".join(w.word.text for w in words[n.start : n.end]) for n in part)
        hits = [place for place, text in enumerate(texts) if terms & set(index_terms(tokens(text)))]
        near = {place + step for place in hits for step in (-1, 0, 1)}
        return [part[place] for place in sorted(near) if 0 <= place < len(part)]

    def _known(self, ids: Sequence[str]) -> list[NumberedLine]:
        """Lines by id. An id that was never shown is a guess."""
        unknown = [line for line in ids if line not in self.seen]
        if unknown:
            shown = ", ".join(unknown)[:80]
            raise _Refused(f"you have not read the lines {shown}; name those you have")
        return [self.view.by_id[line] for line in ids]

    def _laid_out(self, lines: Sequence[NumberedLine]) -> str:
        text = self._charged(lay_out(self.view.document, lines, THRESHOLDS.slot))
        self.show(lines)
        return text

    def _charged(self, text: str) -> str:
        if self._given + len(text) > MAX_TEXT_RATIO * self.view.settings.vlm.chars:
            raise _Refused("there is no room for more text; answer from what you have")
        self._given += len(text)
        return text

    def _excerpt(self, pages: Sequence[int]) -> Excerpt:
        if not pages and not self.index.fits:
            raise _Refused(f"the document is long; name up to {EXTRACTED_PAGES} pages")
        lines = [line for line in self.view.lines if not pages or line.page in pages]
        if not lines:
            raise _Refused(f"{_pages(pages)}: there is no text")
        return Excerpt(self.view.document, tuple(lines))

    def _lines_of(self, evidence: Iterable[Evidence]) -> list[NumberedLine]:
        """The lines that evidence stands on."""
        starts = [word.span.start for word in self.view.document.words]
        first = [line.start for line in self.view.lines]
        found: dict[str, NumberedLine] = {}
        for item in evidence:
            begin = bisect_right(starts, item.span.start) - 1
            end = bisect_right(starts, item.span.end - 1) - 1
            for place in range(bisect_right(first, begin) - 1, bisect_right(first, end)):
                found[self.view.lines[place].id] = self.view.lines[place]
        return list(found.values())


class _Refused(Exception):
    """A call that is not done; its text is the reason."""


@dataclass(frozen=True)
class _Output:
    """The output of a tool: text for the model, a note for the record, pictures."""

    text: str
    done: str
    images: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Tool:
    about: str
    arguments: type[Arguments]
    run: Callable[[DocumentTools, Any], _Output]


TOOLS: Mapping[str, _Tool] = {
    "search": _Tool("Lines of the document with some words.", Search, DocumentTools.search),
    "read_page": _Tool("The text of a page.", ReadPage, DocumentTools.read_page),
    "look": _Tool("An enlarged picture of some lines.", LookAt, DocumentTools.look_at),
    "extract": _Tool("Fields of a schema.", Extract, DocumentTools.extract_fields),
    "calculate": _Tool(
        "The value of an arithmetic expression of printed numbers: + - * / ** and brackets.",
        Calculate,
        DocumentTools.calculate,
    ),
    "answer": _Tool("Give the answer; this ends the turn.", GiveAnswer, DocumentTools.give_answer),
}


def tool_specs() -> tuple[dict[str, Any], ...]:
    """The tools as OpenAI-style functions, which LangChain's ``bind_tools`` takes."""
    return tuple(
        {
            "type": "function",
            "function": {
                "name": name,
                "description": tool.about,
                "parameters": tool.arguments.model_json_schema(),
            },
        }
        for name, tool in TOOLS.items()
    )


def _refusal(name: str, arguments: str, reason: str) -> ToolResult:
    # The reason may quote what the model wrote, and that what the document says.
    text = defuse(reason)[: 2 * MAX_RECORDED_CHARS]
    step = Step(
        tool=defuse(name)[:40], arguments=arguments, ok=False, message=text[:MAX_RECORDED_CHARS]
    )
    return ToolResult(f"Not done: {text}", step)


def _first_error(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    place = ".".join(map(str, first["loc"])) or "the arguments"
    return f"{place}: {first['msg']}"


def _pages(numbers: Sequence[int]) -> str:
    return f"page{'s' if len(numbers) > 1 else ''} {', '.join(map(str, numbers))}"

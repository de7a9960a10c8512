"""A conversation about one document: several questions, answers found on its pages."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import replace
from typing import Any

from docagent.cascade.document_view import DocumentView, Part
from docagent.cascade.usage_report import Tally, report_usage
from docagent.chat.calculation import plain
from docagent.chat.claims import Conclusion
from docagent.chat.follow_up import stand_alone
from docagent.chat.retrieval import NEAR, Excerpt, Found, PageIndex
from docagent.chat.tool_loop import ToolLoop
from docagent.chat.tools import DocumentTools, ExtractFields
from docagent.confidence import calibration_file, load_calibrations
from docagent.document import Document
from docagent.layout.lines_with_ids import split_lines
from docagent.ranking.loading import ranker_for
from docagent.reader.no_reader import NullReader
from docagent.reader.page_reader import PageReader
from docagent.reader.types import Reader
from docagent.results import Answer, ChatEvent, Turn
from docagent.rules.registry import RuleSet
from docagent.tasks.answering.cascade import Conversation, answer_unsure, is_unsure, weigh_answers
from docagent.tasks.answering.embedded import answer
from docagent.tasks.answering.question import MAX_QUESTION_CHARS, check_question
from docagent.vlm.calls import Asker

MAX_EARLIER_TURNS = 6
"""Earlier turns in the prompt of a model."""
MAX_EARLIER_CHARS = 300
"""Characters of an earlier question or answer in the prompt."""
NOT_THERE = "not in the document"
_UNREAD = PageReader(NullReader())
"""For answers that rules give alone."""


class Chat:
    """Questions about one document, each understood with those before it.

    Make it with ``DocAgent.chat``. A document that fits into one call (``vlm.chars``) is read
    whole for each question; of a longer one the pages that fit the question best. Whatever is
    shown was found on the page first, or the turn abstains and says why. One thread at a time.
    """

    def __init__(
        self,
        view: DocumentView,
        reader: Reader,
        extract: ExtractFields,
        asker: Callable[[], Asker] | None = None,
    ) -> None:
        """view: the document and its pictures. reader, extract: the embedded ones. asker: a
        new one for each question, with its budget; None without a model."""
        self._view = view
        self._reader = PageReader(reader)
        self._extract = extract
        self._asker = asker
        self._index = PageIndex(view)
        self._turns: list[Turn] = []
        self._has_tools = view.settings.vlm.tools

    @property
    def document(self) -> Document:
        """The document that is talked about."""
        return self._view.document

    @property
    def turns(self) -> tuple[Turn, ...]:
        """The turns so far, oldest first."""
        return tuple(self._turns)

    def restore(self, turns: Iterable[Turn]) -> None:
        """Go on from the turns of an earlier conversation about the same document."""
        self._turns = list(turns)

    def ask(self, question: str) -> Turn:
        """The answer with citations, or a typed abstention. Raises SettingsError for an empty
        question or one that is too long; such a question leaves no turn."""
        turn = [event.turn for event in self.stream(question)][-1]
        assert turn is not None
        return turn

    def stream(self, question: str) -> Iterator[ChatEvent]:
        """Events while the question is answered; the last one has the turn.

        Text comes when it has been found on the page, never before. A stream that is left
        before its text leaves no turn. Raises as ``ask``, when the first event is taken.
        """
        plain_question = check_question(question)
        read_as = self._read_as(plain_question)
        follows = read_as != plain_question
        about = f"{read_as} {self._turns[-1].read_as}" if follows else read_as
        found = self._index.find(about)
        embedded, pages = yield from self._embedded(read_as, about, found)
        turn = _to_turn(embedded, question, read_as, pages)
        if self._asker is not None:
            conversation = Conversation((found.lines,), self._earlier(), follows)
            turn = yield from self._with_model(turn, conversation, self._asker())
        self._turns.append(turn)
        if turn.text is not None:
            yield ChatEvent(kind="text", text=turn.text, pages=_cited(turn))
        yield ChatEvent(kind="turn", turn=turn)

    def _read_as(self, question: str) -> str:
        before = self._turns[-1].read_as if self._turns else None
        alone = stand_alone(question, before)
        return alone if len(alone) <= MAX_QUESTION_CHARS else question

    def _embedded(
        self, question: str, about: str, found: Found
    ) -> Generator[ChatEvent, None, tuple[Answer, tuple[int, ...]]]:
        """The embedded answer and the pages it was looked for on: of a long document those that
        fit best, and then the others that were found."""
        if not self._index.fits:
            whole = self._answer(self.document, question, _UNREAD)
            if whole.text is not None:
                # A field or a clause is found wherever it stands, whatever the question's words.
                pages = tuple(dict.fromkeys(citation.page for citation in whole.citations))
                yield ChatEvent(kind="pages", pages=pages)
                return whole, pages
        if not found.matched:
            # Any page would be a guess, and so would an answer from it.
            return self._unmatched(question), ()
        nearest = found if self._index.fits else self._index.find(about, NEAR)
        yield ChatEvent(kind="pages", pages=nearest.pages)
        first = self._read(question, nearest.lines)
        read = set(nearest.lines)
        rest = tuple(line for line in found.lines if line not in read)
        if first.abstained != "not_present" or not rest:
            return first, nearest.pages
        pages = tuple(page for page in found.pages if page not in nearest.pages)
        yield ChatEvent(kind="pages", pages=pages)
        second = self._read(question, rest)
        return (first if second.text is None else second), (*nearest.pages, *pages)

    def _unmatched(self, question: str) -> Answer:
        return Answer(
            document_id=self.document.id,
            question=question,
            abstained="not_present",
            message="no page has a word of the question",
        )

    def _read(self, question: str, lines: Part) -> Answer:
        excerpt = Excerpt(self.document, lines)
        found = self._answer(excerpt.document, question, self._reader)
        citations = tuple(e for item in found.citations for e in excerpt.in_whole(item))
        return found.replace(citations=citations)

    def _answer(self, document: Document, question: str, reader: PageReader) -> Answer:
        settings = self._view.settings
        return answer(
            document,
            question,
            reader,
            locale_hint=settings.locale or None,
            calibrations=load_calibrations(calibration_file(settings.weights_dir)),
            rules=RuleSet(settings.extraction.rules),
            ranker=ranker_for(reader.reader, settings.weights_dir),
        )

    def _with_model(
        self, turn: Turn, conversation: Conversation, asker: Asker
    ) -> Generator[ChatEvent, None, Turn]:
        """The turn after a model was asked, if it was."""
        mode = self._view.settings.vlm.effective_mode
        unsure = is_unsure(turn, self._view.settings.vlm.unsure)
        sure = not (conversation.follows or unsure)
        if not self._view.lines or (sure and mode != "always"):
            return turn.replace(vlm=report_usage(mode, asker, Tally()))
        pages = dict.fromkeys((*turn.pages, *_pages(conversation.parts)))
        turn = turn.replace(pages=tuple(pages))
        yield ChatEvent(kind="model", text=asker.name, pages=turn.pages)
        if self._has_tools and asker.can_call_tools:
            tools = DocumentTools(self._view, self._index, self._extract)
            loop = ToolLoop(self._view, tools, asker)
            yield from loop.run(turn.question, conversation)
            self._has_tools = not loop.refused
            turn = turn.replace(**_steps(turn, loop))
            if tools.conclusion is not None:
                use = report_usage(mode, asker, Tally(asked=1))
                trust = self._view.settings.vlm.trust
                concluded = _concluded(turn, tools.conclusion, trust)
                return concluded.replace(vlm=use)
            conversation = replace(conversation, parts=self._parts(tools))
        answered = answer_unsure(self._view, _to_answer(turn), asker, conversation)
        return _with_answer(turn, answered)

    def _parts(self, tools: DocumentTools) -> tuple[Part, ...]:
        """The lines that a model with tools has seen, in parts that fit into a call."""
        lines = sorted(tools.seen.values(), key=lambda line: line.start)
        return tuple(split_lines(self.document, lines, self._view.settings.vlm.chars))

    def _earlier(self) -> tuple[tuple[str, str], ...]:
        return tuple(
            (turn.question[:MAX_EARLIER_CHARS], (turn.text or NOT_THERE)[:MAX_EARLIER_CHARS])
            for turn in self._turns[-MAX_EARLIER_TURNS:]
        )


def _to_turn(found: Answer, question: str, read_as: str, pages: tuple[int, ...]) -> Turn:
    given = {name: getattr(found, name) for name in Answer.model_fields}
    return Turn(**{**given, "question": question}, read_as=read_as, pages=pages)


def _to_answer(turn: Turn) -> Answer:
    return Answer(**{name: getattr(turn, name) for name in Answer.model_fields})


def _with_answer(turn: Turn, found: Answer) -> Turn:
    return turn.replace(**{name: getattr(found, name) for name in Answer.model_fields})


def _pages(parts: Iterable[Part]) -> tuple[int, ...]:
    return tuple(dict.fromkeys(line.page for part in parts for line in part))


def _steps(turn: Turn, loop: ToolLoop) -> dict[str, Any]:
    seen = dict.fromkeys((*turn.pages, *_pages([tuple(loop.tools.seen.values())])))
    return {"steps": tuple(loop.steps), "pages": tuple(seen)}


def _concluded(turn: Turn, conclusion: Conclusion, trust: float) -> Turn:
    """The turn with what a model with tools concluded, weighed against the embedded answer.
    A calculated value stands alone: the embedded reader cannot calculate."""
    fields, derived = conclusion.fields, conclusion.derived
    if not derived:
        return _with_answer(turn, weigh_answers(_to_answer(turn), fields, not fields, trust))
    values = [plain(made.calculation.value) for made in derived]
    sums = [f"{made.calculation.expression} = {v}" for made, v in zip(derived, values, strict=True)]
    evidence = [e for f in fields for e in f.evidence] + [e for m in derived for e in m.evidence]
    found = Answer(
        document_id=turn.document_id,
        question=turn.question,
        text="; ".join([*(field.raw_text or "" for field in fields), *values]),
        citations=tuple(dict.fromkeys(evidence)),
        message=f"not printed, but calculated: {'; '.join(sums)}",
    )
    return _with_answer(turn, found).replace(how="derived")


def _cited(turn: Turn) -> tuple[int, ...]:
    return tuple(dict.fromkeys(citation.page for citation in turn.citations))

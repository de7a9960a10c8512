"""Answers, and the turns and events of a conversation."""

from __future__ import annotations

from typing import Literal

from docagent.document import Confidence, Frozen
from docagent.results.finding import Abstention, Evidence, Finding, How, Shown, Source
from docagent.usage import VlmUse


class Answer(Finding, Shown):
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

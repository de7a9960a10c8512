"""The driver of the cascade: every task asks a model, repairs and splits through this loop.

A task says what it asks of which part of a document (``inquiries``), builds the request,
verifies the reply (``apply``) and weighs what holds against the embedded result (``weigh``). The
driver sends the requests of a round side by side, splits parts that are too long for the model,
asks again for what does not hold, and records the usage.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Generic, TypeVar

from docagent.cascade.document_view import DocumentView, Part
from docagent.cascade.usage_report import Tally, report_usage
from docagent.document import Frozen
from docagent.vlm.calls import Asker, Reply, Request

MAX_HALVINGS = 2
"""Times that a part is halved in a round; what is too long then is asked with fewer pictures, or
not."""


@dataclass(eq=False, kw_only=True)
class Inquiry(ABC):
    """Something asked of a part of a document until it is answered.

    complaints: why the last answer cannot be used, told to the model with the next request.
    asks_left: requests that may still be made, by default one and a repair.
    """

    part: Part
    complaints: tuple[str, ...] = ()
    asks_left: int = 2

    @property
    @abstractmethod
    def is_open(self) -> bool:
        """Whether some of it has no usable answer yet."""


Q = TypeVar("Q", bound=Inquiry)
R = TypeVar("R", bound=Frozen)


class ModelTask(ABC, Generic[Q]):
    """What is asked of a model about one document: how to ask, and what holds of a reply."""

    max_halvings: ClassVar[int] = MAX_HALVINGS
    """0: a request that is too long is not split, but sent with fewer pictures."""
    view: DocumentView

    @abstractmethod
    def request(self, inquiry: Q) -> Request:
        """The request for what is still open."""

    @abstractmethod
    def apply(self, inquiry: Q, reply: Reply) -> Sequence[Q]:
        """Verify a reply on the page and keep what holds; complaints say why the rest does not.
        Returns inquiries about smaller pieces of the part, where the answer is cut off."""

    def halve(self, inquiry: Q) -> Sequence[Q]:
        """The same asked of both halves of the part; empty if it cannot be halved."""
        return ()


class CascadeTask(ModelTask[Q], Generic[Q, R]):
    """A task of the cascade: the embedded result, improved by a model where it is unsure."""

    embedded: R

    @abstractmethod
    def inquiries(self) -> list[Q]:
        """What is unsure, or all in the mode ``always``, part by part; empty if no model is
        needed."""

    @abstractmethod
    def weigh(self, inquiries: Sequence[Q]) -> tuple[R, Tally]:
        """The embedded result and what holds of the replies, weighed; and how much was asked.
        inquiries: all in the end, at least one, answered or given up."""

    def requests(self) -> list[Request]:
        """The first request of each inquiry, as serving sends it and training learns it."""
        return [self.request(inquiry) for inquiry in self.inquiries()]


def run_cascade(task: CascadeTask[Q, R], asker: Asker) -> R:
    """The result of a task. Never raises for what the model does; ``vlm`` of the result tells."""
    mode = task.view.settings.vlm.effective_mode
    inquiries = task.inquiries()
    if not inquiries:
        return task.embedded.replace(vlm=report_usage(mode, asker, Tally()))
    result, tally = task.weigh(ask_model(task, inquiries, asker))
    return result.replace(vlm=report_usage(mode, asker, tally))


def ask_model(task: ModelTask[Q], inquiries: Sequence[Q], asker: Asker) -> list[Q]:
    """All inquiries in the end, those answered in an earlier round first. In place of one that
    is too long for the model stand those it is halved into."""
    known = list(inquiries)
    while waiting := [inquiry for inquiry in known if inquiry.is_open and inquiry.asks_left]:
        replies = _ask_round(task, waiting, asker)
        known = [inquiry for inquiry in known if inquiry not in waiting]
        known += [inquiry for inquiry, _ in replies]
        for inquiry, reply in replies:
            inquiry.asks_left -= 1
            known += task.apply(inquiry, reply)
    return known


def count_open(inquiries: Sequence[Inquiry]) -> Tally:
    """The tally of a task that counts its inquiries."""
    return Tally(len(inquiries), sum(inquiry.is_open for inquiry in inquiries))


def _ask_round(task: ModelTask[Q], waiting: Sequence[Q], asker: Asker) -> list[tuple[Q, Reply]]:
    """Inquiries with their replies; those that are too long for the model are halved."""
    replied: list[tuple[Q, Reply]] = []
    for left in range(task.max_halvings, -1, -1):
        requests = [
            replace(task.request(inquiry), divisible=left > 0 and len(inquiry.part) > 1)
            for inquiry in waiting
        ]
        smaller: list[Q] = []
        for inquiry, reply in zip(waiting, asker.ask_all(requests), strict=True):
            halves = task.halve(inquiry) if left and reply.outcome == "length" else ()
            smaller += halves
            if not halves:
                replied.append((inquiry, reply))
        waiting = smaller
    return replied

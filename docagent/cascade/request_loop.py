"""A request that is longer than the model takes is asked in halves of its part of the document."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Protocol, TypeVar

from docagent.cascade.document_view import Look, Part
from docagent.layout.numbered_lines import line_text, split_lines
from docagent.vlm.calls import Asker, Reply, Request

HALVINGS = 2
"""Times that a part is halved; what is too long then is asked with fewer pictures, or not."""


class Job(Protocol):
    """Something asked of a part of a document."""

    part: Part


J = TypeVar("J", bound=Job)


def ask_in_halves(
    asker: Asker,
    jobs: Iterable[J],
    request: Callable[[J], Request],
    halved: Callable[[J], Sequence[J]],
) -> list[tuple[J, Reply]]:
    """Jobs with their replies. In place of a job that is too long for the model stand those it
    is halved into. halved: the jobs for both halves of a part; empty if it cannot be cut."""
    waiting = list(jobs)
    asked: list[tuple[J, Reply]] = []
    for left in range(HALVINGS, -1, -1):
        requests = [
            replace(request(job), divisible=left > 0 and len(job.part) > 1) for job in waiting
        ]
        smaller: list[J] = []
        for job, reply in zip(waiting, asker.ask_all(requests), strict=True):
            halves = halved(job) if left and reply.outcome == "length" else ()
            smaller += halves
            if not halves:
                asked.append((job, reply))
        waiting = smaller
    return asked


def halves(look: Look, part: Part) -> tuple[Part, ...]:
    """A part cut about its middle, between pages or rows where that is possible; empty if it is
    one line."""
    if len(part) < 2:
        return ()
    lengths = [len(line_text(look.document, line, 0.0)) + len(line.id) for line in part]
    first = split_lines(look.document, part, max(sum(lengths) // 2, 1))[0]
    # Beyond the middle lies whatever did not fit, with a row or page that was begun.
    at = len(first) if len(first) < len(part) else len(part) // 2
    return part[:at], part[at:]

"""Receipts and agreements with the shipped schemas, value by value."""

from __future__ import annotations

from collections.abc import Iterator

from docagent import DocAgent
from eval.datasets import load_documents
from eval.metrics.fields import letters_and_digits
from eval.tasks.extraction import task_fields
from eval.tasks.field_tasks import load_task
from eval.tasks.understanding.judged import Judged


def judge_known(agent: DocAgent, data: str, limit: int | None, official: bool) -> Iterator[Judged]:
    """Every value of a set that has a task, by its official rule or the normalised one; a true
    value that was not given is an item without confidence."""
    task = load_task(data)
    rule = task.official if official else letters_and_digits
    for item in load_documents(data, "dev", limit):
        extraction = agent.extract(item.path, task.schema)
        for name, fields in task_fields(extraction, task).items():
            left = [value for value in map(rule, item.fields.get(name, ())) if value]
            for field in fields:
                value = rule(task.submit(name, field))
                if not value:
                    continue
                right = value in left
                if right:
                    left.remove(value)
                yield Judged(name, float(right), right, field.confidence or 0.0)
            for _ in left:
                yield Judged(name, 0.0, True, None)

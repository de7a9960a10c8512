"""What a model is worth to the cascade, measured."""

from __future__ import annotations

from pathlib import Path

from eval.datasets import LabelledDocument
from eval.tasks.cascade import Outcome, said_right, submitted, summarise
from eval.tasks.field_tasks import load_task
from tests.documents import document_of
from tests.vlm_models import ABSENT, FAST, agent, cell, wanted

RECEIPT = document_of(["ACME Widgets Ltd", "Date 12/03/2018", "Total 132.00", "Cash 150.00"])
SAID = {"total": cell("L3", "132.00"), "date": cell("L2", "12/03/2018"), "company": ABSENT}
TRUTH = {"company": ("ACME WIDGETS LTD",), "date": ("12/03/2018",), "total": ("150.00",)}


def said(messages, options):
    return {key: SAID.get(key, ABSENT) for key in wanted(messages)}


def test_right_values_of_a_model_are_counted():
    task = load_task("sroie")
    item = LabelledDocument("a", Path("a.jpg"), TRUTH)
    before = agent([], settings=FAST.replace(vlm="never"))
    result = agent(said, settings=FAST.replace(vlm="always"))
    after = result.extract(RECEIPT, task.schema)
    assert said_right(task, [item], [after]) == (1, 2)  # the date of date and total
    plain = before.extract(RECEIPT, task.schema)
    assert said_right(task, [item], [plain]) == (0, 0)
    rows = summarise(task, [item], [Outcome(plain, after, 0.1)])
    assert rows[1]["model_right"] == 0.5
    assert rows[1]["asked"] == 1.0
    assert submitted(after, task)["date"]

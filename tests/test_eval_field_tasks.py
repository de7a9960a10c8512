"""Every field of a labelled set is scored against a field that its schema has, of the same type."""

from __future__ import annotations

from pathlib import Path

import pytest

from docagent.errors import SettingsError
from docagent.results import Extraction, Field
from docagent.schemas import load_schema
from docagent.schemas.types import SchemaField
from eval.datasets import LabelledDocument, load_documents
from eval.metrics.fields import amount_value, date_value
from eval.systems.regex_baseline import receipt_fields
from eval.tasks.cascade import true_values
from eval.tasks.extraction import task_fields
from eval.tasks.field_tasks import NAMES, TASKS, FieldTask

MAPPINGS = [
    pytest.param(task, name, path, id=f"{data}-{name}")
    for data, task in TASKS.items()
    for name, path in task.paths.items()
]


def schema_field(task: FieldTask, path: str) -> SchemaField:
    """The field of a path, or what an array of that path is made of."""
    leaves = {leaf.path: leaf for leaf in load_schema(task.schema).leaves}
    found = [leaf for leaf in leaves.values() if leaf.path in (path, f"{path}[]")]
    assert len(found) == 1, f"{task.schema} has {', '.join(leaves)}, not {path}"
    return found[0]


@pytest.mark.parametrize(("task", "name", "path"), MAPPINGS)
def test_a_mapped_field_is_in_the_schema_and_compared_by_its_type(
    task: FieldTask, name: str, path: str
) -> None:
    field = schema_field(task, path)
    # A rule for dates or amounts goes with a field of dates or amounts, and the other way round.
    assert (task.parsed.get(name) is date_value) == (field.normaliser == "date")
    assert (task.parsed.get(name) is amount_value) == (field.normaliser == "amount")
    if name in NAMES:
        assert field.types == ("string",)


@pytest.mark.parametrize("task", TASKS.values(), ids=list(TASKS))
def test_no_rule_and_no_path_is_left_over(task: FieldTask) -> None:
    assert set(task.parsed) <= set(task.paths)
    assert len(set(task.paths.values())) == len(task.paths)


@pytest.mark.parametrize(("task", "name", "path"), MAPPINGS)
def test_a_value_of_the_schema_reaches_the_score(task: FieldTask, name: str, path: str) -> None:
    field = schema_field(task, path)
    value = Field(path=field.at(0), raw_text="1", value="1", confidence=0.5, status="found")
    extraction = Extraction(
        document_id="0", schema_name=task.schema, fields=(value,), data={}, valid=True
    )
    assert task_fields(extraction, task)[name] == [value]


def test_the_baseline_gives_fields_of_its_task() -> None:
    assert set(receipt_fields(())) <= set(TASKS["sroie"].paths)


@pytest.mark.parametrize("data", TASKS)
def test_the_labels_have_every_field(data: str) -> None:
    try:
        documents = load_documents(data)
    except SettingsError:
        pytest.skip("the labelled sets are not here")
    labelled = {name for document in documents for name in document.fields}
    assert set(TASKS[data].paths) <= labelled


def test_a_model_that_knows_the_labels_is_given_those_of_the_schema() -> None:
    """Labels that no field of the schema answers to are left out."""
    task = TASKS["invoice2data"]
    fields = {"issuer": ("ACME Ltd",), "amount": ("5.00",), "telephone": ("030 1234",)}
    item = LabelledDocument("a", Path("a.pdf"), fields)
    assert true_values(item, task) == {"seller": ("ACME Ltd",), "total": ("5.00",)}

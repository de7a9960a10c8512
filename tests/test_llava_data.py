"""Training samples of the LLaVA: what serving would send, answers that hold, JSONL and back."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from langchain_core.messages import convert_to_openai_messages

pytestmark = pytest.mark.train

pytest.importorskip("faker")

from docagent.agent import DocAgent  # noqa: E402
from docagent.cascade.answer_format import to_claim, units_of  # noqa: E402
from docagent.cascade.document_view import Look  # noqa: E402
from docagent.cascade.verification import hold  # noqa: E402
from docagent.evidence.field_parser import FieldParser  # noqa: E402
from docagent.reader.scripted import ScriptedReader  # noqa: E402
from docagent.settings import Settings  # noqa: E402
from docagent.vlm.scripted import ScriptedChatModel  # noqa: E402
from finetune.llava.jsonl import read_jsonl, write_jsonl  # noqa: E402
from finetune.llava.tasks import (  # noqa: E402
    Asked,
    ask_sample,
    correct_sample,
    extract_sample,
    extract_units,
    schema_of,
)
from finetune.synthesis.documents import KINDS  # noqa: E402
from tests.llava_models import read  # noqa: E402

TEXT_ONLY = Asked(images=(0,), rows=4)


@pytest.mark.parametrize("kind", KINDS)
def test_answers_fit_the_schema_that_is_sent(kind: str) -> None:
    made = 0
    for seed in range(4):
        document, rng = read(kind, seed), random.Random(seed)
        for make in (extract_sample, ask_sample, correct_sample):
            sample = make(document, rng, TEXT_ONLY)
            if sample is not None:
                made += 1
                Draft202012Validator(dict(sample.schema)).validate(json.loads(sample.answer))
                assert sample.task == make.__name__.removesuffix("_sample")
    assert made


def test_only_the_wanted_fields_are_asked_for() -> None:
    wanted = Asked(images=(0,), only=frozenset({"total", "date"}))
    for seed in range(6):
        sample = extract_sample(read("receipt", seed), random.Random(seed), wanted)
        assert sample is None or set(sample.asked) <= wanted.only


@pytest.mark.parametrize("kind", ["receipt", "invoice", "prescription", "nda"])
def test_right_answers_hold_on_the_page(kind: str) -> None:
    """What training teaches, the cascade accepts: values stand on the lines that are named."""
    found = 0
    for seed in range(6):
        document = read(kind, seed)
        schema = schema_of(kind)
        assert schema is not None
        units = [u for u in units_of(schema.leaves) if not u.is_array]
        sample = extract_units(document, schema, units, random.Random(1), TEXT_ONLY)
        assert sample is not None
        look = Look(document.document)
        for path, cell in json.loads(sample.answer).items():
            claim = to_claim(cell)
            leaf = schema.field(path)
            if claim.value is None:
                assert path not in document.truth.fields
                continue
            reader = FieldParser(look.document, leaf)
            if not reader.parse_text(claim.value).ok or claim.how == "corrected":
                continue  # misread beyond use; or in need of a second read, which is not here
            held = hold(look, reader, claim, path)
            assert not held.complaint, (path, cell)
            assert held.field is not None and held.field.evidence
            found += 1
    assert found > 10


def test_requests_are_those_of_serving() -> None:
    document, schema = read("receipt", 5, noise=0.0), schema_of("receipt")
    assert schema is not None
    model = ScriptedChatModel(script=lambda *_: "{}")
    settings = Settings(vlm="always", vlm_concurrency=1)
    DocAgent(settings, reader=ScriptedReader({}), vlm=model).extract(document.document, schema)
    units = list(units_of(schema.leaves))
    sample = extract_units(document, schema, units, random.Random(1), Asked(images=(0,), rows=99))
    assert sample is not None
    (served, *_) = model.requests
    # LangChain sends texts without pictures as one string.
    (system, user) = convert_to_openai_messages(served[0])
    assert system == sample.messages[0]
    assert user["content"] == "\n".join(b["text"] for b in sample.messages[1]["content"])


def test_misread_words_are_mended_only_where_that_can_be_known() -> None:
    mended = kept = 0
    for seed in range(40):
        document = read("letter", seed)
        for index in range(len(document.document.words)):
            was, shown = document.read(index), document.as_shown(index, legible=False)
            if shown != was:
                mended += 1
                assert document.is_unsure(index)
                assert not any(c.isdigit() for c in shown + was)
            kept += was != document.printed(index) and shown == was
    assert mended and kept


def test_jsonl_and_back(tmp_path: Path) -> None:
    rng = random.Random(2)
    asked = Asked(images=(2,), pixels=20_000)
    samples = [extract_sample(read("prescription", seed), rng, asked) for seed in range(4)]
    made = [sample for sample in samples if sample is not None]
    path = tmp_path / "samples.jsonl"
    assert write_jsonl(made, path) == len(made)
    rows = read_jsonl(path)
    assert [row.answer for row in rows] == [sample.answer for sample in made]
    assert all(row.pictures() for row in rows)
    texts = [b["text"] for b in made[0].messages[1]["content"] if b["type"] == "text"]
    assert texts == [b["text"] for b in rows[0].messages[1]["content"] if b["type"] == "text"]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", "line 1: not a sample"),
        ('{"messages": []}', "line 1: not a sample"),
        ('{"messages": [{"role": "user", "content": "x"}]}', "must be the assistant's"),
        (
            '{"messages": [{"role": "user", "content": [{"type": "image"}]}, '
            '{"role": "assistant", "content": "x"}]}',
            "1 picture blocks; images lists 0",
        ),
    ],
)
def test_damaged_jsonl_is_told_by_line(tmp_path: Path, line: str, message: str) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_text(line + "\n")
    with pytest.raises(ValueError, match=message):
        read_jsonl(path)

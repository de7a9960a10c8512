"""The ranker's training: what is right, schemas in other words, and weights that docagent runs."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from docagent.document import UNDECIDED
from docagent.evidence.field_parser import FieldParser
from docagent.ranking.features import PoolFeatures
from docagent.ranking.model import load_ranker
from docagent.schemas import load_schema
from tests.documents import document_of

pytest.importorskip("torch", reason="needs the 'train' extra")
pytest.importorskip("faker", reason="needs the 'train' extra")

from finetune.ranking import fit as fitting
from finetune.ranking.cases import Case, text_document, worded
from finetune.ranking.collect import Row, agrees, rows_of_case
from finetune.ranking.wordings import RECEIPTS, draw_schema

pytestmark = pytest.mark.train
SCHEMA = load_schema(
    {
        "type": "object",
        "properties": {
            "total": {"type": ["number", "null"]},
            "date": {"type": ["string", "null"], "format": "date"},
            "note": {"type": ["string", "null"]},
        },
    }
)
PAGE = document_of(["Total: 12.50", "Date: 25/06/2023", "Note: paid in cash"])


@pytest.mark.parametrize(
    ("path", "words", "truth", "is_right"),
    [
        ("total", (1, 2), "12.50", True),
        ("total", (1, 2), "12.5", True),
        ("total", (1, 2), "21.50", False),
        ("date", (3, 4), "2023-06-25", True),
        ("date", (3, 4), "2023-06-26", False),
        ("note", (5, 8), "PAID IN CASH.", True),
        ("note", (5, 7), "paid in cash", False),
    ],
)
def test_what_is_right(path: str, words: tuple[int, int], truth: str, is_right: bool) -> None:
    parser = FieldParser(PAGE, SCHEMA.field(path), conventions=UNDECIDED)
    assert agrees(parser.candidate(*words, 1.0), truth) is is_right


def test_schemas_are_drawn_in_many_words() -> None:
    drawn = [draw_schema("slip", RECEIPTS, random.Random(seed)) for seed in range(40)]
    keys = {paths["total"] for _, paths in drawn if "total" in paths}
    assert len(keys) > 4
    for schema, paths in drawn:
        assert {leaf.path for leaf in schema.leaves} == set(paths.values())


@pytest.mark.parametrize(
    ("wording", "key", "description"),
    [
        ("end date: When it ends", "end_date", "When it ends"),
        ("governing law", "governing_law", ""),
        ("When does the contract end?", "expiration_date", "When does the contract end?"),
    ],
)
def test_keys_of_a_wording(wording: str, key: str, description: str) -> None:
    assert worded(random.Random(1), "Expiration Date", (wording,)) == (key, description)


class Nobody:
    """A reader that must not be asked."""

    def read(self, document: object, queries: object) -> list[object]:
        raise AssertionError("a document that the reader saw is read")


def test_of_documents_that_the_reader_saw_only_rules_are_learned() -> None:
    case = Case("slips", "a", PAGE, SCHEMA, {"total": ("12.50",), "note": ()}, is_seen=True)
    rows = list(rows_of_case(case, Nobody()))  # type: ignore[arg-type]
    assert {(row.path, row.half, row.is_there) for row in rows} == {
        ("total", "rules", True),
        ("note", "rules", False),
    }
    (total,) = (row for row in rows if row.path == "total")
    assert any(total.right)


def test_a_text_is_set_on_pages() -> None:
    document = text_document("t", "one two\n\nthree " * 200)
    assert len(document.pages) > 1
    assert document.words[1].word.text == "two"


def test_a_fit_gives_weights_that_prefer_what_was_right(tmp_path: Path) -> None:
    rng = random.Random(5)
    rows = []
    for n in range(1500):
        good = [rng.random() < 0.5 for _ in range(3)]
        options = tuple({"reader.span": 0.9 * g + 0.05, "noise": rng.random()} for g in good)
        features = PoolFeatures("money", {"size": 0.5, "no": float(not any(good))}, options)
        rows.append(
            Row("a" if n % 2 else "b", str(n), "d", "p", "all", features, tuple(good), True)
        )
    training = fitting.Training.of(rows)
    models, found = fitting.fit(training)
    weights = fitting.fit_confidence(found, fitting.fit_elsewhere(training))
    fitting.write(tmp_path / "ranker.npz", training, models, weights)
    options = ({"reader.span": 0.05, "noise": 0.5}, {"reader.span": 0.95, "noise": 0.5})
    (ranked,) = load_ranker(tmp_path).rank([PoolFeatures("money", {"size": 0.5}, options)])
    assert ranked.options[1] > 0.5 > 0.3 > ranked.options[0]
    assert ranked.confidences[1] > ranked.confidences[0]

"""Fitting calibration tables, keeping what helps, and using those that belong to the weights."""

from __future__ import annotations

import json
import random
import shutil
from pathlib import Path

import pytest

from docagent.agent import DocAgent
from docagent.confidence import (
    CALIBRATION_FILE,
    THRESHOLDS,
    Calibration,
    WordConfidence,
    calibration_file,
    load_calibrations,
    save_calibrations,
)
from docagent.ocr.types import CharReading, LineReading, WordReading
from docagent.reader.no_reader import NullReader
from docagent.results import Check, Field
from docagent.schemas import load_schema
from docagent.settings import Settings
from docagent.tasks.extraction.embedded import ExtractionOptions, extract
from docagent.tasks.extraction.list_confidence import Verdicts, list_table
from eval.tasks.confidence import Outcome
from finetune.calibration.tables import Scored, anchored, choose_table, choose_word_table
from finetune.ocr.adaptation.calibration import LEAST, line_outcomes, refit_words
from finetune.weights_folder import read_report, write_weights
from tests.documents import document_of
from tests.test_ocr_engine import page

WEIGHTS = CALIBRATION_FILE.parent
HALVED = Calibration(kind="piecewise", scores=(0.0, 1.0), probabilities=(0.0, 0.5))


def outcomes(count: int, rate: float = 0.5, seed: int = 0) -> list[Outcome]:
    """Words with confidences from 0.35 to 1 that are right ``rate`` times as often as they say."""
    rng = random.Random(seed)
    raw = [rng.uniform(0.35, 1) for _ in range(count)]
    return [Outcome((score, 1.0), 0.0, rng.random() < rate * score) for score in raw]


def scored(words: list[Outcome]) -> Scored:
    return Scored([min(o.chars) for o in words], [o.right for o in words])


def test_a_fitted_word_table_reaches_below_illegible() -> None:
    words = outcomes(4000, rate=1.0)
    table, _ = choose_word_table(words[:2000], words[2000:], "minimum", None)
    assert table.apply(0.0) < 0.05
    assert table.apply(0.1) < THRESHOLDS.illegible < table.apply(0.9)


def test_an_anchor_changes_nothing_above_the_first_knot() -> None:
    table = Calibration(kind="piecewise", scores=(0.3, 0.9), probabilities=(0.35, 0.95))
    low = anchored(table)
    assert [low.apply(s) for s in (0.3, 0.5, 1)] == [table.apply(s) for s in (0.3, 0.5, 1)]
    assert low.apply(0.0) < low.apply(0.1) < low.apply(0.2) < 0.35
    assert anchored(low) == low
    assert anchored(Calibration()) == Calibration()


def test_the_new_table_is_kept_where_it_helps() -> None:
    train, test = scored(outcomes(2000)), scored(outcomes(2000, seed=1))
    table, said = choose_table("field", train, test, None)
    assert table.apply(0.8) == pytest.approx(0.4, abs=0.08)
    assert "worse" not in said


@pytest.mark.parametrize(("old", "kept"), [(HALVED, "old"), (None, "none")])
def test_a_table_that_is_worse_on_held_out_words_is_not_kept(
    old: Calibration | None, kept: str
) -> None:
    train = scored(outcomes(300, rate=0.1))
    test = scored(outcomes(2000, rate=0.5 if old else 1.0, seed=1))
    table, said = choose_table("field", train, test, old)
    assert table == (old or Calibration())
    assert said.endswith(f"the new table is worse, so {kept} is kept")


def test_without_outcomes_the_old_table_stays() -> None:
    assert choose_table("field", Scored([], []), Scored([], []), HALVED)[0] == HALVED


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of weights as adapting writes it."""
    shutil.copytree(WEIGHTS, tmp_path / "own")
    return tmp_path / "own"


def test_the_tables_of_the_weights_are_used(folder: Path) -> None:
    settings = Settings(weights_dir=folder, threads=1)
    shipped = DocAgent(settings.replace(weights_dir=None)).read(page()).pages[0]
    save_calibrations({"word_minimum": HALVED, "field": HALVED}, folder / "calibration.json")
    assert WordConfidence.of(settings)((0.8, 1.0)) == pytest.approx(0.4)
    agent = DocAgent(settings)
    words = [word for line in agent.read(page()).pages[0].lines for word in line.words]
    assert words and all((word.confidence or 0) <= 0.5 for word in words)
    assert max(w.confidence or 0 for line in shipped.lines for w in line.words) > 0.9
    schema = {
        "title": "Bill",
        "type": "object",
        "properties": {
            "number": {"type": ["string", "null"], "x-labels": ["Invoice number"]},
            "numbers": {
                "type": "array",
                "items": {"type": "string"},
                "x-labels": ["Invoice number"],
            },
        },
    }
    fields = agent.extract(page(), schema).fields
    assert (fields[0].status, fields[0].raw_text) == ("found", "48213")
    # Single fields have the ranker's probabilities.
    assert fields[0].confidence is not None and fields[0].confidence > 0.5
    assert all(cell.confidence is not None and cell.confidence <= 0.5 for cell in fields[1:])


def test_weights_without_tables_take_the_shipped_ones(folder: Path) -> None:
    (folder / "calibration.json").unlink()
    assert calibration_file(folder) == calibration_file(None) == CALIBRATION_FILE


def reading(*words: tuple[str, float]) -> LineReading:
    made = [WordReading(tuple(CharReading(c, p, 0.0, 0.1) for c in text)) for text, p in words]
    return LineReading(tuple(made), 0.9)


def test_words_of_a_labelled_line_are_right_or_wrong() -> None:
    read = reading(("Total", 0.9), ("l2.50", 0.4))
    assert [o.right for o in line_outcomes(read, "Total 12.50")] == [True, False]
    assert [o.right for o in line_outcomes(read, "TOTAL L2.50", ignore_case=True)] == [True, True]
    assert line_outcomes(read, "Total") == []


def test_a_word_that_language_settled_is_as_sure_as_that_makes_it() -> None:
    chars = tuple(CharReading(c, p, 0.0, 0.1) for c, p in (("t", 0.9), ("h", 0.1)))
    assert WordReading(chars).confidences == (0.9, 0.1)
    assert WordReading(chars, language_probability=0.7).confidences == (0.9, 0.7)


def test_adapting_refits_words_if_there_are_enough(folder: Path) -> None:
    shipped = (folder / "calibration.json").read_text()
    (said,) = refit_words(folder, outcomes(LEAST - 1))
    assert f"fewer than the {LEAST}" in said
    assert (folder / "calibration.json").read_text() == shipped
    said = "\n".join(refit_words(folder, outcomes(4 * LEAST)))
    assert "words, minimum" in said
    own = load_calibrations(folder / "calibration.json")
    assert own["word_minimum"].apply(0.8) == pytest.approx(0.4, abs=0.08)
    assert own["field"] == load_calibrations()["field"]


def test_tables_fitted_for_a_recognizer_stay_until_another_is_adapted(
    folder: Path, tmp_path: Path
) -> None:
    weights = tmp_path / "new.onnx"
    weights.write_bytes(b"new")
    figures = {"before": {"F1": 0.5}, "after": {"F1": 0.6}}
    write_weights(folder, "recognizer", weights, figures)
    refit_words(folder, outcomes(2 * LEAST))
    fitted = (folder / "calibration.json").read_text()
    write_weights(folder, "detector", weights, figures)
    assert (folder / "calibration.json").read_text() == fitted
    assert set(read_report(folder)) == {"recognizer", "detector", "calibration"}
    write_weights(folder, "recognizer", weights, figures)
    assert (folder / "calibration.json").read_text() == CALIBRATION_FILE.read_text()
    assert "calibration" not in json.loads((folder / "adapted.json").read_text())


INVOICE = load_schema("invoice")


@pytest.mark.parametrize(
    ("path", "source", "check", "name"),
    [
        ("line_items[0].amount", "rule", ("product", "passed"), "list_number_table"),
        ("line_items[0].amount", "reader", ("sum", "skipped"), "list_number_reader"),
        ("line_items[0].amount", "rule", ("sum", "passed"), "list_number_checked"),
        ("line_items[0].amount", "rule", ("product", "failed"), "list_number_disputed"),
        ("line_items[1].amount", "rule", ("sum", "passed"), "list_number_table"),
        ("line_items[0].description", "rule", ("sum", "passed"), "list_text_table"),
    ],
)
def test_values_of_lists_have_tables_by_kind_and_source(path, source, check, name):
    kind, status = check
    made = Check(kind=kind, name="n", status=status, message="", paths=("line_items[0].amount",))
    field = Field(path=path, status="found", source=source)
    assert list_table(field, INVOICE.field(path), Verdicts.of([made])) == name


def test_values_of_lists_are_calibrated_by_their_tables():
    document = document_of(["MUTUAL AGREEMENT", "between Acme, Inc. and Globex Corporation."])
    tables = {
        "field": HALVED,
        "list_text_rule": Calibration(kind="piecewise", scores=(0,), probabilities=(0.25,)),
    }
    options = ExtractionOptions(calibrations=tables)
    found = extract(document, load_schema("contract"), NullReader(), options)
    parties = [f for f in found.fields if f.path.startswith("parties[")]
    assert [f.confidence for f in parties] == [0.25, 0.25]


def test_each_true_value_of_a_list_makes_one_value_right() -> None:
    pytest.importorskip("faker")
    from finetune.ranking.lists import Case, case_outcomes

    document = document_of(["MUTUAL AGREEMENT", "between Acme, Inc. and Globex Corporation."])
    schema = load_schema("contract")
    found = extract(document, schema, NullReader(), ExtractionOptions(calibrations={}))
    for truths, right in (
        (("Globex Corporation",), [False, True]),
        (("ACME INC", "Globex Corporation"), [True, True]),
    ):
        case = Case("contracts", document, schema, {"parties[]": truths})
        judged = list(case_outcomes(case, found, 0))
        assert [(o.table, o.right) for o in judged] == [("list_text_rule", r) for r in right]

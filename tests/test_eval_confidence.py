"""How far confidences can be believed, on a page whose truth is known."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from docagent.confidence import with_confidences
from docagent.document import Line, Page, Word
from docagent.geometry import bbox_to_polygon
from eval.metrics.matching import TextBox
from eval.tasks import confidence
from eval.tasks.confidence import JudgedWords, judge_page, rows


def line(*words: tuple[str, float], top: float) -> Line:
    return Line(
        words=tuple(
            Word(
                text=text,
                polygon=bbox_to_polygon((0.1 + 0.2 * i, top, 0.25 + 0.2 * i, top + 0.05)),
                confidence=sure,
                char_confidences=(sure,) * len(text),
            )
            for i, (text, sure) in enumerate(words)
        )
    )


PAGE = with_confidences(
    Page(
        number=1,
        width=100,
        height=100,
        lines=(
            line(("Total", 0.9), ("12.50", 0.8), top=0.1),
            line(("Net", 0.9), ("l1.00", 0.4), top=0.3),
            line(("Tax", 0.9), ("smudge", 0.3), top=0.5),
        ),
    ),
    "minimum",
)
BOXES = [
    TextBox(word.text, (*(100 * x for x in word.polygon[0]), *(100 * x for x in word.polygon[2])))
    for read in PAGE.lines
    for word in read.words
]
TRUTH = [
    TextBox(text, box.box)
    for text, box in zip(["Total", "12.50", "Net", "11.00", "Tax"], BOXES, strict=False)
]


def test_words_lines_and_what_meets_no_true_word() -> None:
    judged = judge_page(PAGE, BOXES, TRUTH, case=True)
    assert [o.right for o in judged.words] == [True, True, True, False, True]
    assert judged.unmatched == (0.3,)
    # The third line holds a word that nobody labelled, so nobody knows whether it is right.
    assert judged.lines == ((0.8, True), (0.4, False))


def test_rows_of_the_table() -> None:
    table = {
        row["confidence"]: row for row in rows(judge_page(PAGE, BOXES, TRUTH, True), "minimum")
    }
    assert list(table) == [
        "minimum, as decoded",
        "minimum, calibrated",
        "minimum, calibrated, unmatched are wrong",
        "lines, minimum of words",
    ]
    assert [row["count"] for row in table.values()] == [5, 5, 6, 2]
    assert [row["right"] for row in table.values()] == pytest.approx([4 / 5, 4 / 5, 4 / 6, 1 / 2])
    assert table["minimum, calibrated"]["ece"] == pytest.approx((3 * 0.1 + 0.2 + 0.4) / 5)
    assert table["lines, minimum of words"]["ece"] == pytest.approx((0.2 + 0.4) / 2)
    assert {row["unmatched"] for row in table.values()} == {1 / 6}


def test_an_engine_that_tells_nothing_of_characters_has_no_row_as_decoded() -> None:
    judged = judge_page(PAGE, BOXES, TRUTH, True)
    bare = tuple(confidence.Outcome((), o.reported, o.right) for o in judged.words)
    names = [row["confidence"] for row in rows(JudgedWords(bare), "minimum")]
    assert "minimum, as decoded" not in names


def test_the_script_prints_and_keeps_the_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from tests.test_ocr_engine import ROWS, page

    folder = tmp_path / "funsd" / "dev"
    for name in ("images", "annotations"):
        (folder / name).mkdir(parents=True)
    Image.fromarray(np.asarray(page())).save(folder / "images" / "a.png")
    words = [{"text": ROWS[1].split()[0], "box": [60, 125, 160, 160]}]
    (folder / "annotations" / "a.json").write_text(json.dumps({"form": [{"words": words}]}))
    monkeypatch.setenv("DOCAGENT_DATA", str(tmp_path))
    monkeypatch.setattr(confidence, "RUNS", tmp_path / "runs")
    monkeypatch.setattr(sys, "argv", ["confidence", "--data", "funsd", "--json"])
    monkeypatch.setattr(confidence, "THREAD_LIMITS", {})
    assert confidence.main() == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["engine"] == "docagent"
    assert printed["rows"][1]["count"] == 1
    assert (tmp_path / "runs" / "confidence-funsd-dev.json").exists()

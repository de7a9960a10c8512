"""Datasets, log, tables, crops and pictures of the runners."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from docagent.errors import SettingsError
from eval.analysis.contact_sheet import find_mistakes, save_contact_sheet
from eval.cost import Stopwatch, peak_mb
from eval.datasets import (
    OcrPage,
    data_dir,
    load_corrections,
    load_documents,
    load_ocr_pages,
    spread,
)
from eval.log import RunLog
from eval.metrics.matching import TextBox
from eval.table_output import rows_to_table
from eval.tasks.crops import CropReading, page_crops, summarise
from eval.tasks.ocr import ScoredPage
from eval.tasks.ocr import summarise as summarise_ocr


def test_ocr_pages(labelled):
    (page,) = load_ocr_pages("funsd")
    assert page.words == (TextBox("Hi", (1, 2, 11, 12)),)
    (receipt,) = load_ocr_pages("sroie")
    assert receipt.segments == (TextBox("A, B", (10, 5, 50, 15)),)
    assert [w.text for w in receipt.words] == ["A,", "B"]


def test_documents(labelled):
    (receipt,) = load_documents("sroie")
    assert receipt.fields == {"company": ("A",), "total": ("5.00",)}
    (nda,) = load_documents("kleister-nda")
    assert (nda.name, nda.fields) == ("n", {"party": ("A_Inc.", "B")})
    assert load_corrections()[0].ocr == "a, b"


def test_what_is_not_there_is_named(labelled, monkeypatch):
    with pytest.raises(
        SettingsError,
        match=r"no data set funsd/test in .*; there are .*funsd/dev.*; set DOCAGENT_DATA",
    ):
        load_ocr_pages("funsd", "test")
    with pytest.raises(SettingsError, match="no OCR truth for 'kleister-nda'"):
        load_ocr_pages("kleister-nda")
    monkeypatch.setenv("DOCAGENT_DATA", str(labelled / "nowhere"))
    with pytest.raises(SettingsError, match="nowhere; set DOCAGENT_DATA"):
        data_dir()


def test_spread_is_even_and_steady():
    assert spread(range(10), 3) == [0, 3, 6]
    assert spread(range(2), 5) == [0, 1]
    assert spread(range(2), None) == [0, 1]
    with pytest.raises(SettingsError, match="limit 0"):
        spread(range(2), 0)


def test_ledger_keeps_the_last_row_of_the_same_fingerprint(tmp_path):
    path = tmp_path / "runs" / "l.jsonl"
    old, new = RunLog(path, "v1"), RunLog(path, "v2")
    assert new.rows() == {}
    old.append("a", x=1)
    new.append("a", x=2)
    new.append("a", x=3)
    assert new.rows()["a"]["x"] == 3
    assert old.rows()["a"]["x"] == 1


def test_ledger_survives_a_line_cut_short(tmp_path):
    log = RunLog(tmp_path / "l.jsonl", "v")
    log.append("a", x=1)
    with log.path.open("a") as file:
        file.write('{"key": "b", "finger')
    assert set(log.rows()) == {"a"}
    log.append("c", x=2)
    assert set(log.rows()) == {"a", "c"}


def test_table():
    table = rows_to_table([{"name": "x", "f1": 0.5}, {"name": "long"}], {"name": "n", "f1": "F1"})
    assert table.splitlines() == [
        "| n    |    F1 |",
        "|------|------:|",
        "| x    | 0.500 |",
        "| long |     - |",
    ]


def page(tmp_path: Path) -> OcrPage:
    path = tmp_path / "p.png"
    pixels = np.full((60, 100), 255, np.uint8)
    pixels[20:30, 10:40] = 0
    Image.fromarray(pixels).save(path)
    words = (TextBox("ab", (10, 20, 40, 30)), TextBox("c", (60, 20, 80, 30)))
    return OcrPage("p", path, words, words)


def test_crops_have_a_margin_and_stay_on_the_page(tmp_path):
    item = page(tmp_path)
    at_edge = OcrPage("p", item.path, (), (*item.segments, TextBox("e", (95, 55, 120, 70))))
    crops = [crop for _, crop in page_crops(at_edge)]
    assert [crop.shape for crop in crops] == [(14, 34), (14, 24), (7, 7)]
    assert crops[0][2:-2, 2:-2].max() == 0
    assert crops[0][:2].min() == 255


def test_crop_summary_by_hand():
    readings = [
        CropReading("p", "Ab c", "abc"),
        CropReading("p", "12", "12"),
        CropReading("p", "12", "1Z"),
    ]
    row = summarise("e", readings, 0.5)
    assert row["exact"] == pytest.approx(2 / 3)
    assert row["exact_strict"] == pytest.approx(1 / 3)
    assert row["cer"] == pytest.approx(1 / 7)
    assert row["crops_per_s"] == 6.0


def test_mistakes_are_sorted(tmp_path):
    item = page(tmp_path)
    read = [TextBox("xb", (10, 20, 40, 30)), TextBox("z", (0, 50, 10, 58))]
    found = find_mistakes(read, item.words, case=True)
    assert [w.text for w in found.missed] == ["c"]
    assert [(t.text, r.text) for t, r in found.misread] == [("ab", "xb")]
    assert [w.text for w in found.extra] == ["z"]


def test_contact_sheet_shows_misses_in_red_and_misreads_in_orange(tmp_path):
    item = page(tmp_path)
    target = tmp_path / "out" / "worst.png"
    save_contact_sheet([(item, [TextBox("xb", (10, 20, 40, 30))], 0.0)], target, case=True)
    colours = set(map(tuple, np.asarray(Image.open(target)).reshape(-1, 3).tolist()))
    assert {(220, 30, 30), (240, 140, 0)} <= colours


def test_ocr_summary_averages_over_all_words(tmp_path):
    from eval.metrics.matching import score_page

    item = page(tmp_path)
    good = ScoredPage(item, item.words, score_page(item.words, item.words), 1.0, 2.0, 100.0, 4.0)
    empty = ScoredPage(item, (), score_page((), item.words), 3.0, 2.0, 150.0, 4.0)
    row = summarise_ocr("e", [good, empty])
    assert row["word_recall"] == 0.5
    assert row["word_precision"] == 1.0
    assert row["word_f1"] == pytest.approx(2 / 3)
    assert row["page_cer"] == 0.5
    assert (row["cpu_s"], row["peak_mb"]) == (2.0, 150.0)
    assert row["word_f1_range"] == (0.0, 1.0)


def test_measures_grow():
    watch = Stopwatch()
    sum(range(200_000))
    cost = watch.cost()
    assert cost.wall_s > 0
    assert cost.cpu_s >= 0
    assert peak_mb() > 5

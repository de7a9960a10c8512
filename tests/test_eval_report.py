"""The report says what was measured, what was not and how to, and shows no real document."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from eval.log import this_command
from eval.report.build import main, report
from eval.report.sections import SECTIONS
from eval.tasks.page_kinds import kinds_row, photographed
from tests.test_router import PAGE, noisy

PEER = {
    "engine": "docagent",
    "pages": 20,
    "word_f1": 0.788,
    "word_f1_range": [0.75, 0.82],
    "bag_f1": 0.807,
    "cer": 0.2,
    "page_cer": 0.066,
    "cpu_s": 0.36,
    "wall_s": 0.4,
    "peak_mb": 250.0,
    "weights_mb": 3.3,
    "networks_mb": 2.8,
}


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    folder = tmp_path / "runs"
    folder.mkdir()
    return folder


def put(runs: Path, name: str, result: Any) -> None:
    (runs / name).write_text(json.dumps(result))


def test_without_measurements_every_part_says_what_to_run(runs: Path, tmp_path: Path) -> None:
    text = report(runs, tmp_path / "images")
    parts = [part for section in SECTIONS for part in section.parts]
    assert text.count("Not measured") == len(parts)
    assert all(part.command in text for part in parts)
    assert "|" not in text, "no table without a measurement"
    assert not (tmp_path / "images").exists()


def test_engines_of_one_run_and_those_that_were_not_in_it(runs: Path, tmp_path: Path) -> None:
    rows = [PEER, PEER | {"engine": "tesseract", "word_f1": 0.5}, {"engine": "rapidocr (failed)"}]
    put(runs, "ocr-funsd-dev-20.json", {"data": "funsd", "limit": 20, "rows": rows})
    whole = {"data": "funsd", "limit": None, "rows": [PEER | {"pages": 149}]}
    whole["command"] = "python -m eval.ocr --data funsd --engines docagent"
    put(runs, "ocr-funsd-dev.json", whole)
    put(runs, "ocr-errors-funsd-dev-docagent.json", {})
    text = report(runs, tmp_path / "images")
    assert "funsd, dev, limit 20" in text and "funsd, dev, whole set" in text
    assert f"`{whole['command']}`" in text, "the command that was run"
    assert "Not in this run: rapidocr, rapidocr-2x, fused, auto." in text
    first = next(line for line in text.splitlines() if line.startswith("| docagent"))
    cells = [cell.strip() for cell in first.split("|")[1:-1]]
    assert cells[:4] == ["docagent", "20", "0.788", "0.750-0.820"]
    assert cells[-2:] == ["3.300", "2.800"]
    assert "Not usable: `ocr-errors-funsd-dev-docagent.json`" in text


def test_rungs_stages_harm_and_memory(runs: Path, tmp_path: Path) -> None:
    rung = {"engine": "docagent", "word_f1": 0.9, "bag_f1": 0.9, "cer": 0.1, "cpu_s": 0.5}
    rungs = [{"rung": name, **rung} for name in ("clean", "blur 2")]
    put(runs, "ladder.json", {"pages": ["a", "b"], "seed": 1, "rows": rungs})
    stage = {"stage": "whole page", "seconds": 0.3, "share": 1.0}
    put(runs, "stages-funsd-dev.json", {"limit": 12, "rows": [stage]})
    harm = {"step": "language model", "words": 9, "right": 9, "mended": 0, "broken": 0}
    for seed in (1, 2):
        put(runs, f"no-harm-{seed}.json", {"seed": seed, "rows": [harm | {"examples": ""}]})
    memory = {"image": "a.png", "peak_mb": 330, "cpu_s": 1.5, "schema": "invoice", "exit": 0}
    put(runs, "memory.json", memory)
    text = report(runs, tmp_path / "images")
    assert "| clean " in text and "| blur 2" in text
    assert "clean pages, seed 1" in text and "clean pages, seed 2" in text
    assert "330 MB" in text
    assert "Not measured: sroie, dev; run `python -m eval.stages --data sroie" in text


def test_files_of_another_make_are_not_shown_as_empty_tables(runs: Path, tmp_path: Path) -> None:
    put(runs, "kinds.json", {"rows": [{"data": "funsd", "other": 1}]})
    (runs / "parallel.json").write_text("{cut short")
    text = report(runs, tmp_path / "images")
    assert text.count("Not usable") == 2


def test_only_pictures_of_synthetic_pages_are_taken(runs: Path, tmp_path: Path) -> None:
    for name in ("ladder.png", "font-errors.png", "errors.png", "worst.png"):
        Image.new("RGB", (2000, 100), "white").save(runs / name)
    put(runs, "ladder.json", {"pages": [], "rows": []})
    output = tmp_path / "docs" / "report.md"
    assert main(["--runs", str(runs), "--output", str(output)]) == 0
    pictures = [path.name for path in (tmp_path / "docs" / "images").iterdir()]
    assert pictures == ["report_ladder.png"]
    assert "](images/report_ladder.png)" in output.read_text()
    shown = [part.picture for section in SECTIONS for part in section.parts if part.picture]
    assert shown == ["font-errors.png", "ladder.png"]


def test_a_command_is_told_without_the_places_of_this_machine(monkeypatch) -> None:
    words = ["/somewhere/eval/ocr.py", "--data", "funsd", "--worst", "/tmp/a/worst.png"]
    monkeypatch.setattr("sys.argv", words)
    assert this_command() == "python -m eval.ocr --data funsd --worst worst.png"


def test_kinds_of_a_set() -> None:
    row = kinds_row("made", "scan", [noisy(PAGE), *photographed([noisy(PAGE)])])
    assert (row["pages"], row["scan"], row["photo"], row["share"]) == (2, 1, 1, 0.5)

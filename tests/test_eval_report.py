"""The report says what was measured, what was not and how to, and shows no real document."""

from __future__ import annotations

import datetime
import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from docagent.errors import SettingsError
from eval.log import this_command
from eval.report.build import OUTPUT, build_report, main, report_text
from eval.report.entries import Entry, former_entries
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


def report(runs: Path, images: Path, former: str = "") -> str:
    return report_text(build_report(runs, former), images)


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


def test_what_was_not_measured_again_keeps_its_figures_and_date(
    runs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "docs" / "report.md"
    put(runs, "memory.json", {"image": "a", "peak_mb": 330, "cpu_s": 1.5, "schema": "invoice"})
    put(runs, "ladder.json", {"pages": [], "rows": []})
    Image.new("RGB", (20, 10), "white").save(runs / "ladder.png")
    put(runs, "ocr-funsd-dev.json", {"limit": None, "rows": [PEER]})
    assert main(["--runs", str(runs), "--output", str(output)]) == 0
    dated = output.read_text().replace(datetime.date.today().isoformat(), "2020-02-02")
    output.write_text(dated)
    capsys.readouterr()

    later = tmp_path / "later"
    later.mkdir()
    put(later, "ocr-funsd-dev.json", {"limit": None, "rows": [PEER | {"word_f1": 0.9}]})
    (later / "memory.json").write_text("{cut short")
    assert main(["--runs", str(later), "--output", str(output)]) == 0
    text = output.read_text()
    assert "a large page (2020-02-02, `python -m eval.memory`)" in text and "330 MB" in text
    assert "the ladder (2020-02-02" in text and "](images/report_ladder.png)" in text
    assert "0.900" in text and "0.788" not in text, "what was measured again is new"
    said = capsys.readouterr().out
    assert "kept from the former report: a large page of 2020-02-02" in said
    assert "not usable: `memory.json`" in said
    assert "not measured: sroie, dev; run python -m eval.ocr --data sroie" in said

    assert main(["--runs", str(later), "--output", str(output), "--fresh"]) == 0
    assert "2020-02-02" not in output.read_text()


def test_a_table_that_loses_a_row_is_refused_unless_forced(runs: Path, tmp_path: Path) -> None:
    output = tmp_path / "report.md"
    whole = {"limit": None, "rows": [PEER, PEER | {"engine": "tesseract"}], "command": "run both"}
    put(runs, "ocr-funsd-dev.json", whole)
    assert main(["--runs", str(runs), "--output", str(output)]) == 0
    before = output.read_text()
    put(runs, "ocr-funsd-dev.json", {"limit": None, "rows": [PEER]})
    with pytest.raises(SettingsError, match=r"tesseract had a row .*`run both`") as caught:
        main(["--runs", str(runs), "--output", str(output)])
    assert "--force" in str(caught.value) and "funsd, dev, whole set" in str(caught.value)
    assert output.read_text() == before
    assert main(["--runs", str(runs), "--output", str(output), "--force"]) == 0
    assert "| tesseract" not in output.read_text()


def test_another_file_is_not_overwritten(runs: Path, tmp_path: Path) -> None:
    output = tmp_path / "notes.md"
    output.write_text("# Notes\n")
    with pytest.raises(SettingsError, match="not a report"):
        main(["--runs", str(runs), "--output", str(output)])
    assert output.read_text() == "# Notes\n"


def test_entries_are_read_back_from_the_text() -> None:
    entry = Entry("funsd, dev", "2026-11-22", "python -m x", "| a | b |\n|---|--:|\n| 1 | 2 |")
    text = f"# Report\n\n## One\n\nNote.\n\n{entry}\n\nNot measured: sroie\n\n![p](q)\n\n## Two\n"
    assert former_entries(text) == {"One": (entry,), "Two": ()}
    assert entry.row_names == ("1",)


def test_the_report_in_the_repository_is_as_the_command_writes_it(tmp_path: Path) -> None:
    """Also that every measurement in it is found again: none would be lost."""
    path = OUTPUT
    former = path.read_text("utf-8")
    assert report(tmp_path, path.parent / "images", former) == former


def test_a_command_is_told_without_the_places_of_this_machine(monkeypatch) -> None:
    words = ["/somewhere/eval/ocr.py", "--data", "funsd", "--worst", "/tmp/a/worst.png"]
    monkeypatch.setattr("sys.argv", words)
    assert this_command() == "python -m eval.ocr --data funsd --worst worst.png"


def test_kinds_of_a_set() -> None:
    row = kinds_row("made", "scan", [noisy(PAGE), *photographed([noisy(PAGE)])])
    assert (row["pages"], row["scan"], row["photo"], row["share"]) == (2, 1, 1, 0.5)

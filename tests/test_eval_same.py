"""Results that differ in a digit are told apart; times and places of a run are not compared."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from docagent.errors import SettingsError
from eval.analysis.same_results import IGNORED, differences, main

RESULT = {
    "data": "funsd",
    "limit": None,
    "rows": [{"engine": "docagent", "word_f1": 0.8754310344827586, "cpu_s": 0.3, "peak_mb": 300}],
    "pages": {"docagent": [{"page": "a", "word_f1": 0.5, "cpu_s": 0.2}]},
}
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


def changed(**rows: Any) -> dict[str, Any]:
    return RESULT | {"rows": [RESULT["rows"][0] | rows]}


@pytest.mark.parametrize(
    ("after", "shown"),
    [
        (RESULT, []),
        (changed(cpu_s=0.4, peak_mb=900), []),
        (RESULT | {"command": "python -m eval.ocr", "commit": "1a2b", "date": "today"}, []),
        (
            changed(word_f1=0.8754310344827587),
            ["rows[0].word_f1: 0.8754310344827586 -> 0.8754310344827587"],
        ),
        (changed(words=7), ["rows[0].words: (absent) -> 7"]),
        (RESULT | {"rows": []}, ["rows: 1 items -> 0 items"]),
        (RESULT | {"limit": 40}, ["limit: null -> 40"]),
        (
            RESULT | {"pages": {"tesseract": []}},
            [
                'pages.docagent: [{"page": "a", "word_f1": 0.5, "cpu_s": 0.2}] -> (absent)',
                "pages.tesseract: (absent) -> []",
            ],
        ),
    ],
)
def test_differences(after: Any, shown: list[str]) -> None:
    assert [str(difference) for difference in differences(RESULT, after)] == shown


@pytest.mark.parametrize(("one", "other"), [(1, 1.0), (1, True), (0.0, None), ("1", 1), ([], {})])
def test_values_of_another_type_differ(one: Any, other: Any) -> None:
    assert list(differences(one, other))


@given(VALUES, VALUES)
def test_the_same_is_the_same_and_order_does_not_matter(one: Any, other: Any) -> None:
    assert not list(differences(one, one))
    assert bool(list(differences(one, other))) == bool(list(differences(other, one)))


def put(path: Path, result: Any) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(result))
    return path


def test_exit_status_and_what_is_printed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before, same = put(tmp_path / "a.json", RESULT), put(tmp_path / "b.json", changed(cpu_s=9))
    other = put(tmp_path / "c.json", changed(word_f1=0.5, pages=3))
    assert main([str(before), str(same)]) == 0
    assert "0 differences in 6 values" in capsys.readouterr().out
    assert main([str(before), str(other), "--most", "1"]) == 1
    out = capsys.readouterr().out
    assert "2 differences" in out and "rows[0].word_f1" in out and "and 1 more" in out
    assert main([str(before), str(other), "--ignore", "word_f1,pages"]) == 0


def test_folders_are_compared_file_by_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for folder, result in (("before", RESULT), ("after", changed(word_f1=0.5))):
        put(tmp_path / folder / "ocr.json", result)
        put(tmp_path / folder / "crops.json", RESULT)
    assert main([str(tmp_path / "before"), str(tmp_path / "after")]) == 1
    assert capsys.readouterr().out.count("differences in") == 2
    put(tmp_path / "after" / "memory.json", {})
    with pytest.raises(SettingsError, match=r"only one of .* has memory\.json"):
        main([str(tmp_path / "before"), str(tmp_path / "after")])


def test_nan_equals_nan(tmp_path: Path) -> None:
    path = put(tmp_path / "a.json", {"ece": float("nan")})
    assert main([str(path), str(path)]) == 0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is not JSON.*the command that wrote it may have failed"),
        ("{cut", "is not JSON"),
        ('{"cpu_s": 1.0}', "holds nothing to compare"),
    ],
)
def test_what_cannot_be_compared_is_not_taken_for_the_same(
    text: str, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, other = tmp_path / "one", tmp_path / "other"
    for name in (folder, other):
        put(name / "ocr.json", RESULT)
        (name / "a.json").write_text(text)
    assert main([str(folder), str(other)]) == 2
    out = capsys.readouterr().out
    assert re.search(message, out)
    assert "0 differences" in out, "the other files are compared all the same"
    assert main([str(folder / "none.json"), str(folder / "ocr.json")]) == 2
    assert "none.json cannot be read" in capsys.readouterr().out


def test_the_help_names_what_is_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    shown = capsys.readouterr().out
    assert all(name in shown for name in IGNORED)

"""A command whose packages or data are missing says so in one line."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from docagent.errors import SettingsError
from eval.extras import command_name, guarded, run_command


def _missing(name: str) -> Callable[[], int]:
    def main() -> int:
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)

    return main


def test_a_missing_package_names_the_extra(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.argv", ["/somewhere/eval/ocr.py"])
    assert guarded(_missing("rapidfuzz.distance"), "eval") == 2
    assert capsys.readouterr().err == (
        "error: python -m eval.ocr needs rapidfuzz, which is not installed; "
        "run pip install '.[eval]'\n"
    )


@pytest.mark.parametrize("name", ["eval.nothing", "finetune.nothing", "docagent.nothing"])
def test_a_module_missing_from_this_project_is_not_hidden(name: str) -> None:
    with pytest.raises(ModuleNotFoundError):
        run_command(name, "eval")


def test_errors_for_the_user_are_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    def main() -> int:
        raise SettingsError("no labelled data")

    assert guarded(main, "eval") == 2
    assert capsys.readouterr().err == "error: no labelled data\n"


@pytest.mark.parametrize(("result", "status"), [(None, 0), (0, 0), (1, 1)])
def test_the_exit_status_is_that_of_main(result: int | None, status: int) -> None:
    assert guarded(lambda: result, "eval") == status


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/home/a/docagent/eval/ocr.py", "python -m eval.ocr"),
        ("/home/a/docagent/eval/vllm/__main__.py", "python -m eval.vllm"),
        ("/home/eval/finetune/lora/evaluate.py", "python -m finetune.lora.evaluate"),
        ("python -m finetune.reader train", "python -m finetune.reader train"),
    ],
)
def test_the_name_of_a_command(path: str, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", [path])
    assert command_name() == name

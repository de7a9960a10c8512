"""Every command of eval starts, or says in one line what is missing."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from eval.extras import run_command
from eval.run import run_workers
from eval.systems import engines
from eval.systems.threads import THREAD_LIMITS
from eval.tasks.extraction import baseline_texts

ROOT = Path(__file__).parents[1]
COMMANDS = sorted(
    path.parent.name if path.name == "__main__.py" else path.stem
    for path in [*ROOT.glob("eval/*.py"), *ROOT.glob("eval/*/__main__.py")]
    if "run_command(" in path.read_text("utf-8") and path.stem != "extras"
)
NEEDED = dict.fromkeys(COMMANDS, ("rapidfuzz", "eval")) | {
    "server": ("httpx2", "serve"),
    "vllm": ("httpx", "vllm,lora"),
}
"""The first package that a command misses, and the extra that has it."""
WITHOUT_EXTRA = {"memory", "parallel", "same"}
"""They need nothing beyond docagent's own packages."""
ON_DATA = {
    "ocr": "--data funsd --engines docagent",
    "extraction": "--data kleister-nda",
    "crops": "--data sroie --engines docagent",
    "cascade": "--data sroie --labels",
    "confidence": "--data funsd",
    "kinds": "",
    "ocr_errors": "--data funsd",
    "engine_calibration": "--data sroie --engines docagent",
    "stages": "--data funsd",
    "speed": "",
    "tables": "--sets tatqa",
    "understanding": "--sets tv-ads",
    "ablation": "--sets tv-ads",
    "worker": "--data funsd --engine docagent",
}
BLOCK = """
import os, sys

class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in os.environ["BLOCKED"].split(","):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Missing())
"""


def start(
    command: str, arguments: str, folder: Path, blocked: str = "", **variables: str
) -> subprocess.CompletedProcess[str]:
    """Run a command of eval where some packages cannot be imported."""
    (folder / "sitecustomize.py").write_text(BLOCK)
    environment = {**os.environ, "PYTHONPATH": f"{folder}:{ROOT}", "BLOCKED": blocked, **variables}
    words = [sys.executable, "-m", f"eval.{command}", *arguments.split()]
    return subprocess.run(words, capture_output=True, text=True, cwd=folder, env=environment)


@pytest.mark.parametrize("command", COMMANDS)
def test_without_an_extra_a_command_names_it_or_does_not_need_it(
    command: str, tmp_path: Path
) -> None:
    done = start(command, "--help", tmp_path, "rapidfuzz,httpx,httpx2,torch,transformers,peft,vllm")
    if command in WITHOUT_EXTRA:
        assert (done.returncode, done.stderr) == (0, "")
        assert f"python -m eval.{command}" in done.stdout
        return
    assert (done.returncode, done.stdout) == (2, "")
    package, extra = NEEDED[command]
    assert done.stderr == (
        f"error: python -m eval.{command} needs {package}, which is not installed; "
        f"run pip install '.[{extra}]'\n"
    )


@pytest.mark.parametrize("command", ["ocr", "report", "parallel"])
def test_without_the_packages_of_docagent_itself_too(command: str, tmp_path: Path) -> None:
    done = start(command, "--help", tmp_path, "numpy,pydantic,PIL,rapidfuzz")
    assert done.returncode == 2
    assert re.fullmatch(r"error: .*run pip install '\.\[eval\]'\n", done.stderr)


def test_a_package_that_is_only_needed_later_is_named_too(tmp_path: Path) -> None:
    done = start("vllm", "nowhere", tmp_path, "torch,transformers,peft,vllm")
    assert done.returncode == 2
    assert re.fullmatch(r"error: .* needs \w+, .*'\.\[vllm,lora\]'\n", done.stderr)


def run(command: str, arguments: str, monkeypatch: pytest.MonkeyPatch) -> int:
    """Run a command of eval in this process; returns its exit status."""
    found = next(path for path in ROOT.glob(f"eval/{command}.py"))
    module = re.search(r'run_command\("([\w.]+)"', found.read_text("utf-8"))
    assert module
    monkeypatch.setattr("sys.argv", [str(found), *arguments.split()])
    return run_command(module[1], "eval")


def _protect_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands limit the threads of their process; the tests after them get back what they had."""
    for name, limit in THREAD_LIMITS.items():
        monkeypatch.setenv(name, limit)


@pytest.mark.parametrize("command", ON_DATA)
@pytest.mark.parametrize("folder", ["nowhere", "empty"])
def test_without_its_data_set_a_command_says_where_it_looked(
    command: str,
    folder: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    data = tmp_path / folder
    (tmp_path / "empty").mkdir()
    monkeypatch.setenv("DOCAGENT_DATA", str(data))
    _protect_threads(monkeypatch)
    assert run(command, ON_DATA[command], monkeypatch) == 2
    said = capfd.readouterr()
    assert said.out == ""
    assert said.err.startswith("error: no ") and said.err.count("\n") == 1
    assert str(data) in said.err and "set DOCAGENT_DATA" in said.err


def test_every_command_is_listed_here() -> None:
    assert set(ON_DATA) | WITHOUT_EXTRA | {"report", "server", "vllm"} == set(COMMANDS)


def test_the_documented_commands_are_there() -> None:
    texts = [path.read_text("utf-8") for path in (ROOT / "README.md", *ROOT.glob("docs/*.md"))]
    named = {name for text in texts for name in re.findall(r"python -m eval\.([a-z_]+)", text)}
    assert named <= set(COMMANDS)


def test_the_extras_that_are_named_exist() -> None:
    known = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    named = {
        extra
        for path in ROOT.glob("eval/**/*.py")
        for group in re.findall(r'extra="([\w,]+)"', path.read_text("utf-8"))
        for extra in group.split(",")
    }
    assert named and named <= set(known["optional-dependencies"])


def _without_other_engines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(engines, "find_spec", lambda name: None)


@pytest.mark.parametrize(
    ("command", "arguments", "message"),
    [
        ("ocr", "--data funsd --engines docagnet", "engine 'docagnet' is not known; allowed"),
        ("extraction", "--data sroie --ocr scan", "OCR text 'scan' is not known; allowed are"),
        ("extraction", "--data kleister-nda --ocr truth", "--ocr truth is for sroie only"),
        ("crops", "--data funsd --engines rapidocr", "pip install '.[rapidocr]'"),
        ("extraction", "--data sroie --baseline rapidocr", "pip install '.[rapidocr]'"),
    ],
)
def test_an_engine_that_cannot_be_used_is_told_before_anything_is_read(
    command: str,
    arguments: str,
    message: str,
    labelled: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    _without_other_engines(monkeypatch)
    _protect_threads(monkeypatch)
    assert run(command, arguments, monkeypatch) == 2
    error = capfd.readouterr().err
    assert error.startswith("error: ") and message in error


def test_a_comparison_goes_on_without_an_engine_that_is_not_installed(
    labelled: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _without_other_engines(monkeypatch)
    assert baseline_texts(None) == []
    assert "no baseline on tesseract text: " in capsys.readouterr().err
    assert run_workers(["tesseract"], "sroie", "dev", None, resume=False) == {"tesseract": None}
    assert "or leave tesseract out" in capsys.readouterr().err

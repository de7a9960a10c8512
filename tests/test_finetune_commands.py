"""The commands of finetune: which there are, and what they say where their extra is missing."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
COMMANDS = {
    "finetune.answers calibrate": "train",
    "finetune.answers cases": "train",
    "finetune.answers clauses": "train",
    "finetune.answers labels": "train",
    "finetune.calibrate": "train",
    "finetune.detector": "train",
    "finetune.font_errors": "train,eval",
    "finetune.language_model": "train",
    "finetune.llava build": "lora",
    "finetune.llava data": "lora",
    "finetune.llava score": "lora",
    "finetune.llava train": "lora",
    "finetune.lora": "lora",
    "finetune.lora.evaluate": "lora",
    "finetune.no_harm": "train,eval",
    "finetune.quantize": "train",
    "finetune.reader measure": "encoder",
    "finetune.reader export": "encoder",
    "finetune.reader mixture": "encoder",
    "finetune.reader train": "encoder",
    "finetune.reader validate": "encoder",
    "finetune.ranking collect": "train",
    "finetune.ranking fit": "train",
    "finetune.ranking parties": "train",
    "finetune.ranking lists": "train",
    "finetune.recognizer": "train",
    "finetune.robustness": "train,eval",
    "finetune.synthesis preview": "train",
    "finetune.synthesis samples": "train",
    "finetune.synthesis shards": "train",
}
"""Every documented command, and the extra that it names."""
MISSING = ("accelerate", "faker", "fontTools", "onnx", "peft", "rapidfuzz", "safetensors")
MISSING += ("tokenizers", "torch", "transformers", "yaml")
DOCUMENTS = ("README.md", "docagent/weights/*.md", "finetune/README.md", "finetune/recipes/*.sh")
DOCUMENTS += ("finetune/checkpoints/*/README.md", "finetune/configs/*.yaml", "docs/*.md")
PACKAGES = "answers|llava|ranking|reader|synthesis"

# One process for all commands: to start one for each takes longer than what they do.
RUN_ALL = """
import contextlib, io, json, runpy, sys
commands, missing = json.loads(sys.argv[1])
sys.modules |= dict.fromkeys(missing)
said = {}
for command in commands:
    module, *words = command.split()
    sys.argv = [module, *words]
    errors = io.StringIO()
    with contextlib.redirect_stderr(errors):
        try:
            runpy.run_module(module, run_name="__main__", alter_sys=True)
            code = None
        except SystemExit as end:
            code = end.code
    said[command] = [code, errors.getvalue()]
print(json.dumps(said))
"""


@pytest.fixture(scope="module")
def said() -> dict[str, tuple[int, str]]:
    """Exit code and stderr of every command where no optional library is installed."""
    given = json.dumps([list(COMMANDS), MISSING])
    command = [sys.executable, "-c", RUN_ALL, given]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    answers: dict[str, tuple[int, str]] = json.loads(done.stdout)
    return answers


@pytest.mark.parametrize("command", sorted(set(COMMANDS) - {"finetune.reader measure"}))
def test_without_its_extra_a_command_names_it(
    said: dict[str, tuple[int, str]], command: str
) -> None:
    """``finetune.reader measure`` needs none."""
    code, error = said[command]
    assert re.fullmatch(
        rf"error: python -m {re.escape(command)} needs \w+, which is not installed; "
        rf"run pip install '\.\[{COMMANDS[command]}\]'\n",
        error,
    ), error
    assert code == 2


def test_the_documents_show_commands_that_there_are() -> None:
    pattern = rf"python -m (finetune\.(?:(?:{PACKAGES})\s+\w+|[\w.]+))"
    recipe = rf"^ *run ((?:{PACKAGES}) \w+|\w+)"
    shown = set()
    for glob in DOCUMENTS:
        for path in ROOT.glob(glob):
            text = path.read_text("utf-8")
            found = re.findall(pattern, text) if path.name != "log.md" else []
            if path.suffix == ".sh":
                found += [f"finetune.{name}" for name in re.findall(recipe, text, re.M)]
            shown |= {" ".join(name.rstrip(".").split()) for name in found}
    assert shown - {"finetune.COMMAND", "finetune."} == set(COMMANDS)


def test_packages_list_their_commands() -> None:
    for package in PACKAGES.split("|"):
        command = [sys.executable, "-m", f"finetune.{package}"]
        wrong = subprocess.run([*command, "fly"], cwd=ROOT, capture_output=True, text=True)
        assert wrong.returncode == 2
        assert f"'fly' is no command of finetune.{package}" in wrong.stderr
        helped = subprocess.run([*command, "--help"], cwd=ROOT, capture_output=True, text=True)
        assert helped.returncode == 0
        names = {name.split()[1] for name in COMMANDS if name.startswith(f"finetune.{package} ")}
        assert names <= set(helped.stdout.split())

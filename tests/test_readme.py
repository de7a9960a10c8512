"""The README cannot go stale: its commands, flags, links and code are checked."""

from __future__ import annotations

import argparse
import re
import shlex
from pathlib import Path

import pytest

import docagent
from docagent.cli.arguments import build_parser
from docagent.verbs import FORMATS

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", README, re.DOTALL)
COMMANDS = [
    line.split("  #")[0]
    for kind, block in BLOCKS
    if kind == "console"
    for line in block.splitlines()
    if line
]


def test_there_are_commands() -> None:
    assert sum(command.startswith("docagent ") for command in COMMANDS) >= 8


@pytest.mark.parametrize("command", [c for c in COMMANDS if c.startswith("docagent ")])
def test_commands_parse(command: str) -> None:
    args = build_parser().parse_args(shlex.split(command)[1:])
    assert callable(args.run)


def test_every_verb_is_shown() -> None:
    shown = {command.split()[1] for command in COMMANDS if command.startswith("docagent ")}
    verbs = {"read", "correct", "ask", "chat", "extract", "classify", "summarise", "schemas", "vlm"}
    verbs |= {"serve", "mcp", "keys", "documents", "worker"}
    assert shown == verbs


@pytest.mark.parametrize("command", [c for c in COMMANDS if c.startswith("make ")])
def test_make_targets_exist(command: str) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert re.search(rf"^{command.split()[1]}:", makefile, re.MULTILINE)


def test_flags_in_the_text_exist() -> None:
    flags = set(re.findall(r"`(--[a-z]+)`", README))
    assert flags
    assert flags <= _options()


def _options(parser: argparse.ArgumentParser | None = None) -> set[str]:
    """Options of a parser and of all verbs and actions below it."""
    parser = parser or build_parser()
    found = {option for action in parser._actions for option in action.option_strings}
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            found |= {option for verb in action.choices.values() for option in _options(verb)}
    return found


def test_formats_in_the_commands_are_all_but_json() -> None:
    shown = {
        name
        for command in COMMANDS
        for match in re.findall(r"--format (\S+)", command)
        for name in match.split(",")
    }
    assert shown == set(FORMATS) - {"json"}


@pytest.mark.parametrize("code", [block for kind, block in BLOCKS if kind == "python"])
def test_python_compiles_and_its_names_are_public(code: str) -> None:
    compile(code, "README.md", "exec")
    for names in re.findall(r"from docagent import (.+)", code):
        assert {name.strip() for name in names.split(",")} <= set(docagent.__all__)


def test_links_and_paths_lead_somewhere() -> None:
    targets = [t for t in re.findall(r"\]\(([^)#]+)", README) if "://" not in t]
    targets += re.findall(r"^\| `([^`]+)` \|", README, re.MULTILINE)
    missing = [target for target in targets if not (ROOT / target).exists()]
    assert not missing

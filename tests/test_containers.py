"""The container and compose files: valid, hardened, and in the words of the settings."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import yaml

from docagent.cli.arguments import build_parser
from docagent.settings import ENV_PREFIX, FLAT_NAMES

ROOT = Path(__file__).parents[1]
CONTAINERFILE = (ROOT / "Containerfile").read_text(encoding="utf-8")
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
VARIABLES = {ENV_PREFIX + name.upper() for name in FLAT_NAMES} | {"DOCAGENT_DB_PASSWORD"}


def instructions(name: str) -> list[str]:
    """The arguments of an instruction of the container file, joined lines as one."""
    joined = CONTAINERFILE.replace("\\\n", " ")
    return re.findall(rf"^{name} (.*)$", joined, re.MULTILINE)


def test_the_compose_file_follows_its_specification(tmp_path: Path) -> None:
    if find_spec("check_jsonschema") is None:
        pytest.skip("check-jsonschema is not installed")
    command = [sys.executable, "-m", "check_jsonschema"]
    options = ["--builtin-schema", "vendor.compose-spec"]
    broken = tmp_path / "compose.yaml"
    broken.write_text((ROOT / "compose.yaml").read_text().replace("ports:", "port:"))
    for path, code in ((ROOT / "compose.yaml", 0), (broken, 1)):
        done = subprocess.run(
            [*command, *options, str(path)], capture_output=True, text=True, timeout=120
        )
        assert done.returncode == code, done.stdout + done.stderr


def test_variables_are_settings() -> None:
    text = (ROOT / "compose.yaml").read_text(encoding="utf-8") + CONTAINERFILE
    assert set(re.findall(r"DOCAGENT_[A-Z_]+", text)) <= VARIABLES


def test_the_service_can_do_little_and_is_reached_from_here_only() -> None:
    service = COMPOSE["services"]["docagent"]
    assert service["read_only"] and service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]
    assert all(port.startswith("127.0.0.1:") for port in service["ports"])
    assert "ports" not in COMPOSE["services"]["postgres"]
    assert "ports" not in COMPOSE["services"]["vllm"]
    used = {name.partition(":")[0] for s in COMPOSE["services"].values() for name in s["volumes"]}
    assert used == set(COMPOSE["volumes"])


def test_the_model_server_is_the_version_that_is_tested() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    (pinned,) = [n for n in project["optional-dependencies"]["vllm"] if n.startswith("vllm==")]
    assert COMPOSE["services"]["vllm"]["image"].endswith(f":v{pinned.partition('==')[2]}")


def test_the_image_installs_extras_that_exist_and_is_not_root() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    (extras,) = re.findall(r"'\.\[([a-z,]+)\]'", CONTAINERFILE)
    assert set(extras.split(",")) <= set(project["optional-dependencies"])
    assert instructions("USER") == ["docagent"]
    for copied in instructions("COPY"):
        for name in copied.split()[:-1]:
            assert name.startswith(("--from", "/opt")) or (ROOT / name).exists(), name
    shown = (ROOT / ".dockerignore").read_text(encoding="utf-8")
    assert all(f"!{name}" in shown for name in ("docagent", "prompts", "extraction_schemas"))


def test_the_commands_parse() -> None:
    (command,) = instructions("CMD")
    assert build_parser().parse_args(yaml.safe_load(command)).host == "0.0.0.0"
    assert callable(build_parser().parse_args(["keys", "create", "me"]).run)

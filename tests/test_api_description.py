"""The description of the API (OpenAPI) is true: examples run, and schemathesis finds nothing."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from docagent.api.problems import CODES
from docagent.settings import GROUPS
from tests.api_server import ROOT, ApiServer
from tests.test_api_documents import upload

CONFIG = ROOT / "tests/schemathesis.toml"
EXAMPLES = 10


def test_every_route_is_described(anna: httpx2.Client) -> None:
    described: dict[str, Any] = anna.get("/openapi.json").json()
    for path, operations in described["paths"].items():
        for method, operation in operations.items():
            place = f"{method} {path}"
            assert operation.get("summary") or operation.get("description"), place
            assert "4XX" in operation["responses"], place
    assert described["security"] == [{"key": []}]


def test_examples_of_verbs_run(anna: httpx2.Client) -> None:
    document = upload(anna)
    paths = anna.get("/openapi.json").json()["paths"]
    ran = 0
    for path, operations in paths.items():
        content = operations.get("post", {}).get("requestBody", {}).get("content", {})
        example = content.get("application/json", {}).get("example")
        if example is not None:
            answer = anna.post(path, json={**example, "document_id": document})
            assert answer.status_code == 200, (path, answer.text)
            ran += 1
    assert ran == 6


@pytest.fixture
def guessed(tmp_path: Path) -> Iterator[ApiServer]:
    """A server that answers as many wrong keys as a fuzzer sends with 401."""
    folder = tmp_path / "server"
    folder.mkdir()
    limits = {"DOCAGENT_SERVE_GUESSES": "100000"}
    with ApiServer(folder, "--require-key", environment=limits) as server:
        yield server


@pytest.mark.slow
def test_schemathesis_finds_nothing(guessed: ApiServer, tmp_path: Path) -> None:
    api = guessed
    every = ["read", "write", "review", "admin"]
    with api.client("fuzzer", every) as client:
        upload(client)
    command = [
        str(Path(sys.executable).parent / "st"),
        *("--config-file", str(CONFIG), "--no-color", "run", f"{api.url}/openapi.json"),
        *("--header", f"Authorization: Bearer {api.key('fuzzer', every)}"),
        *("--max-examples", str(EXAMPLES), "--continue-on-failure", "--warnings", "off"),
    ]
    done = subprocess.run(
        command, capture_output=True, text=True, cwd=tmp_path, env={**os.environ, "CI": "1"}
    )
    assert done.returncode == 0, done.stdout[-8000:]
    faults = [line for line in api.log_lines() if line["event"] == "fault"]
    assert not faults, json.dumps(faults[:3])


def test_the_documentation_names_addresses_that_exist(anna: httpx2.Client) -> None:
    text = (ROOT / "docs/api.md").read_text("utf-8")
    named = {a.rstrip("/").partition("?")[0] for a in re.findall(r"/v1/[\w/{}.-]+", text)}
    known = {
        re.sub(r"{\w+(:\w+)?}", "{}", path) for path in anna.get("/openapi.json").json()["paths"]
    }
    same = {address: re.sub(r"{\w+}", "{}", address) for address in named}
    assert {address for address, form in same.items() if form not in known} == set()
    codes = set(re.findall(r"`([a-z]+\.[a-z_]+)`", text)) - {"serve.rate", "serve.wait"}
    settings = {f"{group}.{name}" for group, kind in GROUPS.items() for name in kind.model_fields}
    assert codes - settings <= set(CODES)

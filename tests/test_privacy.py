"""Nothing leaves the machine unasked: no telemetry, no tracing, no library with a known hole."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from docagent import DocAgent, Settings
from docagent.vlm.scripted import ScriptedChatModel
from tests.documents import document_of

ROOT = Path(__file__).parent.parent
HOLES = {
    "jinja2": "3.1.5",  # CVE-2025-27516
    "langchain-core": "1.2.4",  # CVE-2025-68664
    "pdfminer.six": "20251107",  # CVE-2025-64512, CVE-2025-70559
    "pdfplumber": "0.11.8",  # lets an older pdfminer.six in
    "pillow": "12.1.0",  # CVE-2026-25990
}
"""The last version of a dependency with a known hole."""


@pytest.mark.parametrize(
    "module",
    [
        "docagent.models",
        "docagent.ocr.engine",
        "docagent.ocr.engines.rapidocr",
        "docagent.reader.embedded",
    ],
)
def test_telemetry_is_off_before_onnx_runtime_is_imported(module: str) -> None:
    code = f"""
import builtins, os
real = builtins.__import__
def watched(name, *args, **kwargs):
    if name.partition(".")[0] == "onnxruntime":
        assert os.environ.get("ORT_DISABLE_TELEMETRY") == "1", "imported with telemetry on"
    return real(name, *args, **kwargs)
builtins.__import__ = watched
import {module}
if "{module}" == "docagent.ocr.engines.rapidocr":
    import docagent.models
assert os.environ["ORT_DISABLE_TELEMETRY"] == "1"
"""
    env = {k: v for k, v in os.environ.items() if k != "ORT_DISABLE_TELEMETRY"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env)
    assert done.returncode == 0, done.stderr


class Traced(list[str]):
    """What a LangChain tracer was told."""


@pytest.fixture
def traced(monkeypatch: pytest.MonkeyPatch) -> Traced:
    """The environment asks for tracing; the tracer keeps what it would send."""
    from langchain_core.tracers import langchain

    sent = Traced()

    def keep(self: object, run: object) -> None:
        sent.append(str(run))

    for name in ("_persist_run_single", "_update_run_single"):
        monkeypatch.setattr(langchain.LangChainTracer, name, keep)
    for name in ("LANGSMITH_TRACING", "LANGCHAIN_TRACING_V2"):
        monkeypatch.setenv(name, "true")
    monkeypatch.setenv("LANGSMITH_API_KEY", "not-a-key")
    monkeypatch.setenv("LANGSMITH_ENDPOINT", "http://127.0.0.1:9")
    from langsmith import utils

    utils.get_env_var.cache_clear()
    return sent


@pytest.mark.parametrize(("tracing", "calls"), [(False, 0), (True, 1)])
def test_langchain_traces_only_if_the_settings_say_so(
    traced: Traced, tracing: bool, calls: int
) -> None:
    settings = Settings(vlm="always", vlm_tracing=tracing, vlm_calls=1)
    agent = DocAgent(settings, vlm=ScriptedChatModel(script=[{"status": "not_present"}]))
    agent.ask(document_of(["Total 12.00"]), "What is the total?")
    assert (len(traced) > 0) == bool(calls)


def test_lower_bounds_exclude_known_holes() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    allowed = {r.name: r.specifier for r in map(Requirement, project["dependencies"])}
    for name, version in HOLES.items():
        assert version not in allowed[name], f"{name} {version} has a known hole"

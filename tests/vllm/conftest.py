"""One real vLLM server for all tests here: started once, ended with all it has started."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from docagent.errors import DocAgentError
from docagent.settings import Settings
from docagent.vlm.client import VllmChat

ROOT = Path(__file__).parents[2]
TRAINED = ROOT / "finetune" / "checkpoints"
CONFIG = ROOT / "finetune" / "configs" / "llava_tiny.yaml"
IDLE = "idle"
"""An adapter that is served but was never trained."""
LOG_SHOWN = 6000


@dataclass(frozen=True)
class Served:
    """The checkpoint and the adapters (name -> folder) that the server has."""

    checkpoint: Path
    adapters: dict[str, Path]


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Served:
    """The trained checkpoint and adapters of the repository where they are there; or else an
    untrained one, made from its configuration, and random adapters."""
    from eval.vllm.adapters import write_adapter, write_shaken

    os.environ["HF_HUB_OFFLINE"] = "1"
    folder = tmp_path_factory.mktemp("served")
    checkpoint = TRAINED / "llava_tiny"
    if not checkpoint.is_dir():
        command = [sys.executable, "-m", "finetune.llava", "build", "--config", str(CONFIG)]
        built = folder / "built"
        subprocess.run([*command, "--output", str(built)], cwd=ROOT, check=True)
        checkpoint = write_shaken(built, folder / "shaken", 1)
    adapters = {}
    for seed, name in enumerate(("finance", "legal", "medical"), start=1):
        trained = TRAINED / f"llava_tiny_{name}"
        if trained.is_dir():
            adapters[name] = trained
        elif name != "medical":
            adapters[name] = write_adapter(checkpoint, folder / name, seed)
    adapters[IDLE] = write_adapter(checkpoint, folder / IDLE, 3, spread=0.0)
    return Served(checkpoint, adapters)


@pytest.fixture(scope="session")
def bench(served: Served, tmp_path_factory: pytest.TempPathFactory) -> Iterator[object]:
    """The server, and what measurements on it need. Its log is shown if it does not start."""
    from eval.vllm.bench import Bench, start_server

    log = tmp_path_factory.mktemp("log") / "vllm.log"
    # On a shared machine threads that wait for each other cost more than a second one gives.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    os.environ.setdefault("VLLM_CPU_OMP_THREADS_BIND", "nobind")
    try:
        server = start_server(served.checkpoint, served.adapters, log)
    except DocAgentError as error:
        shown = log.read_text("utf-8", "replace")[-LOG_SHOWN:]
        pytest.fail(f"{error}\n{shown}", pytrace=False)
    with server:
        yield Bench(server, served.checkpoint, served.adapters, log, count=0, workers=4)


@pytest.fixture
def settings(bench) -> Settings:
    """Settings for the server, with answers short enough for a test."""
    settings: Settings = bench.settings()
    return settings


@pytest.fixture
def chat(bench, settings) -> VllmChat:
    """A client of the base model."""
    client: VllmChat = bench.chat(settings)
    return client

"""A real ``docagent serve`` for tests: a process on a free port with a store of its own."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx2

from docagent.settings import Settings
from docagent.store import open_store

ROOT = Path(__file__).parents[1]
SAMPLES = ROOT / "docagent/samples"
_START_SECONDS = 120.0


class ApiServer:
    """Starts with the ``with`` block and stops with it. log: its standard error, JSON lines."""

    def __init__(
        self, folder: Path, *arguments: str, environment: Mapping[str, str] | None = None
    ) -> None:
        self.folder = folder
        self.log = folder / "server.log"
        self._arguments = arguments
        self._environment = dict(environment or {})
        self.url = ""

    @property
    def settings(self) -> Settings:
        return Settings(store_folder=self.folder)

    def start(self) -> Self:
        command = [sys.executable, "-m", "docagent", "serve", "--port", "0", *self._arguments]
        variables = {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "DOCAGENT_STORE_FOLDER": str(self.folder),
            "DOCAGENT_SERVE_RATE": "100000",
            **self._environment,
        }
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                command, stdout=subprocess.PIPE, stderr=log, env=variables, cwd=self.folder
            )
        assert self.process.stdout is not None
        told = self.process.stdout.readline().decode()
        match = re.search(r"http://\S+?:\d+", told)
        assert match, f"the server did not start: {told}{self.log.read_text()[-2000:]}"
        self.url = match[0]
        self._wait_until_ready()
        return self

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def client(
        self, owner: str = "", scopes: Sequence[Any] = ("read", "write", "review")
    ) -> httpx2.Client:
        """A client with a key of its own for an owner, or without one."""
        headers = {"Authorization": f"Bearer {self.key(owner, scopes)}"} if owner else {}
        return httpx2.Client(base_url=self.url, headers=headers, timeout=120)

    def key(self, owner: str, scopes: Sequence[Any] = ("read", "write", "review")) -> str:
        """The secret of a new key."""
        store = open_store(self.settings)
        try:
            return store.keys.create(owner, f"key of {owner}", scopes)[1]
        finally:
            store.close()

    def log_lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.log.read_text("utf-8").splitlines()]

    def workers(self) -> list[int]:
        """Process ids of the workers."""
        found = subprocess.run(
            ["ps", "-ww", "-o", "pid=,args=", "--ppid", str(self.process.pid)],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        return [int(line.split()[0]) for line in found.splitlines() if "spawn_main" in line]

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while True:
            try:
                if httpx2.get(f"{self.url}/readyz", timeout=10).is_success:
                    return
            except httpx2.HTTPError:
                pass
            assert self.process.poll() is None, self.log.read_text()[-2000:]
            assert time.monotonic() < deadline, "the server did not become ready"
            time.sleep(0.1)

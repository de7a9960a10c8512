"""A real ``docagent serve`` to measure: a process on a free port with a store of its own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx2

from docagent.errors import SettingsError

ROOT = Path(__file__).parents[2]
START_SECONDS = 120.0
STOP_SECONDS = 30.0


class ServerProcess:
    """Starts with the ``with`` block and stops with it. folder: of the store. log: its standard
    error, JSON lines."""

    def __init__(
        self, folder: Path, *arguments: str, environment: Mapping[str, str] | None = None
    ) -> None:
        """arguments: of ``docagent serve``. environment: more variables. The limit of requests is
        out of the way."""
        self.folder = folder
        self.log = folder / "server.log"
        self._arguments = arguments
        self._environment = dict(environment or {})
        self.url = ""

    def start(self) -> Self:
        """Start and wait until it answers. Raises SettingsError if it does not."""
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
        if match is None:
            self.stop()
            raise SettingsError(f"the server did not start: {told}{self.log.read_text()[-2000:]}")
        self.url = match[0]
        self._wait_until_ready()
        return self

    def stop(self) -> None:
        """Stop it, and its workers with it."""
        self.process.terminate()
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()

    def workers(self) -> list[int]:
        """Process ids of the workers."""
        command = ["ps", "-ww", "-o", "pid=,args=", "--ppid", str(self.process.pid)]
        found = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        return [int(line.split()[0]) for line in found.splitlines() if "spawn_main" in line]

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                if httpx2.get(f"{self.url}/readyz", timeout=10).is_success:
                    return
            except httpx2.HTTPError:
                pass
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise SettingsError(f"the server is not ready: {self.log.read_text()[-2000:]}")
            time.sleep(0.1)

"""A real ``docagent serve`` for tests: a process on a free port with a store of its own."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx2

from docagent.settings import Settings
from docagent.store import open_store
from eval.performance.server_process import ServerProcess

ROOT = Path(__file__).parents[1]
SAMPLES = ROOT / "docagent/samples"


class ApiServer(ServerProcess):
    """Starts with the ``with`` block and stops with it. log: its standard error, JSON lines."""

    @property
    def settings(self) -> Settings:
        return Settings(store_folder=self.folder)

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

"""This project as one of the engines that are compared."""

from __future__ import annotations

import sys
from pathlib import Path

from docagent.settings import EngineName, Settings
from eval.systems.line_readings import ReadLine, document_to_lines, image_size
from eval.systems.weights import OWN_WEIGHTS, other_weights_mb, own_weights_mb


class DocAgentEngine:
    """This project, through its public door, with one of its own engines: alone (``docagent``),
    fused with what else is installed, or picked for each page."""

    def __init__(self, engine: EngineName = "docagent") -> None:
        # Loaded here, so that other engines' processes do not carry its memory.
        from docagent import DocAgent

        self.name = engine
        self._agent = DocAgent
        self._settings = Settings.from_env().replace(engine=engine)
        self.weights_mb = own_weights_mb(OWN_WEIGHTS)
        if engine in ("fused", "auto"):
            self.weights_mb += other_weights_mb(engine)

    def read(self, path: Path) -> list[ReadLine]:
        """Lines of the first page. A page that could not be read gives none, said on stderr."""
        # A new agent each time: one agent remembers what it read. Models load once a process.
        document = self._agent(settings=self._settings).read(path)
        if document.pages[0].error:
            print(f"{path}: {document.pages[0].error}", file=sys.stderr)
        return document_to_lines(document, image_size(path))

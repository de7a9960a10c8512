"""``reader.json``: which network the weights beside it are of, and its temperatures."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from docagent.errors import ModelError
from docagent.reader.decoding import Temperatures


@dataclass(frozen=True)
class ReaderFile:
    """format: of the network, see ``loading``. inputs: n-gram rows of format 1, features of a word
    of format 2."""

    path: Path
    format: int
    inputs: int
    temperatures: Temperatures

    def check_inputs(self, expected: int, name: str) -> None:
        """Raises ModelError if the network was made for other inputs than the code gives it."""
        if self.inputs != expected:
            raise ModelError(f"{self.path}: made for {self.inputs} {name}, not {expected}")


def read_reader_file(path: Path) -> ReaderFile:
    """Raises ModelError if the file is missing, or is not of a reader."""
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
        number = int(config.get("format", 1))
        inputs = int(config["features" if number == 2 else "buckets"]) if number < 3 else 0
        span, tag = float(config["span_temperature"]), float(config["tag_temperature"])
        return ReaderFile(path, number, inputs, Temperatures(span, tag))
    except (OSError, ValueError, KeyError, AttributeError) as error:
        raise ModelError(
            f"{path}: not usable ({error}); reinstall docagent or set DOCAGENT_WEIGHTS_DIR "
            "to a folder that has reader.json and the reader's networks",
            "missing" if isinstance(error, FileNotFoundError) else "unusable",
        ) from error

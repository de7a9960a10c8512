"""``reader.json``: which network the weights beside it are of, and its temperatures."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from docagent.errors import ModelError
from docagent.reader.decoding import Temperatures

FORMAT = 3
"""Of the network that this code runs."""


@dataclass(frozen=True)
class ReaderFile:
    """features: of a word and of its matches with a query, together."""

    path: Path
    features: int
    temperatures: Temperatures

    def check_features(self, expected: int) -> None:
        """Raises ModelError if the network was made for other inputs than the code gives it."""
        if self.features != expected:
            raise ModelError(
                f"{self.path}: made for {self.features} features of a word, not {expected}"
            )


def read_reader_file(path: Path) -> ReaderFile:
    """Raises ModelError if the file is missing, is not of a reader, or is of another format."""
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
        number = int(config.get("format", 1))
        features = int(config["features"]) if number == FORMAT else 0
        span, tag = float(config["span_temperature"]), float(config["tag_temperature"])
    except (OSError, ValueError, KeyError, AttributeError) as error:
        raise ModelError(
            f"{path}: not usable ({error}); reinstall docagent or set DOCAGENT_WEIGHTS_DIR "
            "to a folder that has reader.json and the reader's networks",
            "missing" if isinstance(error, FileNotFoundError) else "unusable",
        ) from error
    if number != FORMAT:
        raise ModelError(
            f"{path}: format {number} is not known; allowed is {FORMAT}. "
            "Update docagent, or export the weights again"
        )
    return ReaderFile(path, features, Temperatures(span, tag))

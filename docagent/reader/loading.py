"""The reader whose weights are in a folder: ``reader.json`` says which network they are of."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from docagent.errors import ModelError
from docagent.models import MODELS
from docagent.reader.embedded import EmbeddedReader
from docagent.reader.pretrained import PretrainedReader
from docagent.reader.types import Reader
from docagent.settings import Settings

FORMATS: dict[int, Callable[[Settings], Reader]] = {1: EmbeddedReader, 2: PretrainedReader}
"""Networks by the ``format`` in ``reader.json``: 1 reads n-grams, as the shipped one does, 2 stands
on a pretrained encoder."""


def load_reader(settings: Settings) -> Reader:
    """The reader of ``settings.weights_dir``, or the shipped one. Raises ModelError."""
    folder = settings.weights_dir or Path(__file__).parent.parent / "weights"
    number = MODELS.get(_format_of, folder / "reader.json")
    if number not in FORMATS:
        allowed = " or ".join(map(str, FORMATS))
        raise ModelError(
            f"{folder / 'reader.json'}: format {number} is not known; allowed is {allowed}. "
            "Update docagent, or export the weights again"
        )
    return FORMATS[number](settings)


def _format_of(path: Path) -> int:
    """1 where the file cannot be read: the reader of that format says what is wrong."""
    try:
        return int(json.loads(path.read_text(encoding="utf-8"))["format"])
    except (OSError, ValueError, KeyError, TypeError):
        return 1

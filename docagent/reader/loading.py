"""The reader whose weights are in a folder: ``reader.json`` says which network they are of."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from docagent.errors import ModelError
from docagent.models import MODELS
from docagent.reader.config import read_reader_file
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
    number = MODELS.get(read_reader_file, folder / "reader.json").format
    if number not in FORMATS:
        allowed = " or ".join(map(str, FORMATS))
        raise ModelError(
            f"{folder / 'reader.json'}: format {number} is not known; allowed is {allowed}. "
            "Update docagent, or export the weights again"
        )
    return FORMATS[number](settings)

"""The ranker that belongs to a reader."""

from __future__ import annotations

from pathlib import Path

from docagent.ranking.by_score import ScoreRanker
from docagent.ranking.model import FieldRanker, load_ranker
from docagent.reader.embedded import EmbeddedReader
from docagent.reader.no_reader import NullReader
from docagent.reader.types import Reader


class FittedReader:
    """Base of what stands in for a reader that the shipped ranker was fitted to."""


FITTED = (FittedReader, EmbeddedReader, NullReader)


def ranker_for(reader: Reader, weights_dir: Path | None = None) -> FieldRanker:
    """The learned ranker for a reader that it was fitted to, else one that ranks by scores.

    weights_dir: as for ``load_ranker``. Raises ModelError if the weights cannot be used.
    """
    return load_ranker(weights_dir) if isinstance(reader, FITTED) else ScoreRanker()

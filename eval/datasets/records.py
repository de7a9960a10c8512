"""What a labelled set holds: pages with true words, documents with true fields, corrected text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from eval.metrics.matching import TextBox


@dataclass(frozen=True)
class OcrPage:
    """A page image with its true words and segments (phrases of one line, or words again)."""

    name: str
    path: Path
    words: tuple[TextBox, ...]
    segments: tuple[TextBox, ...]


@dataclass(frozen=True)
class LabelledDocument:
    """A document with the true values of its fields; segments only where they are known."""

    name: str
    path: Path
    fields: Mapping[str, tuple[str, ...]]
    segments: tuple[TextBox, ...] = field(default=())


@dataclass(frozen=True)
class CorrectionPair:
    """OCR output and what was printed."""

    sample: str
    ocr: str
    truth: str

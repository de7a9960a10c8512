"""A small vocabulary in the order of the pretrained encoder's: special pieces, letters, marks."""

from __future__ import annotations

import string
from pathlib import Path

from docagent.reader.wordpiece import CLS, SEP, UNKNOWN

SIZE = 30522


def write_vocabulary(path: Path) -> None:
    """Single characters and their continuations, "total" and "##s"."""
    pieces = [f"[unused{n}]" for n in range(SIZE)]
    pieces[0], pieces[UNKNOWN], pieces[CLS], pieces[SEP] = "[PAD]", "[UNK]", "[CLS]", "[SEP]"
    characters = string.ascii_lowercase + string.digits + string.punctuation
    known = ["total", *characters, *(f"##{c}" for c in string.ascii_lowercase + string.digits)]
    pieces[1000 : 1000 + len(known)] = known
    path.write_text("\n".join(pieces) + "\n", encoding="utf-8")

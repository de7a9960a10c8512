"""OCR output beside what was printed: BLN600, newspapers of the 19th century."""

from __future__ import annotations

import csv

from eval.datasets.folders import split_dir, spread
from eval.datasets.records import CorrectionPair


def load_corrections(limit: int | None = None) -> list[CorrectionPair]:
    """Pairs of BLN600 (19th-century newspapers)."""
    path = split_dir("bln600", "dev") / "pairs.csv"
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    pairs = [CorrectionPair(r["Sample ID"], r["OCR Text"], r["Ground Truth"]) for r in rows]
    return spread(pairs, limit)

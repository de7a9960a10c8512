"""Right answers, and temperatures of probabilities, of any network that points at spans."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from torch import Tensor
from torch.nn import functional as F

from docagent.reader.types import Reading
from finetune.reader.losses import reader_loss
from finetune.reader.noise import CleanQuery

GRID = tuple(0.5 * 1.1**i for i in range(22))
"""Temperatures that are tried."""


def best_temperatures(
    outputs: Iterable[tuple[Mapping[str, Tensor], Tensor, Tensor]],
) -> tuple[float, float]:
    """Temperatures (span, tag) with the least log loss. outputs: of each sample its batch of one,
    points (q, n, 5) and absent (q,)."""
    span_losses, tag_losses = [0.0] * len(GRID), [0.0] * len(GRID)
    for tensors, points, absent in outputs:
        for i, temperature in enumerate(GRID):
            loss, _ = reader_loss(
                points[None] / temperature,
                absent[None] / temperature,
                tensors["mask"],
                tensors["spans"],
                tensors["tags"],
            )
            span_losses[i] += float(loss)
            tags = tensors["tags"].reshape(-1)
            logits = points[..., 2:].reshape(-1, 3) / temperature
            tag_losses[i] += float(F.cross_entropy(logits, tags, ignore_index=-1))
    return (
        GRID[min(range(len(GRID)), key=span_losses.__getitem__)],
        GRID[min(range(len(GRID)), key=tag_losses.__getitem__)],
    )


def is_right(reading: Reading, query: CleanQuery, spans: Sequence[tuple[int, int]]) -> float:
    """Singles: 1 if the best span, or "not present", is right. Multiples: F1 of the spans."""
    gold = {(start, end + 1) for start, end in spans}
    if query.multiple:
        found = {(s.start, s.end) for s in reading.spans if s.score >= 0.5}
        return 2 * len(gold & found) / (len(gold) + len(found)) if gold | found else 1.0
    best = reading.spans[0] if reading.spans else None
    said_no = best is None or reading.absent > 0.5
    if not gold or best is None or said_no:
        return float(not gold and said_no)
    return float((best.start, best.end) in gold)

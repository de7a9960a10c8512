"""What a network that points at spans is trained to lessen, whichever network it is."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from docagent.reader.decoding import MAX_SPAN

NEGATIVE = -1e4
"""Logit of what is not possible."""


def span_scores(points: Tensor, mask: Tensor) -> Tensor:
    """(b, q, n, 5), (b, n) -> (b, q, n, MAX_SPAN): start + end logit of the span from word i to
    word i + k, far below zero where the span leaves the page."""
    hidden = ((1 - mask) * NEGATIVE)[:, None, :]
    start, end = points[..., 0] + hidden, points[..., 1] + hidden
    ends = F.pad(end, (0, MAX_SPAN - 1), value=NEGATIVE).unfold(-1, MAX_SPAN, 1)
    return start.unsqueeze(-1) + ends


def reader_loss(
    points: Tensor, absent: Tensor, mask: Tensor, spans: Tensor, tags: Tensor
) -> tuple[Tensor, Tensor]:
    """Span loss and tag loss of a batch.

    spans: (k, 4) page, query, start, end (inclusive) of every right span; a query without one
    is "not present". tags: (b, q, n) 0 outside, 1 begin, 2 inside, -1 unknown or padding.
    """
    scores = span_scores(points, mask)
    everything = torch.logsumexp(torch.cat([scores.flatten(2), absent.unsqueeze(-1)], -1), -1)
    batch, queries = absent.shape
    page, query, start, end = spans.unbind(-1)
    picked = scores[page, query, start, end - start]
    cell = page * queries + query
    lowest = absent.new_full((batch * queries,), 10 * NEGATIVE)
    top = lowest.scatter_reduce(0, cell, picked.detach(), "amax")
    mass = torch.zeros_like(top).index_add(0, cell, (picked - top[cell]).exp())
    found = (mass.clamp(min=1e-30).log() + top).reshape(batch, queries)
    log_right = torch.where(found > 5 * NEGATIVE, found, absent)
    span_loss = (everything - log_right).mean()
    tag_loss = F.cross_entropy(points[..., 2:].reshape(-1, 3), tags.reshape(-1), ignore_index=-1)
    return span_loss, tag_loss

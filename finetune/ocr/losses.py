"""Losses of the OCR networks, and greedy decoding."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from docagent.ocr.recognition.charset import CHARSET
from finetune.ocr.recognizer.batches import INDEX, encode

HOPELESS = 1.3
"""Nats a character from which a trained network calls a crop of some length unreadable."""

CAPITALS = {
    INDEX[char]: INDEX[char.lower()]
    for char in CHARSET
    if char.lower() != char and char.lower() in INDEX
}
"""Class of each capital, and the class of its small letter."""


def greedy_texts(logits: Tensor, widths: Tensor) -> list[str]:
    """Best-path decoding of (n, steps, classes)."""
    texts = []
    for row, steps in zip(logits.argmax(-1), widths, strict=True):
        path = row[:steps].tolist()
        kept = [c for i, c in enumerate(path) if c and (i == 0 or path[i - 1] != c)]
        texts.append("".join(CHARSET[c - 1] for c in kept))
    return texts


def ctc_loss(logits: Tensor, texts: list[str], widths: Tensor, strict: bool = False) -> Tensor:
    """Mean CTC loss per character of (n, steps, classes) logits.

    ``strict`` leaves out crops that the network finds hopeless, a twentieth of the crops with
    half of the loss: print that wore away or labels that are wrong, which teach guessing.
    (The small-loss selection of Han et al. 2018, "Co-teaching", with one network.)
    """
    targets = [encode(text) for text in texts]
    scores = logits.float().log_softmax(-1)
    return _mean_loss(scores, targets, widths, strict)


def caseless_ctc_loss(logits: Tensor, texts: list[str], widths: Tensor) -> Tensor:
    """Mean CTC loss per character where a letter in either case is right.

    A capital and its small letter become one class with the sum of their probabilities, so the
    gradient goes to both in the proportion the network believes in. Labels may be in any case.
    """
    scores = logits.float().log_softmax(-1)
    pairs = torch.tensor(list(CAPITALS.items()), device=scores.device)
    capitals, small = pairs[:, 0], pairs[:, 1]
    both = torch.logaddexp(scores[..., capitals], scores[..., small])
    merged = scores.index_copy(-1, small, both)
    # The capitals are taken out: CTC's gradient is right only if the classes sum to one.
    kept = [c for c in range(scores.shape[-1]) if c not in CAPITALS]
    place = {c: i for i, c in enumerate(kept)}
    targets = [[place[CAPITALS.get(c, c)] for c in encode(text)] for text in texts]
    return _mean_loss(merged[..., kept], targets, widths, strict=False)


def _mean_loss(scores: Tensor, targets: list[list[int]], widths: Tensor, strict: bool) -> Tensor:
    lengths = torch.tensor([len(t) for t in targets], device=scores.device)
    flat = torch.tensor([c for t in targets for c in t], device=scores.device)
    losses = nn.functional.ctc_loss(
        scores.transpose(0, 1), flat, widths, lengths, reduction="none", zero_infinity=True
    )
    if strict:
        kept = (losses.detach() < HOPELESS * lengths) | (lengths < 4)
        losses, lengths = losses[kept], lengths[kept]
    return losses.sum() / lengths.sum().clamp(min=1)


def band_loss(logits: Tensor, bands: Tensor, weights: Tensor) -> Tensor:
    """Weighted cross-entropy plus Dice, each over the whole batch."""
    cross = nn.functional.binary_cross_entropy_with_logits(logits, bands, reduction="none")
    positive = bands.sum().clamp(min=1.0)
    hard = cross * weights
    in_band = (hard * bands).sum() / positive
    outside = (hard * (1 - bands)).flatten()
    keep = int(min(outside.numel(), 3 * positive.item() + 1000))
    negatives = outside.topk(keep).values.mean()
    probabilities = logits.sigmoid()
    overlap = (probabilities * bands * weights).sum()
    dice = 1 - 2 * overlap / ((probabilities * weights).sum() + (bands * weights).sum() + 1)
    return in_band + negatives + dice

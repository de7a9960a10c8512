"""A start from which a small Llama learns to copy: an induction circuit, set by hand.

The residual stream is split in three: A holds the embedding of the token, B is to hold that of
the token before it, and one dimension is the same for all. In layer 0 two heads look at the
token before (the constant and the fast rotations of RoPE give the offset) and write its A into B.
In layer 1 two heads compare the token's A with the B of all others, on rotations so slow that
distance does not matter, and add the A of what they find: what followed the same token earlier.
(Olsson et al., 2022, describe the circuit; a small model rarely finds it in an hour of one core.)
All of it can be changed by training; the model stays a plain ``LlamaForCausalLM``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

WIDTH = 2.0
"""Length of an embedding in A."""
CONSTANT = 0.7
SAME_STEM = 0.6
"""Cosine of tokens that spell one word, with and without a space before, large or small."""
FAST, SLOW = 10, 7.0e-4
"""Fast rotations used for the offset; radians a token below which a rotation counts as slow."""
PREVIOUS_GAP, MATCH_SCORE = 7.0, 12.0
"""Attention logit by which the token before beats its neighbours, and of two equal tokens."""
COPIED = 1.4
"""Weight of what is copied against the token itself."""


def start_from_induction(
    language_model: nn.Module, stems: Sequence[str], theta: float, generator: torch.Generator
) -> None:
    """Set the weights of a ``LlamaModel`` in place. stems: of every token the word it spells.
    theta: base of the rotations."""
    config = language_model.config
    heads, width = config.num_attention_heads, config.hidden_size
    size = width // heads
    span = min(2 * size, (width - 1) // 2)
    first, second = language_model.layers[0].self_attn, language_model.layers[1].self_attn
    rates = theta ** (-torch.arange(size // 2) / (size / 2))
    with torch.no_grad():
        _set_embeddings(language_model.embed_tokens.weight, stems, span, generator)
        for layer in language_model.layers:
            _set_small(layer.self_attn, generator)
        _set_previous(first, span, size, rates)
        _set_match(second, span, size, rates, generator)
        language_model.norm.weight.fill_(0.5)


def _set_embeddings(
    weight: Tensor, stems: Sequence[str], span: int, generator: torch.Generator
) -> None:
    def unit(rows: int) -> Tensor:
        return nn.functional.normalize(torch.randn(rows, span, generator=generator), dim=1)

    known = {stem: row for row, stem in enumerate(dict.fromkeys(stems))}
    shared = unit(len(known))[[known[stem] for stem in stems]]
    own = unit(len(stems))
    weight.copy_(0.02 * torch.randn(weight.shape, generator=generator))
    mixed = SAME_STEM**0.5 * shared + (1 - SAME_STEM) ** 0.5 * own
    weight[: len(stems), :span] = WIDTH * nn.functional.normalize(mixed, dim=1)
    weight[:, -1] = CONSTANT


def _set_small(attention: nn.Module, generator: torch.Generator) -> None:
    for projection, gain in (("q_proj", 1.0), ("k_proj", 1.0), ("v_proj", 0.4), ("o_proj", 0.4)):
        weight = getattr(attention, projection).weight
        nn.init.orthogonal_(weight, gain, generator=generator)


def _set_previous(attention: nn.Module, span: int, size: int, rates: Tensor) -> None:
    """Heads 0 and 1 look at the token before and carry its A into B, half of it each."""
    scale = math.sqrt((WIDTH**2 + CONSTANT**2) / attention.q_proj.weight.shape[1])
    fast = rates[:FAST]
    gap = float((1 - torch.cos(fast)).sum())
    strength = math.sqrt(PREVIOUS_GAP / gap * math.sqrt(size)) * scale / CONSTANT
    half = size // 2
    for head in (0, 1):
        rows = slice(head * size, (head + 1) * size)
        for weight in (attention.q_proj.weight, attention.k_proj.weight, attention.v_proj.weight):
            weight[rows] = 0
        attention.o_proj.weight[:, rows] = 0
        start = head * size
        pairs = torch.arange(len(fast))
        attention.k_proj.weight[start + pairs, -1] = strength
        attention.q_proj.weight[start + pairs, -1] = strength * torch.cos(fast)
        attention.q_proj.weight[start + half + pairs, -1] = -strength * torch.sin(fast)
        carried = torch.arange(start, min(start + size, span))
        attention.v_proj.weight[carried, carried] = 1.0
        attention.o_proj.weight[span + carried, carried] = scale


def _set_match(
    attention: nn.Module, span: int, size: int, rates: Tensor, generator: torch.Generator
) -> None:
    """Heads 0 and 1 find tokens that follow an equal token and copy their A, half of it each."""
    columns = attention.q_proj.weight.shape[1]
    scale = math.sqrt((2 * WIDTH**2 + CONSTANT**2) / columns)
    pairs = torch.nonzero(rates < SLOW).flatten()
    slots = torch.cat([pairs, pairs + size // 2])
    seen = (WIDTH / scale) ** 2 * len(slots) / span
    strength = math.sqrt(MATCH_SCORE * math.sqrt(size) / seen)
    for head in (0, 1):
        rows = slice(head * size, (head + 1) * size)
        for weight in (attention.q_proj.weight, attention.k_proj.weight, attention.v_proj.weight):
            weight[rows] = 0
        attention.o_proj.weight[:, rows] = 0
        start = head * size
        random = torch.randn(span, len(slots), generator=generator)
        projection = torch.linalg.qr(random).Q.T * strength
        attention.q_proj.weight[start + slots, :span] = projection
        attention.k_proj.weight[start + slots, span : 2 * span] = projection
        carried = torch.arange(start, min(start + size, span))
        attention.v_proj.weight[carried, carried] = 1.0
        attention.o_proj.weight[carried, carried] = COPIED * scale

"""A start from which a small Llama learns to copy from numbered lines: circuits set by hand.

The residual stream is split into parts: A holds the embedding of the token, which tells in
dimensions apart the number of a line's id, the word it spells (in any case, with or without a space
before: its stem), and the token itself; B holds the A of the token before, C the stem of the one
before that, D the id of the line the token stands on; one dimension flags the beginning of a line,
one is constant.

- Layer 0 fills them: two heads look at the token before, one at the one before that, one at the
  last beginning of a line. The offsets come of the constant and the fast rotations of RoPE.
- Layer 1 copies: two heads find where the same two tokens occurred and add what followed there
  (an induction head; Olsson et al., 2022); one finds the line whose id was just said and adds its
  first word. Rotations so slow that distance does not matter carry the comparison.
- Layer 2 looks for lines: words like the name of the field that was just said add the id of their
  line, or of the line that begins after them.

A small model rarely finds this in an hour of one core. All of it can be changed by training, and
the model stays a plain ``LlamaForCausalLM``.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

WIDTH, CONSTANT, FLAG = 2.0, 0.7, 0.3
"""Length of an embedding in A; the constant; the mark of a line's beginning, which is small so that
norms, and with them the attention logits of the constant, are nearly equal for all tokens."""
ID_SHARE = 0.64
"""Share of the squared length of a line id's embedding that tells which line it is."""
STEM_SHARE = 0.7
"""Share of the squared length of a word's embedding that tells its stem: the cosine of tokens that
spell one word."""
ID_SIZE, STEM_SIZE = 24, 40
"""Dimensions of an id in A, and of D; of a stem in A, and of C."""
FAST = 6
"""Fast rotations that tell an offset."""
SLOW = 7.0e-4
"""Radians a token below which a rotation counts as slow."""
OFFSET_GAP, MATCH, SECOND_MATCH, ID_MATCH, NEAR, BEGINNING = 7.0, 14.0, 8.0, 22.0, 8.0, 30.0
"""Attention logits: of the wanted offset over its neighbours, of equal tokens, of equal tokens
before, of equal line ids, against what is near, and of a line's beginning over other tokens."""
LIKE = 24.0
"""The same of words with one stem, where a line is looked for."""
COPIED = 1.4
"""Weight of what is copied against the token itself."""
AFTER_LINES = ("END DOCUMENT ",)
"""What stands after the last line; it begins something without an id."""
LINE_ID = re.compile(r"L(\d+)(\| )?")


@dataclass(frozen=True)
class Parts:
    """Where the parts of the residual stream begin; span: size of A and of B."""

    width: int
    heads: int

    @property
    def size(self) -> int:
        return self.width // self.heads

    @property
    def span(self) -> int:
        return min(2 * self.size, (self.width - 2 - ID_SIZE - STEM_SIZE) // 2)

    @property
    def second(self) -> int:
        return 2 * self.span

    @property
    def line(self) -> int:
        return self.second + STEM_SIZE

    @property
    def rows(self) -> int:
        """Dimensions that a head of two carries."""
        return -(-self.span // 2)


def start_from_circuits(
    language_model: nn.Module, tokens: Sequence[str], theta: float, generator: torch.Generator
) -> None:
    """Set the weights of a ``LlamaModel`` with at least four heads in place.

    tokens: what every token spells, a space before it as ``Ġ``. theta: base of the rotations.
    Raises ValueError if the model is too narrow.
    """
    config = language_model.config
    parts = Parts(config.hidden_size, config.num_attention_heads)
    if parts.heads < 4 or parts.span < 2 * ID_SIZE + STEM_SIZE or parts.size < STEM_SIZE:
        raise ValueError(
            f"hidden {parts.width} with {parts.heads} heads is too narrow to start from circuits; "
            "take at least 4 heads of 48 and a hidden size of 208, or set induction: false"
        )
    rates = theta ** (-torch.arange(parts.size // 2) / (parts.size / 2))
    with torch.no_grad():
        _set_embeddings(language_model.embed_tokens.weight, tokens, parts, generator)
        for layer in language_model.layers:
            _set_small(layer.self_attn, generator)
        _fill_parts(language_model.layers[0].self_attn, parts, rates)
        _copy_matches(language_model.layers[1].self_attn, parts, rates, generator)
        if len(language_model.layers) > 2:
            _find_lines(language_model.layers[2].self_attn, parts, rates, generator)
        language_model.norm.weight.fill_(0.5)


def _set_embeddings(
    weight: Tensor, tokens: Sequence[str], parts: Parts, generator: torch.Generator
) -> None:
    def unit(rows: int, width: int) -> Tensor:
        return nn.functional.normalize(torch.randn(rows, width, generator=generator), dim=1)

    stems = [token.lstrip("Ġ").casefold() for token in tokens]
    known = {stem: row for row, stem in enumerate(dict.fromkeys(stems))}
    own = parts.span - ID_SIZE - STEM_SIZE
    shared = unit(len(known), STEM_SIZE)[[known[stem] for stem in stems]]
    text = torch.cat([STEM_SHARE**0.5 * shared, (1 - STEM_SHARE) ** 0.5 * unit(len(stems), own)], 1)
    weight.copy_(0.02 * torch.randn(weight.shape, generator=generator))
    weight[: len(tokens), ID_SIZE : parts.span] = WIDTH * text
    weight[:, -2:] = torch.tensor([0.0, CONSTANT])
    ids = {n: m for n, token in enumerate(tokens) if (m := LINE_ID.fullmatch(token))}
    numbers = unit(1 + max((int(m[1]) for m in ids.values()), default=0), ID_SIZE)
    for token, match in ids.items():
        weight[token, ID_SIZE : parts.span] *= (1 - ID_SHARE) ** 0.5
        weight[token, :ID_SIZE] = WIDTH * ID_SHARE**0.5 * numbers[int(match[1])]
        weight[token, -2] = FLAG if match[2] else 0.0
    for token, text in enumerate(tokens):
        if text in AFTER_LINES:
            weight[token, -2] = FLAG


def _set_small(attention: nn.Module, generator: torch.Generator) -> None:
    for projection, gain in (("q_proj", 1.0), ("k_proj", 1.0), ("v_proj", 0.4), ("o_proj", 0.4)):
        nn.init.orthogonal_(getattr(attention, projection).weight, gain, generator=generator)


def _clear(attention: nn.Module, head: int, size: int) -> int:
    """Empty a head; its first row."""
    rows = slice(head * size, (head + 1) * size)
    for weight in (attention.q_proj.weight, attention.k_proj.weight, attention.v_proj.weight):
        weight[rows] = 0
    attention.o_proj.weight[:, rows] = 0
    return head * size


def _carry(attention: nn.Module, row: int, source: int, target: int, count: int, by: float) -> None:
    """Let a head bring dimensions of what it looks at into others."""
    steps = torch.arange(count)
    attention.v_proj.weight[row + steps, source + steps] = 1.0
    attention.o_proj.weight[target + steps, row + steps] = by


def _fill_parts(attention: nn.Module, parts: Parts, rates: Tensor) -> None:
    scale = math.sqrt((WIDTH**2 + CONSTANT**2) / parts.width)
    for head in (0, 1):
        row = _clear(attention, head, parts.size)
        _look_back(attention, row, 1, rates, scale)
        start = head * parts.rows
        count = min(parts.rows, parts.span - start)
        _carry(attention, row, start, parts.span + start, count, scale)
    row = _clear(attention, 2, parts.size)
    _look_back(attention, row, 2, rates, scale)
    _carry(attention, row, ID_SIZE, parts.second, STEM_SIZE, scale)
    row = _clear(attention, 3, parts.size)
    _look_at_beginning(attention, row, rates, scale)
    _carry(attention, row, 0, parts.line, ID_SIZE, scale)


def _look_back(attention: nn.Module, row: int, by: int, rates: Tensor, scale: float) -> None:
    """Attention logits that are highest ``by`` tokens before."""
    half, fast = len(rates), rates[:FAST]
    gap = float((1 - torch.cos(fast)).sum())
    strength = math.sqrt(OFFSET_GAP / gap * math.sqrt(2 * half)) * scale / CONSTANT
    pairs = row + torch.arange(len(fast))
    attention.k_proj.weight[pairs, -1] = strength
    attention.q_proj.weight[pairs, -1] = strength * torch.cos(by * fast)
    attention.q_proj.weight[pairs + half, -1] = -strength * torch.sin(by * fast)


def _look_at_beginning(attention: nn.Module, row: int, rates: Tensor, scale: float) -> None:
    """Attention logits that are highest at the last beginning of a line."""
    half = len(rates)
    near = torch.nonzero((rates < 0.06) & (rates > 0.004)).flatten()
    pairs = row + near
    strength = math.sqrt(BEGINNING * math.sqrt(2 * half) / len(near)) * scale
    # The flag is what is looked for; how little it was turned since tells the last one.
    attention.k_proj.weight[pairs, -2] = strength / FLAG
    attention.q_proj.weight[pairs, -1] = strength / CONSTANT


def _copy_matches(
    attention: nn.Module, parts: Parts, rates: Tensor, generator: torch.Generator
) -> None:
    scale = math.sqrt((3.3 * WIDTH**2 + CONSTANT**2) / parts.width)
    slow = torch.nonzero(rates < SLOW).flatten()
    slots = torch.cat([slow, slow + len(rates)])
    most = len(slots) * 3 // 5
    text = WIDTH**2 / scale**2
    for head in (0, 1):
        row = _clear(attention, head, parts.size)
        # This token is the one before there, and the one before is the one before that there.
        _compare(
            attention, row + slots[:most], (0, parts.span), parts.span, MATCH / text, generator
        )
        pair = (parts.span + ID_SIZE, parts.second)
        strength = SECOND_MATCH / (text * STEM_SHARE)
        _compare(attention, row + slots[most:], pair, STEM_SIZE, strength, generator)
        start = head * parts.rows
        count = min(parts.rows, parts.span - start)
        _carry(attention, row, start, start, count, COPIED * scale)
    row = _clear(attention, 2, parts.size)
    # The id said just now is the one before the first word of its line.
    ids = slots[: min(ID_SIZE, len(slots))]
    strength = ID_MATCH / (text * ID_SHARE)
    _compare(attention, row + ids, (parts.span, parts.span), ID_SIZE, strength, generator)
    _avoid_near(attention, row, rates, scale)
    count = min(parts.size, parts.span - ID_SIZE)
    _carry(attention, row, ID_SIZE, ID_SIZE, count, COPIED * scale)


def _find_lines(
    attention: nn.Module, parts: Parts, rates: Tensor, generator: torch.Generator
) -> None:
    """Let heads 0 and 1 find words like the one before this token (the name of a field, when its
    lines are to be said). One adds the id of the line such a word stands on, the other that of a
    line which begins after it, as an amount does after its label. What stands outside of the
    page is found as well, but is on no line and adds nothing.
    """
    scale = math.sqrt((5.0 * WIDTH**2 + CONSTANT**2) / parts.width)
    slow = torch.nonzero(rates < SLOW).flatten()
    slots = torch.cat([slow, slow + len(rates)])
    strength = LIKE / (WIDTH**2 * STEM_SHARE / scale**2)
    for head, (column, brought) in enumerate(((ID_SIZE, parts.line), (parts.second, 0))):
        row = _clear(attention, head, parts.size)
        asked = parts.span + ID_SIZE
        _compare(attention, row + slots, (asked, column), STEM_SIZE, strength, generator)
        _carry(attention, row, brought, 0, ID_SIZE, 2 * COPIED * scale)


def _compare(
    attention: nn.Module,
    rows: Tensor,
    columns: tuple[int, int],
    count: int,
    strength: float,
    generator: torch.Generator,
) -> None:
    """Attention logits that are high where ``count`` dimensions of the one looked at (from
    ``columns[1]``) equal those of the one looking (from ``columns[0]``)."""
    random = torch.randn(count, len(rows), generator=generator)
    projection = torch.linalg.qr(random).Q.T
    share = strength * count / len(rows) * math.sqrt(attention.head_dim)
    scaled = projection * math.sqrt(share)
    attention.q_proj.weight[rows, columns[0] : columns[0] + count] = scaled
    attention.k_proj.weight[rows, columns[1] : columns[1] + count] = scaled


def _avoid_near(attention: nn.Module, row: int, rates: Tensor, scale: float) -> None:
    """Lower attention logits of the token itself and those just before."""
    fast = rates[:4]
    strength = math.sqrt(NEAR / len(fast) * math.sqrt(2 * len(rates))) * scale / CONSTANT
    pairs = row + torch.arange(len(fast))
    attention.k_proj.weight[pairs, -1] = strength
    attention.q_proj.weight[pairs, -1] = -strength

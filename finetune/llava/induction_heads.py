"""Weights set by hand, from which a small Llama learns to copy from numbered lines.

The residual stream is split into parts: A holds the embedding of the token, which tells in
dimensions apart the number of a line's id, the word it spells (in any case, with or without a space
before: its stem), and the token itself; B holds the A of the token before, C the stem of the one
before that, D the id of the line the token stands on; one dimension flags the beginning of a line,
one is constant.

- Layer 0 fills them: two heads look at the token before, one at the one before that, one at the
  last beginning of a line. The offsets come of the constant and the fast rotations of RoPE. The
  list of what is asked for has lines too: the id of such a line is a code of the field's name.
- Layer 1 copies: two heads find where the same two tokens occurred and add what followed there
  (an induction head; Olsson et al., 2022); one finds the line whose id was just said and adds its
  first word. Rotations so slow that distance does not matter carry the comparison. The fourth
  finds labels: what follows a word of the page looks for the same word in the list of what is
  asked for, and takes over the code of the field that stands there.
- Layer 2 finds lines: where the lines of a field are to be said, one head looks for words that
  carry its code and adds the id of their line, the other that of the next line, as an amount often
  stands apart from its label. Ids are points on circles, so the next one is a rotation away.

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
CODES = 512
"""Most numbers of line ids."""
ID_SIZE, STEM_SIZE = 24, 40
"""Dimensions of an id in A, and of D; of a stem in A, and of C."""
FAST = 6
"""Fast rotations that tell an offset."""
SLOW = 7.0e-4
"""Radians a token below which a rotation counts as slow."""
OFFSET_GAP, MATCH, SECOND_MATCH, ID_MATCH, NEAR, BEGINNING = 7.0, 14.0, 8.0, 22.0, 8.0, 30.0
"""Attention logits: of the wanted offset over its neighbours, of equal tokens, of equal tokens
before, of equal line ids, against what is near, and of a line's beginning over other tokens."""
LIKE, ASKED, NAMED = 32.0, 6.0, 24.0
"""The same of words with one stem, where a label is looked for; of the list of what is asked for
over the page; of a field's code, where a line is looked for."""
COPIED, CARRIED, FOUND = 1.4, 1.5, 4.0
"""Weight of what is copied against the token itself; of a field's code, and of a line's id, against
what was found."""
AFTER_LINES = ("END DOCUMENT ",)
"""What stands after the last line; it begins something without an id."""
ASKED_FIELD = re.compile(r"- (?:\w+\[\]\.)?(\w+)(?:\[\])? \(")
"""How the line of a field begins."""
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
            "take at least 4 heads and a hidden size of 256, or set induction: false"
        )
    rates = theta ** (-torch.arange(parts.size // 2) / (parts.size / 2))
    with torch.no_grad():
        _set_embeddings(language_model.embed_tokens.weight, tokens, parts, generator)
        for layer in language_model.layers:
            _set_small(layer.self_attn, generator)
        _fill_parts(language_model.layers[0].self_attn, parts, rates)
        _copy_matches(language_model.layers[1].self_attn, parts, rates, generator)
        if len(language_model.layers) > 2:
            _find_labels(language_model.layers[1].self_attn, parts, rates, generator)
            _find_lines(language_model.layers[2].self_attn, parts, rates, generator)
        language_model.norm.weight.fill_(0.5)


def _set_embeddings(
    weight: Tensor, tokens: Sequence[str], parts: Parts, generator: torch.Generator
) -> None:
    def unit(rows: int, width: int) -> Tensor:
        return nn.functional.normalize(torch.randn(rows, width, generator=generator), dim=1)

    fields = {n: m[1] for n, token in enumerate(tokens) if (m := ASKED_FIELD.fullmatch(token))}
    stems = [fields.get(n, token).lstrip("Ġ").casefold() for n, token in enumerate(tokens)]
    known = {stem: row for row, stem in enumerate(dict.fromkeys(stems))}
    own = parts.span - ID_SIZE - STEM_SIZE
    shared = unit(len(known), STEM_SIZE)[[known[stem] for stem in stems]]
    alone = unit(len(stems), own)
    text = torch.cat([STEM_SHARE**0.5 * shared, (1 - STEM_SHARE) ** 0.5 * alone], 1)
    weight.copy_(0.02 * torch.randn(weight.shape, generator=generator))
    weight[: len(tokens), ID_SIZE : parts.span] = WIDTH * text
    weight[:, -2:] = torch.tensor([0.0, CONSTANT])
    ids = {n: m for n, token in enumerate(tokens) if (m := LINE_ID.fullmatch(token))}
    numbers = id_codes(CODES)
    for token, match in ids.items():
        weight[token, ID_SIZE : parts.span] *= (1 - ID_SHARE) ** 0.5
        weight[token, :ID_SIZE] = WIDTH * ID_SHARE**0.5 * numbers[int(match[1])]
        weight[token, -2] = FLAG if match[2] else 0.0
    codes = shared @ name_codes().T
    for token in fields:
        weight[token, ID_SIZE : parts.span] = 0
        weight[token, :ID_SIZE] = WIDTH * ID_SHARE**0.5 * codes[token] / codes[token].norm()
        weight[token, parts.span - 1] = WIDTH * (1 - ID_SHARE) ** 0.5
        weight[token, -2] = FLAG
    for token, text in enumerate(tokens):
        if text in AFTER_LINES:
            weight[token, parts.span - 1] = WIDTH * (1 - ID_SHARE) ** 0.5
            weight[token, -2] = FLAG


def id_codes(count: int, draws: int = 400) -> Tensor:
    """A code of unit length for every number, (count, ID_SIZE): points on circles of rates that
    were drawn so that no two numbers are much alike, and the next number is ``next_code`` away."""
    generator, best, least = torch.Generator().manual_seed(count), None, 2.0
    apart = torch.arange(1, max(2, count))[:, None]
    for _ in range(draws):
        rates = math.pi * torch.rand(ID_SIZE // 2, generator=generator)
        alike = float(torch.cos(apart * rates).mean(1).abs().max())
        if alike < least:
            best, least = rates, alike
    assert best is not None
    angles = torch.arange(count)[:, None] * best
    return torch.cat([angles.cos(), angles.sin()], 1) / math.sqrt(ID_SIZE // 2)


def name_codes() -> Tensor:
    """The matrix from a word's stem to the code of a field so named, (ID_SIZE, STEM_SIZE)."""
    random = torch.randn(STEM_SIZE, ID_SIZE, generator=torch.Generator().manual_seed(1))
    return torch.linalg.qr(random).Q.T


def next_code(codes: Tensor) -> Tensor:
    """The matrix that turns the code of every number into that of the next, (ID_SIZE, ID_SIZE)."""
    half = ID_SIZE // 2
    # The code of 0 is (1, 0) on every circle, so that of 1 holds the cosines and sines.
    turn = codes[1] * math.sqrt(half)
    cos, sin = torch.diag(turn[:half]), torch.diag(turn[half:])
    return torch.cat([torch.cat([cos, -sin], 1), torch.cat([sin, cos], 1)], 0)


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
    _look_at_last(attention, row, rates, scale, [-2], torch.tensor([1 / FLAG]))
    _carry(attention, row, 0, parts.line, ID_SIZE, scale)
    # What beginnings of asked fields and the page's end have in common raises the flag.
    attention.v_proj.weight[row + ID_SIZE, parts.span - 1] = 1 / (WIDTH * (1 - ID_SHARE) ** 0.5)
    attention.o_proj.weight[-2, row + ID_SIZE] = scale


def _look_back(attention: nn.Module, row: int, by: int, rates: Tensor, scale: float) -> None:
    """Attention logits that are highest ``by`` tokens before."""
    half, fast = len(rates), rates[:FAST]
    gap = float((1 - torch.cos(fast)).sum())
    strength = math.sqrt(OFFSET_GAP / gap * math.sqrt(2 * half)) * scale / CONSTANT
    pairs = row + torch.arange(len(fast))
    attention.k_proj.weight[pairs, -1] = strength
    attention.q_proj.weight[pairs, -1] = strength * torch.cos(by * fast)
    attention.q_proj.weight[pairs + half, -1] = -strength * torch.sin(by * fast)


def _look_at_last(
    attention: nn.Module,
    row: int,
    rates: Tensor,
    scale: float,
    columns: Sequence[int],
    by: Tensor,
    fastest: float = 0.06,
) -> None:
    """Attention logits that are highest at the last token of which ``by``, applied to ``columns``
    of its residual stream, gives 1 and not about 0."""
    half = len(rates)
    near = torch.nonzero((rates < 0.06) & (rates > 0.004)).flatten()
    strength = math.sqrt(BEGINNING * math.sqrt(2 * half) / len(near)) * scale
    for pair in (row + near).tolist():
        # How little it was turned since tells the last one.
        attention.k_proj.weight[pair, list(columns)] = strength * by
        attention.q_proj.weight[pair, -1] = strength / CONSTANT


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
    _avoid_near(attention, row, rates, scale, NEAR)
    count = min(parts.size, parts.span - ID_SIZE)
    _carry(attention, row, ID_SIZE, ID_SIZE, count, COPIED * scale)


def _find_labels(
    attention: nn.Module, parts: Parts, rates: Tensor, generator: torch.Generator
) -> None:
    """Let head 3 find the word before among what is asked for, and take over the field's code."""
    scale = math.sqrt((3.3 * WIDTH**2 + CONSTANT**2) / parts.width)
    row = _clear(attention, 3, parts.size)
    slots, free = _slow_slots(rates)
    strength = LIKE / (WIDTH**2 * STEM_SHARE / scale**2)
    columns = (parts.span + ID_SIZE, parts.span + ID_SIZE)
    _compare(attention, row + slots, columns, STEM_SIZE, strength, generator)
    _prefer_marked(attention, row + free, scale, ASKED)
    _carry(attention, row, parts.line, parts.span, ID_SIZE, CARRIED * scale)


def _find_lines(
    attention: nn.Module, parts: Parts, rates: Tensor, generator: torch.Generator
) -> None:
    """Let heads 0 and 1 find words of the page with the code of the field whose name was just
    said; one adds the id of their line, the other that of the next."""
    scale = math.sqrt((6.0 * WIDTH**2 + CONSTANT**2) / parts.width)
    slots, free = _slow_slots(rates)
    slots = slots[:ID_SIZE]
    asked = WIDTH**2 * STEM_SHARE * ID_SIZE / STEM_SIZE
    strength = NAMED / (math.sqrt(asked * ID_SHARE) * CARRIED * WIDTH / scale**2)
    turn = next_code(id_codes(CODES))
    stem = slice(parts.span + ID_SIZE, parts.span + ID_SIZE + STEM_SIZE)
    for head in (0, 1):
        row = _clear(attention, head, parts.size)
        _compare(attention, row + slots, (0, parts.span), ID_SIZE, strength, generator)
        # What is asked for is the code of the word before.
        query = attention.q_proj.weight[row + slots, :ID_SIZE].clone()
        attention.q_proj.weight[row + slots, :ID_SIZE] = 0
        attention.q_proj.weight[row + slots, stem] = query @ name_codes()
        _prefer_marked(attention, row + free, scale, -4 * ASKED)
        _avoid_near(attention, row, rates, scale, NEAR)
        _carry(attention, row, parts.line, 0, ID_SIZE, FOUND * scale)
        if head:
            attention.o_proj.weight[:ID_SIZE, row : row + ID_SIZE] = FOUND * scale * turn


def _slow_slots(rates: Tensor) -> tuple[Tensor, int]:
    """Dimensions of a head that hardly turn, and one more of them."""
    slow = torch.nonzero(rates < SLOW).flatten()
    return torch.cat([slow[:-1], slow + len(rates)]), int(slow[-1])


def _prefer_marked(attention: nn.Module, slot: int, scale: float, by: float) -> None:
    """Attention logits higher by ``by`` where the flag is raised."""
    strength = math.sqrt(abs(by) * math.sqrt(attention.head_dim) / CONSTANT) * scale
    attention.q_proj.weight[slot, -1] = strength
    attention.k_proj.weight[slot, -2] = math.copysign(strength, by)


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


def _avoid_near(attention: nn.Module, row: int, rates: Tensor, scale: float, by: float) -> None:
    """Attention logits lower by ``by`` for the token itself, and by less for those just before."""
    fast = rates[:4]
    strength = math.sqrt(by / len(fast) * math.sqrt(2 * len(rates))) * scale / CONSTANT
    pairs = row + torch.arange(len(fast))
    attention.k_proj.weight[pairs, -1] = strength
    attention.q_proj.weight[pairs, -1] = -strength

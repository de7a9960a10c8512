"""The embedded reader's network: a page read once, then pointed at for every query.

The lower layers read a page's pieces, or those of a query; the upper layers read a page's words,
which are the means of their pieces. A query goes on in two layers of its own that look at itself
and at the page, so that a query costs its own few pieces rather than the page's (late
interaction, after DeFormer, Cao et al. 2020, and ColBERT, Khattab and Zaharia 2020).

Each word then gets logits of starting and of ending the answer and of the tags outside, begin and
inside, from itself, from the query, and from where words of the query stand around it; the query
gets the logit that nothing on the page answers.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from docagent.reader.features import FEATURES
from docagent.reader.matching import MATCHES
from finetune.reader.encoder import (
    HEADS,
    LAYERS,
    NEGATIVE,
    WIDTH,
    Embedding,
    Layer,
    LayoutBias,
)

NEAR = 8
"""Ways in which the neighbours of a word are looked at for words of the query."""
HIDDEN = 128


@dataclass(frozen=True)
class ReaderConfig:
    """lower: layers that read pieces; the rest of MiniLM's read words. dropout: of the layers."""

    lower: int = 4
    dropout: float = 0.0

    def as_dict(self) -> dict[str, int | float]:
        return asdict(self)


class PieceEncoder(nn.Module):
    """Embedding and lower layers, for pages and queries alike."""

    def __init__(self, config: ReaderConfig) -> None:
        super().__init__()
        self.embedding = Embedding(FEATURES)
        self.layers = nn.ModuleList(Layer(config.dropout) for _ in range(config.lower))

    def forward(self, tokens: Tensor, features: Tensor, bias: Tensor) -> Tensor:
        """(b, t), (b, t, FEATURES), bias (b, HEADS or 1, t or 1, t) -> (b, t, WIDTH)."""
        x = self.embedding(tokens, features)
        for layer in self.layers:
            x = layer(x, bias)
        return x


class WordEncoder(nn.Module):
    """Upper layers over the words of a page, and what queries need of them."""

    def __init__(self, config: ReaderConfig) -> None:
        super().__init__()
        self.layers = nn.ModuleList(Layer(config.dropout) for _ in range(LAYERS - config.lower))

    def forward(self, words: Tensor, bias: Tensor) -> Tensor:
        """(b, n, WIDTH), bias (b, HEADS, n, n) -> (b, n, WIDTH)."""
        for layer in self.layers:
            words = layer(words, bias)
        return words


class Pointer(nn.Module):
    """Queries over the words of one page each, and the heads."""

    def __init__(self, config: ReaderConfig) -> None:
        super().__init__()
        self.multiple = nn.Parameter(torch.zeros(2, WIDTH))
        self.layers = nn.ModuleList(Layer(config.dropout) for _ in range(LAYERS - config.lower))
        self.word = nn.Linear(WIDTH, HIDDEN)
        self.gate = nn.Linear(2 * WIDTH, HIDDEN)
        self.shift = nn.Linear(2 * WIDTH, HIDDEN)
        self.matches = nn.Linear((MATCHES + 2) * (1 + NEAR), HIDDEN)
        self.points = nn.Linear(HIDDEN, 5)
        self.absent = nn.Sequential(
            nn.Linear(2 * WIDTH + HIDDEN, WIDTH), nn.GELU(), nn.Linear(WIDTH, 1)
        )

    def prepare(self, lower: Tensor, words: Tensor) -> tuple[Tensor, ...]:
        """Words after the lower and after the upper layers (b, n, WIDTH) -> what all queries to
        their pages share: words as units, words for pointing, keys and values of each layer."""
        seen = [part for layer in self.layers for part in layer.see(words)]
        return (F.normalize(lower.float(), dim=-1), self.word(words), *seen)

    def forward(
        self,
        page: tuple[Tensor, ...],
        around: tuple[Tensor, Tensor],
        query: Tensor,
        shown: Tensor,
        multiple: Tensor,
        matches: Tensor,
    ) -> tuple[Tensor, Tensor]:
        """page: as prepared. around: weights of neighbours (b, NEAR, n, n) and mask (b, n). Of q
        queries for each page: query (b, q, t, WIDTH), shown (b, q, t) 1 or 0, multiple (b, q),
        matches (b, q, n, MATCHES) -> points (b, q, n, 5), absent (b, q)."""
        unit, word, *seen = page
        near, mask = around
        found = self._look(unit, query, shown, matches, near)
        x = query + self.multiple[multiple].unsqueeze(2)
        own = ((1 - shown) * NEGATIVE)[:, :, None, None, :]
        other = ((1 - mask) * NEGATIVE)[:, None, None, :]
        for layer, keys, values in zip(self.layers, seen[::2], seen[1::2], strict=True):
            x = layer.read(x, (keys, values), (own, other))
        weight = shown.unsqueeze(-1).to(x.dtype)
        # A product, since a sum over pieces is taken in another order for one query than for many.
        mean = (weight.transpose(-1, -2) @ x).squeeze(2) / weight.sum(2).clamp(min=1)
        asked = torch.cat([x[:, :, 0], mean], -1)
        gate, shift = (_by_row(part, asked).unsqueeze(2) for part in (self.gate, self.shift))
        hidden = F.gelu(word.unsqueeze(1) * (1 + gate) + shift + found)
        points = self.points(hidden)
        best = points[..., 0] + (1 - mask).unsqueeze(1) * NEGATIVE
        pooled = (best.softmax(-1).to(hidden.dtype).unsqueeze(2) @ hidden).squeeze(2)
        return points, _by_row(self.absent, torch.cat([asked, pooled], -1)).squeeze(-1)

    def _look(
        self, unit: Tensor, query: Tensor, shown: Tensor, matches: Tensor, near: Tensor
    ) -> Tensor:
        """(b, q, n, HIDDEN): how words of the query match each word, and those around it."""
        asked = F.normalize(query.float(), dim=-1)
        alike = unit.unsqueeze(1) @ asked.transpose(-1, -2)
        # The first place is no word of the query.
        inner = torch.cat([torch.zeros_like(shown[..., :1]), shown[..., 1:]], -1)
        most = (alike + (1 - inner).unsqueeze(2) * NEGATIVE).max(-1).values
        weight = inner / inner.sum(-1, keepdim=True).clamp(min=1)
        mean = (alike @ weight.unsqueeze(-1)).squeeze(-1)
        own = torch.cat([matches, most.unsqueeze(-1), mean.unsqueeze(-1)], -1)
        # Queries side by side as rows: as columns, a sum would depend on how many there are.
        rows = own.transpose(2, 3).flatten(1, 2).unsqueeze(1)
        around = (rows @ near.float().transpose(-1, -2)).unflatten(2, (own.shape[1], -1))
        both = torch.cat([own, around.permute(0, 2, 4, 1, 3).flatten(3)], -1)
        out: Tensor = self.matches(both)
        return out


def _by_row(layer: nn.Module, rows: Tensor) -> Tensor:
    """The layer of each row of (b, q, width). One row is computed beside another: alone it would
    add up in another order, and give other last digits than among many."""
    out: Tensor = layer(torch.cat([rows, rows[:, :1]], 1))
    return out[:, :-1]


class Reader(nn.Module):
    """Pages and queries in, logits of start, end, tags and "not present" out."""

    def __init__(self, config: ReaderConfig) -> None:
        super().__init__()
        self.config = config
        self.bias = LayoutBias(HEADS + NEAR, (0, HEADS, HEADS + 4))
        self.encoder = PieceEncoder(config)
        self.upper = WordEncoder(config)
        self.pointer = Pointer(config)

    def encode_page(
        self, tokens: Tensor, features: Tensor, word_of: Tensor, bias: Tensor, mask: Tensor
    ) -> tuple[Tensor, Tensor]:
        """tokens (b, t) with 0 at padding, features (b, n, FEATURES) of words, word_of (b, t),
        bias (b, HEADS, n, n), mask (b, n) -> words after the lower and the upper layers."""
        n = mask.shape[1]
        is_token = (tokens > 0).to(bias.dtype)
        rows = torch.arange(len(tokens), device=tokens.device)[:, None]
        spread = torch.stack(
            [one[:, at][:, :, at] for one, at in zip(bias.unbind(), word_of.unbind(), strict=True)]
        )
        pieces_bias = spread + (1 - is_token)[:, None, None, :] * NEGATIVE
        x = self.encoder(tokens, features[rows, word_of], pieces_bias)
        pool = F.one_hot(word_of, n).to(x.dtype) * is_token.unsqueeze(-1).to(x.dtype)
        count = pool.sum(1).clamp(min=1).unsqueeze(-1)
        lower = (pool.transpose(1, 2) @ x) / count
        return lower, self.upper(lower, bias + (1 - mask)[:, None, None, :] * NEGATIVE)

    def encode_queries(self, tokens: Tensor) -> Tensor:
        """(k, t) with 0 at padding -> (k, t, WIDTH)."""
        hidden = (tokens == 0).to(torch.float32)[:, None, None, :] * NEGATIVE
        features = tokens.new_zeros((*tokens.shape, FEATURES), dtype=torch.float32)
        return self.encoder(tokens, features, hidden)

    def forward(
        self,
        tokens: Tensor,
        word_of: Tensor,
        features: Tensor,
        layout: Tensor,
        lines: Tensor,
        mask: Tensor,
        queries: Tensor,
        multiple: Tensor,
        matches: Tensor,
    ) -> tuple[Tensor, Tensor]:
        """b pages of n words and t pieces, q queries each (b, q, pieces) -> per word
        (b, q, n, 5) and per query (b, q)."""
        bias = self.bias(layout, lines).permute(0, 3, 1, 2)
        lower, words = self.encode_page(tokens, features, word_of, bias[:, :HEADS], mask)
        near = (bias[:, HEADS:] + (1 - mask)[:, None, None, :] * NEGATIVE).softmax(-1)
        query = self.encode_queries(queries.flatten(0, 1)).unflatten(0, queries.shape[:2])
        shown = (queries > 0).to(torch.float32)
        page = self.pointer.prepare(lower, words)
        points, absent = self.pointer(page, (near, mask), query, shown, multiple, matches)
        return points.float(), absent.float()

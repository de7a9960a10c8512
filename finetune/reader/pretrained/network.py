"""The embedded reader's network: a page read once, then pointed at for every query.

The lower layers read a page's pieces alone; words are the means of their pieces from there on,
so that the upper layers, which read words and query together, have a third fewer places. Each
word gets logits of starting and of ending the answer and of the tags outside, begin and inside;
the query's first place gets the logit that nothing on the page answers.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from docagent.reader.piece_features import FEATURES
from finetune.reader.pretrained.encoder import (
    HEADS,
    LAYERS,
    NEGATIVE,
    WIDTH,
    Embedding,
    Layer,
    LayoutBias,
)


@dataclass(frozen=True)
class ReaderConfig:
    """lower: layers that read page and query apart. dropout: of the pretrained layers."""

    lower: int = 4
    dropout: float = 0.0

    def as_dict(self) -> dict[str, int | float]:
        return asdict(self)


class PageEncoder(nn.Module):
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


class Pointer(nn.Module):
    """Upper layers over query and words, and the heads."""

    def __init__(self, config: ReaderConfig) -> None:
        super().__init__()
        self.sides = nn.Parameter(torch.zeros(2, WIDTH))
        self.multiple = nn.Parameter(torch.zeros(2, WIDTH))
        self.layers = nn.ModuleList(Layer(config.dropout) for _ in range(LAYERS - config.lower))
        self.points = nn.Linear(WIDTH, 5)
        self.absent = nn.Sequential(nn.Linear(2 * WIDTH, WIDTH), nn.GELU(), nn.Linear(WIDTH, 1))

    def forward(
        self, words: Tensor, query: Tensor, multiple: Tensor, bias: Tensor
    ) -> tuple[Tensor, Tensor]:
        """words (b, n, WIDTH), query (b, t, WIDTH), multiple (b,), bias (b, HEADS, t + n, t + n)
        -> points (b, n, 5), absent (b,)."""
        t = query.shape[1]
        query = query + self.sides[0] + self.multiple[multiple][:, None]
        x = torch.cat([query, words + self.sides[1]], 1)
        for layer in self.layers:
            x = layer(x, bias)
        points = self.points(x[:, t:])
        hidden = bias[:, 0, 0, t:]
        best = (points[..., 0] + hidden).softmax(-1).to(x.dtype).unsqueeze(-1)
        pooled = torch.cat([(best * x[:, t:]).sum(1), x[:, 0]], -1)
        return points, self.absent(pooled).squeeze(-1)


class Reader(nn.Module):
    """Pages and queries in, logits of start, end, tags and "not present" out."""

    def __init__(self, config: ReaderConfig) -> None:
        super().__init__()
        self.config = config
        self.bias = LayoutBias(2 * HEADS, (0, HEADS))
        self.encoder = PageEncoder(config)
        self.pointer = Pointer(config)

    def encode_page(
        self, tokens: Tensor, features: Tensor, word_of: Tensor, words_bias: Tensor, mask: Tensor
    ) -> Tensor:
        """tokens (b, t) with 0 at padding, features (b, n, FEATURES) of words, word_of (b, t),
        words_bias (b, n, n, HEADS), mask (b, n) -> words in context (b, n, WIDTH)."""
        batch, n = mask.shape
        rows = torch.arange(batch, device=tokens.device)[:, None]
        is_token = (tokens > 0).to(words_bias.dtype)
        spread = words_bias[rows[:, :, None], word_of[:, :, None], word_of[:, None, :]]
        bias = spread.permute(0, 3, 1, 2) + (1 - is_token)[:, None, None, :] * NEGATIVE
        x = self.encoder(tokens, features[rows, word_of], bias)
        pool = F.one_hot(word_of, n).to(x.dtype) * is_token.unsqueeze(-1).to(x.dtype)
        count = pool.sum(1).clamp(min=1).unsqueeze(-1)
        return (pool.transpose(1, 2) @ x) / count

    def encode_queries(self, tokens: Tensor) -> Tensor:
        """(k, t) with 0 at padding -> (k, t, WIDTH)."""
        hidden = (tokens == 0).to(torch.float32)[:, None, None, :] * NEGATIVE
        features = tokens.new_zeros((*tokens.shape, FEATURES), dtype=torch.float32)
        return self.encoder(tokens, features, hidden)

    def joint_bias(self, words_bias: Tensor, mask: Tensor, queries: Tensor) -> Tensor:
        """words_bias (b, n, n, HEADS), mask (b, n), queries (k, t) tokens with k = b * q ->
        (k, HEADS, t + n, t + n): the layout between words, nothing else but padding."""
        each = queries.shape[0] // mask.shape[0]
        t = queries.shape[1]
        inner = words_bias.permute(0, 3, 1, 2).repeat_interleave(each, 0)
        whole = F.pad(inner, (t, 0, t, 0))
        shown = torch.cat([(queries > 0).to(mask.dtype), mask.repeat_interleave(each, 0)], 1)
        return whole + (1 - shown)[:, None, None, :] * NEGATIVE

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
    ) -> tuple[Tensor, Tensor]:
        """b pages of n words and t pieces, q queries each (b, q, pieces) -> per word
        (b, q, n, 5) and per query (b, q)."""
        bias = self.bias(layout, lines)
        words = self.encode_page(tokens, features, word_of, bias[..., :HEADS], mask)
        batch, each, length = queries.shape
        flat = queries.reshape(batch * each, length)
        joint = self.joint_bias(bias[..., HEADS:], mask, flat)
        points, absent = self.pointer(
            words.repeat_interleave(each, 0),
            self.encode_queries(flat),
            multiple.reshape(-1),
            joint,
        )
        return points.unflatten(0, (batch, each)).float(), absent.reshape(batch, each).float()

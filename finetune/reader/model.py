"""The embedded reader's network (torch; serving runs its ONNX export).

A page is encoded once by a transformer whose attention knows where words lie to each other
(bucketed distances, after LayoutLMv2, Xu et al. 2021). The query then runs through light
layers: every word looks at the query's words (does this look like what is asked for?), and
tells its neighbours along links that depend only on the page (this value belongs to that
label). Links are computed once for all queries, so twenty queries cost little more than one.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from docagent.reader.features import BUCKETS, LOOKS, MAX_QUERY_WORDS

FREQUENCIES = 6
NEGATIVE = -1e4
MATCHES = 5
REACH = 5
"""Words of a phrase that are compared with a query together."""


@dataclass(frozen=True)
class ReaderConfig:
    """Sizes of the network. gram_width: of n-gram rows; query_width: of the light layers."""

    gram_width: int = 128
    width: int = 192
    heads: int = 6
    layers: int = 4
    query_layers: int = 3
    query_width: int = 96
    query_heads: int = 4
    dropout: float = 0.0

    def as_dict(self) -> dict[str, int | float]:
        return asdict(self)


class WordEmbedding(nn.Module):
    """Mean of n-gram rows, and its projection together with the looks of the word."""

    def __init__(self, config: ReaderConfig) -> None:
        super().__init__()
        self.table = nn.Embedding(BUCKETS, config.gram_width, padding_idx=0)
        nn.init.normal_(self.table.weight, std=1.0)
        with torch.no_grad():
            self.table.weight[0] = 0
        self.project = nn.Linear(config.gram_width + LOOKS, config.width)

    def forward(self, grams: Tensor, looks: Tensor) -> tuple[Tensor, Tensor]:
        """(..., MAX_GRAMS), (..., LOOKS) -> word vectors (..., gram_width), (..., width)."""
        count = (grams > 0).sum(-1, keepdim=True).clamp(min=1)
        if self.training or not torch.onnx.is_in_onnx_export():
            flat = grams.reshape(-1, grams.shape[-1])
            total = F.embedding_bag(flat, self.table.weight, mode="sum", padding_idx=0)
            total = total.reshape(*grams.shape[:-1], -1)
        else:
            total = self.table(grams).sum(-2)
        vectors = total / count.sqrt()
        return vectors, self.project(torch.cat([vectors, looks], -1))


def fourier(values: Tensor) -> Tensor:
    """(..., k) in 0-1 -> (..., k * 2 * FREQUENCIES) sines and cosines."""
    steps = torch.pi * 2.0 ** torch.arange(FREQUENCIES, device=values.device)
    angles = (values.unsqueeze(-1) * steps).flatten(-2)
    return torch.cat([angles.sin(), angles.cos()], -1)


def signed_bucket(distance: Tensor, scale: float, step: float, most: int) -> Tensor:
    """Distances in word heights -> 0 to 2 * most, fine near zero and coarse far away."""
    size = torch.log2(1 + distance.abs() / scale) * step
    return (torch.sign(distance) * size).round().clamp(-most, most).long() + most


class LayoutBias(nn.Module):
    """Attention bias from how two words lie to each other: gap and row, alignment, order."""

    GAP, ROW, EDGE, ORDER = 9, 8, 3, 8

    def __init__(self, heads: int, starts: tuple[int, ...] = ()) -> None:
        super().__init__()
        self.place = nn.Embedding((2 * self.GAP + 1) * (2 * self.ROW + 1), heads)
        self.edges = nn.Embedding((2 * self.EDGE + 1) ** 2, heads)
        self.order = nn.Embedding((2 * self.ORDER + 1) * 2, heads)
        for table in (self.place, self.edges, self.order):
            nn.init.normal_(table.weight, std=0.1)
        for first in starts:
            self.favour_neighbours(first)

    def favour_neighbours(self, first: int) -> None:
        """Let four heads start out with looking left, above, at the words before and after, and
        at their own line: where labels are. Finding this from nothing takes long."""
        place = self.place.weight.data.view(2 * self.ROW + 1, 2 * self.GAP + 1, -1)
        order = self.order.weight.data.view(2 * self.ORDER + 1, 2, -1)
        for gap in range(1, self.GAP + 1):
            place[self.ROW, self.GAP - gap, first] += 6 - 0.4 * gap
        for row in range(1, 5):
            place[self.ROW - row, self.GAP, first + 1] += 7 - row
        for step in (1, 2):
            order[self.ORDER - step, :, first + 2] += 6 - step
            order[self.ORDER + step, :, first + 2] += 5 - step
        order[:, 1, first + 3] += 4

    def forward(self, layout: Tensor, lines: Tensor, mask: Tensor) -> Tensor:
        """(b, n, 4), (b, n), (b, n) -> (b, heads, n, n); far below zero at padding."""
        left, top, right, bottom = layout.unbind(-1)
        middle = (top + bottom) / 2
        after = left[:, None, :] - right[:, :, None]
        before = right[:, None, :] - left[:, :, None]
        gap = after.clamp(min=0) + before.clamp(max=0)
        gap = signed_bucket(gap, 1.5, 2.0, self.GAP)
        row = signed_bucket(middle[:, None, :] - middle[:, :, None], 1.5, 1.5, self.ROW)
        lefts = signed_bucket(left[:, None, :] - left[:, :, None], 1.0, 1.0, self.EDGE)
        rights = signed_bucket(right[:, None, :] - right[:, :, None], 1.0, 1.0, self.EDGE)
        index = torch.arange(lines.shape[1], device=lines.device)
        offset = (index[None, :] - index[:, None]).float()
        order = signed_bucket(offset, 1.0, 1.5, self.ORDER)[None]
        same = (lines[:, None, :] == lines[:, :, None]).long()
        bias = (
            self.place(row * (2 * self.GAP + 1) + gap)
            + self.edges(lefts * (2 * self.EDGE + 1) + rights)
            + self.order(order * 2 + same)
        )
        return bias.permute(0, 3, 1, 2) + (1 - mask)[:, None, None, :] * NEGATIVE


def split_heads(x: Tensor, heads: int) -> Tensor:
    """(..., n, w) -> (..., heads, n, w / heads)."""
    return x.unflatten(-1, (heads, -1)).transpose(-2, -3)


class EncoderLayer(nn.Module):
    """Pre-norm transformer layer with an additive attention bias."""

    def __init__(self, width: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.feed = nn.Sequential(
            nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width)
        )
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor, bias: Tensor) -> Tensor:
        q, k, v = (split_heads(t, self.heads) for t in self.qkv(self.norm1(x)).chunk(3, -1))
        scores = q @ k.transpose(-1, -2) * q.shape[-1] ** -0.5 + bias.to(q.dtype)
        mixed = (scores.softmax(-1).to(v.dtype) @ v).transpose(-2, -3).flatten(-2)
        x = x + self.dropout(self.out(mixed))
        return x + self.dropout(self.feed(self.norm2(x)))


class QueryLayer(nn.Module):
    """Words of the page look at the query's words, pass on what they saw, and think."""

    def __init__(self, config: ReaderConfig) -> None:
        super().__init__()
        wide, narrow = config.width, config.query_width
        self.heads = config.query_heads
        self.links = nn.Linear(wide, 2 * narrow)
        self.norm1, self.norm2, self.norm3 = (nn.LayerNorm(narrow) for _ in range(3))
        self.look = nn.Linear(narrow, narrow)
        self.query = nn.Linear(wide, 2 * narrow)
        self.nothing = nn.Parameter(torch.zeros(narrow))
        self.look_out = nn.Linear(narrow, narrow)
        self.tell, self.tell_out = nn.Linear(narrow, narrow), nn.Linear(narrow, narrow)
        self.feed = nn.Sequential(
            nn.Linear(narrow, 2 * narrow), nn.GELU(), nn.Linear(2 * narrow, narrow)
        )

    def link_weights(self, page: Tensor, bias: Tensor) -> Tensor:
        """(b, n, width) -> (b, heads, n, n): whom each word listens to, for any query."""
        q, k = (split_heads(t, self.heads) for t in self.links(page).chunk(2, -1))
        return (q @ k.transpose(-1, -2) * q.shape[-1] ** -0.5 + bias.to(q.dtype)).softmax(-1)

    def look_at_query(self, h: Tensor, query: Tensor, query_mask: Tensor) -> Tensor:
        """(b, q, n, narrow) attends to (b, q, t, wide) and to a place that says nothing."""
        key, value = self.query(query).chunk(2, -1)
        key = torch.cat([key, self.nothing.to(key.dtype).expand_as(key[..., :1, :])], -2)
        value = F.pad(value, (0, 0, 0, 1))
        hidden = F.pad((1 - query_mask) * NEGATIVE, (0, 1))[:, :, None, None, :]
        q, k, v = (split_heads(t, self.heads) for t in (self.look(self.norm1(h)), key, value))
        scores = q @ k.transpose(-1, -2) * q.shape[-1] ** -0.5 + hidden.to(q.dtype)
        mixed = (scores.softmax(-1).to(v.dtype) @ v).transpose(-2, -3).flatten(-2)
        return self.look_out(mixed)

    def forward(self, h: Tensor, links: Tensor, query: Tensor, query_mask: Tensor) -> Tensor:
        batch, queries, n, narrow = h.shape
        h = h + self.look_at_query(h, query, query_mask)
        told = self.tell(self.norm2(h)).unflatten(-1, (self.heads, -1))
        told = told.permute(0, 3, 2, 1, 4).flatten(-2)
        heard = (links.to(told.dtype) @ told).unflatten(-1, (queries, -1))
        h = h + self.tell_out(heard.permute(0, 3, 2, 1, 4).reshape(batch, queries, n, narrow))
        return h + self.feed(self.norm3(h))


class Reader(nn.Module):
    """Page words and queries in, logits of start, end, tags and "not present" out."""

    def __init__(self, config: ReaderConfig) -> None:
        super().__init__()
        self.config = config
        wide, narrow = config.width, config.query_width
        self.words = WordEmbedding(config)
        self.position = nn.Linear(4 * 2 * FREQUENCIES + 2, wide)
        # The tiny networks of tests have too few heads to spare.
        starts = (0, config.heads) if min(config.heads, config.query_heads) >= 4 else ()
        self.bias = LayoutBias(config.heads + config.query_heads, starts)
        self.encoder = nn.ModuleList(
            EncoderLayer(wide, config.heads, config.dropout) for _ in range(config.layers)
        )
        self.norm = nn.LayerNorm(wide)
        self.query_order = nn.Embedding(MAX_QUERY_WORDS, wide)
        self.query_kind = nn.Embedding(2, wide)
        nn.init.normal_(self.query_order.weight, std=0.3)
        self.query_encoder = EncoderLayer(wide, config.heads, config.dropout)
        self.query_norm = nn.LayerNorm(wide)
        self.weigh = nn.Linear(wide, 1)
        self.enter = nn.Linear(wide + config.gram_width, narrow)
        self.matches = nn.Linear(MATCHES, narrow)
        self.ask = nn.Linear(wide, 2 * narrow)
        self.query_layers = nn.ModuleList(QueryLayer(config) for _ in range(config.query_layers))
        self.leave = nn.LayerNorm(narrow)
        self.point = nn.Linear(narrow, 5)
        self.absent = nn.Sequential(nn.Linear(2 * narrow, narrow), nn.GELU(), nn.Linear(narrow, 1))

    def encode_page(
        self, grams: Tensor, looks: Tensor, boxes: Tensor, layout: Tensor, bias: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Word vectors (b, n, gram_width) and words in their context (b, n, width)."""
        vectors, x = self.words(grams, looks)
        size = torch.log1p((layout[..., 2:] - layout[..., :2]).clamp(min=0)).flip(-1)
        x = x + self.position(torch.cat([fourier(boxes), size], -1))
        for layer in self.encoder:
            x = layer(x, bias)
        return vectors, self.norm(x)

    def encode_queries(
        self, grams: Tensor, looks: Tensor, mask: Tensor, multiple: Tensor
    ) -> tuple[Tensor, Tensor]:
        """(b, q, t, ...) -> word vectors (b, q, t, gram_width), in context (b, q, t, width)."""
        vectors, x = self.words(grams, looks)
        x = x + self.query_order.weight[: x.shape[2]] + self.query_kind(multiple)[:, :, None]
        batch, queries = x.shape[:2]
        hidden = ((1 - mask) * NEGATIVE).flatten(0, 1)[:, None, None, :]
        x = self.query_encoder(x.flatten(0, 1), hidden).unflatten(0, (batch, queries))
        return vectors, self.query_norm(x)

    def forward(
        self,
        grams: Tensor,
        looks: Tensor,
        boxes: Tensor,
        layout: Tensor,
        lines: Tensor,
        mask: Tensor,
        query_grams: Tensor,
        query_looks: Tensor,
        query_mask: Tensor,
        multiple: Tensor,
    ) -> tuple[Tensor, Tensor]:
        """b pages of n words, q queries of t words each -> per word (b, q, n, 5): start, end
        and tags outside, begin, inside; per query (b, q): logit of "not present"."""
        bias = self.bias(layout, lines, mask)
        heads = self.config.heads
        vectors, page = self.encode_page(grams, looks, boxes, layout, bias[:, :heads])
        asked_vectors, asked = self.encode_queries(query_grams, query_looks, query_mask, multiple)
        weight = self.weigh(asked).squeeze(-1) + (1 - query_mask) * NEGATIVE
        summary = (weight.softmax(-1).to(asked.dtype).unsqueeze(-1) * asked).sum(-2)
        scale, shift = self.ask(summary).unsqueeze(2).chunk(2, -1)
        h = self.enter(torch.cat([page, vectors.to(page.dtype)], -1)).unsqueeze(1)
        h = h * (1 + scale) + shift
        h = h + self.matches(
            self.word_matches(vectors, asked_vectors, weight, query_mask).to(h.dtype)
        )
        for layer in self.query_layers:
            links = layer.link_weights(page, bias[:, heads:])
            h = layer(h, links, asked, query_mask)
        h = self.leave(h)
        hidden = ((1 - mask) * NEGATIVE)[:, None, :]
        points = self.point(h).float()
        best = (points[..., 0] + hidden).softmax(-1).to(h.dtype).unsqueeze(-1)
        pooled = torch.cat([(best * h).sum(-2), scale.squeeze(2) + shift.squeeze(2)], -1)
        return points, self.absent(pooled).squeeze(-1).float()

    def word_matches(self, page: Tensor, asked: Tensor, weight: Tensor, mask: Tensor) -> Tensor:
        """How much page words look like the words of each query (b, q, n, MATCHES).

        Of the word itself: best cosine, and the same weighted by the query. Of a phrase: the
        weighted share of the query's words that occur among the words around it, among those
        before it (a label and its value), among those after it.
        """
        page, asked = F.normalize(page.float(), dim=-1), F.normalize(asked.float(), dim=-1)
        alike = (torch.einsum("bnd,bqtd->bqnt", page, asked) - 0.3).clamp(min=0) / 0.7
        alike = alike * mask[:, :, None]
        share = weight.float().softmax(-1)[:, :, None]
        padded = F.pad(alike, (0, 0, REACH, REACH)).flatten(0, 1).transpose(1, 2)
        near = F.max_pool1d(padded, REACH, 1).transpose(1, 2).unflatten(0, alike.shape[:2])
        covered = (near * share).sum(-1)
        n, half = alike.shape[2], REACH // 2
        around = covered[:, :, 1 + half : 1 + half + n]
        before, after = covered[:, :, :n], covered[:, :, 1 + REACH : 1 + REACH + n]
        weighted = (alike * torch.sigmoid(weight.float())[:, :, None]).amax(-1)
        return torch.stack([alike.amax(-1), weighted, around, before, after], -1)

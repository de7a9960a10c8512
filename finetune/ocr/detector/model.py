"""The text detector: a small residual CNN with a feature pyramid and a probability map.

The map is the one of Liao et al. 2020 (DB): text lines shrunk towards their middle, so that
neighbours stay apart; contours of the map are grown back to whole lines.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Block(nn.Module):
    """Two 3x3 convolutions with batch norm around a shortcut (He et al. 2016)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.spatial = nn.Conv2d(channels, channels, 3, 1, 1, bias=False)
        self.norm = nn.BatchNorm2d(channels)
        self.mix = nn.Conv2d(channels, channels, 3, 1, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(channels)

    def forward(self, x: Tensor) -> Tensor:
        y = torch.relu(self.norm(self.spatial(x)))
        return torch.relu(x + self.norm2(self.mix(y)))


def down(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, 2, 1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU()
    )


def shuffle_pixels(x: Tensor, height: int, width: int) -> Tensor:
    """(n, 4c, height / 2, width / 2) -> (n, c, height, width): the channels of a pixel become four
    pixels, as in Shi et al. 2016 (sub-pixel convolution).

    Channels come in the order (row, column, c), so that runs of bytes are moved where the network
    keeps the channels of a pixel side by side: an eighth of the detector's time.
    """
    channels = x.shape[1]
    rows = x.permute(0, 2, 3, 1).reshape(-1, width // 2, 2, channels // 2)
    pixels = rows.transpose(1, 2).reshape(-1, height, width, channels // 4)
    return pixels.permute(0, 3, 1, 2)


class DetectorModel(nn.Module):
    """Pages (n, 1, h, w), h and w multiples of 32, paper near 1 -> logits (n, 1, h/2, w/2)."""

    def __init__(self, widths: tuple[int, ...] = (16, 32, 48, 64, 96), pyramid: int = 32) -> None:
        super().__init__()
        a, b, c, d, e = widths
        self.stem = down(1, a)
        self.stages = nn.ModuleList(
            [
                nn.Sequential(down(a, b), Block(b)),
                nn.Sequential(down(b, c), Block(c)),
                nn.Sequential(down(c, d), Block(d), Block(d)),
                nn.Sequential(down(d, e), Block(e), Block(e)),
            ]
        )
        self.laterals = nn.ModuleList([nn.Conv2d(x, pyramid, 1) for x in (b, c, d, e)])
        self.smooth = nn.Sequential(
            nn.Conv2d(pyramid, pyramid, 3, 1, 1, bias=False), nn.BatchNorm2d(pyramid), nn.ReLU()
        )
        self.up = nn.Conv2d(pyramid, 4 * a, 1)
        self.head = nn.Sequential(
            nn.Conv2d(a, a, 3, 1, 1, bias=False), nn.BatchNorm2d(a), nn.ReLU(), nn.Conv2d(a, 1, 1)
        )

    def forward(self, pages: Tensor) -> Tensor:
        half = self.stem(pages)
        x, features = half, []
        for stage in self.stages:
            x = stage(x)
            features.append(x)
        merged = self.laterals[-1](features[-1])
        for lateral, feature in zip(
            reversed(self.laterals[:-1]), reversed(features[:-1]), strict=True
        ):
            merged = lateral(feature) + nn.functional.interpolate(merged, scale_factor=2.0)
        # Sizes are taken from the pages: asked of another tensor, it would not stay in 8 bits.
        height, width = pages.shape[2] // 2, pages.shape[3] // 2
        fine = shuffle_pixels(self.up(self.smooth(merged)), height, width) + half
        return self.head(torch.relu(fine))
